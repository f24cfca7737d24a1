//! What the tests of the command share: running it, and a Go installation that is only good for
//! looking at.

#![allow(dead_code, reason = "not every file of tests needs everything")]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a call of the command left.
pub struct Outcome {
    /// Exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs `gort` with `args` and, of the variables that it looks at, only `env`.
pub fn gort(args: &[&str], env: &[(&str, &Path)]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gort"));
    command.args(args);
    for variable in ["GO15ROOT", "HOME", "GORT_LIB", "GORT_LD", "GOROOT"] {
        command.env_remove(variable);
    }
    command.envs(env.iter().copied());
    let output = command.output().expect("gort runs");
    Outcome {
        status: output.status.code().expect("gort is not killed"),
        out: String::from_utf8(output.stdout).expect("gort prints text"),
        err: String::from_utf8(output.stderr).expect("gort prints text"),
    }
}

/// Makes files that look like Go `version`; its go command says that no package is out of date.
pub fn fake_go(root: &Path, version: &str) -> PathBuf {
    for folder in [
        "bin",
        "src/fmt/testdata",
        "src/runtime",
        "test",
        "pkg/linux_amd64/encoding",
        "pkg/tool/linux_amd64",
        "pkg/bootstrap",
    ] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for file in [
        "pkg/linux_amd64/runtime.a",
        "pkg/linux_amd64/encoding/json.a",
        "pkg/tool/linux_amd64/compile",
        "pkg/tool/linux_amd64/link",
        "pkg/bootstrap/old",
        "bin/gofmt",
    ] {
        fs::write(root.join(file), "stock").unwrap();
    }
    for file in [
        "src/runtime/chan.go",
        "src/fmt/print.go",
        "src/fmt/testdata/a",
    ] {
        fs::write(root.join(file), "stock").unwrap();
    }
    let script = root.join("src/runtime/runtime-gdb.py");
    fs::write(script, "about the stock runtime\n").unwrap();
    fs::write(root.join("VERSION"), version).unwrap();
    go_command(root, "exit 0");
    root.canonicalize().unwrap()
}

/// Replaces the go command of a fake installation.
pub fn go_command(root: &Path, script: &str) {
    let go = root.join("bin/go");
    fs::write(&go, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A library that gort can link with: one built beside this test, of this profile or of the other.
pub fn library() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_BIN_EXE_gort")).parent().unwrap();
    [dir.join("libgort.a"), dir.join("../release/libgort.a")]
        .into_iter()
        .find(|path| path.exists())
}

/// A Go 1.5 installation.
pub fn go15() -> Option<PathBuf> {
    let named = env::var_os("GO15ROOT").map(PathBuf::from);
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join("sdk/go1.5.4"));
    named
        .or_else(home)
        .filter(|root| root.join("bin/go").exists())
}
