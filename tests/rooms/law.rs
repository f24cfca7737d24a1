//! What the law asks, and what breaks it.

use crate::arrows::{Arrows, Found};
use crate::graph::{circles, room};
use crate::source::{Texts, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// What is broken: a file, or `file -> file`, and the names.
pub type Broken = BTreeMap<String, BTreeSet<String>>;

/// Function pointers that a low room calls a high one through: the last resort, so they are few.
const HOOKS: usize = 3;
/// A `mod.rs` says what its room promises. Code has files of its own.
const FACE_LINES: usize = 80;

fn add(broken: &mut Broken, subject: &str, what: impl Into<String>) {
    broken
        .entry(String::from(subject))
        .or_default()
        .insert(what.into());
}

/// The rooms in their order: the second column of the table in the head of `lib.rs`.
pub fn order(lib: &str) -> Vec<String> {
    let rows = lib.lines().filter_map(|l| l.strip_prefix("//! |"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let names = cells.map(|c| c.trim().trim_matches(['`', '[', ']']));
    // Its own head, and the line under it.
    names.skip(2).map(String::from).collect()
}

/// The sources against the order.
pub fn sources(order: &[String], texts: &Texts, tree: &Tree, found: &Found) -> Broken {
    let mut broken = Broken::new();
    let place = |room: &str| order.iter().position(|r| r == room);
    for path in tree.files.keys() {
        if place(room(path)).is_none() {
            let what = format!("room {} is not in the table of src/lib.rs", room(path));
            add(&mut broken, path, what);
        }
        if path.ends_with("mod.rs") && texts[path].lines().count() > FACE_LINES {
            add(&mut broken, path, format!("over {FACE_LINES} lines"));
        }
    }
    let is_up = |from: &str, to: &str| place(room(from)) < place(room(to));
    let (up, level): (Arrows, Arrows) = found
        .arrows
        .clone()
        .into_iter()
        .partition(|((from, to), _)| is_up(from, to));
    // Where none runs up, a circle stays in its room.
    let circles = circles(level.keys().map(|(f, t)| (f.as_str(), t.as_str())));
    let circular = level.iter().filter(|((from, to), _)| {
        circles
            .iter()
            .any(|c| c.contains(&**from) && c.contains(&**to))
    });
    for ((from, to), names) in up.iter().chain(circular) {
        for name in names {
            add(&mut broken, &format!("{from} -> {to}"), name);
        }
    }
    for (file, calls) in found.calls.iter().filter(|(file, _)| room(file) != "os") {
        for call in calls {
            add(&mut broken, file, call);
        }
    }
    if found.hooks.len() > HOOKS {
        for (file, name) in &found.hooks {
            add(
                &mut broken,
                file,
                format!("hook {name}, of more than {HOOKS}"),
            );
        }
    }
    broken
}

/// The pages of docs/ that its table of contents does not list; nothing while there is no such
/// table.
pub fn pages(docs: &Texts) -> Broken {
    let mut broken = Broken::new();
    let Some(summary) = docs.get("SUMMARY.md") else {
        return broken;
    };
    for page in docs.keys().filter(|p| *p != "SUMMARY.md") {
        if ![format!("({page})"), format!("(./{page})")]
            .iter()
            .any(|link| summary.contains(link))
        {
            add(
                &mut broken,
                &format!("docs/{page}"),
                "not in docs/SUMMARY.md",
            );
        }
    }
    broken
}

/// Words in comments that docs/words.md replaces: those in backquotes in the last column of its
/// tables whose head ends with `not`. Nothing while there is no such page.
pub fn words(docs: &Texts, texts: &Texts) -> Broken {
    let mut broken = Broken::new();
    let Some(page) = docs.get("words.md") else {
        return broken;
    };
    let replaced = replaced(page);
    for (file, text) in texts {
        let comments = text
            .lines()
            .filter_map(|l| l.split_once("//"))
            .map(|(_, c)| c);
        for comment in comments {
            // Spaces around every word, so that whole words are found.
            let plain: String = comment
                .chars()
                .map(|c| {
                    if c.is_alphanumeric() || c == '_' || c == '\'' {
                        c
                    } else {
                        ' '
                    }
                })
                .collect();
            let plain = plain
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase();
            let plain = format!(" {plain} ");
            for word in &replaced {
                if plain.contains(&format!(" {word} ")) {
                    add(
                        &mut broken,
                        file,
                        format!("the word \"{word}\" (docs/words.md)"),
                    );
                }
            }
        }
    }
    broken
}

fn replaced(page: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut inside = false;
    for line in page.lines() {
        let Some(row) = line.trim().strip_prefix('|') else {
            inside = false;
            continue;
        };
        let last = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .unwrap_or("")
            .trim();
        if last == "not" {
            inside = true;
        } else if inside {
            words.extend(last.split('`').skip(1).step_by(2).map(str::to_lowercase));
        }
    }
    words
}

/// `subject: name, name`, sorted.
pub fn lines(broken: &Broken) -> Vec<String> {
    let line = |(subject, names): (&String, &BTreeSet<String>)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("{subject}: {}", names.join(", "))
    };
    broken.iter().map(line).collect()
}
