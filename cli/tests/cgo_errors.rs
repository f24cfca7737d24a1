//! What users get to read where a program of Go and C cannot be built, or goes wrong in C.

mod common;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{go15, gort, library};

/// A goroot for these tests, in the target folder; `None`, after a word about it, where there
/// cannot be one.
fn tree() -> Option<PathBuf> {
    let (Some(go), Some(library)) = (go15(), library()) else {
        eprintln!("not run: needs Go 1.5 and libgort.a");
        return None;
    };
    if Command::new("gcc").arg("--version").output().is_err() {
        eprintln!("not run: gcc is not installed");
        return None;
    }
    let tree = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cgo-errors");
    let env = [("GO15ROOT", &*go), ("GORT_LIB", &*library)];
    let made = gort(&["goroot", tree.to_str().unwrap()], &env);
    assert_eq!(made.status, 0, "{}{}", made.out, made.err);
    Some(tree)
}

/// The tree's go command, in a folder, as somebody calls it who has set no variable.
fn go(tree: &Path, dir: &Path) -> Command {
    let mut command = Command::new(tree.join("bin/go"));
    command
        .current_dir(dir)
        .env("GORT_LIB", library().unwrap())
        .env("GOPATH", dir)
        .env("LC_ALL", "C");
    for name in ["GOROOT", "CGO_ENABLED", "CC", "CXX", "GORT_CC", "GORT_CXX"] {
        command.env_remove(name);
    }
    command
}

/// A program that cannot be built.
struct Bad {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    env: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
    /// What is said, in this order.
    says: &'static [&'static str],
}

impl Bad {
    const NONE: Self = Self {
        what: "",
        files: &[],
        env: &[],
        flags: &[],
        says: &[],
    };
}

/// A program that calls C.f.
macro_rules! calls_f {
    ($preamble:literal) => {
        concat!(
            "package main\n\n/*\n",
            $preamble,
            "\n*/\nimport \"C\"\n\nfunc main() {\n\tC.f()\n}\n"
        )
    };
}

const BAD: &[Bad] = &[
    Bad {
        what: "no C compiler of this name",
        files: &[("main.go", calls_f!("void f(void) {}"))],
        env: &[("CC", "no-such-compiler")],
        says: &["the compiler no-such-compiler is not there", "CC"],
        ..Bad::NONE
    },
    Bad {
        what: "no C compiler, and C code asked for",
        files: &[("main.go", calls_f!("void f(void) {}"))],
        env: &[("PATH", "/nowhere"), ("CGO_ENABLED", "1")],
        says: &["there is no C compiler", "apt-get install gcc"],
        ..Bad::NONE
    },
    Bad {
        what: "no header",
        files: &[(
            "main.go",
            calls_f!("#include <no_such_header.h>\nvoid f(void) {}"),
        )],
        says: &["main.go:4", "no_such_header.h: No such file"],
        ..Bad::NONE
    },
    Bad {
        what: "an error in C",
        files: &[("main.go", calls_f!("void f(void) { int x = ; }"))],
        says: &["main.go:4", "error: expected expression"],
        ..Bad::NONE
    },
    Bad {
        what: "an error in a file of C",
        files: &[
            ("main.go", calls_f!("void f(void);")),
            ("code.c", "void f(void) {\n\treturn undeclared;\n}\n"),
        ],
        says: &["code.c:2", "undeclared"],
        ..Bad::NONE
    },
    Bad {
        what: "a name that C does not declare",
        files: &[("main.go", calls_f!("void g(void) {}"))],
        says: &["could not determine kind of name for C.f"],
        ..Bad::NONE
    },
    Bad {
        what: "a function that nobody defines",
        files: &[("main.go", calls_f!("void f(void);"))],
        says: &["undefined reference to `f'"],
        ..Bad::NONE
    },
    Bad {
        what: "a library that is not there",
        files: &[(
            "main.go",
            calls_f!("#cgo LDFLAGS: -lno_such_library\nvoid f(void) {}"),
        )],
        says: &["cannot find -lno_such_library"],
        ..Bad::NONE
    },
    Bad {
        what: "code for another machine",
        files: &[("main.go", calls_f!("#cgo CFLAGS: -m32\nvoid f(void) {}"))],
        says: &["-m32", "x86-64"],
        ..Bad::NONE
    },
    Bad {
        what: "a linker that is not there",
        files: &[("main.go", calls_f!("void f(void) {}"))],
        flags: &["-ldflags=-extld=no-such-linker"],
        says: &[
            "cannot run the C compiler no-such-linker",
            "apt-get install gcc",
        ],
        ..Bad::NONE
    },
    Bad {
        what: "a flag that the linker does not know",
        files: &[("main.go", calls_f!("void f(void) {}"))],
        flags: &["-ldflags=-extldflags=-Wl,--no-such-flag"],
        says: &["cannot link the program", "--no-such-flag"],
        ..Bad::NONE
    },
    Bad {
        what: "code of a model that libwild cannot place",
        files: &[(
            "main.go",
            calls_f!(
                "#cgo CFLAGS: -fno-pic -mcmodel=large\n#include <stdio.h>\nvoid f(void) { puts(\"\"); fflush(stdout); }"
            ),
        )],
        flags: &["-ldflags=-linkmode=internal"],
        says: &[
            "gort link: ",
            "of a shared library",
            "-fPIC",
            "leave -linkmode=internal out",
        ],
        ..Bad::NONE
    },
    Bad {
        what: "a static library, without a C compiler to find it",
        files: &[(
            "main.go",
            calls_f!(
                "#include <stdlib.h>\nstatic void last(void) {}\nvoid f(void) { atexit(last); }"
            ),
        )],
        flags: &["-ldflags=-linkmode=internal"],
        says: &[
            "gort link: undefined: atexit, used by C code of",
            "leave -linkmode=internal out",
        ],
        ..Bad::NONE
    },
];

