//! Where the program goes: links, devices, pipes, folders that are not writable, names that are no
//! text.

mod support;

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use support::*;

fn bench() -> Bench {
    let b = Bench::new(&Library::default());
    b.write("main.o", &Encoder::new(&[]).main().finish());
    b
}

fn is_program(b: &Bench, name: &str) -> bool {
    fs::read(b.path(name)).is_ok_and(|f| f.starts_with(b"\x7fELF"))
}

#[test]
fn through_links() {
    let b = bench();
    fs::create_dir_all(b.path("sub/deep")).expect("make directories");
    // A link to a file, one that dangles, one that is relative to its own folder, and a chain.
    b.write("real", b"old");
    for (link, target, file) in [
        ("out", "real", "real"),
        ("dangling", "made", "made"),
        ("sub/up", "../upper", "upper"),
        ("chain", "sub/up2", "sub/deep/end"),
    ] {
        symlink(target, b.path(link)).expect("make a link");
        if link == "chain" {
            symlink("deep/end", b.path("sub/up2")).expect("make a link");
        }
        assert!(b.link(&["-o", link, "main.o"]).status.success(), "{link}");
        assert!(b.path(link).is_symlink(), "{link}");
        assert!(is_program(&b, file), "{link}");
    }
    // A failed link takes the program of an earlier one away, not the link to it.
    assert_eq!(b.link(&["-o", "chain", "absent.o"]).status.code(), Some(2));
    assert!(b.path("chain").is_symlink() && !b.path("sub/deep/end").exists());
}

#[test]
fn a_loop_of_links() {
    let b = bench();
    symlink("b", b.path("a")).expect("make a link");
    symlink("a", b.path("b")).expect("make a link");
    let out = b.link(&["-o", "a", "main.o"]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        "gort link: cannot write a: too many levels of symbolic links\n"
    );
    assert!(b.path("a").is_symlink() && b.path("b").is_symlink());
}

#[test]
fn devices_and_standard_output() {
    let b = bench();
    assert!(b.link(&["-o", "/dev/null", "main.o"]).status.success());
    assert!(!fs::metadata("/dev/null").expect("stat").is_file());
    let out = b.link(&["-o", "/dev/stdout", "main.o"]);
    assert!(out.status.success() && out.stdout.starts_with(b"\x7fELF"));
    // A link that fails leaves the device alone, whatever it stands for.
    let file = fs::File::create(b.path("listing")).expect("make a file");
    let status = Command::new(env!("CARGO_BIN_EXE_gort-link"))
        .args(["-o", "/dev/stdout", "absent.o"])
        .env("GORT_LIB", b.path("libgort.a"))
        .stdout(file)
        .stderr(Stdio::null())
        .status()
        .expect("run the linker");
    assert_eq!(status.code(), Some(2));
    assert!(fs::symlink_metadata("/dev/stdout").is_ok() && b.path("listing").exists());
}

