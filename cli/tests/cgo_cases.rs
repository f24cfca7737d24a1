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
        let env = [("GO15ROOT", go), ("GORT_LIB", library)];
        let given = env
            .each_ref()
            .map(|(k, v): &(&str, PathBuf)| (*k, v.as_path()));
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
runtime.asmcgocall runtime.cgocall main._Cfunc_down main.goDown runtime.call \
runtime.cgocallbackg1 runtime.cgocallbackg runtime.cgocallback_gofunc runtime.asmcgocall \
runtime.cgocall main._Cfunc_down main.init.6.func4 main.main runtime.main runtime.goexit
1
main.goDown runtime.call runtime.cgocallbackg1 runtime.cgocallbackg runtime.cgocallback_gofunc \
runtime.goexit
0
",
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

/// Cases that end the process, what they print among other things, in this order, and what they do
/// not print.
// Not with arguments: above a C.int of 32 bits stands what was there before.
const ENDS: &[(&str, &[&str], &[&str])] = &[
    (
        "uncaught",
        &[
            "panic: from below\n",
            "main.goDown(",
            "main._Cfunc_down(",
            "main.goDown(",
            "main._Cfunc_down(",
            "main.init.",
            "main.main()\n",
        ],
        &["runtime.cgocallback"],
    ),
    (
        "uncaught-on-thread",
        &[
            "panic: from below\n",
            "[running, locked to thread]:\n",
            "main.goDown(",
            "main._Cfunc_down(",
            "main.goDown(",
            "[syscall",
            "main._Cfunc_on_thread(",
            "main.main()\n",
        ],
        &["runtime.cgocallback"],
    ),
    (
        "fault",
        &[
            "fatal error: unexpected signal during runtime execution\n[signal 0xb ",
            "main._Cfunc_fault(",
            "main.main()\n",
        ],
        &[],
    ),
    (
        "tiny-stack",
        &[
            "runtime: callback on a thread of C with ",
            "fatal error: stack of the thread is too small for Go\n",
        ],
        &[],
    ),
    (
        "callback-on-signal-stack",
        &["fatal error: callback of a signal handler of C, on the signal stack\n"],
        &[],
    ),
];

#[test]
fn tracebacks_cross_the_border_of_c() {
    let Some(builder) = Builder::new("gcc") else {
        return;
    };
    let exe = builder.build("cgo-cases");
    for &(case, wanted, unwanted) in ENDS {
        let ran = run(&exe, case, &[("GOTRACEBACK", "1")]);
        let printed = text(&ran);
        assert_eq!(ran.status.code(), Some(2), "{case}:\n{printed}");
        let mut rest = &*printed;
        for part in wanted {
            let at = rest.find(part);
            let at = at.unwrap_or_else(|| panic!("{case}: no {part:?} in\n{printed}"));
            rest = &rest[at + part.len()..];
        }
        for part in unwanted {
            assert!(!printed.contains(part), "{case}: {part:?} in\n{printed}");
        }
    }
    let all = text(&run(&exe, "uncaught", &[("GOTRACEBACK", "2")]));
    for part in [
        "runtime.cgocallback_gofunc(",
        "runtime.asmcgocall(",
        "runtime.cgocall(",
    ] {
        assert!(all.contains(part), "no {part:?} in\n{all}");
    }
    let none = text(&run(&exe, "uncaught", &[("GOTRACEBACK", "0")]));
    assert_eq!(none, "panic: from below\n");
    // Buffers of C are written, as at each end of a program of C.
    let exit = run(&exe, "exit", &[]);
    assert_eq!(text(&exit), "buffered\nlast\n");
    assert_eq!(exit.status.code(), Some(3));
}

#[test]
fn exceptions_of_cplusplus_stay_between_its_frames() {
    let Some(builder) = Builder::new("g++") else {
        return;
    };
    let exe = builder.build("cgo-c++");
    for debug in ["", "gcverify=1"] {
        let ran = run(&exe, "", &[("GODEBUG", debug)]);
        assert_eq!(text(&ran), "2 22\n400\n400\n400\n400\n400 4\n");
        assert!(ran.status.success(), "{}", ran.status);
    }
}
