//! The documents name files; a file that moves takes its mention along.

use std::fs;
use std::path::{Path, PathBuf};

/// The top folder of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// All documents.
fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    for folder in [
        root(),
        root().join("bench"),
        root().join("docs"),
        root().join("go-tests"),
    ] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md") {
                documents.push(path);
            }
        }
    }
    documents
}

/// Targets of the links `[text](target)` in a document.
fn links(text: &str) -> Vec<&str> {
    text.match_indices("](")
        .filter_map(|(at, _)| text[at + 2..].split_once(')'))
        .map(|(target, _)| target)
        .collect()
}

/// What a link to a heading calls it: small letters and digits, hyphens for spaces, nothing else.
fn anchor(heading: &str) -> String {
    let kept = heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter(|&c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// A link leads to a file that exists and, where it names a heading, to that.
fn leads_somewhere(document: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => document.to_path_buf(),
        file => document.parent().unwrap().join(file),
    };
    if heading.is_empty() {
        return path.exists();
    }
    fs::read_to_string(path).is_ok_and(|text| {
        let headings = text.lines().filter(|l| l.starts_with('#'));
        headings.map(anchor).any(|a| a == heading)
    })
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in links(&text).into_iter().filter(|t| !t.contains("://")) {
            seen += 1;
            if !leads_somewhere(&document, target) {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(
        seen > 20,
        "the documents link to {seen} files only: are links still found?"
    );
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The book's table of contents lists the README first, and every page of docs/ once.
#[test]
fn the_book_has_every_page_once() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let chapters = links(&summary);
    assert_eq!(chapters.first(), Some(&"../README.md"));
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_page = name.ends_with(".md") && name != "SUMMARY.md";
        let listed = chapters.iter().filter(|c| **c == name).count();
        if listed != usize::from(is_page) {
            wrong.push(format!("{name}: {listed} times in docs/SUMMARY.md"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_map_names_every_system_of_the_runtime_and_every_phase_of_the_linker() {
    let map = fs::read_to_string(root().join("docs/map.md")).unwrap();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            let folder = format!("src/{}/", entry.file_name().to_str().unwrap());
            assert!(
                map.contains(&folder),
                "docs/map.md does not mention {folder}"
            );
        }
    }
    // The linker's face file has the list of phases; the rest of its modules serve several.
    let face = fs::read_to_string(root().join("link/src/lib.rs")).unwrap();
    for module in face
        .lines()
        .filter(|l| l.starts_with("//! |"))
        .flat_map(|l| l.split("[`").skip(1))
    {
        let module = module.split('`').next().unwrap();
        assert!(
            map.contains(&format!("link/src/{module}")),
            "docs/map.md does not mention {module}"
        );
    }
}
