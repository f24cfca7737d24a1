//! `gort bench`: against a Go whose tools are shell scripts, and, where there is one, with Go 1.5.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{fake_go, go15, gort, library};

/// The lines of a source that begin with `//sh ` are the program.
const COMPILE: &str = r#"
for arg; do
    [ "$before" = -o ] && out=$arg
    before=$arg
done
cp "$arg" "$out"
"#;
const LINK: &str = r#"
for arg; do
    [ "$before" = -o ] && out=$arg
    before=$arg
done
{ echo '#!/bin/sh'; sed -n 's,^//sh ,,p' "$arg"; } >"$out"
chmod +x "$out"
"#;
/// A current Go, which builds the same way.
const CURRENT: &str = r#"
if [ "$1" = version ]; then echo go version go1.99.1 linux/amd64; exit; fi
"#;

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder that tells of a machine as `/proc` does: its load, and in how many percent of the last
/// ten seconds programs waited. Its processors do nothing that counts.
fn machine(dir: &Path, load: &str, waited: &str) -> String {
    let proc = dir.join(format!("proc-{load}"));
    fs::create_dir_all(proc.join("pressure")).unwrap();
    fs::write(
        proc.join("loadavg"),
        format!("{load} 1.29 1.31 3/120 4711\n"),
    )
    .unwrap();
    fs::write(
        proc.join("stat"),
        "cpu  10 0 10 500 0 0 0 0 0 0\ncpu0 5 0 5 250 0 0 0 0 0 0\ncpu1 5 0 5 250 0 0 0 0 0 0\n",
    )
    .unwrap();
    fs::write(
        proc.join("pressure/cpu"),
        format!("some avg10={waited} avg60=15.14 avg300=17.05 total=5782762845\n"),
    )
    .unwrap();
    proc.to_str().unwrap().to_string()
}

#[test]
fn a_busy_machine_is_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let sources = dir.path().join("bench");
    fs::create_dir(&sources).unwrap();
    fs::write(sources.join("quick.go"), "package main\n").unwrap();
    let folder = sources.to_str().unwrap();
    let busy = machine(dir.path(), "2.31", "24.95");
    let check = ["bench", "--dir", folder, "--proc", &busy, "--check"];
    let done = gort(&check, &[]);
    assert_eq!(done.status, 2, "{}{}", done.out, done.err);
    assert_eq!(
        done.err,
        "gort: the machine is busy: the load of the last minute is 2.31 on 2 processors, programs waited for a processor in 24.9 % of \
         the last 10 s; stop what runs, or wait for it to end with --wait SECONDS\n"
    );
    let done = gort(&[&check[..], &["--wait", "1"]].concat(), &[]);
    assert_eq!(done.status, 2, "{}", done.err);
    assert!(
        done.err
            .ends_with("; it has not become quiet in the time of --wait\n"),
        "{}",
        done.err
    );
    // Without --check it is said, and goes on: to the Go that is missing here.
    let done = gort(&check[..5], &[]);
    assert!(
        done.err.starts_with("note: the machine is busy: the load")
            && done.err.contains("GO15ROOT"),
        "{}",
        done.err
    );
    // A quiet one is not refused.
    let quiet = machine(dir.path(), "0.12", "0.00");
    let done = gort(
        &["bench", "--dir", folder, "--proc", &quiet, "--check"],
        &[],
    );
    assert!(
        done.err.starts_with("gort: ") && done.err.contains("GO15ROOT"),
        "{}",
        done.err
    );
    // One that does not tell cannot be judged.
    let done = gort(&["bench", "--dir", folder, "--proc", folder], &[]);
    assert_eq!(done.status, 2);
    assert!(
        done.err.starts_with("gort: cannot read ") && done.err.contains("stat"),
        "{}",
        done.err
    );
}

#[test]
fn without_go_it_lists_and_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("quick.go"), "package main\n").unwrap();
    fs::write(dir.path().join("slow.go"), "// long\n\npackage main\n").unwrap();
    fs::create_dir(dir.path().join("pack")).unwrap();
    fs::write(
        dir.path().join("pack/x_test.go"),
        "package pack\n\nfunc BenchmarkX(b *testing.B) {}\n",
    )
    .unwrap();
    let folder = dir.path().to_str().unwrap();
    let done = gort(&["bench", "--dir", folder, "--list"], &[]);
    assert_eq!((done.status, done.out.as_str()), (0, "pack/X\nquick\n"));
    let done = gort(&["bench", "--dir", folder, "--list", "--long"], &[]);
    assert_eq!(done.out, "pack/X\nquick\nslow\n");

    let done = gort(&["bench", "--dir", folder], &[]);
    assert_eq!(done.status, 2, "{}", done.err);
    assert!(done.err.contains("GO15ROOT"), "{}", done.err);
    for args in [
        &["bench", "--dir", folder, "--filter", "nothing"] as &[&str],
        &["bench", "--dir", "/no/such/folder"],
    ] {
        let done = gort(args, &[]);
        assert_eq!(done.status, 2, "{args:?}: {}", done.out);
        assert!(done.err.starts_with("gort: "), "{}", done.err);
    }
}

