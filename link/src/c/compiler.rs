//! The last step by a C compiler.
//!
//! Promise: the compiler gets `go.o`, in which the runtime library is, the objects of C code, and
//! what packages and the user say to it. It makes an executable that is fixed in place unless the
//! user asks for another: `go.o` has addresses in read-only sections. What it says goes to the
//! user line by line, undefined names first.

use crate::error::{Error, Name, Printable, Problems, Result, describe_io};
use crate::final_link::{Folder, build_id, show};
use crate::flags::Options;
use crate::output;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// What links C code unless another compiler is named.
const DEFAULT: &str = "gcc";

/// Links: the bytes of the executable.
pub fn link(
    go_o: &[u8],
    objects: &[(String, Vec<u8>)],
    flags: &[Vec<u8>],
    options: &Options,
) -> Result<Vec<u8>> {
    refuse_places(options)?;
    let folder = Folder::new()?;
    let program = options.extld.as_deref().unwrap_or(DEFAULT);
    let mut command = Command::new(program);
    let is_static = options.extldflags.iter().any(|f| f == "-static");
    command.args(["-m64", "-no-pie"]);
    if options.strip_all {
        command.arg("-s");
    }
    if let Some(id) = &options.gnu_build_id {
        command.arg(format!("-Wl,--build-id={}", build_id(id)));
    }
    if let Some(path) = &options.run_path {
        command.arg(format!("-Wl,-rpath,{path}"));
    }
    if let Some(path) = &options.interpreter {
        command.arg(format!("-Wl,--dynamic-linker={path}"));
    }
    // Libraries that C code loads may call what Go exports.
    if !is_static {
        command.arg("-rdynamic");
    }
    command.arg("-o").arg(folder.executable());
    command.arg(folder.write("go.o", go_o)?);
    let mut names = Vec::new();
    for (i, (place, object)) in objects.iter().enumerate() {
        let name = format!("{i:06}.o");
        if let Some(dir) = &options.keep_dir {
            output::write(&dir.join(&name), object, output::DATA)?;
        }
        command.arg(folder.write(&name, object)?);
        names.push((name, place));
    }
    command.args(flags.iter().map(|f| OsStr::from_bytes(f)));
    command.args(&options.extldflags);
    if options.verbose {
        let line = format!("{command:?}");
        let _ = writeln!(std::io::stderr(), "{}", Printable(&line));
    }
    let out = folder.run(&mut command).map_err(|e| {
        Error::new(format!(
            "cannot run the C compiler {program}: {}; install one (on Debian: apt-get install gcc libc6-dev), name another with CC or -extld, or build with CGO_ENABLED=0",
            describe_io(&e)
        ))
    })?;
    if !out.status.success() {
        return Err(failed(program, &out, &names));
    }
    if options.verbose {
        show(&out);
    }
    folder.made()
}

/// The C compiler decides where things are and what begins.
fn refuse_places(options: &Options) -> Result<()> {
    let flag = match options {
        o if o.text_addr.is_some() => "T",
        o if o.data_addr.is_some() => "D",
        o if o.round.is_some() => "R",
        o if o.entry != crate::flags::ENTRY => "E",
        _ => return Ok(()),
    };
    Err(Error::new(format!(
        "-{flag}: not possible in a program with C code, whose addresses and entry the C compiler chooses; pass it flags with -extldflags"
    )))
}

/// What the compiler says, without the names of files that are gone by then.
fn failed(program: &str, out: &Output, names: &[(String, &String)]) -> Error {
    let text = String::from_utf8_lossy(&out.stderr);
    let mut problems = Problems::default();
    let (mut seen, mut within) = (Vec::new(), None);
    for line in text.lines() {
        // GNU ld says in a line of its own which object and function the next lines are about.
        let object = names.iter().find(|(file, _)| line.contains(file.as_str()));
        within = object.map(|(_, place)| *place).or(within);
        let Some((place, name)) = undefined(line) else {
            continue;
        };
        // One name may be used in many places: the first says enough.
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let (name, place) = (Name(name.as_bytes()), source(place));
        let at = match names.iter().any(|(file, _)| place.contains(file.as_str())) {
            true => String::new(),
            false => format!(" at {place}"),
        };
        let of = within.map_or(String::new(), |object| format!(" of {object}"));
        problems.add(|| format!("undefined: {name}, used by C code{at}{of}"));
    }
    if let Err(e) = problems.result() {
        return e;
    }
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    let said: Vec<&str> = lines.collect();
    let program = Path::new(program).file_name().unwrap_or_default().display();
    Error::new(format!(
        "{program} cannot link the program ({}): {}",
        out.status,
        said.join("; ")
    ))
}

/// Where a linker found an undefined name, and the name: GNU ld, gold and mold say
/// ``place: undefined reference to `name'``, lld `error: undefined symbol: name`.
fn undefined(line: &str) -> Option<(&str, &str)> {
    let quotes = ['`', '\'', '\u{2018}', '\u{2019}'];
    if let Some((place, name)) = line.split_once(": undefined reference to ") {
        return Some((place, name.trim().trim_matches(quotes)));
    }
    let (place, name) = line.split_once("undefined symbol: ")?;
    Some((place, name.trim().trim_matches(quotes)))
}

/// The source file and line in what a linker says of a place.
fn source(place: &str) -> String {
    let place = place.rsplit_once("ld: ").map_or(place, |(_, rest)| rest);
    let place = place.trim_end_matches(": error").trim();
    place.to_string()
}
