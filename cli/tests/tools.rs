//! What debuggers and the Go tree's tools make of an executable of gort.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{go15, gort, library};

/// Links a kept object of `go-tests`; `None` without the runtime library.
fn link(name: &str, dir: &Path) -> Option<PathBuf> {
    link_with(&[], name, dir)
}

/// The same with flags.
fn link_with(flags: &[&str], name: &str, dir: &Path) -> Option<PathBuf> {
    let Some(library) = library() else {
        eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
        return None;
    };
    let exe = dir.join(name);
    let object = root().join(format!("go-tests/{name}/{name}.o"));
    let arguments = [&["link"], flags, &["-o", exe.to_str()?, object.to_str()?]].concat();
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

/// What gdb says to commands, with the script; `None` where it is missing. `program` ends its
/// command line.
fn gdb(commands: &[&str], program: &[&Path]) -> Option<String> {
    if Command::new("gdb").arg("--version").output().is_err() {
        eprintln!("not run: gdb is not installed");
        return None;
    }
    // What it says and what it complains of in one stream, in order.
    let mut gdb = Command::new("sh");
    gdb.args(["-c", "exec gdb \"$@\" 2>&1", "gdb", "-nx", "-q", "--batch"]);
    let script = root().join("scripts/gort-gdb.py");
    gdb.args(["-ex", &format!("source {}", script.display())]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    gdb.args(program).stdin(Stdio::null());
    output(gdb)
}

/// Each of the texts is in the output, behind the one before.
fn in_order(output: &str, texts: &[&str]) {
    let mut rest = output;
    for text in texts {
        let Some(at) = rest.find(text) else {
            panic!("{text:?} is not in\n{rest}\nof\n{output}");
        };
        rest = &rest[at + text.len()..];
    }
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

/// The walk of goroutine 1 of `gdb_fault`, from where it faults.
const FAULT: [&str; 6] = [
    "in main.walk (n=0x",
    "depth=0, ",
    ") at gdb_fault.go:15",
    "depth=2, ",
    ") at gdb_fault.go:17",
    "in main.main () at gdb_fault.go:32",
];

#[test]
fn gdb_walks_from_the_signal_handler_and_from_a_panic_to_what_faulted() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("gdb_fault", dir.path()) else {
        return;
    };
    let commands = [
        "handle SIGSEGV nostop noprint pass",
        "set breakpoint pending on",
        "break gort_sighandler if $rdi == 11",
        "run",
        "bt",
        "echo <panic>\\n",
        "delete",
        "catch syscall exit_group",
        "continue",
        "bt",
        "info goroutines",
    ];
    let Some(output) = gdb(&commands, &[&exe]) else {
        return;
    };
    let handler = [
        "gort_sighandler",
        "gort_sigtramp",
        "<signal handler called>",
    ];
    in_order(&output, &[&handler[..], &FAULT, &["<panic>"]].concat());
    // Stack of the runtime, then the goroutine's; a frame between them has its name.
    let panic = [
        "<panic>",
        "gort_system_call () at",
        "runtime.gopanic () at",
        "runtime.sigpanic () at",
    ];
    let goroutine = ["*    1  running   main.walk at gdb_fault.go:15, started by"];
    in_order(&output, &[&panic[..], &FAULT, &goroutine].concat());
    assert!(!output.contains("corrupt stack"), "{output}");
}

#[test]
fn gdb_reads_core_files() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("gdb_fault", dir.path()) else {
        return;
    };
    let core = dir.path().join("core");
    let dump = format!("generate-core-file {}", core.display());
    let commands = [
        "handle SIGSEGV nostop noprint pass",
        "set environment GOTRACEBACK crash",
        "run",
        &dump,
        "kill",
    ];
    let Some(output) = gdb(&commands, &[&exe]) else {
        return;
    };
    assert!(output.contains("SIGABRT") && core.exists(), "{output}");
    let commands = [
        "bt",
        "echo <goroutines>\\n",
        "info goroutines",
        "goroutine all bt",
        "echo <parked>\\n",
        "goroutine $parked print tag",
        "goroutine $parked info args",
        "goroutine $parked bt -no-such",
        "echo <back>\\n",
        "frame",
        "print 'main.count'",
        "goroutine 77 bt",
    ];
    // Its number is free.
    let find = "python gdb.set_convenience_variable('parked', \
                next(int(l.split()[0]) for l in gdb.execute('info goroutines', to_string=True).splitlines() if 'main.wait' in l))";
    let commands = [&[find], &commands[..]].concat();
    let output = gdb(&commands, &[&exe, &core]).unwrap();
    in_order(&output, &FAULT);
    let goroutines = [
        "<goroutines>",
        "*    1  running   main.walk at gdb_fault.go:15, started by",
        "waiting (chan receive) main.wait at gdb_fault.go:22, started by main.main",
    ];
    in_order(&output, &[&goroutines[..], &FAULT].concat());
    let parked = [
        "<goroutines>",
        "\ngoroutine ",
        "in main.wait (c=chan int len 0 cap 0, 1 waiting to receive, here=chan int len 0 cap 0, tag=\"tag\") at gdb_fault.go:22",
        "<parked>",
        "= \"tag\"",
        "c = chan int len 0 cap 0",
        "<back>",
        "#0 ",
        "= 10",
        "there is no goroutine 77",
    ];
    in_order(&output, &parked);
    assert!(!output.contains("Python"), "{output}");
}

#[test]
fn gdb_finds_debug_information_that_lies_apart() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("gdb_fault", dir.path()) else {
        return;
    };
    let whole = std::fs::metadata(&exe).unwrap().len();
    let run = |arguments: &[&str]| {
        let status = Command::new("objcopy")
            .current_dir(dir.path())
            .args(arguments)
            .status();
        status.is_ok_and(|s| s.success())
    };
    if !run(&["--version"]) {
        eprintln!("not run: objcopy is not installed");
        return;
    }
    assert!(run(&["--only-keep-debug", "gdb_fault", "apart.debug"]));
    assert!(run(&[
        "--strip-debug",
        "--add-gnu-debuglink=apart.debug",
        "gdb_fault"
    ]));
    assert!(std::fs::metadata(&exe).unwrap().len() < whole / 4 * 3);
    let commands = [
        "handle SIGSEGV nostop noprint pass",
        "break *'runtime.sigpanic'",
        "run",
        "bt",
        "info goroutines",
    ];
    let Some(output) = gdb(&commands, &[&exe]) else {
        return;
    };
    let goroutine = ["*    1  running   main.walk at gdb_fault.go:15, started by"];
    in_order(&output, &[&FAULT[..], &goroutine].concat());
}

