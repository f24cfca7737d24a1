//! The command line itself: help, exit status, `gort doctor`, the name `link`, and suites that
//! cannot start.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::{fake_go, go15, gort, library};

#[test]
fn help_everywhere_has_an_example() {
    for args in [
        &["--help"] as &[&str],
        &["link", "--help"],
        &["goroot", "--help"],
        &["doctor", "--help"],
        &["conform", "--help"],
        &["conform", "test", "--help"],
        &["conform", "kept", "--help"],
        &["conform", "objects", "--help"],
        &["conform", "programs", "--help"],
        &["bench", "--help"],
        &["prove", "--help"],
        &["version", "--help"],
        &["completions", "--help"],
        &["-h"],
        &["link", "-h"],
        &["link", "-help"],
        &["help", "link"],
        &["doctor", "-h"],
        &["help", "conform", "kept"],
    ] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 0, "{args:?}: {}", done.err);
        assert!(done.out.contains("Example"), "{args:?}: {}", done.out);
    }
}

#[test]
fn help_of_the_linker_lists_its_flags() {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().join("link");
    symlink(env!("CARGO_BIN_EXE_gort"), &name).unwrap();
    let direct = Command::new(&name).arg("-h").output().unwrap();
    let direct = String::from_utf8(direct.stdout).unwrap();
    for args in [&["help", "link"] as &[&str], &["link", "-h"]] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 0, "{args:?}");
        assert!(
            done.out.contains("\n  -installsuffix value\n"),
            "{}",
            done.out
        );
        assert_eq!(done.out, direct);
    }
}

#[test]
fn version_says_what_is_served_and_which_library() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("gone.a");
    for args in [["version"], ["--version"], ["-V"]] {
        let done = gort(&args, &[("GORT_LIB", &gone)]);
        assert_eq!(done.status, 0, "{}", done.err);
        let lines: Vec<&str> = done.out.lines().collect();
        assert_eq!(lines[0], concat!("gort ", env!("CARGO_PKG_VERSION")));
        assert!(lines[1].contains("Go 1.5") && lines[1].contains("go1.5.4"));
        assert!(lines[2].contains("not usable: ") && lines[2].contains("gone.a"));
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let done = gort(&["completions", shell], &[]);
        assert_eq!(done.status, 0, "{}", done.err);
        for word in ["goroot", "doctor", "conform", "kept", "gomaxprocs"] {
            assert!(done.out.contains(word), "{shell}: no {word}");
        }
        assert!(!done.out.contains("go-check"), "{shell}");
    }
    let done = gort(&["completions", "tcsh"], &[]);
    assert_eq!(done.status, 2);
    assert!(done.err.contains("fish"), "{}", done.err);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../go-tests");
    let output = Command::new("sh")
        .args([
            "-c",
            r#"for i in 1 2 3; do "$0" conform kept "$1" --list | head -1; done"#,
        ])
        .arg(env!("CARGO_BIN_EXE_gort"))
        .arg(tests)
        .output()
        .unwrap();
    let (out, err) = (output.stdout, output.stderr);
    assert_eq!(String::from_utf8_lossy(&err), "");
    assert_eq!(out.split(|&b| b == b'\n').count(), 4);
}

#[test]
fn a_full_standard_output_is_one_line() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gort"))
        .arg("version")
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("gort: cannot write to standard output: "),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_wrong_command_line_is_refused() {
    for args in [
        &[] as &[&str],
        &["fly"],
        &["goroot"],
        &["conform", "test", "--jobs", "0"],
        &["bench", "no-such-suite"],
        &["bench", "--filter", "("],
        &["bench", "--args", "no-name"],
        &["conform", "no-such-suite"],
        &["completions"],
        &["version", "extra"],
        &["doctor", "--jsn"],
    ] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 2, "{args:?}");
        assert!(done.err.contains("--help"), "{args:?}: {}", done.err);
    }
}

#[test]
fn doctor_says_what_is_missing_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let done = gort(
        &["doctor"],
        &[
            ("GORT_LIB", &dir.path().join("gone.a")),
            ("HOME", dir.path()),
        ],
    );
    assert_eq!(done.status, 1, "{}{}", done.out, done.err);
    for text in [
        "MISSING  libgort.a",
        "gone.a",
        "absent   Go",
        "a3358721210787dc",
        "sdk/go1.5.4",
        "cannot be linked yet",
    ] {
        assert!(done.out.contains(text), "{text:?} is not in {}", done.out);
    }
    // Not a terminal: no colours.
    assert!(!done.out.contains('\x1b'));
}

