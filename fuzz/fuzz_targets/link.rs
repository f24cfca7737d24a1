//! The linker behind the reader, up to `go.o`: symbols resolved, tables and debug information
//! built.
#![no_main]

use gort_link::{Options, link_object};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;

fuzz_target!(|data: &[u8]| {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let dir =
        DIR.get_or_init(|| std::env::temp_dir().join(format!("gort-fuzz-{}", std::process::id())));
    let input = dir.join("main.o");
    if std::fs::create_dir_all(dir).is_err() || std::fs::write(&input, data).is_err() {
        return;
    }
    let mut options = Options::new(input);
    // `GORT_LIB` names a library, or libgort.a lies beside the target.
    options.library = std::env::var_os("GORT_LIB").map(PathBuf::from);
    let _ = link_object(&options);
});
