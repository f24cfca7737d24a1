//! The law of the runtime's rooms (CONTRIBUTING.md), held against `src/`. It fails with lines
//! `file -> file: names` for an import from a room that stands later in the table of `src/lib.rs`
//! and for a circle of files, and with `file: what` for the rest of the law.
//!
//! `cargo test --test rooms -- --nocapture` prints the figures.
//!
//! `source` finds the modules and what names mean, `arrows` who names whom, `graph` the circles,
//! `law` judges; `care` counts how unsafe code is written.

mod arrows;
mod care;
mod graph;
mod law;
mod source;
#[cfg(test)]
mod tests;

use arrows::Found;
use source::{Texts, Tree};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .map_or_else(|| tests.to_path_buf(), Path::to_path_buf)
}

/// The files below a folder whose names end so, by path below it.
fn texts(folder: &Path, end: &str) -> Texts {
    let mut texts = Texts::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(inside) = todo.pop() {
        let entries = fs::read_dir(&inside).unwrap_or_else(|e| panic!("{}: {e}", inside.display()));
        for entry in entries {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                todo.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                let name = path
                    .strip_prefix(folder)
                    .expect("it is below")
                    .to_string_lossy()
                    .into_owned();
                let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
                texts.insert(name, text);
            }
        }
    }
    texts
}

#[test]
fn rooms() {
    let sources = texts(&root().join("src"), ".rs");
    let docs = texts(&root().join("docs"), ".md");
    let order = law::order(&sources["lib.rs"]);
    let tree = Tree::read(&sources);
    let found = Found::read(&tree);
    let errors = [tree.errors.as_slice(), &found.errors].concat();
    assert!(errors.is_empty(), "\n{}\n", errors.join("\n"));

    let read = tree.files.keys().map(|f| (f.as_str(), sources[f].as_str()));
    print!(
        "{}",
        graph::figures(&order, &read.collect(), &found.arrows, &found.imports)
    );

    print!("{}", care::Care::of(&tree, &sources).table());

    let mut broken = law::sources(&order, &sources, &tree, &found);
    broken.extend(law::pages(&docs));
    for (file, words) in law::words(&docs, &sources) {
        broken.entry(file).or_default().extend(words);
    }

    let broken = law::lines(&broken);
    assert!(
        broken.is_empty(),
        "the law of rooms (CONTRIBUTING.md) is broken:\n{}\n",
        broken.join("\n")
    );
}