#[test]
fn gdb_says_so_where_there_is_no_debug_information() {
    let commands = [
        "handle SIGSEGV nostop noprint pass",
        "break *'runtime.sigpanic'",
        "run",
        "echo <commands>\\n",
        "info goroutines",
        "goroutine 1 bt",
        "goroutine all bt",
        "iface nosuch",
        "print $len(1)",
        "print $cap(1)",
        "print $dtype(1)",
        "echo <frames>\\n",
        "bt",
    ];
    for (flag, missing) in [
        (
            "-w",
            "this program has no debug information: link it without -w",
        ),
        (
            "-s",
            "this is no program on gort, or it has no symbols: link it without -s",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let Some(exe) = link_with(&[flag], "gdb_fault", dir.path()) else {
            return;
        };
        let Some(output) = gdb(&commands, &[&exe]) else {
            return;
        };
        let (before, rest) = output.split_once("<commands>\n").unwrap();
        let (said, frames) = rest.split_once("<frames>\n").unwrap();
        assert_eq!(
            before.matches(missing).count(),
            usize::from(flag == "-w"),
            "{output}"
        );
        let lines: Vec<&str> = said.lines().filter(|l| !l.starts_with("[New")).collect();
        assert_eq!(lines.len(), 7, "{output}");
        assert!(lines.iter().all(|l| l.starts_with(missing)), "{output}");
        assert!(!output.contains("Python"), "{output}");
        // Frames without a name are shown as such.
        assert!(!frames.contains(" in  ()"), "{frames}");
        assert!(flag == "-s" || frames.contains("sigpanic"), "{frames}");
    }
}

#[test]
fn gdb_names_every_function_of_the_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("gdb_fault", dir.path()) else {
        return;
    };
    // The call of the scheduler is the last instruction of functions of which there is no
    // description. How a goroutine came to stop there is a matter of time: it may have been
    // preempted.
    let walk = ["bt", "continue"].repeat(20);
    let commands = [&["break gort_gogo", "run"], &walk[..39]].concat();
    let Some(output) = gdb(&commands, &[&exe]) else {
        return;
    };
    let entry = "schedule_entry () at src/dispatch/schedule.rs:";
    in_order(
        &output,
        &[entry, "in gort_after_call () at src/dispatch/schedule.rs:"],
    );
    assert!(!output.contains(" in  ()"), "{output}");
    assert!(!output.contains("::h"), "{output}");
}

