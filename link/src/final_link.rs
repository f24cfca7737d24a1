//! The last step: `go.o` and libgort.a become a static executable.
//!
//! Promise: the executable is whole and checked before anything is written under its name. By
//! default libwild does the work in this process, from memory to memory: it opens no file. A system
//! linker can be chosen instead (see [`crate::flags`] for when); it works in a folder for temporary
//! files, which is gone afterwards.

use crate::c::CParts;
use crate::emergency::{self, Unfinished, undisturbed};
use crate::error::{Error, Printable, Result, describe_io};
use crate::flags::{BuildMode, Chosen, FinalLinker, Options, is_compiler};
use crate::host::{HostFile, LIBRARY_VARIABLE};
use crate::load::map_file;
use crate::memory_files::{self, GO_O, LIBRARY, MemoryFiles};
use crate::output;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Links `go_o` with the library and with C code: the bytes of the executable.
pub fn link(go_o: Vec<u8>, library: HostFile, c: &CParts, options: &Options) -> Result<Vec<u8>> {
    if let Some(flags) = &c.by_compiler {
        let made = match &c.shared {
            Some(shared) => crate::c::dynamic::link(go_o, &c.objects, shared, options)?,
            None => crate::c::compiler::link(&go_o, c, flags, options)?,
        };
        if options.build_mode != BuildMode::CArchive {
            crate::verify::check_with_c(&made)?;
        }
        return Ok(made);
    }
    options.refuse_dynamic()?;
    let debug = !options.strip_all && !options.strip_debug;
    let mut exe = match &options.final_linker {
        FinalLinker::Wild => {
            // How to unwind the library's frames is for debuggers only, but loaded with the
            // program.
            let library = match debug {
                true => library,
                false => library.leave_out(".eh_frame")?,
            };
            wild(go_o, library.with_fixed_g()?, c, options)?
        }
        FinalLinker::System(program, chosen) => {
            let library = library.with_fixed_g()?;
            system(program, *chosen, &go_o, &library, c, options)?
        }
    };
    crate::addresses::check_segments(&exe, options)?;
    crate::relro::seal(&mut exe)?;
    if debug {
        exe = crate::condense::condense(&exe).unwrap_or(exe);
    }
    crate::verify::check(&exe, options.final_linker == FinalLinker::Wild)?;
    Ok(exe)
}

/// Arguments that every linker gets, but for the files.
fn common_args(options: &Options) -> Vec<String> {
    let mut args: Vec<String> = Vec::new();
    let mut add = |list: &[&str]| args.extend(list.iter().map(|s| s.to_string()));
    add(&[
        "-m",
        "elf_x86_64",
        "-static",
        "--gc-sections",
        "-z",
        "noexecstack",
        "-z",
        "relro",
    ]);
    // GNU ld drops such a note of its inputs and writes its own; libwild passes the input's on, and
    // its own must be of whole words, so for it the note is in go.o.
    let own_id = options
        .gnu_build_id
        .as_ref()
        .filter(|_| options.final_linker != FinalLinker::Wild);
    let id = own_id.map_or("none".into(), |id| build_id(id));
    add(&[&format!("--build-id={id}")]);
    add(&["--no-eh-frame-hdr", "-e", &options.entry]);
    if let Some(text) = options.text_addr {
        add(&[&format!("--section-start=.text={text:#x}")]);
    }
    if let Some(data) = options.data_addr {
        add(&[&format!("--section-start=.data={data:#x}")]);
    }
    if let Some(round) = options.round {
        add(&["-z", &format!("max-page-size={round:#x}")]);
    }
    if options.strip_all {
        add(&["-s"]);
    } else if options.strip_debug {
        // go.o has no debug information then; the library has its own.
        add(&["-S"]);
    }
    args
}

fn wild(go_o: Vec<u8>, library: HostFile, c: &CParts, options: &Options) -> Result<Vec<u8>> {
    let path = library.path.clone();
    let advice = format!(
        "{} may be damaged: build it again with scripts/build, or name another in {LIBRARY_VARIABLE}",
        path.display()
    );
    let mut args = vec!["ld".to_string(), "--no-identity-comment".to_string()];
    args.extend(common_args(options));
    args.extend(["-o", "/a.out", GO_O].map(String::from));
    let mut files = MemoryFiles::new();
    files.add(GO_O, go_o);
    for (n, (_, bytes)) in c.objects.iter().enumerate() {
        args.push(memory_files::c_object(n));
        files.add(memory_files::c_object(n), bytes.clone());
    }
    args.push(LIBRARY.to_string());
    files.add_library(library);
    emergency::advise(&advice);
    let made = run_wild(&args, files);
    emergency::advise_nothing();
    made.map_err(|said| Error::new(format!("final link (libwild): {said}; {advice}")))
}

/// Runs libwild: what it makes, or what it says.
pub(crate) fn run_wild(args: &[String], files: MemoryFiles) -> Result<Vec<u8>, String> {
    let said = |e: libwild::error::Error| {
        // Its causes are lines of their own, after a line that announces them.
        let text = e.to_string();
        let lines = text.lines().map(str::trim);
        let said: Vec<_> = lines
            .filter(|l| !l.is_empty() && *l != "Caused by:")
            .collect();
        said.join(": ")
    };
    let iter = || args.iter().map(String::as_str);
    let mut parsed = libwild::Args::new(iter).map_err(said)?;
    parsed.parse(iter).map_err(said)?;
    let made = files.output();
    let linker = libwild::Linker::with_file_system(files);
    linker.run(&parsed).map(drop).map_err(said)?;
    made.take().ok_or_else(|| "it wrote nothing".to_string())
}