#[test]
fn a_side_that_cannot_be_built_or_run_fails_and_the_others_are_measured() {
    let Some(library) = library() else {
        eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let go = fake_go(&dir.path().join("go"), "go1.5.4");
    script(&go.join("pkg/tool/linux_amd64/compile"), COMPILE);
    script(&go.join("pkg/tool/linux_amd64/link"), LINK);
    let current = dir.path().join("current");
    script(&current, &format!("{CURRENT}{LINK}"));
    let sources = dir.path().join("bench");
    fs::create_dir(&sources).unwrap();
    fs::write(
        sources.join("one.go"),
        "// target: speed 1\npackage main\n//sh echo metric speed 2 kB\n",
    )
    .unwrap();
    fs::write(
        sources.join("two.go"),
        "package main\n//sh echo the reason; exit 3\n",
    )
    .unwrap();
    let (json, html) = (dir.path().join("r.json"), dir.path().join("r.html"));
    let done = gort(
        &[
            "bench",
            "--rounds",
            "2",
            "--dir",
            sources.to_str().unwrap(),
            "--json",
            json.to_str().unwrap(),
            "--html",
            html.to_str().unwrap(),
            "--go",
            current.to_str().unwrap(),
        ],
        &[("GO15ROOT", &go), ("GORT_LIB", &library)],
    );
    // What the scripts make is nothing that gort's linker takes.
    assert_eq!(done.status, 1, "{}{}", done.out, done.err);
    for text in [
        "FAIL one on gort: link error",
        "FAIL two on stock: exit status 3\nthe reason",
        "none two on go1.99.1: exit status 3",
    ] {
        assert!(done.err.contains(text), "{text:?} is not in {}", done.err);
    }
    let row = done
        .out
        .lines()
        .find(|line| line.contains("speed"))
        .unwrap();
    // A busy machine is remarked upon.
    let cells: Vec<&str> = row
        .split('|')
        .map(|cell| cell.split(", disturbed").next().unwrap_or(cell).trim())
        .collect();
    let processors = std::thread::available_parallelism().unwrap().to_string();
    assert_eq!(
        cells[2..9],
        [
            "speed",
            &processors,
            "1.95 KiB",
            "-",
            "-",
            "1.95 KiB",
            "<= 1.00 unknown"
        ]
    );
    assert!(done.out.contains("failures: 3\n"), "{}", done.out);

    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let rows = json["rows"].as_array().unwrap();
    let speed = rows.iter().find(|row| row["metric"] == "speed").unwrap();
    assert_eq!(
        speed["stock"]["samples"],
        serde_json::json!([2000.0, 2000.0])
    );
    assert_eq!(speed["unit"], "B");
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("go1.99.1"), "{page}");
}

#[test]
fn with_go_both_sides_are_built_from_the_same_sources() {
    let (Some(go), Some(library)) = (go15(), library()) else {
        eprintln!("not run: needs Go 1.5 and libgort.a");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("tiny.go"),
        "// target: answer 42ns\n// target: rss 1000\n\npackage main\n\nimport \"fmt\"\n\n\
         func main() { fmt.Println(\"metric answer 42 ns\") }\n",
    )
    .unwrap();
    fs::create_dir(dir.path().join("pack")).unwrap();
    fs::write(
        dir.path().join("pack/x_test.go"),
        "package pack\n\nimport \"testing\"\n\nvar sink *int\n\n\
         func BenchmarkNew(b *testing.B) {\n\tfor i := 0; i < b.N; i++ {\n\t\tsink = new(int)\n\t}\n}\n",
    )
    .unwrap();
    let done = gort(
        &[
            "bench",
            "--check",
            "--proc",
            &machine(dir.path(), "0.12", "0.00"),
            // One round of almost nothing may come out anyhow.
            "--limit",
            "1000",
            "--rounds",
            "1",
            "--benchtime",
            "1ms",
            "--dir",
            dir.path().to_str().unwrap(),
        ],
        &[("GO15ROOT", &go), ("GORT_LIB", &library)],
    );
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    for text in [
        "| pack/New ",
        "| tiny ",
        "<= 42.0 ns met",
        "targets: 2 of 2 met",
    ] {
        assert!(done.out.contains(text), "{text:?} is not in {}", done.out);
    }
    assert!(!done.out.contains("failures"), "{}", done.out);
}
