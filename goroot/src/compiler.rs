//! Which C compilers there are.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A language, for its compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// C.
    C,
    /// C++.
    Cxx,
}

impl Language {
    /// The name under which this program is the compiler.
    pub const fn shim(self) -> &'static str {
        match self {
            Self::C => "gort-cc",
            Self::Cxx => "gort-c++",
        }
    }

    /// Environment variable that names the real compiler where the usual one names this program.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::C => "GORT_CC",
            Self::Cxx => "GORT_CXX",
        }
    }

    /// The usual variable.
    pub const fn usual_variable(self) -> &'static str {
        match self {
            Self::C => "CC",
            Self::Cxx => "CXX",
        }
    }

    /// The compiler that the user names.
    pub fn named(self) -> Option<OsString> {
        let value = |name| env::var_os(name).filter(|v| !v.is_empty());
        let ours = |v: &OsString| Path::new(v).file_name() == Some(OsStr::new(self.shim()));
        value(self.variable()).or_else(|| value(self.usual_variable()).filter(|v| !ours(v)))
    }

    /// Compilers that are looked for if none is named.
    const fn known(self) -> [&'static str; 3] {
        match self {
            Self::C => ["gcc", "clang", "cc"],
            Self::Cxx => ["g++", "clang++", "c++"],
        }
    }

    /// The language whose compiler a program is called as.
    pub fn called(program: Option<&OsString>) -> Option<Self> {
        let name = Path::new(program?).file_name()?;
        [Self::C, Self::Cxx]
            .into_iter()
            .find(|language| name == OsStr::new(language.shim()))
    }

    /// The real compiler and arguments that come before all others.
    pub fn compiler(self) -> Option<Vec<OsString>> {
        let named = self.named().unwrap_or_default();
        let words = named.as_bytes().split(u8::is_ascii_whitespace);
        let words = words.filter(|word| !word.is_empty());
        let named: Vec<OsString> = words.map(|w| OsStr::from_bytes(w).into()).collect();
        if let Some(program) = named.first() {
            return find_program(program).is_some().then_some(named);
        }
        let known = self.known().into_iter();
        let found = known
            .map(OsString::from)
            .find(|p| find_program(p).is_some())?;
        Some(vec![found])
    }

    /// What to say if there is no compiler.
    pub fn missing(self) -> String {
        let install = match self {
            Self::C => "apt-get install gcc libc6-dev",
            Self::Cxx => "apt-get install g++",
        };
        let variable = self.usual_variable();
        match self.named() {
            Some(named) => format!(
                "the compiler {} is not there; name another in {variable}, or build with CGO_ENABLED=0",
                named.display()
            ),
            None => format!(
                "there is no C compiler ({} in PATH): install one (on Debian: {install}), name one in {variable}, or build with CGO_ENABLED=0",
                self.known().join(", ")
            ),
        }
    }
}

/// Looks a program up in PATH, if it is not a path itself.
pub fn find_program(name: &OsStr) -> Option<PathBuf> {
    if Path::new(name).components().count() > 1 {
        return Some(name.into()).filter(|path: &PathBuf| path.is_file());
    }
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}
