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
        "*    1  running   main.ring at chan_ring.go:20, started by",
        "waiting (chan receive) main.ring.func1 at chan_ring.go:10, started by main.ring",
        "#0  main.ring (n=2",
        "in main.main () at",
    ] {
        assert!(output.contains(text), "{text:?} is not in\n{output}");
    }
}

/// Checks a map of n entries, each three times its key: for gdb's Python.
const CHECK: &str = r#"python exec("def check(name, n):\n c = [int(v) for _, v in gdb.default_visualizer(gdb.parse_and_eval(name)).children()]\n print(sorted(c[::2]) == list(range(n)), all(v == 3 * k for k, v in zip(c[::2], c[1::2])))")"#;

#[test]
fn gdb_prints_values_as_go_programmers_read_them() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("gdb_values", dir.path()) else {
        return;
    };
    // Variable, and what gdb says; of some the part that holds no address.
    const PARTS: [&str; 4] = ["pointers", "anyPointer", "loop", "list"];
    let values = [
        ("text", r#""café""#),
        ("none", r#""""#),
        ("named", r#""named""#),
        ("toNamed", r#""named""#),
        ("nilInts", "[]int nil"),
        ("noInts", "[]int {}"),
        ("ints", "[]int = {1, 2}"),
        ("points", "[]main.point = {{X = 1, Y = 2}, {X = 3, Y = 4}}"),
        ("nilMap", "map[string]int nil"),
        ("noMap", "map[string]int {}"),
        ("numbers", r#"map[int]string = {[1] = "one", [2] = "two"}"#),
        ("byPoint", "map[main.point]*int = {[{X = 1, Y = 2}] = 0x0}"),
        ("byName", r#"main.bag = {["a"] = {X = 5, Y = 6}}"#),
        (
            "nested",
            r#"map[string]map[string][]int = {["x"] = map[string][]int = {["y"] = []int = {1, 2}}}"#,
        ),
        (
            "byAny",
            r#"map[interface {}]interface {} = {[interface {}(int) 1] = interface {}(string) "one"}"#,
        ),
        ("pointers", "map[*main.large]bool = {[0x"),
        (
            "larges",
            "map[main.large]main.large = {[{A = {0 <repeats 39 times>, 39}}] = {A = {0 <repeats 39 times>, 39}}}",
        ),
        ("nilChan", "chan int nil"),
        ("ring", r#"chan string len 4 cap 4 = {"b", "c", "d", "e"}"#),
        ("closed", "chan main.point len 0 cap 1, closed"),
        ("waited", "chan int len 0 cap 0, 1 waiting to send"),
        ("noError", "error nil"),
        ("anError", "error(main.code) 7"),
        ("any", "interface {} nil"),
        ("anyInt", "interface {}(int) 5"),
        ("anyString", r#"interface {}(string) "text""#),
        ("anyPoint", "interface {}(main.point) {X = 7, Y = 8}"),
        ("anyPointer", "{X = 1, Y = 2}"),
        (
            "anyMap",
            r#"interface {}(map[int]string) map[int]string = {[1] = "one", [2] = "two"}"#,
        ),
        ("anyFunc", "interface {}(func()) func() main.main"),
        ("anyLocal", "interface {}(main.local) {N = 9}"),
        ("loop", ", Value = 1}"),
        ("list", " ...}"),
        ("function", "func() main.show"),
        ("nilFunc", "func() nil"),
    ];
    let questions = [
        ("$len", "output $len('main.growing')", "105"),
        ("$cap", "output $cap('main.ring')", "4"),
        ("$dtype", "output $dtype('main.anyPoint').Y", "8"),
        ("iface", "iface 'main.anError'", "error: main.code"),
        ("moving", "output 'main.growing'.oldbuckets != 0", "true"),
        ("grown", "python check(\"'main.grown'\", 1000)", "True True"),
        (
            "growing",
            "python check(\"'main.growing'\", 105)",
            "True True",
        ),
    ];
    let output_of = values.map(|(name, text)| (name, format!("output 'main.{name}'"), text));
    let asked: Vec<(&str, String, &str)> = output_of
        .into_iter()
        .chain(questions.map(|(name, command, text)| (name, command.to_string(), text)))
        .collect();
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-q", "--batch", "-ex"]);
    let script = root().join("scripts/gort-gdb.py");
    gdb.arg(format!("source {}", script.display()));
    gdb.args(["-ex", CHECK, "-ex", "break main.show", "-ex", "run"]);
    for (name, command, _) in &asked {
        let before = format!("echo <{name}>");
        gdb.args(["-ex", &before, "-ex", command, "-ex", "echo \\n"]);
    }
    gdb.arg(exe);
    let Some(output) = output(gdb) else {
        eprintln!("not run: gdb is not installed");
        return;
    };
    for (name, _, text) in asked {
        let start = format!("<{name}>");
        let said = output.lines().find_map(|line| line.strip_prefix(&start));
        let right =
            said.is_some_and(|said| said == text || PARTS.contains(&name) && said.contains(text));
        assert!(right, "{name}: {said:?} instead of {text:?} in\n{output}");
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
