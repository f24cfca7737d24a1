//! Bad conditions: no room, no memory, a signal. One line that says what and where, status 2 or the
//! signal, and nothing left behind.

mod support;

use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use support::*;

const LINKER: &str = env!("CARGO_BIN_EXE_gort-link");

/// A program with a variable of so many bytes in its file.
fn program(size: i64) -> Vec<u8> {
    let lea = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
    Encoder::new(&[])
        .symbol(&Symbol {
            kind: NOPTRDATA,
            name: "\"\".v",
            size,
            data: &[1],
            ..Symbol::default()
        })
        .function("\"\".main", &lea, &[(3, 4, R_PCREL, 0, "\"\".v")])
        .function("\"\".init", RET, &[])
        .finish()
}

fn bench(size: i64) -> Bench {
    let b = Bench::new(&Library::default());
    b.write("main.o", &program(size));
    b
}

/// Runs a shell script in the directory; `$LINK` is the linker.
fn shell(b: &Bench, script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .current_dir(b.dir.path())
        .env("LINK", LINKER)
        .env("GORT_LIB", b.path("libgort.a"))
        .env_remove("GOROOT")
        .env_remove("GORT_LD")
        .output()
        .expect("run a shell")
}

/// Fails unless the link worked, or said one line and ended with status 2, without anything left
/// behind.
fn is_clean(b: &Bench, out: &Output, what: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    let names = b.names();
    if out.status.success() {
        assert_eq!(text, "", "{what}");
        assert_eq!(names, ["libgort.a", "main.o", "out"], "{what}");
        std::fs::remove_file(b.path("out")).expect("remove the program");
        return None;
    }
    assert_eq!(
        out.status.code(),
        Some(2),
        "{what}: {:?} {text}",
        out.status
    );
    assert!(text.starts_with("gort link: "), "{what}: {text}");
    assert_eq!(text.matches('\n').count(), 1, "{what}: {text}");
    assert_eq!(names, ["libgort.a", "main.o"], "{what}");
    Some(text)
}

#[test]
fn a_full_disk() {
    let b = bench(1 << 20);
    let out = b.link(&["-o", "/dev/full", "main.o"]);
    let text = is_clean(&b, &out, "/dev/full").expect("no room");
    assert!(
        text.contains("cannot write /dev/full: no space left on device"),
        "{text}"
    );
    // File systems of this size, in a name space of our own.
    std::fs::create_dir(b.path("small")).expect("make directory");
    let mut worked = 0;
    for kib in (0..20).map(|i| 4 + i * 64) {
        let out = shell(
            &b,
            &format!(
                "exec unshare -rm sh -c '
                    mount -t tmpfs -o size={kib}k none small || exit 99
                    TMPDIR=$PWD/small \"$LINK\" -o /dev/null main.o || exit 98
                    \"$LINK\" -o small/out main.o; rc=$?
                    case $rc in 0) rm small/out;; esac
                    ls -A small; exit $rc'"
            ),
        );
        if !matches!(out.status.code(), Some(0 | 2 | 98)) {
            eprintln!("skipped: no name spaces for users here: {out:?}");
            break;
        }
        assert_eq!(String::from_utf8_lossy(&out.stdout), "", "{kib} KiB");
        let text = String::from_utf8_lossy(&out.stderr);
        match out.status.code() {
            Some(0) => worked += 1,
            _ => assert!(
                text.starts_with(
                    "gort link: cannot write small/out: no space left on device; it takes "
                ) && text.matches('\n').count() == 1,
                "{kib} KiB: {text}"
            ),
        }
        assert_eq!(out.status.success(), kib > 1060, "{kib} KiB: {text}");
        assert!(worked < 20);
    }
}

#[test]
fn a_limit_on_file_sizes() {
    let b = bench(64 << 10);
    let mut failures = 0;
    for blocks in 0..20 {
        let out = shell(
            &b,
            &format!("ulimit -f {}; exec \"$LINK\" -o out main.o", blocks * 10),
        );
        if let Some(text) = is_clean(&b, &out, "ulimit -f") {
            assert!(text.contains("cannot write out: file too large"), "{text}");
            failures += 1;
        }
    }
    assert!((1..20).contains(&failures), "{failures}");
}

