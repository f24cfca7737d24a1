//! Functions: sizes, pc-value tables, and what binds them to code and to stack maps.

use super::{Fault, stackmaps};
use crate::object::Text;
use crate::resolve::{Definition, Program, SymId};

/// Stacks grow no further.
const MAX_STACK: i64 = 1 << 30;
/// An assembly function may leave the size of its arguments open.
const UNKNOWN_ARGS: i64 = i32::MIN as i64;
/// The library's map for assembly functions: nothing to map.
const NO_POINTERS: &[u8] = b"runtime.no_pointers_stackmap";
/// The compiler's maps begin so.
const COMPILED_MAP: &[u8] = "gclocals\u{b7}".as_bytes();

/// The stack maps of a function that Go objects define.
pub fn stack_maps<'a>(p: &'a Program<'_>, id: SymId) -> impl Iterator<Item = SymId> + 'a {
    p.text(id)
        .into_iter()
        .flat_map(move |(object, t)| {
            t.funcdata
                .iter()
                .take(2)
                .flatten()
                .map(move |&n| p.id(object, n))
        })
        .filter(|&map| p.go_def(map).is_some())
}

/// Checks one function.
pub fn check(p: &Program<'_>, id: SymId) -> Result<(), Fault> {
    let Some((object, t)) = p.text(id) else {
        return Ok(());
    };
    let size = p.sym(id).size;
    if t.args != UNKNOWN_ARGS && !(0..=MAX_STACK).contains(&t.args) {
        return Err(format!("arguments of {} bytes", t.args));
    }
    // -8 takes even the return address from the frame.
    if !(-8..=MAX_STACK).contains(&t.locals) {
        return Err(format!("a frame of {} bytes", t.locals));
    }
    let mut maps = 0;
    let mut compiled = false;
    for (i, name) in t.funcdata.iter().take(2).enumerate() {
        let Some(name) = *name else { continue };
        let map = p.id(object, name);
        let map_name = p.sym(map).name;
        if p.go_def(map).is_none() {
            let known = p.sym(map).def == Definition::Host && map_name == NO_POINTERS;
            if !known {
                return Err(format!(
                    "its stack map {} is not defined",
                    crate::error::Name(map_name)
                ));
            }
            continue;
        }
        let by_compiler = map_name.starts_with(COMPILED_MAP);
        compiled |= i == 1 && by_compiler;
        let Some(m) = stackmaps::of(p, map) else {
            continue; // reported with the map
        };
        // Those of assembly functions count two bits for a word.
        let room = if i == 1 { t.locals } else { t.args };
        if by_compiler && i64::from(m.nbit) * 8 > room.max(0) {
            return Err(format!(
                "stack map {} of {} words for {room} bytes of {}",
                crate::error::Name(map_name),
                m.nbit,
                ["arguments", "frame"][i]
            ));
        }
        maps = if maps == 0 { m.n } else { maps.min(m.n) };
    }
    if compiled {
        depths_of_compiled(p.image(id), t, size)?;
    } else {
        table("stack depths", t.pcsp, size, |_, v| {
            (0..=MAX_STACK).contains(&i64::from(v))
        })?;
    }
    let files = t.files.len();
    table("files", t.pcfile, size, |_, v| {
        v == -1 || usize::try_from(v).is_ok_and(|v| v < files)
    })?;
    table("lines", t.pcline, size, |_, v| v >= 0)?;
    for (i, pcdata) in t.pcdata.iter().enumerate() {
        table("stack maps", pcdata, size, |_, v| {
            i > 0 || v == -1 || u32::try_from(v).is_ok_and(|v| maps == 0 || v < maps)
        })?;
    }
    Ok(())
}

/// Checks the stack depths of a function that the compiler made: it has one frame, whose room is
/// taken and given back by instructions that say how much.
fn depths_of_compiled(code: &[u8], t: &Text<'_>, size: u64) -> Result<(), Fault> {
    let (mut before, mut at) = (0, 0);
    let mut misfit = None;
    table("stack depths", t.pcsp, size, |end, depth| {
        let may = depth == 0 || i64::from(depth) == t.locals && at > 0;
        if depth != before && !changes(code, at, depth - before) {
            misfit.get_or_insert(at);
        }
        (before, at) = (depth, end);
        may
    })?;
    match misfit {
        None => Ok(()),
        Some(at) => Err(format!(
            "bad pcdata: the table of stack depths does not fit the code at offset {at}"
        )),
    }
}

/// Is the instruction before `at` one after which the stack is `by` bytes deeper?
fn changes(code: &[u8], at: u64, by: i32) -> bool {
    let Some(code) = code.get(..at as usize) else {
        return false;
    };
    let immediate = |opcode: u8, n: i32| {
        let short = i8::try_from(n).is_ok_and(|n| code.ends_with(&[0x48, 0x83, opcode, n as u8]));
        let [a, b, c, d] = n.to_le_bytes();
        short || code.ends_with(&[0x48, 0x81, opcode, a, b, c, d])
    };
    let (sub, add) = (0xec, 0xc4);
    // What follows a return or a jump is reached from elsewhere.
    let after_end = || {
        let ago = |n: usize| code.len().checked_sub(n).map(|i| code[i]);
        by > 0 && (ago(1) == Some(0xc3) || ago(5) == Some(0xe9) || ago(2) == Some(0xeb))
    };
    immediate(sub, by) || immediate(add, -by) || after_end()
}

