//! What two runtimes print alike when a program dies, without what is each one's own.
//!
//! Stock Go's crashes and gort's are compared in this form: tracebacks without the frames,
//! goroutines and stacks of the runtime itself, numbers of goroutines and addresses. Everything
//! else counts to the letter.

/// Hex digits from which a number counts as an address. Offsets in functions, sizes and the values
/// that tests pass are shorter.
const ADDRESS_DIGITS: usize = 6;

/// The normal form of a program's output.
pub fn normal(output: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(output);
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What follows the last new line: nothing, or a line that has not ended.
    let rest = lines.pop().unwrap_or_default();
    let mut normal = String::new();
    let mut goroutine: Option<Goroutine> = None;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let below = lines.get(at + 1).filter(|next| next.starts_with('\t'));
        at += 1;
        if line == "runtime stack:" {
            while lines.get(at).is_some_and(|line| !line.is_empty()) {
                at += 1;
            }
            // With the empty line before it.
            drop_empty_line(&mut normal);
        } else if line.starts_with("goroutine ") && line.ends_with("]:") {
            finish(&mut normal, goroutine.take());
            goroutine = Some(Goroutine {
                text: header(line),
                shown: false,
            });
        } else if let Some(known) = &mut goroutine {
            if line.is_empty() {
                finish(&mut normal, goroutine.take());
                normal.push('\n');
            } else if let Some(position) = below {
                at += 1;
                known.shown |= known.frame(line, position);
            } else if !is_register(line) {
                known.shown = true;
                known.text += &(addresses(line) + "\n");
            }
        } else if !is_register(line) {
            normal += &(addresses(line) + "\n");
        }
    }
    finish(&mut normal, goroutine);
    normal += &addresses(rest);
    normal.into_bytes()
}

/// A goroutine of a dump.
struct Goroutine {
    text: String,
    /// Is there anything to see of it?
    shown: bool,
}

impl Goroutine {
    /// Adds a frame, or who created it; false if it is none of the program's.
    fn frame(&mut self, line: &str, position: &str) -> bool {
        let function = line.strip_prefix("created by ").unwrap_or(line);
        match Owner::of(function) {
            Owner::Inside => return false,
            Owner::Runtime => self.text += &format!("{}\n\t(runtime)\n", addresses(line)),
            Owner::Program => {
                let position = position.split(" fp=").next().unwrap_or(position);
                self.text += &format!("{}\n{position}\n", addresses(line));
            }
        }
        true
    }
}

/// A goroutine without any frame is the runtime's own; the line that set it off goes with it.
fn finish(normal: &mut String, goroutine: Option<Goroutine>) {
    match goroutine {
        Some(goroutine) if goroutine.shown => *normal += &goroutine.text,
        Some(_) => drop_empty_line(normal),
        None => {}
    }
}

/// Takes back an empty line.
fn drop_empty_line(normal: &mut String) {
    if normal.ends_with("\n\n") {
        normal.pop();
    }
}

/// Whose a function is.
enum Owner {
    /// The runtime's, unknown to programs; or made by the compiler for the runtime to call.
    Inside,
    /// The runtime's, and programs can call it.
    Runtime,
    /// The program's.
    Program,
}

impl Owner {
    fn of(function: &str) -> Self {
        if function.starts_with("type..") {
            return Self::Inside;
        }
        match function.strip_prefix("runtime.") {
            Some(name) if name.starts_with(|c: char| c.is_ascii_uppercase()) => Self::Runtime,
            Some(_) => Self::Inside,
            None => Self::Program,
        }
    }
}

/// `goroutine N [running]:` for every goroutine but the first.
fn header(line: &str) -> String {
    let rest = line.trim_start_matches("goroutine ");
    match rest.split_once(' ') {
        Some((number, state)) if number != "1" => format!("goroutine N {state}\n"),
        _ => format!("{line}\n"),
    }
}

/// A line of a dump of the processor's registers, such as `rax     0x0`.
fn is_register(line: &str) -> bool {
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(name), Some(value), None) => {
            value.starts_with("0x")
                && (2..=6).contains(&name.len())
                && line
                    .as_bytes()
                    .get(name.len()..8)
                    .is_some_and(|gap| gap.iter().all(|&b| b == b' '))
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }
        _ => false,
    }
}

/// The line with `0xADDR` for every address.
fn addresses(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("0x") {
        let digits = &rest[at + 2..];
        let n = digits
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        text += &rest[..at];
        text += if n < ADDRESS_DIGITS {
            &rest[at..at + 2 + n]
        } else {
            "0xADDR"
        };
        rest = &digits[n..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        String::from_utf8(normal(text.as_bytes())).unwrap()
    }

    #[test]
    fn a_crash_looks_the_same_on_both_runtimes() {
        let stock = "fatal error: stack overflow\n\n\
            runtime stack:\nruntime.throw(0x501234, 0xe)\n\t/go/src/runtime/panic.go:527 +0x90\n\n\
            goroutine 1 [stack growth]:\n\
            main.f(0x3, 0xc820001234)\n\tx.go:7 +0x24 fp=0xc820001200 sp=0xc820001180\n\
            runtime.main()\n\t/go/src/runtime/proc.go:111 +0x2b0\n\n\
            goroutine 2 [force gc (idle)]:\nruntime.gopark(0x1)\n\t/go/src/runtime/proc.go:185 +0x163\n\
            created by runtime.init.4\n\t/go/src/runtime/proc.go:129 +0x2a\n\n\
            goroutine 17 [runnable]:\nruntime.Gosched()\n\t/go/src/runtime/proc.go:166 +0x14\n\
            main.main.func1()\n\tx.go:9 +0x14\ncreated by main.main\n\tx.go:9 +0x20\n\n\
            rax     0x1\nrflags  0x246\n";
        let gort = "fatal error: stack overflow\n\n\
            goroutine 1 [stack growth]:\n\
            main.f(0x3, 0xc000011234)\n\tx.go:7 +0x24 fp=0xc000001200 sp=0xc000001180\n\n\
            goroutine 5 [runnable]:\nruntime.Gosched()\n\tsched/park.rs:1 +0x1\n\
            main.main.func1()\n\tx.go:9 +0x14\ncreated by main.main\n\tx.go:9 +0x20\n\n\
            rax     0x0\n";
        let normal = "fatal error: stack overflow\n\n\
            goroutine 1 [stack growth]:\nmain.f(0x3, 0xADDR)\n\tx.go:7 +0x24\n\n\
            goroutine N [runnable]:\nruntime.Gosched()\n\t(runtime)\n\
            main.main.func1()\n\tx.go:9 +0x14\ncreated by main.main\n\tx.go:9 +0x20\n\n";
        assert_eq!(of(stock), normal);
        assert_eq!(of(gort), normal);
    }

    #[test]
    fn what_a_program_prints_is_left_alone() {
        for text in ["a\n\nb", "", "panic: 0x1234 of 7\n\n", "x 0x5\n", "\ttab\n"] {
            assert_eq!(of(text), text);
        }
        assert_eq!(of("(0x4a1b2c,0x0)\n"), "(0xADDR,0x0)\n");
    }

    #[test]
    fn a_goroutine_without_frames_of_the_program_is_left_out() {
        let dump = "goroutine 1 [running]:\nmain.main()\n\tx.go:1 +0x1\n\n\
            goroutine 2 [idle]:\nruntime.goexit()\n\t?:0\n";
        assert_eq!(
            of(dump),
            "goroutine 1 [running]:\nmain.main()\n\tx.go:1 +0x1\n"
        );
    }
}
