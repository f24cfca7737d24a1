//! Reads `abi/surface.toml` and writes `surface.rs`.

use super::shape::Model;
use super::signature::{self, Layout};
use serde::Deserialize;

/// A row of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symbol {
    pub name: String,
    pub kind: String,
    #[serde(default)]
    pub go: String,
    ptrs: Option<Vec<usize>>,
    results: Option<Vec<usize>>,
    pub leaf: Option<String>,
    pub system: Option<String>,
    pub park: Option<String>,
    #[serde(default)]
    pub asm: bool,
    /// Only in builds with the feature `test-hooks`.
    #[serde(default)]
    pub test: bool,
    #[serde(default)]
    #[allow(
        dead_code,
        reason = "the reference page (src/abi/tests.rs) shows it, the build does not"
    )]
    pub needed: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table")]
    pub group: String,
    /// The argument area of a function, unless compiled code cannot call it as one of Go.
    #[serde(skip)]
    pub layout: Option<Layout>,
}

#[derive(Deserialize)]
struct Table {
    symbol: Vec<Symbol>,
}

/// The rows of a build, in order: a row's place is the symbol's surface index. `tests`: those that
/// only tests want, too. An error names the row.
pub fn parse(text: &str, model: &Model, tests: bool) -> Result<Vec<Symbol>, String> {
    let mut table: Table = toml::from_str(text).map_err(|e| format!("abi/surface.toml: {e}"))?;
    table.symbol.retain(|s| tests || !s.test);
    let mut seen = std::collections::HashSet::new();
    for s in &mut table.symbol {
        let row = |problem: String| format!("abi/surface.toml: {}: {problem}", s.name);
        if !seen.insert(s.name.clone()) {
            return Err(row(String::from("there is a row of that name before")));
        }
        let layout = s.laid_out(model).map_err(row)?;
        s.layout = layout;
        let ways = [&s.leaf, &s.system, &s.park];
        if s.kind == "func" && !s.asm && ways.iter().all(|way| way.is_none()) {
            return Err(format!(
                "abi/surface.toml: {}: no function: it needs `leaf`, `system`, `park` or `asm`",
                s.name
            ));
        }
    }
    Ok(table.symbol)
}

impl Symbol {
    /// The name as a Rust identifier.
    pub fn mangled(&self) -> String {
        self.name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect()
    }

    /// The signature, without a note behind it; none where `go` says in words how the symbol is
    /// called, or what it is.
    fn signature(&self) -> Option<&str> {
        if self.kind != "func" || self.go.starts_with("(asm") {
            return None;
        }
        let (sig, _note) = self.go.split_once("  (").unwrap_or((&self.go, ""));
        Some(sig)
    }

    /// Checks the row and lays its argument area out; its columns stand against what follows from
    /// the signature.
    fn laid_out(&self, model: &Model) -> Result<Option<Layout>, String> {
        if self.system.is_some() && self.park.is_some() {
            return Err(String::from("`system` and `park` exclude each other"));
        }
        let Some(sig) = self.signature() else {
            return match (&self.ptrs, &self.results) {
                (None, None) => Ok(None),
                _ => Err(String::from("pointer words, but no signature in `go`")),
            };
        };
        let mut layout = signature::layout(model, sig).map_err(|e| format!("`go`: {e}"))?;
        for (column, written, words) in [
            ("ptrs", &self.ptrs, &mut layout.ptrs),
            ("results", &self.results, &mut layout.results),
        ] {
            if let Some(written) = written {
                if written == words {
                    return Err(format!("`{column}` follows from `go`: leave it out"));
                }
                words.clone_from(written);
            }
            if let Some(w) = words.iter().find(|&&w| 8 * w >= layout.size) {
                return Err(format!(
                    "`{column}`: word {w} is behind the arguments, which have {} bytes",
                    layout.size
                ));
            }
            if let Some(w) = words.iter().find(|&&w| w >= u32::BITS as usize) {
                return Err(format!(
                    "a pointer in word {w} of the arguments: the maps (`abi::Entry`) have {} bits",
                    u32::BITS
                ));
            }
        }
        Ok(Some(layout))
    }

    /// Bytes of arguments and results.
    pub fn args(&self) -> usize {
        self.layout.as_ref().map_or(0, |l| l.size)
    }

    /// Words that hold pointers on entry.
    pub fn ptrs(&self) -> &[usize] {
        self.layout.as_ref().map_or(&[], |l| &l.ptrs)
    }

    /// Words that hold pointers on return, besides those of `ptrs`.
    pub fn results(&self) -> &[usize] {
        self.layout.as_ref().map_or(&[], |l| &l.results)
    }
}

/// One bit for each word.
fn mask(words: &[usize]) -> u32 {
    words.iter().fold(0, |m, w| m | 1 << w)
}

/// Source of `surface.rs`.
pub fn rust(symbols: &[Symbol]) -> String {
    let mut args = String::from(
        "/// Argument areas of the exported functions. Each argument is a value of its Go type: see \
         /// [`crate::abi::mode`]. A private field keeps others from making one.\n\
         pub mod args {\nuse crate::abi::*;\n",
    );
    let mut wrappers = String::new();
    let mut maps = String::from(
        "/// Argument bytes and pointer words of the exported functions, by surface index: their place among the functions, from 1.\n\
         pub static SURFACE: &[Entry] = &[\n    Entry { args: 0, ptrs: 0, results: 0 },\n",
    );
    for s in symbols {
        if s.kind != "func" {
            continue;
        }
        maps.push_str(&format!(
            "    Entry {{ args: {}, ptrs: {:#x}, results: {:#x} }},\n",
            s.args(),
            mask(s.ptrs()),
            mask(s.results())
        ));
        let Some(layout) = &s.layout else {
            continue;
        };
        let name = s.mangled();
        args.push_str(&layout.rust(&name, &s.name));
        args.push_str(&format!(
            "const _: () = assert!(size_of::<{name}>() == {}, {:?});\n",
            layout.size,
            s.name.replace('{', "{{").replace('}', "}}")
        ));
        let mut wrapper = |prefix: &str, token: &str, ret: &str, body: &str, path: &str| {
            let call = format!("crate::{path}(mode, a)");
            wrappers.push_str(&format!(
                "#[unsafe(no_mangle)]\n\
                 unsafe extern \"C\" fn gort_{prefix}_{name}(a: *mut args::{name}) -> {ret} {{\n    \
                 // SAFETY: the trampoline runs this in the mode that the token names and passes the\n    \
                 // caller's argument area, laid out as the signature says, until it returns.\n    \
                 let (mode, a) = unsafe {{ ({token}::new(), &mut *a) }};\n    \
                 {}\n}}\n",
                body.replace("CALL", &call)
            ));
        };
        let slow = s.system.is_some() || s.park.is_some();
        if let Some(path) = &s.leaf {
            // `Slow` is the flag itself, so that a call at the end of a function stays a jump.
            let (ret, body) = match slow {
                true => ("bool", "let done: Result<(), Slow> = CALL; done.is_err()"),
                false => ("()", "CALL"),
            };
            wrapper("leaf", "Leaf", ret, body, path);
        }
        if let Some(path) = &s.system {
            wrapper("sys", "Sys", "u32", "CALL; Outcome::Return as u32", path);
        }
        if let Some(path) = &s.park {
            wrapper(
                "sys",
                "Sys",
                "u32",
                "let outcome: Outcome = CALL; outcome as u32",
                path,
            );
        }
    }
    args.push_str("}\n");
    maps.push_str("];\n");
    format!("{args}\n{maps}\n{wrappers}")
}
