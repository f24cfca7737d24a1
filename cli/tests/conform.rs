//! The suites against a Go whose compiler and linker are shell scripts: a "program" is the lines of
//! its source that start with `//sh `. So every way in which a test can end is tried without a
//! compiler.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Outcome, fake_go, gort};

const COMPILE: &str = r#"
while [ $# -gt 1 ]; do
    case $1 in -o) out=$2; shift;; *.go) first=${first:-$1};; esac
    shift
done
first=${first:-$1}
if grep -q 'does not compile' "$first"; then echo "$first:1: syntax error"; exit 1; fi
cat "$first" >"${out:-$(basename "$first" .go).o}"
"#;

const LINK: &str = r#"
while [ $# -gt 1 ]; do
    case $1 in -o) out=$2; shift;; esac
    shift
done
if grep -q 'does not link' "$1"; then echo "undefined: f"; exit 2; fi
{ echo '#!/bin/sh'; sed -n 's,^//sh ,,p' "$1"; } >"$out"
chmod +x "$out"
"#;

/// A Go whose tests are `files`.
fn go_with_tests(dir: &Path, files: &[(&str, &str)]) -> PathBuf {
    let go = fake_go(&dir.join("go"), "go1.5.4");
    for (tool, script) in [("compile", COMPILE), ("link", LINK)] {
        let path = go.join("pkg/tool/linux_amd64").join(tool);
        fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (name, text) in files {
        let path = go.join("test").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    go
}

fn conform(go: &Path, args: &[&str]) -> Outcome {
    gort(
        &[&["conform", "test", "--stock"], args].concat(),
        &[("GO15ROOT", go)],
    )
}

/// A source of the given kind whose program is `script`.
fn program(kind: &str, script: &str) -> String {
    let lines: String = script
        .lines()
        .map(|line| format!("//sh {line}\n"))
        .collect();
    format!("// {kind}\n\npackage main\n{lines}")
}

#[test]
fn programs_that_do_as_they_should_pass() {
    let dir = tempfile::tempdir().unwrap();
    let go = go_with_tests(
        dir.path(),
        &[
            ("silent.go", &program("run", "exit 0")),
            (
                "args.go",
                &program("run one two", r#"test "$*" = "one two""#),
            ),
            (
                "chan/prints.go",
                &program("cmpout", "echo out; echo err >&2"),
            ),
            ("chan/prints.out", "out\nerr\n"),
            // Compiled with the first: the file argument is no argument of the program.
            ("two.go", &program("run silent.go", r#"test $# = 0"#)),
            // The generator prints a program.
            (
                "gen.go",
                &program("runoutput", "printf 'package main\\n//sh echo made\\n'"),
            ),
            ("gen.out", "made\n"),
            ("dir.go", "// rundir\n\npackage ignored\n"),
            ("dir.dir/a.go", "package a\n//sh exit 1\n"),
            ("dir.dir/b.go", "package main\n//sh exit 0\n"),
            (
                "here.go",
                &program(
                    "run",
                    r#"test "$(basename "$PWD")" = test && test "$GOROOT" = "$(dirname "$PWD")""#,
                ),
            ),
            ("work.go", &program("buildrun", r#"test -x a.exe"#)),
            ("notes.go", "// errorcheck\n\npackage p\n"),
            (
                "elsewhere.go",
                "// run\n\n// +build windows\n\npackage main\n",
            ),
        ],
    );
    let json = dir.path().join("results.json");
    let done = conform(&go, &["--json", json.to_str().unwrap()]);
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    assert!(
        done.out
            .ends_with("conform test: 8 passed, 0 failed, 1 skipped\n"),
        "{}",
        done.out
    );
    assert!(
        done.out
            .contains("skip elsewhere.go: for another platform (+build windows)"),
        "{}",
        done.out
    );
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(
        (&json["passed"], &json["against"]),
        (&8.into(), &"stock".into())
    );
    assert_eq!(json["tests"].as_array().unwrap().len(), 9);
}

#[test]
fn every_failure_has_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let go = go_with_tests(
        dir.path(),
        &[
            ("compile.go", "// run\n\npackage main // does not compile\n"),
            (
                "crash.go",
                &program("run", "echo 'panic: oops' >&2; exit 2"),
            ),
            ("exit.go", &program("run", "exit 3")),
            ("good.go", &program("run", "exit 0")),
            ("hang.go", &program("run", "sleep 60")),
            ("link.go", "// run\n\npackage main // does not link\n"),
            ("output.go", &program("run", "echo noise")),
            ("signal.go", &program("run", "kill -SEGV $$")),
        ],
    );
    let json = dir.path().join("results.json");
    let done = conform(
        &go,
        &["--time-limit", "1", "--json", json.to_str().unwrap()],
    );
    assert_eq!(done.status, 1, "{}{}", done.out, done.err);
    assert!(
        done.out
            .ends_with("conform test: 1 passed, 7 failed, 0 skipped\n"),
        "{}",
        done.out
    );
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let causes: Vec<(String, String)> = json["tests"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|test| test["result"] == "fail")
        .map(|test| {
            (
                test["name"].as_str().unwrap().to_string(),
                test["cause"].as_str().unwrap().to_string(),
            )
        })
        .collect();
    let expected = [
        ("compile.go", "compile-error"),
        ("crash.go", "crash"),
        ("exit.go", "wrong-exit"),
        ("hang.go", "time-out"),
        ("link.go", "link-error"),
        ("output.go", "wrong-output"),
        ("signal.go", "crash"),
    ];
    assert_eq!(
        causes,
        expected.map(|(name, cause)| (name.to_string(), cause.to_string()))
    );
    assert_eq!(json["causes"]["crash"], 2);
}

#[test]
fn expected_failures_must_fail() {
    let dir = tempfile::tempdir().unwrap();
    let go = go_with_tests(
        dir.path(),
        &[
            ("bad.go", &program("run", "exit 3")),
            ("good.go", &program("run", "exit 0")),
        ],
    );
    let list = dir.path().join("list.toml");
    let entry = |name: &str| format!("[[test]]\nname = \"{name}\"\nreason = \"known\"\n");
    let args = ["--expected", list.to_str().unwrap()];

    fs::write(&list, entry("bad.go")).unwrap();
    let done = conform(&go, &args);
    assert_eq!(done.status, 0, "{}", done.out);
    assert!(
        done.out
            .ends_with("1 passed, 0 failed, 1 skipped (1 of them failed as expected)\n"),
        "{}",
        done.out
    );

    fs::write(&list, entry("bad.go") + &entry("good.go")).unwrap();
    let done = conform(&go, &args);
    assert_eq!(done.status, 1, "{}", done.out);
    assert!(
        done.out
            .contains("good.go: listed as an expected failure but passes"),
        "{}",
        done.out
    );

    fs::write(&list, entry("bad.go") + &entry("gone.go")).unwrap();
    let done = conform(&go, &args);
    assert!(
        done.err
            .contains("gone.go is listed as an expected failure, but there is no such test"),
        "{}",
        done.err
    );

    fs::write(&list, "[[test]]\nname = \"bad.go\"\n").unwrap();
    let done = conform(&go, &args);
    assert_eq!(done.status, 2);
    assert!(done.err.contains("list.toml"), "{}", done.err);
}

#[test]
fn filters_lists_and_kept_work() {
    let dir = tempfile::tempdir().unwrap();
    let go = go_with_tests(
        dir.path(),
        &[
            ("bad.go", &program("run", "exit 3")),
            ("chan/good.go", &program("run", "exit 0")),
        ],
    );
    let listed = conform(&go, &["--list"]);
    assert_eq!(
        (listed.status, listed.out.as_str()),
        (0, "run         bad.go\nrun         chan/good.go\n")
    );
    assert_eq!(conform(&go, &["--filter", "chan/"]).status, 0);
    assert_eq!(
        conform(&go, &["--filter", "chan/", "--filter", "bad"]).status,
        1
    );

    let keep = dir.path().join("keep");
    assert_eq!(
        conform(
            &go,
            &["--filter", "chan/", "--keep", keep.to_str().unwrap()]
        )
        .status,
        0
    );
    assert!(keep.join("t0/a.exe").exists());
    let again = conform(
        &go,
        &["--filter", "chan/", "--keep", keep.to_str().unwrap()],
    );
    assert_eq!(again.status, 2, "{}", again.out);
}

#[test]
fn the_installation_is_not_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let go = go_with_tests(
        dir.path(),
        &[("messy.go", &program("run", "echo x >left-behind"))],
    );
    assert_eq!(conform(&go, &[]).status, 0);
    assert!(!go.join("test/left-behind").exists());
}

#[test]
fn a_kept_object_is_run_as_its_files_say() {
    let dir = tempfile::tempdir().unwrap();
    let go = go_with_tests(dir.path(), &[]);
    let tests = dir.path().join("tests");
    let put = |name: &str, files: &[(&str, &str)]| {
        fs::create_dir_all(tests.join(name)).unwrap();
        for (file, text) in files {
            fs::write(tests.join(name).join(file), text).unwrap();
        }
    };
    let run = |args: &[&str]| {
        gort(
            &[
                &["conform", "kept", tests.to_str().unwrap(), "--stock"],
                args,
            ]
            .concat(),
            &[("GO15ROOT", &go)],
        )
    };
    put(
        "procs",
        &[
            ("procs.o", "//sh echo $GOMAXPROCS\n"),
            ("expected.contains", ""),
        ],
    );
    put(
        "all",
        &[
            ("all.o", "//sh echo $X $1; exit 3\n"),
            ("expected", "x y\n"),
            ("exit", "3\n"),
            ("env", "X=x\n"),
            ("args", "y\n"),
        ],
    );
    let good = run(&["--repeat", "2"]);
    assert_eq!(good.status, 0, "{}{}", good.out, good.err);
    assert!(
        good.out
            .ends_with("conform kept: 6 passed, 0 failed, 0 skipped\n"),
        "{}",
        good.out
    );

    put("procs", &[("expected", "2\n")]);
    fs::remove_file(tests.join("procs/expected.contains")).unwrap();
    let some = run(&[]);
    assert_eq!(some.status, 1);
    assert!(
        some.out.contains("FAIL procs [GOMAXPROCS=1]") && some.out.contains("4 passed, 2 failed"),
        "{}",
        some.out
    );
    // A test that sets the variable runs once, under its own value.
    put("procs", &[("env", "GOMAXPROCS=2\n")]);
    let own = run(&[]);
    assert!(
        own.out
            .ends_with("conform kept: 4 passed, 0 failed, 0 skipped\n"),
        "{}",
        own.out
    );
}