/// Walks a pc-value table: it may be absent; else it covers the function exactly, each run is
/// longer than nothing and of another value than the one before, and `may` has each run's end and
/// value.
fn table(
    what: &str,
    bytes: &[u8],
    size: u64,
    mut may: impl FnMut(u64, i32) -> bool,
) -> Result<(), Fault> {
    let bad = |why: String| Err(format!("bad pcdata: the table of {what} {why}"));
    if bytes.is_empty() {
        return Ok(());
    }
    let mut rest = bytes;
    let (mut pc, mut value, mut first) = (0u64, -1i32, true);
    loop {
        let Some(delta) = varint(&mut rest) else {
            return bad("ends early".into());
        };
        if delta == 0 && !first {
            break;
        }
        first = false;
        let signed = ((delta >> 1) as i32) ^ -((delta & 1) as i32);
        value = value.wrapping_add(signed);
        match varint(&mut rest) {
            None => return bad("ends early".into()),
            Some(0) => return bad(format!("has an empty run at offset {pc}")),
            Some(n) => pc += u64::from(n),
        }
        if pc > size {
            return bad(format!("goes past the function's end ({pc} > {size})"));
        }
        if !may(pc, value) {
            return bad(format!("has {value} before offset {pc}"));
        }
    }
    if !rest.is_empty() {
        return bad(format!("goes on for {} bytes after its end", rest.len()));
    }
    if pc != size {
        return bad(format!(
            "ends at offset {pc} of the function's {size} bytes"
        ));
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Option<u32> {
    let (mut v, mut shift) = (0u32, 0);
    loop {
        let (&b, rest) = bytes.split_first()?;
        *bytes = rest;
        if shift == 28 && b > 0xf {
            return None;
        }
        v |= u32::from(b & 0x7f) << shift;
        if b & 0x80 == 0 {
            return Some(v);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pclntab::encode;

    fn lines(bytes: &[u8], size: u64) -> Result<(), Fault> {
        table("lines", bytes, size, |_, v| v >= -1)
    }

    #[test]
    fn a_table_covers_its_function() {
        let whole = encode([(4, 1), (20, 7), (32, 300)].into_iter());
        assert_eq!(lines(&whole, 32), Ok(()));
        assert_eq!(lines(&[], 32), Ok(()));
        for size in [0, 31, 33] {
            assert!(lines(&whole, size).is_err(), "{size}");
        }
        for cut in 1..whole.len() {
            assert!(lines(&whole[..cut], 32).is_err(), "{cut}");
        }
        let longer = [&whole[..], &[0]].concat();
        assert!(lines(&longer, 32).is_err());
        // An empty run; a value of more than 32 bits; a negative line.
        assert!(lines(&[4, 0, 2, 8, 0], 8).is_err());
        assert!(lines(&[0x82, 0x80, 0x80, 0x80, 0x10, 8, 0], 8).is_err());
        assert!(lines(&[3, 8, 0], 8).is_err());
    }

    #[test]
    fn values_are_asked_about_with_their_ends() {
        let bytes = encode([(4, -1), (20, 0), (32, 3)].into_iter());
        let mut seen = Vec::new();
        let all = table("stack maps", &bytes, 32, |end, v| {
            seen.push((end, v));
            true
        });
        assert_eq!(all, Ok(()));
        assert_eq!(seen, [(4, -1), (20, 0), (32, 3)]);
        let refused = table("stack maps", &bytes, 32, |_, v| v < 3).unwrap_err();
        assert_eq!(
            refused,
            "bad pcdata: the table of stack maps has 3 before offset 32"
        );
    }

    #[test]
    fn depths_are_those_that_the_code_makes() {
        // sub rsp, 16; nop; add rsp, 16; ret; nop (reached from elsewhere, with the frame).
        let code = [0x48, 0x83, 0xec, 16, 0x90, 0x48, 0x83, 0xc4, 16, 0xc3, 0x90];
        let depths = |runs: &[(u64, i32)], locals| {
            let pcsp = encode(runs.iter().copied());
            let t = Text {
                args: 0,
                locals,
                nosplit: false,
                autos: 0..0,
                pcsp: &pcsp,
                pcfile: &[],
                pcline: &[],
                pcdata: Vec::new(),
                funcdata: Vec::new(),
                files: Vec::new(),
            };
            depths_of_compiled(&code, &t, 11)
        };
        let right = [(4, 0), (9, 16), (10, 0), (11, 16)];
        assert_eq!(depths(&right, 16), Ok(()));
        assert!(depths(&right, 24).is_err());
        assert!(depths(&[(11, 16)], 16).is_err(), "from the entry on");
        for i in 0..3 {
            let mut moved = right;
            moved[i].0 -= 1;
            assert!(depths(&moved, 16).is_err(), "run {i} ends early");
            moved[i].0 += 2;
            assert!(i == 2 || depths(&moved, 16).is_err(), "run {i} ends late");
        }
    }

    #[test]
    fn frames_of_128_bytes_are_subtracted_as_minus_128() {
        assert!(changes(&[0x48, 0x83, 0xc4, 0x80], 4, 128));
        assert!(changes(&[0x48, 0x83, 0xec, 0x80], 4, -128));
        assert!(changes(&[0x48, 0x81, 0xec, 0, 1, 0, 0], 7, 256));
        assert!(!changes(&[0x48, 0x81, 0xec, 0, 1, 0, 0], 7, 255));
    }
}
