//! Compiles the examples in the comments of `src/`: those marked `compile_fail` must fail with the
//! error that their mark names, those marked `no_run` must compile.
//!
//! They show which wrong call a type stops. rustdoc does not run them: the library is built without
//! unwinding and without std, which it cannot be asked for, and only a nightly one looks at the
//! number of the error.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An example, and where it is.
struct Example {
    place: String,
    /// What stands behind the opening fence.
    mark: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder of the workspace")
}

/// The examples of a source file.
fn examples_of(name: &str, text: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let Some(line) = ["///", "//!"].iter().find_map(|c| line.strip_prefix(c)) else {
            open = false;
            continue;
        };
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some(mark) = line.strip_prefix("```") {
            open = !open;
            if open {
                found.push(Example {
                    place: format!("{name}:{}", number + 1),
                    mark: String::from(mark.trim()),
                    text: String::new(),
                });
            }
        } else if open && let Some(example) = found.last_mut() {
            // Hidden from readers of the pages.
            let line = line.strip_prefix("# ").unwrap_or(line);
            example.text.push_str(line);
            example.text.push('\n');
        }
    }
    found.retain(|e| e.mark.starts_with("compile_fail") || e.mark == "no_run");
    found
}

fn examples_below(folder: &Path, found: &mut Vec<Example>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            examples_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root()).unwrap_or(&path);
            let text = fs::read_to_string(&path).expect("a source file");
            found.extend(examples_of(&name.display().to_string(), &text));
        }
    }
}

/// Has cargo check the library; the file that other crates are compiled against.
fn library() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .current_dir(root())
        .args(["check", "-p", "gort", "--lib", "--quiet"])
        .args(["--message-format", "json"])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "the library does not compile");
    let out = String::from_utf8_lossy(&out.stdout);
    out.split('"')
        .filter(|s| s.ends_with(".rmeta"))
        .map(PathBuf::from)
        .find(|p| {
            let name = p.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("libgort-") && !name.contains("tables")
        })
        .expect("cargo names the file")
}

/// What rustc says against an example; nothing if it compiles.
fn errors(example: &Example, library: &Path) -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("example.rmeta");
    let deps = library.parent().expect("a folder");
    let mut child = Command::new(rustc)
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--crate-name",
            "example",
        ])
        .args(["-C", "panic=abort", "--emit", "metadata", "-"])
        .arg("-o")
        .arg(&out)
        .arg("--extern")
        .arg(format!("gort={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rustc runs");
    let mut stdin = child.stdin.take().expect("its input");
    write!(stdin, "#![no_std]\n#![allow(unused)]\n{}", example.text).expect("it reads");
    drop(stdin);
    let out = child.wait_with_output().expect("it ends");
    (!out.status.success()).then(|| String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn examples() {
    let mut examples = Vec::new();
    examples_below(&root().join("src"), &mut examples);
    assert!(!examples.is_empty(), "there are some");
    let library = library();
    let mut wrong = Vec::new();
    for example in &examples {
        let place = &example.place;
        let code = example.mark.split_once(',').map(|(_, code)| code);
        match (errors(example, &library), example.mark == "no_run") {
            (None, true) => {}
            (Some(said), true) => wrong.push(format!("{place} does not compile:\n{said}")),
            (None, false) => wrong.push(format!("{place} compiles")),
            (Some(said), false) => match code {
                Some(code) if said.contains(&format!("error[{code}]")) => {
                    if said.matches("\nerror").count() + usize::from(said.starts_with("error")) > 2
                    {
                        wrong.push(format!("{place} fails for more than {code}:\n{said}"));
                    }
                }
                Some(code) => wrong.push(format!("{place} fails without {code}:\n{said}")),
                None => wrong.push(format!("{place} names no error:\n{said}")),
            },
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} examples", examples.len());
}

#[test]
fn finds_examples() {
    let text = "/// Text.\n///\n/// ```compile_fail,E0308\n/// # hidden\n/// seen\n/// ```\nfn f() {}\n\
                //! ```text\n//! no\n//! ```\n    /// ```no_run\n    /// yes\n    /// ```\n";
    let found = examples_of("x", text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&*found[0].mark, &*found[0].place),
        ("compile_fail,E0308", "x:3")
    );
    assert_eq!(found[0].text, "hidden\nseen\n");
    assert_eq!(found[1].text, "yes\n");
}
