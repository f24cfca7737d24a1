//! The command line of Go 1.5's `link`, and what of it gort honours.
//!
//! Promise: every flag of the tool is known; one that gort cannot honour is refused by name, never ignored. Flags that only tune the
//! stock tool (`-a`, `-n`, …) are honoured in effect: what they print or check is documented in docs/linker.md.

use std::path::PathBuf;

/// Who does the last ELF step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinalLinker {
    /// libwild, in this process.
    Wild,
    /// A program: `ld`, or a compiler driver such as `gcc`.
    System(String),
}

/// A link to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Main package: archive or object.
    pub input: PathBuf,
    /// Executable to write.
    pub output: PathBuf,
    /// Package directories, first wins (`-L`).
    pub lib_dirs: Vec<PathBuf>,
    /// Root of the Go installation.
    pub goroot: Option<PathBuf>,
    /// Suffix of the package directory in GOROOT.
    pub install_suffix: String,
    /// Values of string variables, in order (`-X`).
    pub x_values: Vec<(String, String)>,
    /// No symbol table and no debug information (`-s`).
    pub strip_all: bool,
    /// No debug information (`-w`).
    pub strip_debug: bool,
    /// Go build id.
    pub build_id: Option<String>,
    /// GNU build id (`-B`).
    pub gnu_build_id: Option<Vec<u8>>,
    /// Entry symbol (`-E`).
    pub entry: String,
    /// Address of `.text` (`-T`).
    pub text_addr: Option<u64>,
    /// Address of `.data` (`-D`).
    pub data_addr: Option<u64>,
    /// Segment alignment (`-R`).
    pub round: Option<u64>,
    /// Print the time of each phase (`-v`).
    pub verbose: bool,
    /// Who does the last step.
    pub final_linker: FinalLinker,
    /// Flags for a system linker.
    pub extldflags: Vec<String>,
    /// libgort.a, where it is not looked up.
    pub library: Option<PathBuf>,
}

/// Entry of every gort program.
pub const ENTRY: &str = "_rt0_amd64_linux";

impl Options {
    /// Default options for an input.
    pub fn new(input: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            output: PathBuf::from("a.out"),
            lib_dirs: Vec::new(),
            goroot: None,
            install_suffix: String::new(),
            x_values: Vec::new(),
            strip_all: false,
            strip_debug: false,
            build_id: None,
            gnu_build_id: None,
            entry: ENTRY.to_string(),
            text_addr: None,
            data_addr: None,
            round: None,
            verbose: false,
            final_linker: FinalLinker::Wild,
            extldflags: Vec::new(),
            library: None,
        }
    }

    /// Where the standard library's archives are.
    pub fn pkg_dir(&self) -> Option<PathBuf> {
        let suffix = if self.install_suffix.is_empty() {
            String::new()
        } else {
            format!("_{}", self.install_suffix)
        };
        self.goroot
            .as_ref()
            .map(|g| g.join("pkg").join(format!("linux_amd64{suffix}")))
    }
}