#[test]
fn no_memory() {
    let b = bench(1_990_000_000);
    let out = shell(&b, "ulimit -v 1000000; exec \"$LINK\" -o out main.o");
    let text = is_clean(&b, &out, "1.99 GB").expect("too large");
    assert!(text.contains("out of memory: "), "{text}");
    // Nor does a program of an earlier link stay.
    b.write("out", b"old");
    let out = shell(&b, "ulimit -v 1000000; exec \"$LINK\" -o out main.o");
    is_clean(&b, &out, "1.99 GB again").expect("too large");
    let b = bench(8 << 20);
    // Below that the system cannot even start the command, which is larger without optimization.
    let starts = |limit: &u32| {
        shell(&b, &format!("ulimit -v {limit}; exec \"$LINK\" -h"))
            .status
            .success()
    };
    let least = (4_000..400_000)
        .step_by(4_000)
        .find(starts)
        .expect("a limit");
    let mut results = Vec::new();
    for step in 0..20 {
        let script = format!(
            "ulimit -v {}; exec \"$LINK\" -o out main.o",
            least + step * 4_000
        );
        let text = is_clean(&b, &shell(&b, &script), &script);
        if let Some(text) = &text {
            has(text, &["raise the limit on memory (ulimit -v)"]);
        }
        results.push(text.is_some());
    }
    assert!(
        results.contains(&true) && results.contains(&false),
        "{results:?}"
    );
}

#[test]
fn no_room_for_threads_and_descriptors() {
    let b = bench(1 << 20);
    for limit in ["-s 256", "-n 16", "-n 4", "-d 60000"] {
        let script = format!("ulimit {limit}; exec \"$LINK\" -o out main.o");
        is_clean(&b, &shell(&b, &script), &script);
    }
}

#[test]
fn signals_leave_nothing_and_end_the_process() {
    // Large enough that some come while the file is written.
    let b = bench(24 << 20);
    for args in [&[][..], &["-extld=ld"]] {
        if !args.is_empty() && !b.has_ld() {
            continue;
        }
        let mut ended = 0;
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            for moment in 0..20 {
                let temporary = b.path("tmp");
                std::fs::create_dir(&temporary).expect("make directory");
                let child = Command::new(LINKER)
                    .args(args)
                    .args(["-o", "out", "main.o"])
                    .current_dir(b.dir.path())
                    .env("GORT_LIB", b.path("libgort.a"))
                    .env("TMPDIR", &temporary)
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("run the linker");
                std::thread::sleep(Duration::from_millis(moment * 4));
                let pid = Pid::from_raw(child.id() as i32).expect("a process");
                let _ = kill_process(pid, signal);
                let out = child.wait_with_output().expect("wait");
                let left: Vec<_> = std::fs::read_dir(&temporary)
                    .expect("a folder")
                    .map(|entry| entry.expect("an entry").path())
                    .collect();
                assert!(
                    left.is_empty(),
                    "{signal:?} {moment} {args:?}: {left:?} {:?}",
                    out.status
                );
                std::fs::remove_dir(&temporary).expect("an empty folder");
                if out.status.signal() == Some(signal.as_raw()) {
                    assert_eq!(out.stderr, b"");
                    assert_eq!(b.names(), ["libgort.a", "main.o"], "{signal:?} {moment}");
                    ended += 1;
                } else {
                    assert_eq!(is_clean(&b, &out, "not in time"), None);
                }
            }
        }
        assert!(ended > 0, "no signal came in time");
    }
}

