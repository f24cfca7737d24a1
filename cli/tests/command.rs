//! The command line itself: help, exit status, `gort doctor`, the name `link`, and suites that cannot start.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use common::{fake_go, gort};

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
    ] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 0, "{args:?}: {}", done.err);
        assert!(done.out.contains("Example"), "{args:?}: {}", done.out);
    }
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
fn doctor_names_the_go_it_found() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.1");
    let done = gort(&["doctor"], &[("GO15ROOT", &go)]);
    assert!(
        done.out.contains(&format!("go1.5.1, {}", go.display())),
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
