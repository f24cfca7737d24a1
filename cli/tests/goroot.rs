//! `gort goroot`: the tree it makes, and every way in which it refuses to make one.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::{fake_go, go_command, go15, gort};

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_tree_links_to_everything_but_the_linker() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let tree = dir.path().join("tree");
    let done = gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
    assert_eq!((done.status, done.err.as_str()), (0, ""));
    assert!(done.out.starts_with("made "), "{}", done.out);

    for path in [
        "src/runtime/chan.go",
        "src/fmt/print.go",
        "src/fmt/testdata",
        "test",
        "VERSION",
        "pkg/linux_amd64/runtime.a",
        "pkg/linux_amd64/encoding/json.a",
        "bin/gofmt",
    ] {
        assert_eq!(
            fs::read_link(tree.join(path)).unwrap(),
            go.join(path),
            "{path}"
        );
    }
    // Folders that the go command installs into are real, so that it never writes into the
    // installation.
    for path in [
        "bin",
        "src",
        "src/fmt",
        "pkg",
        "pkg/linux_amd64",
        "pkg/linux_amd64/encoding",
        "pkg/tool/linux_amd64",
    ] {
        assert!(
            fs::symlink_metadata(tree.join(path)).unwrap().is_dir(),
            "{path}"
        );
    }
    assert!(!tree.join("pkg/bootstrap").exists());
    let script = |tree: &Path| fs::read_to_string(tree.join("src/runtime/runtime-gdb.py")).unwrap();
    assert!(script(&tree).starts_with("\"\"\"gdb for programs on gort."));
    assert_eq!(script(&go), "about the stock runtime\n");
    let own = Path::new(env!("CARGO_BIN_EXE_gort"))
        .canonicalize()
        .unwrap();
    assert_eq!(
        fs::read_link(tree.join("pkg/tool/linux_amd64/link")).unwrap(),
        own
    );
    assert_eq!(names(dir.path()), ["go", "tree"]);
}

#[test]
fn names_of_folders_are_any_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let tree = dir.path().join(OsStr::from_bytes(b"d\xffr")).join("tree");
    for outcome in ["made ", "", "updated "] {
        if outcome == "updated " {
            fs::remove_file(tree.join("VERSION")).unwrap();
        }
        let done = Command::new(env!("CARGO_BIN_EXE_gort"))
            .arg("goroot")
            .arg(&tree)
            .env("GO15ROOT", &go)
            .env_remove("GOROOT")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
        match outcome {
            "" => assert!(text.contains("is up to date"), "{text}"),
            _ => assert!(text.starts_with(outcome), "{text}"),
        }
    }
    let script = fs::read(tree.join("bin/go")).unwrap();
    assert!(script.windows(3).any(|w| w == b"d\xffr"));
}

#[test]
fn its_go_command_knows_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    go_command(&go, r#"[ "$1" = list ] || echo "$GOROOT $CGO_ENABLED $*""#);
    let tree = dir.path().join("it's a tree");
    let done = gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
    assert_eq!(done.status, 0, "{}", done.err);
    let run = std::process::Command::new(tree.join("bin/go"))
        .args(["run", "a b.go"])
        .env_remove("CGO_ENABLED")
        .output()
        .unwrap();
    let expected = format!("{} 0 run a b.go\n", tree.canonicalize().unwrap().display());
    assert_eq!(String::from_utf8(run.stdout).unwrap(), expected);
}

/// What the go command of a tree did with a command: its status, and what it printed in all.
fn go_says(tree: &Path, command: &str, environment: &[(&str, &str)]) -> (i32, String) {
    let mut go = std::process::Command::new(tree.join("bin/go"));
    for name in [
        "CGO_ENABLED",
        "CC",
        "CXX",
        "GORT_CC",
        "GOOS",
        "GOARCH",
        "GOPATH",
    ] {
        go.env_remove(name);
    }
    let done = go
        .args(command.split(' '))
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    (done.status.code().unwrap(), text)
}

#[test]
fn its_go_command_refuses_what_gort_has_not() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    go_command(&go, r#"case $1 in build|run) echo "ran $*"; exit 3;; esac"#);
    let tree = dir.path().join("tree");
    let done = gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
    assert_eq!(done.status, 0, "{}", done.err);
    for (command, environment, says) in [
        (
            "test -race x",
            [].as_slice(),
            "gort: go test -race is not supported",
        ),
        (
            "build -buildmode=plugin x",
            &[],
            "gort: go build -buildmode=plugin is not supported",
        ),
        (
            "install -linkshared x",
            &[],
            "gort: go install -linkshared is not supported",
        ),
        (
            "build x",
            &[("GOARCH", "386")],
            "gort: GOARCH=386 is not supported",
        ),
        (
            "run x.go",
            &[("CGO_ENABLED", "1"), ("CC", "/no/such/cc")],
            "gort: the compiler /no/such/cc is not there",
        ),
    ] {
        let (status, text) = go_says(&tree, command, environment);
        assert_eq!(status, 2, "{command}: {text}");
        assert!(text.starts_with(says), "{command}: {text}");
        assert_eq!(text.lines().count(), 1, "{command}: {text}");
    }
    for command in ["build x", "run x.go -race"] {
        let expected = (3, format!("ran {command}\n"));
        assert_eq!(go_says(&tree, command, &[]), expected);
    }

    let file = dir.path().join("x.go");
    fs::write(&file, "package main\n\nimport \"C\"\n").unwrap();
    let command = format!("run {}", file.display());
    let (status, text) = go_says(&tree, &command, &[("CGO_ENABLED", "0")]);
    assert_eq!(status, 2);
    assert!(
        text.contains("x.go imports \"C\": CGO_ENABLED=0 leaves C code out"),
        "{text}"
    );
}

