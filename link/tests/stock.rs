//! Beside the stock linker: the same package archives linked by both. Runs where Go 1.5 is
//! installed (`GO15ROOT`, `GOROOT` or `~/sdk/go1.5.4`); the synthetic objects of the other tests
//! stand in for it elsewhere.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::exe::{Exe, check_sites, pclntab};
use support::*;

fn go_root() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|h| Path::new(&h).join("sdk/go1.5.4"));
    let candidates = ["GO15ROOT", "GOROOT"]
        .iter()
        .filter_map(|v| std::env::var_os(v).map(PathBuf::from))
        .chain(home);
    candidates
        .into_iter()
        .find(|r| r.join("pkg/tool/linux_amd64/link").is_file())
}

const PROGRAM: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"sort"
	"text/template"
)

type shape interface{ area() float64 }
type square struct{ side float64 }

func (s square) area() float64 { return s.side * s.side }

var shapes = map[string]shape{"one": square{1}}
var table [70000]*int

func main() {
	defer func() { fmt.Println(recover()) }()
	b, err := json.Marshal(shapes)
	fmt.Println(string(b), err, big.NewInt(1), sort.IsSorted(nil), table[1])
	template.Must(template.New("t").Parse("{{.}}")).Execute(os.Stdout, 1)
	http.ListenAndServe(":0", nil)
}
"#;

/// What the objects of a program want from the runtime, split into functions and data.
fn wants(objects: &[(String, PathBuf)]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut functions, mut data) = (BTreeSet::new(), BTreeSet::new());
    let mut defined = BTreeSet::new();
    for (package, path) in objects {
        let bytes = std::fs::read(path).expect("read package");
        for m in gort_link::object::members(&bytes)
            .expect("an archive")
            .iter()
            .filter(|m| m.name != "__.PKGDEF")
        {
            let o = gort_link::object::parse(m.data, package).expect("an object");
            let name = |n: gort_link::object::NameIx| {
                String::from_utf8_lossy(&o.names[n.ix()].name).into_owned()
            };
            for d in &o.defs {
                defined.insert(name(d.name));
                for r in &o.relocs[d.relocs.start as usize..d.relocs.end as usize] {
                    let Some(sym) = r.sym.map(name) else { continue };
                    match r.kind {
                        gort_link::object::RelocKind::Call => functions.insert(sym),
                        _ => data.insert(sym),
                    };
                }
                data.extend(d.gotype.map(name));
                let text = d.text.map(|t| &o.texts[t as usize]);
                data.extend(
                    text.iter()
                        .flat_map(|t| t.funcdata.iter().flatten())
                        .map(|&f| name(f)),
                );
            }
        }
    }
    functions.retain(|n| !defined.contains(n));
    data.retain(|n| !defined.contains(n) && !functions.contains(n));
    data.retain(|n| !n.starts_with("go.weak.") && !n.starts_with('$'));
    (functions, data)
}

fn archives(root: &Path, dir: &Path, out: &mut Vec<(String, PathBuf)>) {
    for e in std::fs::read_dir(dir)
        .expect("list packages")
        .filter_map(|e| e.ok())
    {
        let path = e.path();
        if path.is_dir() {
            archives(root, &path, out);
        } else if path.extension().is_some_and(|x| x == "a") && !path.ends_with("runtime.a") {
            let package = path.with_extension("");
            let package = package
                .strip_prefix(root)
                .expect("a package below the root")
                .to_string_lossy();
            out.push((gort_link::object::escape_path(&package), path));
        }
    }
}

#[test]
fn agrees_with_the_stock_linker() {
    let Some(root) = go_root() else {
        eprintln!("skipped: no Go 1.5 here");
        return;
    };
    let b = Bench::new(&Library::default());
    b.write("main.go", PROGRAM.as_bytes());
    let tool = |args: &[&str]| {
        let status = Command::new(root.join("bin/go"))
            .arg("tool")
            .args(args)
            .env("GOROOT", &root)
            .current_dir(b.dir.path())
            .status();
        assert!(status.expect("run go").success(), "{args:?}");
    };
    tool(&["compile", "-p", "main", "-pack", "-o", "main.a", "main.go"]);
    tool(&["link", "-o", "stock", "main.a"]);

    let pkg = root.join("pkg/linux_amd64");
    let mut packages = vec![("main".to_string(), b.path("main.a"))];
    archives(&pkg, &pkg, &mut packages);
    packages.retain(|(p, _)| p != "runtime/race" && p != "runtime/cgo");
    let (functions, data) = wants(&packages);
    let owned: Vec<&str> = functions.iter().map(String::as_str).collect();
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    let library = Library {
        functions: &owned,
        data: &data,
        absolute: &[("gort.stacklimit", 4096)],
        ..Library::default()
    };
    std::fs::write(b.path("libgort.a"), library.build()).expect("write library");
    let ours = b.linked(&["-L", &pkg.display().to_string(), "-o", "out", "main.a"]);
    let stock = std::fs::read(b.path("stock")).expect("read stock executable");

    let (ours, stock) = (Exe::new(&ours), Exe::new(&stock));
    let ours_table = pclntab(ours.section(".gopclntab").expect("table").1);
    let stock_table = pclntab(stock.section(".gopclntab").expect("table").1);
    assert!(ours_table.len() > 3000, "{} functions", ours_table.len());
    for (name, f) in &ours_table {
        let s = stock_table
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in the stock executable"));
        if name.starts_with("type..") {
            continue; // which package's copy is taken depends on whether runtime is among them
        }
        assert_eq!(
            (f.args, &f.depths, &f.lines, &f.files),
            (s.args, &s.depths, &s.lines, &s.files),
            "{name}"
        );
    }
    // The stock linker also keeps what only debug information mentions, all of package runtime
    // apart.
    let more: Vec<_> = stock_table
        .keys()
        .filter(|n| {
            !ours_table.contains_key(*n) && !functions.contains(*n) && !n.starts_with("runtime.")
        })
        .filter(|n| !n.contains('(') && !n.starts_with("type.."))
        .collect();
    assert!(
        more.len() < 40,
        "{} functions are missing: {more:?}",
        more.len()
    );

    check_sites(&ours);
    // Frames at call sites have the depth of the compiler's table.
    let t = ours.tables();
    let mut checked = 0;
    for f in ours_table.values() {
        let Some(&(size, _)) = f.lines.last() else {
            continue;
        };
        let start = (f.entry - t.text.start) as u32;
        for s in t
            .sites
            .iter()
            .filter(|s| s.pc > start && u64::from(s.pc - start) <= size)
        {
            let at = u64::from(s.pc - start) - 1;
            let depth = f
                .depths
                .iter()
                .find(|(end, _)| at < *end)
                .map_or(0, |d| d.1);
            assert_eq!(t.frames[s.frame as usize].size as i32, depth);
            checked += 1;
        }
    }
    assert!(checked > 20_000, "{checked}");
}