#[test]
fn a_kill_leaves_nothing() {
    // Large enough that some come while the file is written.
    let b = bench(24 << 20);
    let mut whole = 0;
    for earlier in [false, true] {
        for moment in 0..30 {
            if earlier {
                b.write("out", b"old");
            }
            let mut child = b.command(&["-o", "out", "main.o"]).spawn().expect("run");
            std::thread::sleep(Duration::from_millis(moment * 2));
            let _ = child.kill();
            child.wait().expect("wait");
            let mut names = b.names();
            names.retain(|name| name != "out");
            assert_eq!(names, ["libgort.a", "main.o"], "{moment}");
            match std::fs::read(b.path("out")) {
                Ok(old) if earlier && old == b"old" => {}
                Ok(new) => {
                    assert!(new.len() > 24 << 20, "a part of the program");
                    whole += 1;
                }
                Err(_) => assert!(!earlier),
            }
            let _ = std::fs::remove_file(b.path("out"));
        }
    }
    assert!(whole < 60, "no kill came in time");
}

#[test]
fn faults_are_one_line() {
    // As when a file that is read becomes shorter.
    let b = bench(24 << 20);
    let mut faults = 0;
    for moment in 0..20 {
        let child = Command::new(LINKER)
            .args(["-o", "out", "main.o"])
            .current_dir(b.dir.path())
            .env("GORT_LIB", b.path("libgort.a"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("run the linker");
        std::thread::sleep(Duration::from_millis(5 + moment * 3));
        let pid = Pid::from_raw(child.id() as i32).expect("a process");
        let _ = kill_process(pid, Signal::BUS);
        let out = child.wait_with_output().expect("wait");
        if out.status.signal() == Some(Signal::BUS.as_raw()) {
            // It had not begun.
            continue;
        }
        if let Some(text) = is_clean(&b, &out, "SIGBUS") {
            assert!(text.contains("a file was cut short"), "{text}");
            faults += 1;
        }
    }
    assert!(faults > 0, "no signal came in time");
}

#[test]
fn ignored_signals_stay_ignored() {
    let b = bench(8);
    let out = shell(
        &b,
        "trap '' HUP; kill -HUP $$; \"$LINK\" -o out main.o & kill -HUP $!; wait $!",
    );
    assert_eq!(is_clean(&b, &out, "nohup"), None);
}

#[test]
fn nobody_listens() {
    let b = bench(8);
    let out = shell(&b, "\"$LINK\" -o out absent.o 2>/dev/full");
    assert_eq!(out.status.code(), Some(2));
    let out = shell(&b, "\"$LINK\" -o out absent.o 2>&-");
    assert_eq!(out.status.code(), Some(2));
    for flag in ["-help", "-V", "-n -o out main.o", "-c -o out main.o"] {
        let out = shell(&b, &format!("\"$LINK\" {flag} >/dev/full 2>/dev/full"));
        assert!(
            matches!(out.status.code(), Some(0 | 2)),
            "{flag}: {:?}",
            out.status
        );
    }
}

#[test]
fn a_damaged_library() {
    let b = bench(8);
    let good = Library {
        functions: &["runtime.f", "runtime.g"],
        data: &["runtime.d"],
        ..Library::default()
    }
    .build();
    let mut state = 1_u64;
    let mut next = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % n
    };
    for variant in 0..300 {
        let mut library = good.clone();
        for _ in 0..1 + variant % 4 {
            let at = next(library.len());
            library[at] = match variant % 3 {
                0 => library[at] ^ 1 << next(8),
                1 => 0xff,
                _ => next(256) as u8,
            };
        }
        std::fs::write(b.path("libgort.a"), &library).expect("write library");
        let out = b.link(&["-o", "out", "main.o"]);
        is_clean(&b, &out, &format!("variant {variant}"));
    }
    // A relocation's symbol is checked before anybody looks it up.
    // The first one: offset 1, a call.
    let call = [1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0];
    let at = good.windows(call.len()).position(|w| w == call);
    let mut library = good.clone();
    library[at.expect("a call") + call.len() + 2] = 0x77;
    std::fs::write(b.path("libgort.a"), &library).expect("write library");
    let out = b.link(&["-o", "out", "main.o"]);
    let text = is_clean(&b, &out, "symbol of a relocation").expect("damaged");
    assert!(
        text.contains("libgort.a: member runtime.o: a relocation's symbol does not exist; it is damaged, build libgort.a again with scripts/build or name another in GORT_LIB"),
        "{text}"
    );
}