#[test]
fn doctor_does_not_take_any_file_for_the_library() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("libgort.a");
    fs::write(&file, "not an archive").unwrap();
    let done = gort(&["doctor"], &[("GORT_LIB", &file)]);
    assert_eq!(done.status, 1, "{}", done.out);
    assert!(done.out.contains("MISSING  libgort.a"), "{}", done.out);
}

#[test]
fn doctor_looks_for_the_linker_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ld.mine");
    fs::write(&file, "").unwrap();
    let gone = dir.path().join("gone");
    for (value, status, text) in [
        (&*gone, "missing", "there is no /"),
        (Path::new("no-such-linker"), "missing", "no-such-linker"),
        (&*file, "ok", "ld.mine (from GORT_LD)"),
        (Path::new("wild"), "ok", "libwild, built in"),
    ] {
        let (code, findings) = findings(&[("GORT_LD", value)]);
        let linker = &findings["system-linker"];
        assert_eq!(linker["status"], status, "{linker}");
        let found = linker["found"].as_str().unwrap();
        assert!(found.contains(text), "{linker}");
        assert!(found.contains("from GORT_LD"), "{linker}");
        if status == "missing" {
            assert_eq!(code, 1);
            let advice = linker["advice"].as_str().unwrap();
            assert!(advice.contains("GORT_LD"), "{linker}");
        }
    }
}

#[test]
fn doctor_names_the_go_it_found() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.1");
    let done = gort(&["doctor"], &[("GO15ROOT", &go)]);
    assert!(
        done.out
            .contains(&format!("go1.5.1, {} (from GO15ROOT)", go.display())),
        "{}",
        done.out
    );
    assert!(
        done.out
            .contains("go1.5.4 is the release that gort is tested with"),
        "{}",
        done.out
    );
}

/// The findings of `gort doctor --json` by name: status, and what was found.
fn findings(env: &[(&str, &Path)]) -> (i32, serde_json::Value) {
    let done = gort(&["doctor", "--json"], env);
    let json: serde_json::Value = serde_json::from_str(&done.out).expect(&done.out);
    assert_eq!(json["gort"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["ok"], done.status == 0);
    let list = json["findings"].as_array().unwrap();
    let pairs = list.iter().map(|f| {
        let name = f["name"].as_str().unwrap().to_string();
        (name, f.clone())
    });
    (done.status, pairs.collect::<serde_json::Map<_, _>>().into())
}

#[test]
fn doctor_says_where_packages_are_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("sdk/go1.5.4"), "go1.5.4");
    let other = dir.path().join("go1.22");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("VERSION"), "go1.22.1").unwrap();
    let Some(library) = library() else {
        eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
        return;
    };
    let root = |path: &Path| path.join("pkg/linux_amd64").display().to_string();
    let home = dir.path();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (env, place) in [
        (vec![("HOME", home)], Some(root(&go))),
        (vec![("GO15ROOT", &*go)], Some(root(&go))),
        (
            vec![("GOROOT", &*go), ("GO15ROOT", &*empty)],
            Some(root(&go)),
        ),
        // Another release is passed over.
        (vec![("GOROOT", &*other), ("HOME", home)], Some(root(&go))),
        (
            vec![("GOROOT", &*empty), ("HOME", home)],
            Some(root(&empty)),
        ),
        (vec![("GO15ROOT", &*empty)], Some(root(&empty))),
        (vec![("HOME", &*empty)], None),
        (vec![], None),
    ] {
        let env: Vec<(&str, &Path)> = [("GORT_LIB", &*library)].into_iter().chain(env).collect();
        let (status, findings) = findings(&env);
        let packages = &findings["packages"];
        let found = packages["found"].as_str().unwrap();
        let expected = match &place {
            Some(place) if *place == root(&go) => "ok",
            Some(_) => "missing",
            None => "absent",
        };
        assert_eq!(packages["status"], expected, "{env:?}: {findings}");
        assert_eq!(status, i32::from(expected == "missing"), "{env:?}");
        match place {
            Some(place) => assert!(found.contains(&place), "{env:?}: {found}"),
            None => assert!(found.contains("GO15ROOT is not set"), "{env:?}: {found}"),
        }
        assert_eq!(packages["advice"].is_null(), expected == "ok", "{packages}");
    }
}

