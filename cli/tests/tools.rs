//! What debuggers and the Go tree's tools make of an executable of gort.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{go15, gort, library};

/// Links a kept object of `go-tests`; `None` without the runtime library.
fn link(name: &str, dir: &Path) -> Option<PathBuf> {
    let Some(library) = library() else {
        eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
        return None;
    };
    let exe = dir.join(name);
    let object = root().join(format!("go-tests/{name}/{name}.o"));
    let arguments = ["link", "-o", exe.to_str()?, object.to_str()?];
    let done = gort(&arguments, &[("GORT_LIB", &library)]);
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    Some(exe)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Standard output and standard error of a program, or `None` where it is missing.
fn output(mut command: Command) -> Option<String> {
    let done = command.output().ok()?;
    Some(String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

#[test]
fn gdb_stops_at_lines_and_lists_goroutines() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("chan_ring", dir.path()) else {
        return;
    };
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-q", "--batch", "-ex"]);
    let script = root().join("scripts/gort-gdb.py");
    gdb.arg(format!("source {}", script.display()));
    for command in [
        "break chan_ring.go:20 if n == 2",
        "run",
        "info args",
        "info locals",
        "info goroutines",
        "goroutine 1 bt",
        "bt",
    ] {
        gdb.args(["-ex", command]);
    }
    gdb.arg(exe);
    let Some(output) = output(gdb) else {
        eprintln!("not run: gdb is not installed");
        return;
    };
    for text in [
        "hit Breakpoint 1, main.ring (n=2, rounds=1000",
        "rounds = 1000",
        "token = 0",
        "*    1  running   main.ring, started by",
        "waiting   main.ring.func1, started by main.ring",
        "#0  main.ring (n=2",
        "in main.main () at",
    ] {
        assert!(output.contains(text), "{text:?} is not in\n{output}");
    }
}

/// What the Go tree's tool `name` prints, with `input`.
fn tool(go: &Path, name: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(go.join("pkg/tool/linux_amd64").join(name));
    let mut child = command
        .args(arguments)
        .env("GOROOT", go)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Names and addresses of the program's own functions, by name.
fn functions(go: &Path, exe: &str) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for line in tool(go, "nm", &[exe], "").lines() {
        let mut words = line.split_whitespace();
        if let (Some(address), Some("T" | "t"), Some(name)) =
            (words.next(), words.next(), words.next())
            && name.starts_with("main.")
        {
            found.push((name.to_string(), u64::from_str_radix(address, 16).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn the_trees_tools_read_executables_as_those_of_the_stock_linker() {
    let Some(go) = go15() else {
        eprintln!("not run: needs Go 1.5");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let Some(gort) = link("chan_ring", dir.path()) else {
        return;
    };
    let stock = dir.path().join("stock");
    let object = root().join("go-tests/chan_ring/chan_ring.o");
    let (gort, stock) = (gort.to_str().unwrap(), stock.to_str().unwrap());
    tool(&go, "link", &["-o", stock, object.to_str().unwrap()], "");

    let [ours, theirs] = [gort, stock].map(|exe| functions(&go, exe));
    let names = |list: &[(String, u64)]| list.iter().map(|f| f.0.clone()).collect::<Vec<_>>();
    assert!(!ours.is_empty());
    assert_eq!(names(&ours), names(&theirs));

    // Function, file and line of addresses in each; none is shorter than that.
    let [ours, theirs] = [(gort, ours), (stock, theirs)].map(|(exe, functions)| {
        let addresses = functions.iter().flat_map(|f| (0..64).map(move |i| f.1 + i));
        let input: String = addresses.map(|address| format!("{address:#x}\n")).collect();
        tool(&go, "addr2line", &[exe], &input)
    });
    assert!(ours.contains("main.ring\nchan_ring.go:4\n"), "{ours}");
    assert!(ours == theirs, "addr2line differs");

    // Lines of the instructions.
    let [ours, theirs] = [gort, stock].map(|exe| {
        let code = tool(&go, "objdump", &["-s", "^main.ring$", exe], "");
        let lines = code
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        lines.map(str::to_string).collect::<Vec<_>>()
    });
    assert!(ours.len() > 20);
    assert_eq!(ours[1..], theirs[1..]);
}
