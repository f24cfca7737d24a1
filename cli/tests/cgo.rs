//! A program of Go and C (docs/cgo.md), from `go build` to what it prints.

mod common;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use common::{go15, gort, library};

const EXPECTED: &str = "\
call 5
errno no such file or directory
string text of Go 10
callback 41
deep 300
recovered from a callback
goexit true
goroutines [2500 2500 2500 2500 2500 2500 2500 2500]
threads 12160
environment 1
environment 0
calls true
";

#[test]
fn go_and_c_call_each_other() {
    let (Some(go), Some(library)) = (go15(), library()) else {
        eprintln!("not run: needs Go 1.5 and libgort.a");
        return;
    };
    if Command::new("gcc").arg("--version").output().is_err() {
        eprintln!("not run: gcc is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    let env = [("GO15ROOT", &*go), ("GORT_LIB", &*library)];
    let made = gort(&["goroot", tree.to_str().unwrap()], &env);
    assert_eq!(made.status, 0, "{}{}", made.out, made.err);

    for flags in [&[][..], &["-ldflags=-linkmode=internal"]] {
        let exe = dir.path().join("program");
        let built = Command::new(tree.join("bin/go"))
            .args(["build", "-o"])
            .arg(&exe)
            .args(flags)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cgo"))
            .envs(env)
            .env_remove("GOROOT")
            .env_remove("CGO_ENABLED")
            .env("CC", "gcc")
            .env("GOPATH", dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");

        let fault = Command::new("timeout")
            .args(["20".as_ref(), exe.as_os_str(), "fault".as_ref()])
            .status()
            .unwrap();
        // `timeout` ends like the program, by the signal or with its number.
        let how = fault.signal().map(|signal| 128 + signal).or(fault.code());
        assert_eq!(how, Some(128 + libc::SIGSEGV));

        for procs in ["1", "2", "4"] {
            for debug in ["", "gcverify=1,gcstress=20", "preemptstress=50"] {
                let ran = Command::new(&exe)
                    .envs([("GOMAXPROCS", procs), ("GODEBUG", debug)])
                    .output()
                    .unwrap();
                let out = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
                assert_eq!(
                    out, EXPECTED,
                    "{flags:?} GOMAXPROCS={procs} GODEBUG={debug}"
                );
                assert!(ran.status.success(), "{}", ran.status);
            }
        }
    }
}
