//! Putting a finished file where it was asked for.
//!
//! Promise: a file appears under its name complete, or not at all. It is written in the folder of
//! its place and then put there. As with the stock linker, through symbolic links the file that
//! they name is replaced or made, devices and pipes are written to, and a file that can be written
//! but not replaced (its folder is not writable, it is mounted there) is written where it is; it is
//! empty if that fails. An executable then gets the right to be executed for whom it is readable,
//! if it is ours to give.
//!
//! While it is written a file has no name, where the file system has such files (`O_TMPFILE`):
//! nothing is left of it when the process is killed (SIGKILL). Only a finished one gets a name: its
//! own, if that is free; else a temporary one, for the moment until it is renamed over the file
//! that is there, since giving a name replaces nothing. Elsewhere (NFS, no `/proc`) the temporary
//! name is there from the start, and a kill leaves it.

use crate::emergency::{self, Unfinished, undisturbed};
use crate::error::{Error, MORE_MEMORY, Result, describe_io};
use rustix::fs::{AtFlags, CWD};
use std::ffi::CString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, IntoRawFd as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Mode that Go's linker gives executables, before umask.
pub const EXECUTABLE: u32 = 0o775;
/// Mode of other files.
pub const DATA: u32 = 0o666;
/// The bits of a mode that let execute, and read.
const EXECUTE: u32 = 0o111;
const READ: u32 = 0o444;
/// What temporary names begin with.
pub const TEMPORARY: &str = ".gort-link-";

/// How long a pipe may have no reader. Shells start the reader at the same time as the link.
const WAIT_FOR_READER: Duration = Duration::from_secs(3);

/// What is under a name.
enum Place {
    /// A file, or nothing; links have been followed.
    File(PathBuf),
    /// A device, a pipe or a socket, or an open file: `/dev/stdout`.
    Special,
}