#[test]
fn pipes() {
    let b = bench();
    let made = Command::new("mkfifo").arg(b.path("pipe")).status();
    assert!(made.is_ok_and(|s| s.success()));
    let whole = b.linked(&["-o", "out", "main.o"]);
    let reader = Command::new("cat")
        .arg(b.path("pipe"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("run cat");
    assert!(b.link(&["-n", "-o", "pipe", "main.o"]).status.success());
    let read = reader.wait_with_output().expect("wait for cat");
    assert_eq!(read.stdout, whole);
    // Without a reader it does not wait for ever.
    let out = b.link(&["-o", "pipe", "main.o"]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        "gort link: cannot write pipe: nobody reads from this pipe; start the reader first\n"
    );
    assert!(b.path("pipe").exists());
}

#[test]
fn names_that_are_no_text() {
    let b = bench();
    let dir = b.dir.path().join(OsStr::from_bytes(b"d\xffr"));
    fs::create_dir(&dir).expect("make directory");
    for name in ["libgort.a", "main.o"] {
        fs::copy(b.path(name), dir.join(name)).expect("copy");
    }
    for args in [&[][..], &["-extld=ld"]] {
        if !args.is_empty() {
            if !b.has_ld() {
                continue;
            }
            fs::copy(b.path("libgort.a"), dir.join("libgort.a")).expect("copy");
        }
        let out = Command::new(env!("CARGO_BIN_EXE_gort-link"))
            .args(args)
            .arg("-o")
            .arg(dir.join("out"))
            .arg(dir.join("main.o"))
            .env("GORT_LIB", dir.join("libgort.a"))
            .env("TMPDIR", &dir)
            .env_remove("GORT_LD")
            .output()
            .expect("run the linker");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let status = Command::new(dir.join("out")).status().expect("run it");
        assert_eq!(status.code(), Some(7));
    }
}

/// The linker as a user who may write files of others only where everybody may. `None` if there is
/// no such user here.
fn as_nobody(b: &Bench, args: &[&str]) -> Option<std::process::Output> {
    let run = |program: &str, args: &[&str]| {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut c = Command::new("setpriv");
            c.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
            c
        } else {
            Command::new(program)
        };
        command
            .args(args)
            .current_dir(b.dir.path())
            .env("GORT_LIB", b.path("libgort.a"));
        command.output().ok()
    };
    let linker = env!("CARGO_BIN_EXE_gort-link");
    let probe = run(linker, &["-V"]);
    if probe.is_none_or(|p| p.status.code() != Some(2) || !p.stderr.starts_with(b"link: version")) {
        eprintln!("skipped: no other user can run the linker");
        return None;
    }
    run(linker, args)
}

#[test]
fn a_writable_file_in_a_folder_that_is_not() {
    let b = bench();
    let mode = |name: &str, mode| {
        fs::set_permissions(b.path(name), Permissions::from_mode(mode)).expect("chmod");
    };
    fs::create_dir(b.path("fixed")).expect("make directory");
    b.write("fixed/out", b"old");
    for (name, bits) in [("", 0o755), ("main.o", 0o644), ("libgort.a", 0o644)] {
        mode(name, bits);
    }
    mode("fixed/out", 0o666);
    mode("fixed", 0o555);
    let before = fs::metadata(b.path("fixed/out")).expect("stat").ino();
    let Some(out) = as_nobody(&b, &["-o", "fixed/out", "main.o"]) else {
        return;
    };
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(is_program(&b, "fixed/out"));
    let after = fs::metadata(b.path("fixed/out")).expect("stat");
    assert_eq!(after.ino(), before);
    // Whose mode it may not change.
    if rustix::process::geteuid().is_root() {
        assert_eq!(after.mode() & 0o777, 0o666);
        assert_eq!(
            String::from_utf8_lossy(&out.stderr),
            "gort link: warning: fixed/out was written in place and is not executable, and another user's; its owner can change that: chmod +x fixed/out\n"
        );
        std::os::unix::fs::chown(b.path("fixed/out"), Some(65534), None).expect("chown");
    }
    let out = as_nobody(&b, &["-o", "fixed/out", "main.o"]).expect("as before");
    assert!(out.status.success() && out.stderr.is_empty());
    let after = fs::metadata(b.path("fixed/out")).expect("stat");
    assert_eq!((after.ino(), after.mode() & 0o777), (before, 0o777));
    // It cannot be removed after an error, but it is no program any more.
    let out = as_nobody(&b, &["-o", "fixed/out", "absent.o"]).expect("as before");
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(fs::metadata(b.path("fixed/out")).expect("stat").len(), 0);
    // A file that is not there cannot be made.
    let out = as_nobody(&b, &["-o", "fixed/new", "main.o"]).expect("as before");
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        "gort link: cannot write fixed/new: permission denied\n"
    );
    // Nor can one be replaced that is not writable.
    mode("fixed/out", 0o444);
    let out = as_nobody(&b, &["-o", "fixed/out", "main.o"]).expect("as before");
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        "gort link: cannot write fixed/out: permission denied\n"
    );
    mode("fixed", 0o755);
}

#[test]
fn modes_follow_umask() {
    let b = bench();
    for (umask, expected) in [("022", 0o755), ("077", 0o700), ("002", 0o775)] {
        let script = format!("umask {umask}; exec \"$0\" -o out main.o");
        let status = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_gort-link")])
            .current_dir(b.dir.path())
            .env("GORT_LIB", b.path("libgort.a"))
            .status()
            .expect("run a shell");
        assert!(status.success());
        let mode = fs::metadata(b.path("out"))
            .expect("stat")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, expected, "umask {umask}");
    }
}
