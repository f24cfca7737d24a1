//! `gort version`, `gort --version`: what this gort is, which Go it serves, and the library that it
//! would link with.

use gort_link::{golang, host};

/// Prints it; nothing here is an error.
pub fn print() {
    println!("gort {}", env!("CARGO_PKG_VERSION"));
    println!(
        "serves    Go 1.5 to 1.5.4, linux/amd64; tested with {}",
        golang::REFERENCE
    );
    println!("library   {}", library());
}

/// The runtime library and its state, in one line.
fn library() -> String {
    let checked = host::find().and_then(|path| {
        host::HostFile::open(&path)?.read()?;
        Ok(path)
    });
    match checked {
        Ok(path) => format!(
            "{}, tables version {}",
            path.display(),
            gort_tables::VERSION
        ),
        Err(error) => format!("not usable: {error}"),
    }
}
