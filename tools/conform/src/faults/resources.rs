//! Too little of something: the resources, their amounts, and running a program with no more than
//! that.

use std::ffi::CString;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::ptr;
use std::thread;

use rustix::process::{Resource as Limit, Rlimit, geteuid, setrlimit};
use syscalls::Sysno;

use super::inject::{self, Plan};
use gort_harness::process::{self, Finished, Limits};

/// What can be short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Bytes of address space (`RLIMIT_AS`).
    AddressSpace,
    /// Bytes of writable private memory (`RLIMIT_DATA`).
    Memory,
    /// Bytes of the first thread's stack (`RLIMIT_STACK`).
    Stack,
    /// Open descriptors (`RLIMIT_NOFILE`).
    Descriptors,
    /// Threads: those beyond the amount fail as with `RLIMIT_NPROC`, which means nothing to the
    /// superuser.
    Threads,
    /// Bytes of one file (`RLIMIT_FSIZE`).
    FileSize,
    /// Bytes of the file system for temporary files and output.
    Disk,
}

/// Amounts of each.
const POINTS: u32 = 20;

impl Resource {
    /// All that any program can be short of.
    pub const ANY: [Self; 5] = [
        Self::AddressSpace,
        Self::Memory,
        Self::Stack,
        Self::Descriptors,
        Self::Threads,
    ];
    /// Those of programs that write files.
    pub const FILES: [Self; 2] = [Self::FileSize, Self::Disk];

    /// Every resource.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ANY.into_iter().chain(Self::FILES)
    }

    /// The amounts that are tried, from hopeless to ample.
    pub fn amounts(self) -> Vec<u64> {
        const KIB: u64 = 1 << 10;
        const MIB: u64 = 1 << 20;
        const GIB: u64 = 1 << 30;
        match self {
            Self::AddressSpace => geometric(4 * MIB, 4096 * GIB),
            // With less than the executable's own data the kernel does not load it.
            Self::Memory => geometric(2 * MIB, 2 * GIB),
            Self::Stack => geometric(128 * KIB, 64 * MIB),
            Self::Descriptors => geometric(3, 200),
            Self::Threads => (0..u64::from(POINTS)).collect(),
            Self::FileSize => geometric(KIB, 64 * MIB),
            Self::Disk => geometric(4 * KIB, 64 * MIB),
        }
    }

    /// Why a program cannot be kept short of it here.
    pub fn missing(self) -> Option<&'static str> {
        (self == Self::Disk && !geteuid().is_root())
            .then_some("only the superuser can make a small file system")
    }

    /// Runs the command that `make` gives with no more than `amount`. `judge` says what came of it
    /// while `folder`, which the command may write to, is there.
    pub fn run<T: Send>(
        self,
        amount: u64,
        limits: Limits,
        folder: &Path,
        make: impl Fn() -> Command + Sync,
        judge: impl Fn(&Finished) -> T + Sync,
    ) -> io::Result<T> {
        let limit = match self {
            Self::AddressSpace => Limit::As,
            Self::Memory => Limit::Data,
            Self::Stack => Limit::Stack,
            Self::Descriptors => Limit::Nofile,
            Self::FileSize => Limit::Fsize,
            Self::Threads => {
                let command = make();
                // The C library has a call of its own, and falls back from it only where it is
                // unknown.
                let plan = Plan {
                    calls: &[Sysno::clone, Sysno::clone3],
                    error: libc::EAGAIN,
                    from: u32::try_from(amount).unwrap_or(u32::MAX) + 1,
                    times: u32::MAX,
                };
                let (done, _) = inject::run(command, limits, plan)?;
                return Ok(judge(&done));
            }
            Self::Disk => {
                return on_small_disk(folder, amount, || {
                    let done = process::run(make(), limits)?;
                    Ok(judge(&done))
                });
            }
        };
        let most = Rlimit {
            current: Some(amount),
            maximum: Some(amount),
        };
        let done = process::run_with(make(), limits, move || Ok(setrlimit(limit, most)?))?;
        Ok(judge(&done))
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AddressSpace => "address-space",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Descriptors => "descriptors",
            Self::Threads => "threads",
            Self::FileSize => "file-size",
            Self::Disk => "disk",
        })
    }
}

