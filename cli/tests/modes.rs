//! Build modes (docs/cgo.md): executables that may be anywhere in memory, and Go code in programs
//! of C, as archives and as shared objects.

mod common;

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{go15, gort, library};

/// A goroot, and a folder to work in.
struct Bench {
    dir: tempfile::TempDir,
    go: PathBuf,
    library: PathBuf,
}

impl Bench {
    /// `None`, after a word about it, where something is missing.
    fn new() -> Option<Self> {
        let (Some(go), Some(library)) = (go15(), library()) else {
            eprintln!("not run: needs Go 1.5 and libgort.a");
            return None;
        };
        if Command::new("gcc").arg("--version").output().is_err() {
            eprintln!("not run: gcc is not installed");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let bench = Self { dir, go, library };
        let tree = bench.path("tree");
        let made = gort(&["goroot", tree.to_str().unwrap()], &bench.env());
        assert_eq!(made.status, 0, "{}{}", made.out, made.err);
        Some(bench)
    }

    /// With the library for shared objects.
    fn for_shared_objects() -> Option<Self> {
        let bench = Self::new()?;
        let dir = bench.library.parent().unwrap();
        let places = ["libgort-shared.a", "../shared/libgort.a"];
        if !places.iter().any(|place| dir.join(place).is_file()) {
            eprintln!("not run: needs the library of scripts/build --shared");
            return None;
        }
        Some(bench)
    }

    fn env(&self) -> [(&'static str, &Path); 2] {
        [("GO15ROOT", &self.go), ("GORT_LIB", &self.library)]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the tree's go command in a folder of tests.
    fn go(&self, folder: &str, args: &[&str]) -> Output {
        Command::new(self.path("tree/bin/go"))
            .args(args)
            .current_dir(sources().join(folder))
            .envs(self.env())
            .env_remove("GOROOT")
            .env_remove("CGO_ENABLED")
            .env("CC", "gcc")
            .env("GOPATH", self.dir.path())
            .output()
            .unwrap()
    }

    /// Builds; answers where the result is.
    fn built(&self, folder: &str, mode: &str, flags: &[&str], name: &str) -> PathBuf {
        let out = self.path(name);
        let mode = format!("-buildmode={mode}");
        let fixed = ["build", &mode, "-o", out.to_str().unwrap()];
        let done = self.go(folder, &[&fixed, flags].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        out
    }

    /// Compiles a C program.
    fn compiled<S: AsRef<OsStr>>(&self, name: &str, args: &[S]) -> PathBuf {
        let out = self.path(name);
        let done = Command::new("gcc")
            .args(["-O2", "-pthread", "-Werror", "-o"])
            .arg(&out)
            .args(args)
            .arg("-ldl")
            .current_dir(sources().join("modes"))
            .output()
            .unwrap();
        // Linkers warn of unwind information that they cannot read.
        let said = text(&done.stderr);
        assert!(done.status.success() && said.is_empty(), "{name}: {said}");
        out
    }

    /// What a program prints, run again and again.
    fn prints(&self, program: &Path, args: &[&OsStr], expected: &str) {
        for procs in ["1", "2", "4", "16"] {
            for debug in ["", "gcverify=1,gcstress=20", "preemptstress=50"] {
                let ran = Command::new(program)
                    .args(args)
                    .envs([("GOMAXPROCS", procs), ("GODEBUG", debug)])
                    .env("LD_LIBRARY_PATH", self.dir.path())
                    .output()
                    .unwrap();
                let out = text(&[ran.stdout, ran.stderr].concat());
                assert_eq!(out, expected, "GOMAXPROCS={procs} GODEBUG={debug}");
                assert!(ran.status.success(), "{}", ran.status);
            }
        }
    }

    /// How a program ends: its status as a shell shows it, and what it says on standard error.
    fn ends(&self, program: &Path, args: &[&OsStr]) -> (i32, String) {
        let ran = Command::new("timeout")
            .arg("20")
            .arg(program)
            .args(args)
            .env("LD_LIBRARY_PATH", self.dir.path())
            .output()
            .unwrap();
        let signal = ran.status.signal().map(|signal| 128 + signal);
        let status = signal.or(ran.status.code()).unwrap();
        (status, text(&ran.stderr))
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a tool says about a file.
fn tool(name: &str, flags: &[&str], file: &Path) -> String {
    let done = Command::new(name).args(flags).arg(file).output().unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    text(&done.stdout)
}

/// It may be anywhere, and the dynamic linker writes to nothing that is executed or read-only.
fn is_position_independent(file: &Path) {
    let dynamic = tool("readelf", &["-d", "-W"], file);
    assert!(!dynamic.contains("TEXTREL"), "{dynamic}");
    let segments = tool("readelf", &["-l", "-W"], file);
    assert!(segments.contains("DYN ("), "{segments}");
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    let writable = |line: &&str| line.trim_start().starts_with("LOAD") && line.contains("RWE");
    assert!(!segments.lines().any(|line| writable(&line)), "{segments}");
}

#[test]
fn executables_that_may_be_anywhere() {
    let Some(bench) = Bench::new() else { return };
    let hello = bench.path("hello.go");
    std::fs::write(
        &hello,
        "package main\n\nfunc main() { println(\"anywhere\") }\n",
    )
    .unwrap();
    let hello = hello.to_str().unwrap();
    // A program without C; with other flags; as the stock go command is asked for it.
    for (name, flags) in [
        ("pie", &[][..]),
        ("pie-stripped", &["-ldflags=-s -r /nowhere"]),
        ("static-pie", &["-ldflags=-extldflags=-static"]),
        ("static-pie-now", &["-ldflags=-extldflags=-static-pie"]),
    ] {
        let exe = bench.built("cgo", "pie", &[flags, &[hello]].concat(), name);
        is_position_independent(&exe);
        assert_eq!(bench.ends(&exe, &[]), (0, "anywhere\n".into()), "{name}");
        let is_static = !tool("readelf", &["-l", "-W"], &exe).contains("INTERP");
        assert_eq!(is_static, name.starts_with("static"), "{name}");
    }
    let ran = bench.go(
        "cgo",
        &["run", "-buildmode", "pie", hello, "-buildmode=pie"],
    );
    assert_eq!(text(&ran.stderr), "anywhere\n");

    for (name, mode, flags) in [
        ("program", "pie", &[][..]),
        (
            "program-shared",
            "pie",
            &["-gcflags=-shared", "-asmflags=-shared"],
        ),
        (
            "program-flag",
            "exe",
            &["-ldflags=-linkmode=external -extldflags=-pie"],
        ),
    ] {
        let exe = bench.built("cgo", mode, flags, name);
        is_position_independent(&exe);
        let (status, _) = bench.ends(&exe, &["fault".as_ref()]);
        assert_eq!(status, 128 + libc::SIGSEGV);
        let (status, said) = bench.ends(&exe, &[]);
        assert_eq!((status, &*said), (0, ""), "{name}");
    }
}

const EXPECTED: &str = "\
initialised args=ARGS set=SET
sum 4950
deeper 60
fault 1
spin 1
done
";

fn expected(args: &str, set: &str) -> String {
    EXPECTED.replace("ARGS", args).replace("SET", set)
}

/// How a program ends that Go code, C code or a signal ends.
fn ends_as_expected(bench: &Bench, program: &Path, libraries: &[&OsStr]) {
    for (how, status, says) in [
        ("panic", 128 + libc::SIGABRT, "panic: dies"),
        ("exit", 7, ""),
        ("fault", 128 + libc::SIGSEGV, ""),
        ("handled", 9, ""),
    ] {
        let args = [libraries, &[how.as_ref()]].concat();
        let (ended, said) = bench.ends(program, &args);
        assert_eq!(ended, status, "{how}: {said}");
        assert!(said.contains(says), "{how}: {said}");
    }
}

#[test]
fn archives_for_programs_of_c() {
    let Some(bench) = Bench::for_shared_objects() else {
        return;
    };
    let first = bench.built("modes/first", "c-archive", &[], "first.a");
    let second = bench.built("modes/second", "c-archive", &[], "second.a");
    assert!(bench.path("first.h").is_file());
    let source: &OsStr = "program.c".as_ref();
    let flag = OsStr::new;
    for (name, flags) in [
        ("default", &[][..]),
        ("fixed", &[flag("-no-pie")]),
        ("pie", &[flag("-pie"), flag("-fPIE"), flag("-Wl,-z,text")]),
        ("static", &[flag("-static")]),
        ("static-pie", &[flag("-static-pie"), flag("-fPIE")]),
        ("early", &[flag("-DCONSTRUCTOR")]),
    ] {
        let args = [flags, &[source, first.as_os_str()]].concat();
        let program = bench.compiled(name, &args);
        let before = if name == "early" {
            "constructor 10\n"
        } else {
            ""
        };
        let all = format!("{before}{}", expected("a,b", ""));
        bench.prints(&program, &["a".as_ref(), "b".as_ref()], &all);
        ends_as_expected(&bench, &program, &[]);
    }

    // Two in one program, and one in a shared object.
    let args = [flag("-DTWO"), source, first.as_os_str(), second.as_os_str()];
    let program = bench.compiled("two", &args);
    let two = expected("", "").replace("done", "second 190\ndone");
    bench.prints(&program, &[], &two);
    let object = bench.path("libfirst.so");
    let whole = [
        flag("-shared"),
        flag("-Wl,-z,text,--whole-archive"),
        first.as_os_str(),
    ];
    let whole = [&whole[..], &[flag("-Wl,--no-whole-archive")]].concat();
    bench.compiled("libfirst.so", &whole);
    is_position_independent(&object);
    let program = bench.compiled("object", &[source, object.as_os_str()]);
    bench.prints(&program, &[], &expected("", ""));

    // What the stock go command compiles is for executables.
    let flags = ["-gcflags=", "-installsuffix=cgo"];
    let fixed = bench.built("modes/first", "c-archive", &flags, "fixed.a");
    let program = bench.compiled("stock", &[source, fixed.as_os_str()]);
    bench.prints(&program, &[], &expected("", ""));
}

#[test]
fn shared_objects_for_programs_of_c() {
    let Some(bench) = Bench::for_shared_objects() else {
        return;
    };
    let first = bench.built("modes/first", "c-shared", &[], "libfirst.so");
    let second = bench.built("modes/second", "c-shared", &["-ldflags=-s"], "libsecond.so");
    for (library, own) in [(&first, "First"), (&second, "Second")] {
        is_position_independent(library);
        let exported = tool("nm", &["-D", "--defined-only"], library);
        let foreign = |line: &&str| !line.split(' ').next_back().unwrap().starts_with(own);
        let foreign: Vec<&str> = exported.lines().filter(foreign).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
    }
    let source: &OsStr = "program.c".as_ref();
    let flag = OsStr::new;
    let linked = bench.compiled("linked", &[source, first.as_os_str()]);
    bench.prints(&linked, &["x y".as_ref()], &expected("x y", ""));
    ends_as_expected(&bench, &linked, &[]);
    let early = [flag("-DCONSTRUCTOR"), source, first.as_os_str()];
    let early = bench.compiled("early", &early);
    bench.prints(
        &early,
        &[],
        &format!("constructor 10\n{}", expected("", "")),
    );
    let two = [flag("-DTWO"), source, first.as_os_str(), second.as_os_str()];
    let two = bench.compiled("two", &two);
    let both = |all: String| all.replace("done", "second 190\ndone");
    bench.prints(&two, &[], &both(expected("", "")));

    let loaded = bench.compiled("loaded", &[flag("-DLOADED"), source]);
    let libraries = [first.as_os_str(), second.as_os_str()];
    let args = first.to_str().unwrap();
    bench.prints(&loaded, &libraries[..1], &expected(args, "by C"));
    ends_as_expected(&bench, &loaded, &libraries[..1]);
    // A handler that was there before Go.
    let kept = [libraries[0], "kept".as_ref()];
    assert_eq!(bench.ends(&loaded, &kept).0, 9);
    let loaded = [flag("-DLOADED"), flag("-DTWO"), source];
    let loaded = bench.compiled("loaded-two", &loaded);
    let args = format!("{},{}", first.display(), second.display());
    bench.prints(&loaded, &libraries, &both(expected(&args, "by C")));

    let script = "import ctypes, sys; l = ctypes.CDLL(sys.argv[1]); print(l.FirstSum(50))";
    let python = Command::new("python3")
        .args(["-c", script])
        .arg(&first)
        .output();
    if let Ok(ran) = python {
        assert_eq!(text(&ran.stdout), "1225\n", "{}", text(&ran.stderr));
    }
}

#[test]
fn what_is_not_possible_is_said() {
    let Some(bench) = Bench::new() else { return };
    for (args, says) in [
        (
            &["build", "-buildmode=shared"][..],
            "-buildmode=shared is not supported",
        ),
        (&["build", "-linkshared"], "-linkshared is not supported"),
        (
            &["build", "-buildmode=plugin"],
            "-buildmode=plugin is not supported",
        ),
    ] {
        let done = bench.go("modes/first", args);
        assert!(!done.status.success());
        let said = text(&done.stderr);
        assert!(said.contains(says) && said.lines().count() == 1, "{said}");
    }
    // Compiled for executables.
    let out = bench.path("out.so");
    let flags = ["-ldflags=-buildmode=c-shared", "-o", out.to_str().unwrap()];
    let done = bench.go("modes/first", &[&["build"], &flags[..]].concat());
    let said = text(&done.stderr);
    let missing = said.contains("the runtime library for shared objects is missing");
    assert!(
        missing || said.contains("was not compiled for shared objects"),
        "{said}"
    );
    assert!(!out.exists());
}
