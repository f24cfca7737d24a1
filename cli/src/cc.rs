//! `gort cc`: the C compiler, as the go command of 1.5 and its cgo tool can use a current one.
//!
//! The go command joins the C objects of a package with `$CC -Wl,-r`, and a compiler that makes
//! position-independent executables by default passes `-pie` with it, which linkers refuse. The cgo
//! tool reads DWARF 2 from an object that it has made, and knows no compressed sections and no
//! objects for link-time optimisation. A goroot names this program as its C compiler (under the
//! names `gort-cc` and `gort-c++`); it arranges the arguments and becomes the real one.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use gort_goroot::compiler::Language;

/// Becomes the compiler. Returns the exit status if that cannot be.
pub fn run(language: Language, args: &[OsString]) -> u8 {
    let say = |what: &str| {
        eprintln!("gort: {what}");
        1
    };
    let args = match arrange(args) {
        Ok(args) => args,
        Err(refused) => return say(&refused),
    };
    let Some(compiler) = language.compiler() else {
        return say(&language.missing());
    };
    if let Err(error) = mend_wrappers(&args) {
        return say(&error);
    }
    // It would warn in each step of flags that are for another one.
    let program = Path::new(&compiler[0]).file_name().unwrap_or_default();
    let quiet = program.to_string_lossy().contains("clang");
    let error = Command::new(&compiler[0])
        .args(&compiler[1..])
        .args(quiet.then_some("-Qunused-arguments"))
        .args(args)
        .exec();
    say(&format!("cannot run {}: {error}", compiler[0].display()))
}

/// Flags that make code for other machines.
const OTHER_MACHINES: [&str; 4] = ["-m32", "-mx32", "-m16", "-miamcu"];

/// Flags for executables, which an object cannot have.
const OF_EXECUTABLES: [&str; 8] = [
    "-static",
    "-static-pie",
    "-pie",
    "-shared",
    "-s",
    "-Wl,-s",
    "-Wl,-pie",
    "-Wl,--gc-sections",
];

/// The arguments for the compiler, or why they are refused.
fn arrange(args: &[OsString]) -> Result<Vec<OsString>, String> {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    if let Some(flag) = OTHER_MACHINES.into_iter().find(|flag| has(flag)) {
        return Err(format!(
            "{flag} among the flags for C code: programs on gort are of x86-64; leave it out"
        ));
    }
    let joins_objects = has("-Wl,-r");
    // What the cgo tool compiles to read the debug information of.
    let is_read = has("-gdwarf-2") && has("-c") && has("-");
    let unwanted = |arg: &OsString| {
        let text = arg.to_string_lossy();
        let starts = |with: &[&str]| with.iter().any(|w| text.starts_with(w));
        // An optimiser at link time would have to see Go code, too.
        starts(&["-flto", "-fuse-linker-plugin", "-ffat-lto-objects"])
            || joins_objects && OF_EXECUTABLES.contains(&&*text)
            || is_read
                && text != "-gdwarf-2"
                && starts(&["-gdwarf", "-gz", "-gsplit-dwarf", "-g3", "-ggdb3"])
    };
    let mut out: Vec<OsString> = args.iter().filter(|a| !unwanted(a)).cloned().collect();
    if joins_objects {
        out.push("-no-pie".into());
    }
    Ok(out)
}

/// What the cgo tool writes for C beside [`WRAPPERS`].
const EXPORTS: &str = "_cgo_export.c";
/// What it writes for the Go compiler, which the go command compiles after C.
const WRAPPERS: &str = "_cgo_gotypes.go";

/// Where the compiler is about to compile [`EXPORTS`]: takes the cgo tool's mistake out of
/// [`WRAPPERS`]. In the wrapper of an exported method the receiver's type begins with a comment that
/// names its line, if the type stands in a file with exported functions. The end of that line ends
/// the statement, too, and the Go compiler refuses the rest.
fn mend_wrappers(args: &[OsString]) -> Result<(), String> {
    let exports = args
        .iter()
        .map(Path::new)
        .find(|arg| arg.ends_with(EXPORTS));
    let Some(wrappers) = exports.map(|file| file.with_file_name(WRAPPERS)) else {
        return Ok(());
    };
    let Ok(text) = fs::read_to_string(&wrappers) else {
        return Ok(());
    };
    match without_comments_inside(&text) {
        Some(mended) => fs::write(&wrappers, mended)
            .map_err(|error| format!("cannot write {}: {error}", wrappers.display())),
        None => Ok(()),
    }
}

/// The text without `//line` comments that do not begin a line, and the ends of their lines; none:
/// there are none.
fn without_comments_inside(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut found = false;
    for line in text.split_inclusive('\n') {
        match line.find("//line ") {
            Some(at) if at > 0 => {
                mended.push_str(&line[..at]);
                found = true;
            }
            _ => mended.push_str(line),
        }
    }
    found.then_some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(args: &str) -> Result<String, String> {
        let args: Vec<OsString> = args.split(' ').map(OsString::from).collect();
        let out = arrange(&args)?;
        let out: Vec<String> = out.iter().map(|a| a.display().to_string()).collect();
        Ok(out.join(" "))
    }

    #[test]
    fn objects_are_joined_without_pie() {
        let joined = arranged("-fPIC -o _all.o a.o -static -L. -Wl,-r -nostdlib");
        assert_eq!(
            joined.unwrap(),
            "-fPIC -o _all.o a.o -L. -Wl,-r -nostdlib -no-pie"
        );
    }

    #[test]
    fn what_the_cgo_tool_reads_is_plain() {
        let read = "-w -o_cgo_.o -gdwarf-2 -c -xc -I. -gdwarf-5 -gz=zlib -flto=auto -g -m64 -";
        assert_eq!(
            arranged(read).unwrap(),
            "-w -o_cgo_.o -gdwarf-2 -c -xc -I. -g -m64 -"
        );
    }

    #[test]
    fn other_steps_keep_their_arguments() {
        for args in [
            "-I . -fPIC -m64 -pthread -g -O2 -o a.o -c a.c -gdwarf-5",
            "-o _cgo_.o a.o -lm -static",
            "-print-libgcc-file-name",
        ] {
            assert_eq!(arranged(args).unwrap(), args);
        }
    }

    #[test]
    fn receivers_have_no_comment_before_their_type() {
        let written = "\
//line a.go:1
package main

func _cgoexpwrap_0123456789ab_c_Add(recv //line a.go:7
*counter, p0 _Ctype_int) (_Ctype_int) {
\treturn recv.Add(p0)
}
";
        let mended = "\
//line a.go:1
package main

func _cgoexpwrap_0123456789ab_c_Add(recv *counter, p0 _Ctype_int) (_Ctype_int) {
\treturn recv.Add(p0)
}
";
        assert_eq!(without_comments_inside(written).as_deref(), Some(mended));
        assert_eq!(without_comments_inside(mended), None);
    }

    #[test]
    fn other_machines_are_refused_by_name() {
        assert!(arranged("-c a.c -m32").unwrap_err().starts_with("-m32 "));
    }
}