#[test]
fn link_finds_packages_where_doctor_says() {
    let (Some(go), Some(library)) = (go15(), library()) else {
        eprintln!("not run: needs Go 1.5 and libgort.a");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    fs::create_dir(home.join("sdk")).unwrap();
    symlink(&go, home.join("sdk/go1.5.4")).unwrap();
    let (source, object) = (home.join("p.go"), home.join("p.o"));
    fs::write(
        &source,
        "package main\nimport \"errors\"\nfunc main() { println(errors.New(\"x\").Error()) }\n",
    )
    .unwrap();
    let done = Command::new(go.join("pkg/tool/linux_amd64/compile"))
        .args(["-p", "main", "-o"])
        .args([&object, &source])
        .env("GOROOT", &go)
        .status()
        .unwrap();
    assert!(done.success());
    let exe = home.join("exe");
    let args = [
        "link",
        "-o",
        exe.to_str().unwrap(),
        object.to_str().unwrap(),
    ];
    for named in [("GOROOT", &*go), ("GO15ROOT", &*go), ("HOME", home)] {
        let done = gort(&args, &[("GORT_LIB", &library), named]);
        assert_eq!(done.status, 0, "{named:?}: {}", done.err);
        fs::remove_file(&exe).unwrap();
    }
    let none = home.join("none");
    let done = gort(&args, &[("GORT_LIB", &library), ("HOME", &none)]);
    assert_eq!(done.status, 2, "{}", done.err);
    let missing = "package errors, imported by main, is missing: no Go 1.5 was found: ";
    let looked = "GOROOT is not set, GO15ROOT is not set, and there is no ";
    assert!(
        done.err.contains(&[missing, looked].concat()),
        "{}",
        done.err
    );
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    assert!(!exe.exists());
    // What wins over other variables is named.
    let env = [("GOROOT", home), ("GO15ROOT", &*go)];
    let done = gort(&["goroot", none.to_str().unwrap()], &env);
    assert!(
        done.err
            .contains("VERSION is missing; set GOROOT to a Go 1.5"),
        "{}",
        done.err
    );
    // The commands that need an installation say the same.
    let done = gort(&["goroot", none.to_str().unwrap()], &[("HOME", &none)]);
    assert_eq!(done.status, 2, "{}", done.err);
    assert!(done.err.contains(looked), "{}", done.err);
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
}

#[test]
fn filters_that_fit_nothing_are_errors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (tests, bench) = (root.join("go-tests"), root.join("bench"));
    let (tests, bench) = (tests.to_str().unwrap(), bench.to_str().unwrap());
    for (args, named) in [
        (
            &["conform", "kept", tests, "--filter", "no-such"] as &[&str],
            "--filter no-such",
        ),
        // Each has to fit something.
        (
            &[
                "conform", "kept", tests, "--list", "--filter", "hello", "--filter", "no-such",
            ],
            "--filter no-such",
        ),
        (
            &["bench", "--dir", bench, "--list", "--filter", "no-such"],
            "no benchmark is chosen",
        ),
        (
            &["bench", "--dir", bench, "--list", "--args", "no-such=1"],
            "--args no-such",
        ),
    ] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 2, "{args:?}: {}", done.out);
        assert!(done.err.contains(named), "{args:?}: {}", done.err);
        assert_eq!(done.err.lines().count(), 1, "{args:?}: {}", done.err);
    }
    let done = gort(
        &["conform", "kept", tests, "--list", "--filter", "hello"],
        &[],
    );
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(done.out.trim(), "kept        hello");
}

#[test]
fn under_the_name_link_it_is_the_linker() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link");
    symlink(env!("CARGO_BIN_EXE_gort"), &link).unwrap();
    let output = Command::new(&link).arg("-V").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("link: version go1.5"), "{text}");
}

#[test]
fn a_suite_without_tests_or_without_go_cannot_pass() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().to_str().unwrap();
    for args in [
        ["conform", "kept", empty],
        ["conform", "kept", "/no/such/folder"],
    ] {
        let done = gort(&args, &[]);
        assert_eq!(done.status, 2, "{args:?}: {}", done.out);
        assert!(done.err.starts_with("gort: "), "{}", done.err);
    }
    for args in [
        &["conform", "test"] as &[&str],
        &["conform", "programs", empty],
        &["conform", "objects", empty],
    ] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 2, "{args:?}: {}", done.out);
        assert!(done.err.contains("GO15ROOT"), "{}", done.err);
    }
}