#[test]
fn what_cannot_be_built_says_why() {
    let Some(tree) = tree() else { return };
    for bad in BAD {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in bad.files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let mut command = go(&tree, dir.path());
        command.args(["build", "-o", "program"]).args(bad.flags);
        let done = command.envs(bad.env.iter().copied()).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!done.status.success(), "{}: {said}", bad.what);
        let mut rest = &*said;
        for text in bad.says {
            let Some(at) = rest.find(text) else {
                panic!("{}: {text:?} is not in\n{said}", bad.what);
            };
            rest = &rest[at + text.len()..];
        }
        assert!(!dir.path().join("program").exists(), "{}", bad.what);
    }
}

/// What goes wrong in C while a program runs: the argument that makes it, how it ends, what it
/// says.
const FAULTS: &[(&str, i32, &[&str])] = &[
    // As on the stock runtime, a fault in C is a signal that arrived during a call of it.
    (
        "fault",
        2,
        &[
            "unexpected signal during runtime execution",
            "[signal 0xb",
            "main.main",
        ],
    ),
    ("handled", 7, &["C has caught it"]),
    ("abort", 2, &["SIGABRT: abort", "main.main"]),
    ("exit", 5, &[]),
    ("small", 0, &["small stack 42"]),
];

#[test]
fn what_goes_wrong_in_c_ends_as_it_should() {
    let Some(tree) = tree() else { return };
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cgo_errors");
    let out = tempfile::tempdir().unwrap();
    let exe = out.path().join("program");
    let mut build = go(&tree, &dir);
    let built = build.args(["build", "-o"]).arg(&exe).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    for (argument, status, says) in FAULTS {
        let done = Command::new("timeout")
            .args(["20".as_ref(), exe.as_os_str(), argument.as_ref()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        let ended = done.status.signal().map(|signal| 128 + signal);
        let ended = ended.or(done.status.code());
        assert_eq!(ended, Some(*status), "{argument}: {said}");
        for text in *says {
            assert!(
                said.contains(text),
                "{argument}: {text:?} is not in\n{said}"
            );
        }
    }
}