/// With C code the go command gets compilers and a folder for packages, which is filled first.
#[test]
fn its_go_command_builds_c_code_where_there_is_some() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    go_command(
        &go,
        r#"echo "$CGO_ENABLED $*" >>"$GOROOT/asked"
case $1 in
list) case $CGO_ENABLED-$2 in 1-install*|1--install*) echo net ;; esac ;;
build|run) echo "$CGO_ENABLED ${CC-} ${GORT_CC-} $*" ;;
esac"#,
    );
    for name in ["tree", "a tree"] {
        let tree = dir.path().join(name);
        let done = gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
        assert_eq!(done.status, 0, "{}", done.err);
        fs::write(tree.join("asked"), "").unwrap();
        let real = tree.canonicalize().unwrap();
        let cc = match name.contains(' ') {
            true => "gort-cc".to_string(),
            false => format!("{}/pkg/tool/linux_amd64/gort-cc", real.display()),
        };
        let on = [("CGO_ENABLED", "1"), ("CC", "/bin/true")];
        let once = "gort: compiling the standard packages that call C, once\n";
        let (status, text) = go_says(&tree, "build -v x", &on);
        let expected = format!("1 {cc} /bin/true build -installsuffix=cgo -v x\n");
        assert_eq!((status, text), (0, format!("{expected}{once}")));
        assert_eq!(go_says(&tree, "build -v x", &on), (0, expected));
        let asked = fs::read_to_string(tree.join("asked")).unwrap();
        assert!(
            asked.starts_with("1 list -installsuffix=cgo ")
                && asked.contains("\n1 install -installsuffix=cgo net\n1 build "),
            "{asked}"
        );
        assert!(tree.join("pkg/linux_amd64_cgo/runtime.a").exists());
        let own = go_says(&tree, "build -installsuffix mine x", &on);
        let expected = format!("1 {cc} /bin/true build -installsuffix mine x\n");
        assert_eq!(own, (0, expected));

        let file = dir.path().join("x.go");
        fs::write(&file, "package main\n\nimport \"C\"\n").unwrap();
        let command = format!("run {}", file.display());
        let (_, text) = go_says(&tree, &command, &[("CC", "/bin/true")]);
        assert!(
            text.starts_with("1 ") && text.contains(" run -installsuffix=cgo "),
            "{text}"
        );
        let (_, text) = go_says(&tree, "build x", &[("CC", "/bin/true")]);
        assert_eq!(text, "0 /bin/true  build x\n");
    }
}

/// The go command says of such packages that they have no files.
#[test]
fn a_failed_command_is_followed_by_what_needs_cgo() {
    let Some(real) = go15() else {
        eprintln!("not run: needs Go 1.5");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("withc", "package withc\n\nimport \"C\"\n"),
        (
            "user",
            "package main\n\nimport _ \"withc\"\n\nfunc main() {}\n",
        ),
        (
            "other",
            "package main\n\nimport _ \"net\"\n\nfunc main() {}\n",
        ),
    ] {
        fs::create_dir_all(dir.path().join("src").join(name)).unwrap();
        fs::write(dir.path().join("src").join(name).join("x.go"), text).unwrap();
    }
    let go = real.join("bin/go");
    let message = "gort: withc imports \"C\": ";
    for (package, says) in [("withc", message), ("user", message), ("other", "")] {
        let done = gort(
            &["go-failed", go.to_str().unwrap(), "build", "-v", package],
            &[("GOPATH", dir.path()), ("GOROOT", &real)],
        );
        assert!(done.err.starts_with(says), "{package}: {}", done.err);
        assert_eq!(done.err.is_empty(), says.is_empty(), "{}", done.err);
    }
}

#[test]
fn a_second_call_leaves_a_current_tree_alone_and_updates_an_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.3");
    let tree = dir.path().join("tree");
    let call = || gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
    assert_eq!(call().status, 0);
    fs::write(tree.join("bin/installed"), "by the user").unwrap();
    let again = call();
    assert_eq!(again.status, 0);
    assert!(again.out.contains("is up to date"), "{}", again.out);
    assert!(tree.join("bin/installed").exists());

    fs::write(go.join("VERSION"), "go1.5.4").unwrap();
    let update = call();
    assert_eq!(update.status, 0, "{}", update.err);
    assert!(update.out.starts_with("updated "), "{}", update.out);
    assert!(update.out.contains("go1.5.4"));

    fs::remove_file(tree.join("pkg/linux_amd64/runtime.a")).unwrap();
    assert!(call().out.starts_with("updated "));
    assert!(tree.join("pkg/linux_amd64/runtime.a").exists());
    assert_eq!(names(dir.path()), ["go", "tree"]);
}

