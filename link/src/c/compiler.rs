//! The last step by a C compiler.
//!
//! Promise: the compiler gets `go.o`, in which the runtime library is, the objects of C code, and
//! what packages and the user say to it. It makes what the build mode says. What may be anywhere in
//! memory has no relocations in read-only sections: they would be an error here. What it says goes
//! to the user line by line, undefined names first.

use super::{CParts, archive};
use crate::error::{Error, Name, Printable, Problems, Result, describe_io};
use crate::final_link::{Folder, build_id, show};
use crate::flags::{BuildMode, Options};
use crate::output;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// What links C code unless another compiler is named.
const DEFAULT: &str = "gcc";

/// Links: the bytes of what is made. `flags` are those of packages.
pub fn link(go_o: &[u8], c: &CParts, flags: &[Vec<u8>], options: &Options) -> Result<Vec<u8>> {
    refuse_places(options)?;
    let folder = Folder::new()?;
    let program = options.extld.as_deref().unwrap_or(DEFAULT);
    let mut command = Command::new(program);
    let of_mode = mode_flags(options, c, &folder)?;
    command.arg("-m64").args(of_mode);
    // An archive is linked later: go.o is without debug information by then, and the rest is up to
    // who links.
    if options.build_mode != BuildMode::CArchive {
        command.args(of_result(options));
    }
    command.arg("-o").arg(folder.executable());
    command.arg(folder.write("go.o", go_o)?);
    let mut names = Vec::new();
    for (i, (place, object)) in c.objects.iter().enumerate() {
        let name = format!("{i:06}.o");
        if let Some(dir) = &options.keep_dir {
            output::write(&dir.join(&name), object, output::DATA)?;
        }
        command.arg(folder.write(&name, object)?);
        names.push((name, place));
    }
    // Libraries are the business of who links with an archive.
    if options.build_mode != BuildMode::CArchive {
        command.args(flags.iter().map(|f| OsStr::from_bytes(f)));
        let of_user = options.extldflags.iter();
        command.args(of_user.filter(|f| !is_of_mode(f, options)));
    }
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
    let made = folder.made()?;
    match options.build_mode {
        BuildMode::CArchive => archive::with_member("go.o", &archive::hide(&made, &c.internal)?),
        _ => Ok(made),
    }
}

/// Text relocations are errors; what the dynamic linker has written it makes read-only, and all of
/// it before Go code runs, whose stacks have no room for it.
const RELOCATED: [&str; 3] = ["-Wl,-z,text", "-Wl,-z,relro", "-Wl,-z,now"];

/// What the compiler has to know of the build mode.
fn mode_flags(options: &Options, c: &CParts, folder: &Folder) -> Result<Vec<OsString>> {
    let has = |flag: &str| options.extldflags.iter().any(|f| f == flag);
    // Libraries that C code loads may call what Go exports.
    let dynamic = (!has("-static") && !has("-static-pie")).then_some("-rdynamic");
    let words = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
    Ok(match options.build_mode {
        BuildMode::Exe => [words(&["-no-pie"]), words(dynamic.as_slice())].concat(),
        BuildMode::Pie => {
            let kind = dynamic.map_or("-static-pie", |_| "-pie");
            [words(&[kind]), words(&RELOCATED), words(dynamic.as_slice())].concat()
        }
        BuildMode::CArchive => words(&["-r", "-nostdlib", "-no-pie", "-Wl,--build-id=none"]),
        BuildMode::CShared => {
            // Threads run in it for ever.
            let stays = ["-shared", "-Wl,-Bsymbolic", "-Wl,-z,nodelete"];
            let hidden = folder.write("go.map", version_script(&c.internal).as_bytes())?;
            let mut script = OsString::from("--version-script=");
            script.push(hidden);
            // A path may have a comma in it.
            let script = vec!["-Xlinker".into(), script];
            [words(&stays), words(&RELOCATED), script].concat()
        }
    })
}

/// What the user wants of an executable or shared object.
fn of_result(options: &Options) -> Vec<String> {
    let id = options.gnu_build_id.as_ref();
    let id = id.map(|id| format!("-Wl,--build-id={}", build_id(id)));
    let path = options.run_path.as_ref();
    let path = path.map(|path| format!("-Wl,-rpath,{path}"));
    let interpreter = options.interpreter.as_ref();
    let interpreter = interpreter.map(|path| format!("-Wl,--dynamic-linker={path}"));
    let strip = options.strip_all.then(|| "-s".to_string());
    [strip, id, path, interpreter]
        .into_iter()
        .flatten()
        .collect()
}

/// Flags of the user that say once more what the build mode does.
fn is_of_mode(flag: &str, options: &Options) -> bool {
    options.build_mode == BuildMode::Pie && matches!(flag, "-pie" | "-static" | "-static-pie")
}

/// What has these names stay inside of a shared object.
fn version_script(names: &[String]) -> String {
    let mut script = String::from("{ local:\n");
    for name in names.iter().filter(|n| !n.contains(['"', '\\', '\n'])) {
        script += &format!("\"{name}\";\n");
    }
    script + "};\n"
}

/// The C compiler decides where things are and what begins.
pub(super) fn refuse_places(options: &Options) -> Result<()> {
    let flag = match options {
        o if o.text_addr.is_some() => "T",
        o if o.data_addr.is_some() => "D",
        o if o.round.is_some() => "R",
        o if o.entry != crate::flags::ENTRY => "E",
        _ => return Ok(()),
    };
    Err(Error::new(format!(
        "-{flag}: not possible in a program with C code, whose addresses and entry are those of C programs; say it to the C compiler with -extldflags"
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
