//! Turns the contract with compiled Go code (`abi/`) into code, and assembles `asm/`.
//!
//! From `abi/surface.toml` come, in `OUT_DIR`:
//! - `surface.rs`: the argument structures, the `extern "C"` wrappers that check each Rust function
//!   against its row, and the table of argument pointer maps;
//! - `trampolines.S`: the entry of every symbol, included by `asm/gort.S`;
//! - `places.txt`: files and lines of the functions, for the linker;
//! - `types.S`: the descriptors of the basic types and of the types of package runtime.

#[path = "build/gotype.rs"]
mod gotype;
#[path = "build/places.rs"]
mod places;
#[path = "build/types/shape.rs"]
mod shape;
#[path = "build/signature.rs"]
mod signature;
#[path = "build/surface.rs"]
mod surface;
#[path = "build/trampolines.rs"]
mod trampolines;
#[path = "build/types.rs"]
mod types;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a goroutine's stack that leaf functions may take for assertions, with the feature
/// `checked`. More makes less of a small stack usable.
const CHECKS_ROOM: usize = 256;

/// What executables call the folder of this project, wherever it is built: scripts/rustc says so to
/// rustc.
const ROOT: &str = "/gort";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // The sources hold the lines that `places.txt` tells.
    for dir in ["abi", "asm", "build", "src"] {
        println!("cargo::rerun-if-changed={dir}");
    }
    let table = fs::read_to_string("abi/surface.toml").expect("abi/surface.toml");
    let types = fs::read_to_string("abi/types.toml").expect("abi/types.toml");
    let model = shape::Model::new(&types);
    let hooks = env::var_os("CARGO_FEATURE_TEST_HOOKS").is_some();
    let symbols = surface::parse(&table, &model, hooks).unwrap_or_else(|e| panic!("{e}"));
    fs::write(out.join("surface.rs"), surface::rust(&symbols)).expect("write surface.rs");
    fs::write(out.join("trampolines.S"), trampolines::assembly(&symbols))
        .expect("write trampolines.S");
    let go_places = fs::read_to_string("abi/go-places.txt").expect("abi/go-places.txt");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    fs::write(
        out.join("places.txt"),
        places::table(&symbols, &go_places, &root, ROOT),
    )
    .expect("write places.txt");
    fs::write(out.join("types.S"), types::assembly(&symbols, &model)).expect("write types.S");
    let checks = match env::var_os("CARGO_FEATURE_CHECKED") {
        Some(_) => CHECKS_ROOM,
        None => 0,
    };
    fs::write(out.join("offsets.rs"), offsets(checks)).expect("write offsets.rs");

    // Host unit tests link the assembly too: it is not position-independent.
    println!("cargo::rustc-link-arg=-no-pie");

    let mut assembler = cc::Build::new();
    if env::var_os("CARGO_FEATURE_SHARED").is_some() {
        assembler.define("SHARED", None);
    }
    assembler
        .file("asm/gort.S")
        .include("asm")
        .include(&out)
        .define("CHECKS_ROOM", checks.to_string().as_str())
        .flag("-g")
        .flags(named(&root, ROOT))
        .flags(named(&out, &format!("{ROOT}/generated")))
        .compile("gortasm");

    // Only the hosted unit tests are linked here (the library itself is an archive). They share a
    // process with the host's start-up code and C library, and lack what the linker of Go programs
    // supplies; nothing that a test calls is left unresolved.
    for arg in [
        "-no-pie",
        "-Wl,-z,muldefs",
        "-Wl,--unresolved-symbols=ignore-all",
        "-Wl,-z,lazy",
    ] {
        println!("cargo::rustc-link-arg={arg}");
    }
}

/// The C compiler's flags for another name of a folder in what it writes.
fn named(folder: &Path, name: &str) -> [String; 2] {
    ["file", "debug"].map(|what| format!("-f{what}-prefix-map={}={name}", folder.display()))
}

/// The `#define`s of asm/offsets.h as Rust constants, for the compile-time check in src/abi/mod.rs.
fn offsets(checks: usize) -> String {
    let text = fs::read_to_string("asm/offsets.h").expect("asm/offsets.h");
    let mut rust = String::new();
    let mut constant = |name: &str, value: &str| {
        rust.push_str(&format!(
            "/// Constant of asm/offsets.h.\npub const {name}: i64 = {value};\n"
        ));
    };
    constant("CHECKS_ROOM", &checks.to_string());
    for line in text.lines() {
        let define = line.strip_prefix("#define ");
        if let Some((name, value)) = define.and_then(|d| d.split_once(' ')) {
            // C's parentheses are not needed here, and Rust says so.
            constant(name, value.trim().trim_matches(['(', ')']));
        }
    }
    rust
}
