//! The last step: `go.o` and libgort.a become a static executable.
//!
//! Promise: the executable appears under its name complete, or not at all: it is written to a temporary file in the same directory and
//! renamed. By default libwild does the work in this process, with `go.o` handed over in memory; a system linker can be chosen
//! instead (see [`crate::flags`] for when).

use crate::error::{Error, Result};
use crate::flags::{FinalLinker, Options, is_compiler};
use libwild::{FileSystem, FileType, InputFileData, OsFileSystem, OutputOptions};
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Path under which `go.o` is known to libwild.
const GO_O: &str = "/go.o";
/// Mode that Go's linker gives executables, before umask.
const MODE: u32 = 0o775;

/// Links `go_o` with the library and puts the executable in its place.
pub fn link(go_o: Vec<u8>, library: &Path, options: &Options) -> Result<()> {
    // Through a symbolic link, the file that it names is replaced.
    let output = &match options.output.is_symlink() {
        true => options
            .output
            .canonicalize()
            .unwrap_or_else(|_| options.output.clone()),
        false => options.output.clone(),
    };
    let unwritable = |e: &std::io::Error| Error::io("cannot write", output, e);
    if output.is_dir() {
        return Err(Error::new(format!(
            "cannot write {}: it is a directory; choose another name with -o",
            output.display()
        )));
    }
    let is_special = output.exists() && !output.is_file();
    let dir = match output.parent() {
        _ if is_special => std::env::temp_dir(),
        Some(d) if !d.as_os_str().is_empty() => d.to_path_buf(),
        _ => PathBuf::from("."),
    };
    // A directory keeps partial files of any final linker out of sight and away from the output's name.
    let temp = tempfile::Builder::new()
        .prefix(".gort-link-")
        .tempdir_in(dir)
        .map_err(|e| unwritable(&e))?;
    let exe = temp.path().join("a.out");
    match &options.final_linker {
        FinalLinker::Wild => wild(go_o, library, &exe, options)?,
        FinalLinker::System(program) => {
            system(program, &go_o, library, temp.path(), &exe, options)?
        }
    }
    crate::verify::check(&exe, options.final_linker == FinalLinker::Wild)?;
    let made = crate::load::map_file(&exe).map_err(|e| Error::io("cannot reread", &exe, &e))?;
    crate::addresses::check_segments(&made, options)?;
    if is_special {
        // A device or pipe (`-o /dev/null`) is written to, not replaced.
        return std::fs::copy(&exe, output)
            .map(drop)
            .map_err(|e| unwritable(&e));
    }
    let mode = std::fs::Permissions::from_mode(MODE & !umask(temp.path()));
    std::fs::set_permissions(&exe, mode).map_err(|e| unwritable(&e))?;
    std::fs::rename(&exe, output).map_err(|e| unwritable(&e))
}

/// The process's umask, read off a file made without asking for less.
fn umask(dir: &Path) -> u32 {
    let probe = dir.join("umask");
    let mode = File::create(&probe)
        .and_then(|f| f.metadata())
        .map(|m| m.permissions().mode());
    mode.map_or(0o022, |m| !m & 0o666)
}

fn common_args(library: &Path, exe: &Path, go_o: &str, options: &Options) -> Vec<String> {
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
        "norelro",
    ]);
    // GNU ld drops such a note of its inputs and writes its own; libwild passes the input's on, and its own must be of whole
    // words, so for it the note is in go.o.
    let own_id = options
        .gnu_build_id
        .as_ref()
        .filter(|_| options.final_linker != FinalLinker::Wild);
    let id = own_id.map_or("none".into(), |id| {
        id.iter()
            .fold(String::from("0x"), |s, b| s + &format!("{b:02x}"))
    });
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
    }
    add(&[
        "-o",
        &exe.display().to_string(),
        go_o,
        &library.display().to_string(),
    ]);
    args
}

fn wild(go_o: Vec<u8>, library: &Path, exe: &Path, options: &Options) -> Result<()> {
    let failed =
        |e: &libwild::error::Error| Error::new(format!("final link (libwild): {}", e.to_string()));
    let mut args = vec!["ld".to_string(), "--no-identity-comment".to_string()];
    args.extend(common_args(library, exe, GO_O, options));
    let iter = || args.iter().map(String::as_str);
    let mut parsed = libwild::Args::new(iter).map_err(|e| failed(&e))?;
    parsed.parse(iter).map_err(|e| failed(&e))?;
    let linker = libwild::Linker::with_file_system(MemoryFirst {
        go_o: Arc::new(go_o),
        os: OsFileSystem::new(),
    });
    linker.run(&parsed).map(drop).map_err(|e| failed(&e))
}