#[test]
fn gdb_knows_go_names_in_frames_of_the_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("gdb_fault", dir.path()) else {
        return;
    };
    // The frame that gdb shows is of Rust code.
    let commands = [
        "handle SIGSEGV nostop noprint pass",
        "break gort_sighandler if $rdi == 11",
        "run",
        "echo <rust>\\n",
        "show language",
        "print 'main.count'",
        "print nosuch",
        "print main.nosuch",
        "print 'main.nosuch'",
        "goroutine 1 print depth",
        "goroutine 1 print nosuch",
        "set language go",
        "print nosuch",
        "echo <go>\\n",
        "frame function main.walk",
        "set language go",
        "print depth",
        "print 'main.count'",
        "print nosuch",
        "print 'main.nosuch'",
        "print n",
        "print main.nosuch",
        "show language",
        "down 3",
        "set language pascal",
        "goroutine 1 print nosuch",
        "show language",
    ];
    let Some(output) = gdb(&commands, &[&exe]) else {
        return;
    };
    let unknown = "No symbol \"nosuch\" in current context.";
    let unknown_in_main = "No symbol \"main.nosuch\" in current context.";
    let texts = [
        "<rust>",
        "It is set by gort's script in frames of the runtime",
        "$1 = 10",
        unknown,
        unknown_in_main,
        "$2 = 0",
        unknown,
        unknown,
        "<go>",
        "$3 = 0",
        "$4 = 10",
        unknown,
        unknown_in_main,
        "(main.node *) 0x",
        "language is \"go\"",
        unknown,
        "language is \"pascal\"",
    ];
    in_order(&output, &texts);
    assert!(!output.contains("Python"), "{output}");
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

/// Runs of printing characters in a file.
fn strings(file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap();
    let texts = bytes.split(|b| !(b' '..=b'~').contains(b));
    texts
        .filter(|text| text.len() >= 4)
        .map(|text| String::from_utf8(text.to_vec()).unwrap())
        .collect()
}

#[test]
fn executables_name_no_folder_of_the_builder() {
    let dir = tempfile::tempdir().unwrap();
    let Some(exe) = link("hello", dir.path()) else {
        return;
    };
    let root = root().canonicalize().unwrap();
    let mut folders = vec![root, dir.path().to_path_buf()];
    for variable in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"] {
        folders.extend(std::env::var_os(variable).map(PathBuf::from));
    }
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| format!("{}/", folder.display()))
        .filter(|folder| folder.len() > 2)
        .collect();
    // The script for gdb is where the library is, and named there.
    let script = library().unwrap().with_file_name("gort-gdb.py");
    let strings = strings(&exe);
    let named = strings.iter().find(|text| {
        !text.contains(script.file_name().unwrap().to_str().unwrap())
            && folders.iter().any(|folder| text.contains(folder.as_str()))
    });
    assert_eq!(named, None);
    for part in ["/gort/src/", "/gort/asm/"] {
        assert!(strings.iter().any(|text| text.contains(part)), "{part}");
    }
}

#[test]
fn w_leaves_out_all_debug_information_and_keeps_the_symbols() {
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = library() else {
        eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
        return;
    };
    let exe = dir.path().join("hello");
    let object = root().join("go-tests/hello/hello.o");
    for (flag, symbols) in [("-w", true), ("-s", false)] {
        let args = ["link", flag, "-o"].into_iter();
        let args: Vec<&str> = args
            .chain([exe.to_str().unwrap(), object.to_str().unwrap()])
            .collect();
        let done = gort(&args, &[("GORT_LIB", &library)]);
        assert_eq!(done.status, 0, "{}", done.err);
        // Names of sections are in the file.
        let bytes = std::fs::read(&exe).unwrap();
        let has = |name: &str| bytes.windows(name.len()).any(|w| w == name.as_bytes());
        assert!(has(".text\0"));
        assert!(!has(".debug_"), "{flag}");
        assert_eq!(has(".symtab\0"), symbols, "{flag}");
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
