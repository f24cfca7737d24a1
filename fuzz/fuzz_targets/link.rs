//! The linker behind the reader, up to `go.o`: symbols resolved, tables and debug information
//! built. `GORT_LIB` names the library, without which there is nothing to try.
#![no_main]

use gort_link::host::HostFile;
use gort_link::{Options, link_object};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What each run links: the library and the file that the bytes go to.
fn start() -> Options {
    let dir = std::env::temp_dir().join(format!("gort-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("no folder for the object");
    let library = std::env::var_os("GORT_LIB").expect("GORT_LIB is not set");
    let library = PathBuf::from(library);
    // Without one each link would end before it has read the object.
    let file = HostFile::open(&library).expect("GORT_LIB cannot be opened");
    file.read().expect("GORT_LIB names no runtime library");
    let mut options = Options::new(dir.join("main.o"));
    options.library = Some(library);
    options
}

fuzz_target!(|data: &[u8]| {
    static OPTIONS: OnceLock<Options> = OnceLock::new();
    let options = OPTIONS.get_or_init(start);
    std::fs::write(&options.input, data).expect("cannot write the object");
    let _ = link_object(options);
});