fn system(
    program: &str,
    go_o: &[u8],
    library: &Path,
    temp: &Path,
    exe: &Path,
    options: &Options,
) -> Result<()> {
    let object = temp.join("go.o");
    std::fs::write(&object, go_o).map_err(|e| Error::io("cannot write", &object, &e))?;
    let args = common_args(library, exe, &object.display().to_string(), options);
    let mut command = Command::new(program);
    if is_compiler(program) {
        // A compiler driver passes linker options on with -Xlinker and must not add C startup files.
        command.args(["-nostdlib", "-nostartfiles", "-static", "-no-pie"]);
        let mut inputs = Vec::new();
        let mut iter = args.iter().peekable();
        while let Some(a) = iter.next() {
            match a.as_str() {
                "-o" => {
                    command.arg("-o").args(iter.next());
                }
                "-static" => {}
                a if Path::new(a).is_absolute() => inputs.push(a.to_string()),
                a if a.ends_with(".o") || a.ends_with(".a") => inputs.push(a.to_string()),
                a => {
                    command.args(["-Xlinker", a]);
                }
            }
        }
        command.args(inputs);
    } else {
        command.args(&args);
    }
    command.args(&options.extldflags);
    let out = command.output().map_err(|e| {
        Error::new(format!(
            "final link: cannot run {program}: {e}; choose a linker with -extld"
        ))
    })?;
    if !out.status.success() {
        let text = String::from_utf8_lossy(&out.stderr);
        return Err(Error::new(format!(
            "final link: {program} failed ({}):\n{}",
            out.status,
            text.trim_end()
        )));
    }
    Ok(())
}

/// The operating system's files, and `go.o` in memory.
struct MemoryFirst {
    go_o: Arc<Vec<u8>>,
    os: OsFileSystem,
}

/// An input of the final link.
#[derive(Debug)]
enum Input {
    Memory(Arc<Vec<u8>>),
    Os(<OsFileSystem as FileSystem>::Input),
}

impl InputFileData for Input {
    fn bytes(&self) -> &[u8] {
        match self {
            Input::Memory(b) => b,
            Input::Os(i) => i.bytes(),
        }
    }

    fn verify_unchanged(&self) -> std::io::Result<bool> {
        match self {
            Input::Memory(_) => Ok(true),
            Input::Os(i) => i.verify_unchanged(),
        }
    }
}

impl FileSystem for MemoryFirst {
    type Input = Input;
    type Output = <OsFileSystem as FileSystem>::Output;

    fn open_input(
        &self,
        path: &Path,
        prepopulate_maps: bool,
    ) -> libwild::error::Result<(Input, Option<Arc<File>>)> {
        if path == Path::new(GO_O) {
            return Ok((Input::Memory(Arc::clone(&self.go_o)), None));
        }
        let (input, file) = self.os.open_input(path, prepopulate_maps)?;
        Ok((Input::Os(input), file))
    }

    fn file_type(&self, path: &Path) -> libwild::error::Result<FileType> {
        if path == Path::new(GO_O) {
            Ok(FileType::File)
        } else {
            self.os.file_type(path)
        }
    }

    fn canonicalize(&self, path: &Path) -> libwild::error::Result<PathBuf> {
        if path == Path::new(GO_O) {
            Ok(path.to_path_buf())
        } else {
            self.os.canonicalize(path)
        }
    }

    fn remove_file(&self, path: &Path) -> libwild::error::Result<()> {
        self.os.remove_file(path)
    }

    fn rename_file(&self, path: &Path, new_path: &Path) -> libwild::error::Result<()> {
        self.os.rename_file(path, new_path)
    }

    fn create_output(
        &self,
        path: Arc<Path>,
        options: OutputOptions,
    ) -> libwild::error::Result<Self::Output> {
        self.os.create_output(path, options)
    }

    fn write_auxiliary(&self, path: &Path, bytes: &[u8]) -> libwild::error::Result {
        self.os.write_auxiliary(path, bytes)
    }
}
