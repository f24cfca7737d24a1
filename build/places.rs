//! Where the functions of the library are: their declarations in the Go tree, from
//! `abi/go-places.txt`, and their implementations here, looked up in the sources. The linker reads
//! the result from a section of the library that no executable has, and writes it into the function
//! table.
//!
//! One line for each function, fields separated by tabs: name, place in the Go tree, place here. A
//! place is `FILE:LINE`, or `-`. Files of the Go tree are named from its `src`, ours from the root
//! of this project, whose name in executables the first line holds.

use crate::surface::Symbol;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The table as text. `root` is the folder of this project, `called` its name in executables.
pub fn table(symbols: &[Symbol], go_places: &str, root: &Path, called: &str) -> String {
    let mut places: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    for (name, place) in in_go_tree(go_places) {
        places.entry(name).or_default().0 = Some(place);
    }
    for (name, place) in in_assembly(root) {
        places.entry(name).or_default().1 = Some(place);
    }
    for s in symbols.iter().filter(|s| s.kind == "func" && !s.asm) {
        // Where both exist the first is what is called: most calls end there.
        let path = [&s.leaf, &s.system, &s.park].into_iter().flatten().next();
        if let Some(path) = path {
            places.entry(s.name.clone()).or_default().1 = Some(in_rust(root, path));
        }
    }
    let mut out = format!("{called}\n");
    for (name, (go, own)) in &places {
        let field = |place: &Option<String>| place.clone().unwrap_or_else(|| "-".into());
        out.push_str(&format!("{name}\t{}\t{}\n", field(go), field(own)));
    }
    out
}

/// Rows of `abi/go-places.txt`.
fn in_go_tree(text: &str) -> Vec<(String, String)> {
    let (mut out, mut file) = (Vec::new(), "");
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        match line.strip_prefix("  ").and_then(|row| row.split_once(' ')) {
            Some((number, name)) => out.push((name.into(), format!("{file}:{number}"))),
            None => file = line,
        }
    }
    out
}

/// Functions of `asm/`: the lines that start them, by `GOFUNC`, `GOENTRY` or a macro that uses one
/// of them.
fn in_assembly(root: &Path) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let files = fs::read_dir(root.join("asm")).expect("asm").flatten();
    for path in files.map(|e| e.path()) {
        if path.extension().is_none_or(|e| e != "S") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a file of asm");
        let file = path.strip_prefix(root).expect("below the root").display();
        // Macros that start a function: name, parameter, and the function's name with the parameter
        // in it. The macro and the loop that a line is in.
        let mut starters = vec![("GOFUNC", "name", "\\name"), ("GOENTRY", "name", "\\name")];
        let (mut makro, mut looped) = (("", ""), ("", Vec::new()));
        for (i, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace();
            let (Some(what), Some(argument)) = (words.next(), words.next()) else {
                continue;
            };
            let argument = argument.trim_matches('"');
            let rest = words.next().unwrap_or_default();
            match what {
                ".macro" => makro = (argument, rest),
                ".irp" => looped = (argument.trim_end_matches(','), rest.split(',').collect()),
                "GOFUNC" | "GOENTRY" if argument.contains('\\') => {
                    starters.push((makro.0, makro.1, argument));
                }
                _ => {
                    let Some((_, parameter, function)) = starters.iter().find(|s| s.0 == what)
                    else {
                        continue;
                    };
                    let name = function.replace(&format!("\\{parameter}"), argument);
                    let place = format!("{file}:{}", i + 1);
                    let (variable, values) = &looped;
                    if argument.contains('\\') {
                        let one = |value| name.replace(&format!("\\{variable}"), value);
                        out.extend(values.iter().map(|value| (one(value), place.clone())));
                    } else {
                        out.push((name, place));
                    }
                }
            }
        }
    }
    out
}

/// `FILE:LINE` of the Rust function with this path below `crate::`.
fn in_rust(root: &Path, path: &str) -> String {
    let mut modules: Vec<&str> = path.split("::").collect();
    let name = modules.pop().unwrap_or_default();
    // Functions may lie in a file that their module re-exports, and may be made by a macro that is
    // called with their name.
    let starts = |line: &str| {
        let after = line.split_once("fn ").map(|(_, after)| after);
        after
            .and_then(|a| a.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    let called = |line: &str| {
        let line = line.trim_start();
        !line.starts_with("//")
            && line
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|w| w == name)
    };
    let base = modules.iter().fold(root.join("src"), |p, m| p.join(m));
    let mut files = vec![base.with_extension("rs"), base.join("mod.rs")];
    if let Ok(folder) = fs::read_dir(&base) {
        let mut more: Vec<_> = folder.flatten().map(|e| e.path()).collect();
        more.sort();
        files.extend(more);
    }
    let texts: Vec<_> = files
        .iter()
        .filter_map(|f| Some((f, fs::read_to_string(f).ok()?)))
        .collect();
    let find = |wanted: &dyn Fn(&str) -> bool| {
        texts.iter().find_map(|(file, text)| {
            let line = text.lines().position(wanted)? + 1;
            let file = file.strip_prefix(root).expect("below the root");
            Some(format!("{}:{line}", file.display()))
        })
    };
    find(&starts)
        .or_else(|| find(&called))
        .unwrap_or_else(|| panic!("abi/surface.toml: no function {path} in src"))
}