/// Follows links, as the system does, and looks.
fn look(output: &Path) -> io::Result<Place> {
    match std::fs::metadata(output) {
        Ok(m) if m.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(m) if !m.is_file() => return Ok(Place::Special),
        Ok(_) => {}
        // A link that dangles, or nothing at all.
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let mut path = output.to_path_buf();
    // The system follows no more than 40 and has said that they end.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        let dir = folder(&path);
        // A link there stands for an open file, which is not ours to replace; what it says need not
        // be a path.
        if rustix::fs::statfs(dir).is_ok_and(|s| s.f_type == rustix::fs::PROC_SUPER_MAGIC) {
            return Ok(Place::Special);
        }
        path = dir.join(target);
    }
    Ok(Place::File(path))
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Removes the program of an earlier link; one that cannot be removed is emptied.
pub fn remove_earlier(output: &Path) {
    if let Some(path) = earlier(output).and_then(|p| CString::new(p.as_os_str().as_bytes()).ok()) {
        emergency::remove(&path);
    }
}

/// The program of an earlier link, if there is one.
pub fn earlier(output: &Path) -> Option<PathBuf> {
    match look(output) {
        Ok(Place::File(path)) if path.is_file() => Some(path),
        _ => None,
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All that was asked for.
    Done,
    /// It was written in place, is not executable, and only its owner can change that.
    NotExecutable,
}

/// Writes a file.
pub fn write(output: &Path, bytes: &[u8], mode: u32) -> Result<Written> {
    let done = look(output).and_then(|place| match place {
        Place::Special => write_over(&open_special(output)?, bytes).map(|()| Written::Done),
        Place::File(path) => replace(&path, bytes, mode),
    });
    done.map_err(|e| {
        let size = bytes.len();
        let advice = match e.kind() {
            io::ErrorKind::IsADirectory => "; choose another name with -o".into(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!("; it takes {size} bytes: make room there, or choose another place")
            }
            io::ErrorKind::FileTooLarge => {
                format!("; it takes {size} bytes: raise the limit on file sizes (ulimit -f)")
            }
            io::ErrorKind::OutOfMemory => format!("; {MORE_MEMORY}"),
            io::ErrorKind::ExecutableFileBusy => {
                "; it is running, and its folder is not writable".into()
            }
            _ => String::new(),
        };
        Error::new(format!(
            "cannot write {}: {}{advice}",
            output.display(),
            describe_io(&e)
        ))
    })
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Written> {
    let put = match nameless(folder(path), bytes, mode)? {
        Some(file) => undisturbed(|| name(&file, path)),
        None => None,
    };
    let put = match put {
        Some(put) => put,
        None => write_and_rename(path, bytes, mode),
    };
    match put {
        Err(denied) if is_denied(&denied) => write_in_place(path, bytes, mode, denied),
        other => other.map(|()| Written::Done),
    }
}

/// Writes a file without a name; `None` if there are none here. The answer is not open for writing:
/// a program that is could not be started.
fn nameless(folder: &Path, bytes: &[u8], mode: u32) -> io::Result<Option<File>> {
    let open = |path: &Path, flags| {
        OpenOptions::new()
            .write(true)
            .custom_flags(flags)
            .mode(mode)
            .open(path)
    };
    let Ok(file) = open(folder, libc::O_TMPFILE) else {
        return Ok(None);
    };
    let Ok(place) = open(&in_proc(&file), libc::O_PATH) else {
        return Ok(None);
    };
    write_to(file, bytes)?;
    Ok(Some(place))
}

/// The name of an open file.
fn in_proc(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Gives a file without a name one, in the place of what is there; `None` if it can get none.
fn name(file: &File, path: &Path) -> Option<io::Result<()>> {
    let from = in_proc(file);
    let link = |to: &Path| -> io::Result<()> {
        let follow = AtFlags::SYMLINK_FOLLOW;
        Ok(rustix::fs::linkat(CWD, &from, CWD, to, follow)?)
    };
    match link(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other.ok().map(Ok),
    }
    let temporary = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(folder(path), link)
        .ok()?;
    let renamed = temporary.into_temp_path().persist(path);
    Some(renamed.map_err(|e| e.error))
}

/// Writes a file under a temporary name and renames it.
fn write_and_rename(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let made: io::Result<_> = undisturbed(|| {
        let made = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder(path))?;
        let noted = Unfinished::note(made.path());
        Ok((made, noted))
    });
    let (temporary, noted) = made?;
    let (file, temporary) = temporary.into_parts();
    write_to(file, bytes)?;
    let renamed = undisturbed(|| temporary.persist(path).map(|()| drop(noted)));
    renamed.map_err(|e| e.error)
}

/// Whether a file can be neither made in a folder nor put in the place of another.
fn is_denied(e: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(
        e.kind(),
        PermissionDenied | ReadOnlyFilesystem | ResourceBusy
    )
}

/// Writes into a file that is there; `denied` says why it is not replaced, and stands if there is
/// none.
fn write_in_place(path: &Path, bytes: &[u8], mode: u32, denied: io::Error) -> io::Result<Written> {
    let opened = undisturbed(|| {
        let file = OpenOptions::new().write(true).truncate(true).open(path)?;
        Ok::<_, io::Error>((file, Unfinished::note(path)))
    });
    let (file, _noted) = match opened {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(denied),
        opened => opened?,
    };
    write_over(&file, bytes)?;
    match mode & EXECUTE {
        0 => Ok(Written::Done),
        _ => make_executable(&file),
    }
}

/// Whoever may read a file may execute it.
fn make_executable(file: &File) -> io::Result<Written> {
    let now = file.metadata()?.permissions().mode();
    let wanted = now | (now & READ) >> 2;
    if now == wanted || file.set_permissions(Permissions::from_mode(wanted)).is_ok() {
        return Ok(Written::Done);
    }
    Ok(match now & EXECUTE {
        0 => Written::NotExecutable,
        _ => Written::Done,
    })
}

/// Writes what cannot be replaced. A file is empty if that fails.
fn write_over(file: &File, bytes: &[u8]) -> io::Result<()> {
    let written = file.try_clone().and_then(|f| write_to(f, bytes));
    if written.is_err() {
        let _ = file.set_len(0);
    }
    written
}

/// Opens what is no file. A pipe gets a reader within bounded time, or is refused.
fn open_special(path: &Path) -> io::Result<File> {
    let is_pipe = std::fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo());
    let start = Instant::now();
    loop {
        let flags = if is_pipe { libc::O_NONBLOCK } else { 0 };
        match OpenOptions::new()
            .write(true)
            .truncate(true)
            .custom_flags(flags)
            .open(path)
        {
            Ok(file) => {
                if is_pipe {
                    rustix::io::ioctl_fionbio(&file, false)?;
                }
                return Ok(file);
            }
            Err(e) if is_pipe && e.raw_os_error() == Some(libc::ENXIO) => {
                if start.elapsed() > WAIT_FOR_READER {
                    return Err(io::Error::other(
                        "nobody reads from this pipe; start the reader first",
                    ));
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(e) => return Err(e),
        }
    }
}

/// Writes all and closes. Some file systems say only at the end that there was no room.
fn write_to(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    // SAFETY: the descriptor was the file's, which has given it up; nobody else has it.
    match unsafe { libc::close(file.into_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