#[test]
fn packages_that_are_out_of_date_are_installed_into_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let tree = dir.path().join("tree");
    go_command(
        &go,
        r#"case $1 in list) echo net; echo net/http;; *) echo "$CGO_ENABLED $*" >"$GOROOT/asked";; esac"#,
    );
    let done = gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(
        fs::read_to_string(tree.join("asked")).unwrap(),
        "0 install net net/http\n"
    );
}

#[test]
fn a_tree_whose_packages_cannot_be_compiled_is_not_taken_for_complete() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let tree = dir.path().join("tree");
    let call = || gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]);
    go_command(&go, "echo no disk >&2; exit 1");
    let failed = call();
    assert_eq!(failed.status, 2);
    assert!(
        failed.err.contains("is not complete") && failed.err.contains("no disk"),
        "{}",
        failed.err
    );
    go_command(&go, "exit 0");
    assert_eq!(call().status, 0);
    assert!(call().out.contains("is up to date"));
}

/// Calls `gort goroot tree` with an installation and expects a refusal that says all of `texts`.
fn refused(tree: &Path, go: Option<&Path>, texts: &[&str]) {
    let env: Vec<(&str, &Path)> = go.iter().map(|go| ("GO15ROOT", *go)).collect();
    let done = gort(&["goroot", tree.to_str().unwrap()], &env);
    assert_eq!(done.status, 2, "{}{}", done.out, done.err);
    assert_eq!(done.out, "");
    for text in texts {
        assert!(done.err.contains(text), "{text:?} is not in {}", done.err);
    }
}

#[test]
fn what_others_made_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let tree = dir.path().join("mine");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("letter"), "dear").unwrap();
    refused(
        &tree,
        Some(&go),
        &["mine exists and was not made by `gort goroot`"],
    );
    assert_eq!(names(&tree), ["letter"]);

    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&file, Some(&go), &["file exists and is not a folder"]);
    refused(&file.join("below"), Some(&go), &["cannot make the folder"]);

    let dangling = dir.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    refused(&dangling, Some(&go), &["points nowhere"]);
    assert_eq!(names(dir.path()), ["dangling", "file", "go", "mine"]);
}

#[test]
fn an_empty_folder_will_do() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).unwrap();
    assert_eq!(
        gort(&["goroot", tree.to_str().unwrap()], &[("GO15ROOT", &go)]).status,
        0
    );
    assert!(tree.join("bin/go").exists());
}

#[test]
fn the_installation_itself_is_never_changed() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    refused(
        &go.join("tree"),
        Some(&go),
        &["is inside the Go installation"],
    );
    refused(&go, Some(&go), &["is inside the Go installation"]);
    assert!(!go.join("tree").exists());
}

#[test]
fn without_a_usable_go_the_message_says_how_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    let advice = [
        "no Go 1.5 installation: GOROOT is not set, GO15ROOT is not set, and HOME is not set; ",
        "set GO15ROOT to a Go 1.5, `gort doctor` says how to get one\n",
    ];
    refused(&tree, None, &advice);
    refused(
        &tree,
        Some(&dir.path().join("gone")),
        &[
            "there is no Go 1.5 installation at ",
            "gone (from GO15ROOT); set GO15ROOT",
        ],
    );

    let other = fake_go(&dir.path().join("other"), "go1.6.2");
    refused(&tree, Some(&other), &["other holds go1.6.2"]);
    let broken = fake_go(&dir.path().join("broken"), "go1.5.4");
    fs::remove_file(broken.join("pkg/tool/linux_amd64/compile")).unwrap();
    refused(
        &tree,
        Some(&broken),
        &[
            "broken is not a Go installation",
            "pkg/tool/linux_amd64/compile is missing",
        ],
    );
    assert!(!tree.exists());
}

#[test]
fn a_goroot_of_ours_stands_for_its_installation() {
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    let [tree, second] = ["tree", "second"].map(|name| dir.path().join(name));
    let make = |tree: &Path, env| gort(&["goroot", tree.to_str().unwrap()], &[env]);
    assert_eq!(make(&tree, ("GO15ROOT", &go)).status, 0);
    let done = make(&second, ("GOROOT", &tree));
    assert_eq!(done.status, 0, "{}", done.err);
    let origin = format!("(go1.5.4 from {})", go.display());
    assert!(done.out.contains(&origin), "{}", done.out);
    fs::remove_dir_all(&go).unwrap();
    let texts = [
        "the Go installation that the goroot ",
        "tree was made of is gone",
    ];
    refused(&dir.path().join("third"), Some(&tree), &texts);
}

#[test]
fn the_default_place_is_below_home() {
    let home = tempfile::tempdir().unwrap();
    fake_go(&home.path().join("sdk/go1.5.4"), "go1.5.4");
    let tree = home.path().join("tree");
    let done = gort(
        &["goroot", tree.to_str().unwrap()],
        &[("HOME", home.path())],
    );
    assert_eq!(done.status, 0, "{}", done.err);
}
