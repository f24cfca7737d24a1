//! What can happen at the border between Go and C (docs/cgo.md), a case for each.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{go15, gort, library};

/// Where programs are built.
struct Builder {
    dir: tempfile::TempDir,
    env: [(&'static str, PathBuf); 2],
}

impl Builder {
    /// None: something is not there that it takes.
    fn new(compiler: &str) -> Option<Self> {
        let (Some(go), Some(library)) = (go15(), library()) else {
            eprintln!("not run: needs Go 1.5 and libgort.a");
            return None;
        };
        if Command::new(compiler).arg("--version").output().is_err() {
            eprintln!("not run: {compiler} is not installed");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        let env = [("GO15ROOT", go.into()), ("GORT_LIB", library.into())];
        let given = env
            .each_ref()
            .map(|(k, v): &(&str, PathBuf)| (*k, v.to_str().unwrap()));
        let made = gort(&["goroot", tree.to_str().unwrap()], &given);
        assert_eq!(made.status, 0, "{}{}", made.out, made.err);
        Some(Self { dir, env })
    }

    /// Builds the program in a folder beside this file.
    fn build(&self, folder: &str) -> PathBuf {
        let exe = self.dir.path().join(folder).with_extension("exe");
        let built = Command::new(self.dir.path().join("tree/bin/go"))
            .args(["build", "-o"])
            .arg(&exe)
            .current_dir(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("tests")
                    .join(folder),
            )
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .env_remove("GOROOT")
            .env_remove("CGO_ENABLED")
            .env("CC", "gcc")
            .env("GOPATH", self.dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");
        exe
    }
}

/// Runs a case.
fn run(exe: &Path, case: &str, env: &[(&str, &str)]) -> Output {
    Command::new("timeout")
        .args(["60".as_ref(), exe.as_os_str(), case.as_ref()])
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// What `output` printed, both ways.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// Cases that end by themselves, and what they print.
const CASES: &[(&str, &str)] = &[
    (
        "nested",
        "0 1000 1000\n4 1000 1000\n5 1000 1000\n6 1000 1000\n100\n",
    ),
    (
        "panics",
        "\
1 at 0 panics: from below
1 at 1 panics: from below
1 at 3 panics: from below
1 at 1000 panics: from below
2 at 0 panics: runtime error: invalid memory address or nil pointer dereference
2 at 1 panics: runtime error: invalid memory address or nil pointer dereference
2 at 3 panics: runtime error: invalid memory address or nil pointer dereference
2 at 1000 panics: runtime error: invalid memory address or nil pointer dereference
inner: from below
twice panics: runtime error: invalid memory address or nil pointer dereference
between: from below
goes on: 3
between returns
5
calls 1000
",
    ),
    (
        "goexit",
        "deferred calls: 1\ndeferred calls: 3\ndeferred calls: 101\ndeferred calls: 4000\n",
    ),
    ("locked", "done\n"),
    ("errno", "25 25\n"),
    ("methods", "42 24\n"),
    ("short-threads", "true\n"),
    ("vanishing-threads", "true\n"),
    ("exiting-threads", "5\n"),
    ("threads-at-once", "1000\n1000 true\n"),
    ("late-callbacks", "true\n"),
    ("small-stacks", "2\n2\n2\n2\n"),
    ("coroutines", "done\n"),
    ("thread-local", "16000\n11\n12\n13\n14\n"),
    ("blocked-signals", "1\n1\n"),
    ("signal-stacks", "1 1\n"),
    (
        "handlers",
        "0 1\n1\n0\nuser defined signal 1 1\n0\nnil panics: runtime error: invalid memory address or nil pointer dereference\n",
    ),
    ("notified", "0\nuser defined signal 2\n"),
    ("fork", "5\n<nil>\n"),
    ("ids", "1\n1\n"),
    (
        "environment",
        "\"one\" \"\"\n\"two\"\n\"(none)\"\n\"(none)\" \"(none)\"\n\"four\"\n",
    ),
    ("dlopen", "42\n"),
    (
        "profile",
        "some: true\nin C, of a goroutine: true\nin C, of a thread's callback: true\n",
    ),
    (
        "callers",
        "\
main.goDown runtime.call runtime.cgocallbackg1 runtime.cgocallbackg runtime.cgocallback_gofunc \
runtime.asmcgocall runtime.cgocall main._Cfunc_down main.goDown runtime.call",
    ),
    ("stress", "calls counted: true\n"),
];

#[test]
fn every_case_at_the_border_of_c() {
    let Some(builder) = Builder::new("gcc") else {
        return;
    };
    let exe = builder.build("cgo-cases");
    let mut failures = Vec::new();
    for &(case, expected) in CASES {
        for procs in ["1", "4"] {
            let ran = run(&exe, case, &[("GOMAXPROCS", procs)]);
            let printed = text(&ran);
            if printed != expected || !ran.status.success() {
                failures.push(format!(
                    "{case}, GOMAXPROCS={procs}: {}\n{printed}",
                    ran.status
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