/// [`POINTS`] numbers from `low` to `high`, each about the same factor above the one before; equal
/// ones once.
fn geometric(low: u64, high: u64) -> Vec<u64> {
    let factor = (high as f64 / low as f64).powf(1.0 / f64::from(POINTS - 1));
    let mut all: Vec<u64> = (0..POINTS)
        .map(|i| (low as f64 * factor.powi(i.cast_signed())).round() as u64)
        .collect();
    all.dedup();
    all
}

/// Does something where `folder` is a file system of `size` bytes.
///
/// It is mounted for one thread and what that starts, so it goes with the thread, whatever happens.
fn on_small_disk<T: Send>(
    folder: &Path,
    size: u64,
    what: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    let target = CString::new(folder.as_os_str().as_bytes()).map_err(io::Error::other)?;
    let options = CString::new(format!("size={size},mode=700")).map_err(io::Error::other)?;
    let mount = |fs: Option<&CString>, at: &CString, flags| {
        let (fs, data) = match fs {
            Some(fs) => (fs.as_ptr(), options.as_ptr().cast()),
            None => (ptr::null(), ptr::null()),
        };
        // SAFETY: the strings live until the call returns.
        match unsafe { libc::mount(fs, at.as_ptr(), fs, flags, data) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    let small = || {
        // SAFETY: the thread is new and ends below; that it sees other mounts concerns nobody else.
        if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // What is mounted from here on is seen here only.
        mount(None, &c"/".to_owned(), libc::MS_REC | libc::MS_PRIVATE)?;
        mount(Some(&c"tmpfs".to_owned()), &target, 0)?;
        what()
    };
    thread::scope(|scope| {
        scope
            .spawn(small)
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread of the small disk panicked")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gort_harness::process::Ending;
    use std::fs;
    use std::time::Duration;

    const LIMITS: Limits = Limits {
        time: Duration::from_secs(20),
        memory: 1 << 30,
    };

    fn shell(script: &str, folder: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(folder);
        command
    }

    #[test]
    fn amounts_rise_from_the_least_to_the_most() {
        for resource in Resource::all() {
            let amounts = resource.amounts();
            assert!(
                amounts.is_sorted_by(|a, b| a < b),
                "{resource}: {amounts:?}"
            );
            assert!(amounts.len() >= 15, "{resource}: {amounts:?}");
        }
        assert_eq!(Resource::FileSize.amounts()[0], 1 << 10);
        assert_eq!(Resource::FileSize.amounts().last(), Some(&(64 << 20)));
    }

    #[test]
    fn a_program_gets_no_more_than_the_amount() {
        let folder = tempfile::tempdir().unwrap();
        let run = |resource: Resource, amount, script: &str| {
            let make = || shell(script, folder.path());
            let look = |done: &Finished| {
                let file = fs::metadata(folder.path().join("f"));
                let size = file.map_or(0, |file| file.len());
                (done.ending, done.output.clone(), size)
            };
            resource.run(amount, LIMITS, folder.path(), make, look)
        };
        let (ending, _, size) = run(
            Resource::FileSize,
            2048,
            "trap '' XFSZ; head -c 9000 /dev/zero >f",
        )
        .unwrap();
        assert_ne!(ending, Ending::Exit(0));
        assert_eq!(size, 2048);
        let (_, output, _) = run(Resource::Descriptors, 9, "ulimit -n").unwrap();
        assert_eq!(output, b"9\n");
        let (ending, ..) = run(Resource::Threads, 0, "/bin/true & wait; echo no").unwrap();
        assert_ne!(ending, Ending::Exit(0));
        if Resource::Disk.missing().is_none() {
            fs::remove_file(folder.path().join("f")).unwrap();
            let script = "head -c 90000 /dev/zero >f; echo $?";
            match run(Resource::Disk, 8192, script) {
                Ok((_, output, size)) => {
                    assert!(output.ends_with(b"1\n"), "{output:?}");
                    assert_eq!(size, 8192);
                }
                // In a container without the right to mount.
                Err(e) => assert_eq!(e.kind(), io::ErrorKind::PermissionDenied),
            }
            assert!(!folder.path().join("f").exists());
        }
    }
}