fn system(
    program: &str,
    chosen: Chosen,
    go_o: &[u8],
    library: &HostFile,
    c: &CParts,
    options: &Options,
) -> Result<Vec<u8>> {
    let folder = Folder::new()?;
    let mut command = Command::new(program);
    let args = common_args(options);
    if is_compiler(program) {
        // A compiler driver passes linker options on with -Xlinker and must not add C startup
        // files.
        command.args(["-nostdlib", "-nostartfiles", "-static", "-no-pie"]);
        for a in args.iter().filter(|a| *a != "-static") {
            command.args(["-Xlinker", a]);
        }
    } else {
        command.args(&args);
    }
    command.arg("-o").arg(folder.executable());
    command.arg(folder.write("go.o", go_o)?);
    for (i, (_, object)) in c.objects.iter().enumerate() {
        command.arg(folder.write(&format!("{i:06}.o"), object)?);
    }
    let archive = match library.is_changed() {
        true => folder.write("libgort.a", library.bytes())?,
        false => library.path.clone(),
    };
    command.arg(absolute(&archive)).args(&options.extldflags);
    let out = folder.run(&mut command).map_err(|e| {
        Error::new(format!(
            "final link: cannot run {program}: {}; {chosen}",
            describe_io(&e)
        ))
    })?;
    if !out.status.success() {
        return Err(failed(program, chosen, &out, options.verbose));
    }
    if options.verbose {
        show(&out);
    }
    folder.made()
}

/// A build id as linkers read it.
pub(crate) fn build_id(id: &[u8]) -> String {
    id.iter()
        .fold(String::from("0x"), |s, b| s + &format!("{b:02x}"))
}

/// A folder for the files of a system linker. It is gone afterwards, however the link ends.
pub(crate) struct Folder {
    // Dropped in this order: noted until it is gone.
    temp: tempfile::TempDir,
    _noted: Unfinished,
}

impl Folder {
    pub(crate) fn new() -> Result<Self> {
        let parent = std::env::temp_dir();
        undisturbed(|| {
            let temp = tempfile::Builder::new()
                .prefix(output::TEMPORARY)
                .tempdir_in(&parent)?;
            let _noted = Unfinished::note(temp.path());
            Ok(Self { temp, _noted })
        })
        .map_err(|e: std::io::Error| Error::io("cannot make a temporary folder in", &parent, &e))
    }

    /// Where the linker is to write.
    pub(crate) fn executable(&self) -> PathBuf {
        self.temp.path().join("a.out")
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.temp.path().join(name);
        output::write(&path, bytes, output::DATA)?;
        Ok(path)
    }

    /// Runs the linker.
    pub(crate) fn run(&self, command: &mut Command) -> std::io::Result<Output> {
        // Its own temporary files go where they are removed with ours, and it can be ended with all
        // that it started.
        command.env("TMPDIR", self.temp.path()).process_group(0);
        run(command)
    }

    /// What the linker has written.
    pub(crate) fn made(&self) -> Result<Vec<u8>> {
        let exe = self.executable();
        let made = map_file(&exe)
            .map_err(|e| Error::io("cannot read what the final linker made,", &exe, &e))?;
        Ok(made.to_vec())
    }
}

/// What a system linker says, line by line: its warnings, too, are for who asks, as with the stock
/// linker.
pub(crate) fn show(out: &Output) {
    let mut stderr = std::io::stderr().lock();
    for line in String::from_utf8_lossy(&out.stderr).lines() {
        // Where standard error is gone nobody asks.
        let _ = writeln!(stderr, "{}", Printable(line));
    }
}

/// A system linker has failed. Its first line says why; what follows from that is for who asks.
fn failed(program: &str, chosen: Chosen, out: &Output, verbose: bool) -> Error {
    let text = String::from_utf8_lossy(&out.stderr);
    let said: Vec<_> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    let mut message = format!("final link: {program} failed ({})", out.status);
    if let Some(first) = said.first() {
        message += &format!(": {first}");
    }
    match said.len() {
        0 | 1 => {}
        n if verbose => {
            show(out);
            message += &format!(" (all {n} lines are above)");
        }
        n => message += &format!(" (-v prints all {n} lines)"),
    }
    Error::new(format!("{message}; {chosen}"))
}

fn run(command: &mut Command) -> std::io::Result<Output> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = undisturbed(|| {
        let child = command.spawn()?;
        emergency::note_child(child.id() as i32);
        Ok::<_, std::io::Error>(child)
    })?;
    let out = child.wait_with_output();
    // If a signal has ended the child, it ends this process too.
    undisturbed(|| emergency::note_child(0));
    out
}

/// A path that no linker takes for a flag.
fn absolute(path: &Path) -> OsString {
    std::path::absolute(path).map_or_else(|_| path.into(), Into::into)
}
