//! The suites: where each is in the Go tree, how it is run, in which link modes, and how many of
//! its tests pass and skip themselves on the stock runtime.

/// How the parts of a program become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// As the go command has it done if nothing is said.
    Auto,
    /// By gort's own linker.
    Internal,
    /// By the C compiler.
    External,
    /// By the C compiler, without shared libraries.
    Static,
    /// By the C compiler, asked for a position-independent executable.
    Pie,
    /// The same, asked of the go command. Go 1.5 has no such flag.
    BuildmodePie,
}

/// What the executables of a mode are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// At a fixed address, with shared libraries or without.
    Fixed,
    /// At a fixed address, without.
    Static,
    /// At any address.
    Pie,
}

impl Mode {
    /// Its name in the names of cases.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Internal => "internal",
            Self::External => "external",
            Self::Static => "static",
            Self::Pie => "pie",
            Self::BuildmodePie => "buildmode-pie",
        }
    }

    /// What the go command is told.
    pub const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Auto => &[],
            Self::Internal => &["-ldflags=-linkmode=internal"],
            Self::External => &["-ldflags=-linkmode=external"],
            Self::Static => &[r#"-ldflags=-linkmode=external -extldflags "-static -pthread""#],
            Self::Pie => &[r#"-ldflags=-linkmode=external -extldflags "-pie""#],
            Self::BuildmodePie => &["-buildmode=pie"],
        }
    }

    /// What has to come of it.
    pub const fn form(self) -> Form {
        match self {
            Self::Auto | Self::Internal | Self::External => Form::Fixed,
            Self::Static => Form::Static,
            Self::Pie | Self::BuildmodePie => Form::Pie,
        }
    }

    /// Whether the stock linker has it.
    pub const fn is_of_stock(self) -> bool {
        !matches!(self, Self::BuildmodePie)
    }
}

/// How a suite is run.
#[derive(Debug, Clone, Copy)]
pub enum How {
    /// The package in the folder, by `go test`.
    Folder(Counts),
    /// A package of the standard library or a command, with these arguments.
    Package {
        path: &'static str,
        args: &'static [&'static str],
        /// Its tests call a go command that they have built, which knows nothing of C compilers.
        shim: bool,
        counts: Counts,
    },
    /// The tests of package runtime that build programs with C code.
    Runtime(Counts),
    /// Programs in the folder, each with what it has to print beside it. Their lines `+build
    /// ignore` keep the driver of the tree's tests from running them, on the stock runtime, too.
    Printing(&'static [&'static str]),
    /// `main.go` in the folder, which has to end with status 0.
    Program,
    /// The same with a shared library of C, which is beside it.
    WithLibrary,
    /// The folder's `test.bash`: it has to end with status 0 and say this.
    Script(&'static str),
    /// The same, of which nothing depends on how many processors there are.
    Compiles,
    /// The standard library as a shared library, and a program that uses it.
    SharedStd,
}

impl How {
    /// For lists.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Folder(_) | Self::Package { .. } | Self::Runtime(_) => "go test",
            Self::Printing(_) | Self::Program | Self::WithLibrary | Self::SharedStd => "program",
            Self::Script(_) | Self::Compiles => "script",
        }
    }
}

/// Results of test functions on the stock runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// So many pass, so many skip themselves.
    Are { passed: usize, skipped: usize },
    /// None fails; how many skip themselves depends on the machine.
    NoneFails,
}

/// One of them.
#[derive(Debug)]
pub struct Suite {
    /// The folder of `misc/cgo`, or the package.
    pub name: &'static str,
    /// How it is run.
    pub how: How,
    /// In which modes.
    pub modes: &'static [Mode],
}

use Mode::{Auto, BuildmodePie, External, Internal, Pie, Static};

/// Every mode.
const ALL: &[Mode] = &[Auto, Internal, External, Static, Pie, BuildmodePie];
/// The mode is the suite's own affair.
const OWN: &[Mode] = &[Auto];
/// Those in which there are shared libraries.
const DYNAMIC: &[Mode] = &[Auto, Internal, External, Pie, BuildmodePie];

const fn are(passed: usize, skipped: usize) -> Counts {
    Counts::Are { passed, skipped }
}

/// A package's tests.
const fn package(path: &'static str, args: &'static [&'static str], counts: Counts) -> How {
    How::Package {
        path,
        args,
        shim: false,
        counts,
    }
}

/// All of them.
pub const SUITES: &[Suite] = &[
    Suite {
        name: "test",
        how: How::Folder(are(60, 2)),
        // Without static, where C code cannot look names of the executable up.
        modes: DYNAMIC,
    },
    Suite {
        name: "testtls",
        how: How::Folder(are(1, 0)),
        modes: ALL,
    },
    Suite {
        name: "nocgo",
        how: How::Folder(are(1, 0)),
        modes: ALL,
    },
    Suite {
        name: "stdio",
        how: How::Printing(&["hello", "fib", "chain"]),
        modes: ALL,
    },
    Suite {
        name: "life",
        how: How::Printing(&["main"]),
        modes: ALL,
    },
    Suite {
        name: "errors",
        how: How::Compiles,
        modes: OWN,
    },
    Suite {
        name: "testgodefs",
        how: How::Compiles,
        modes: OWN,
    },
    Suite {
        name: "testso",
        how: How::WithLibrary,
        modes: DYNAMIC,
    },
    Suite {
        name: "testsovar",
        how: How::WithLibrary,
        modes: DYNAMIC,
    },
    Suite {
        name: "testsigfwd",
        how: How::Program,
        modes: ALL,
    },
    Suite {
        name: "testasan",
        how: How::Program,
        modes: ALL,
    },
    Suite {
        name: "testcarchive",
        how: How::Script("PASS"),
        modes: OWN,
    },
    Suite {
        name: "testcshared",
        how: How::Script("ok"),
        modes: OWN,
    },
    Suite {
        name: "testshared",
        how: How::Folder(are(9, 2)),
        modes: OWN,
    },
    Suite {
        name: "std-shared",
        how: How::SharedStd,
        modes: OWN,
    },
    Suite {
        name: "runtime",
        how: How::Runtime(are(10, 1)),
        modes: OWN,
    },
    Suite {
        name: "net",
        how: package("net", &["-test.short"], Counts::NoneFails),
        modes: &[Auto, Internal, External, Pie, BuildmodePie],
    },
    Suite {
        name: "os/user",
        how: package("os/user", &[], Counts::NoneFails),
        modes: &[Auto, Internal, External, Pie, BuildmodePie],
    },
    Suite {
        name: "crypto/x509",
        how: package("crypto/x509", &[], Counts::NoneFails),
        modes: OWN,
    },
    Suite {
        name: "cmd/objdump",
        how: package("cmd/objdump", &["-test.short"], Counts::NoneFails),
        modes: OWN,
    },
    Suite {
        name: "cmd/nm",
        how: package("cmd/nm", &["-test.short"], Counts::NoneFails),
        modes: OWN,
    },
    Suite {
        name: "cmd/addr2line",
        how: package("cmd/addr2line", &["-test.short"], Counts::NoneFails),
        modes: OWN,
    },
    Suite {
        name: "cmd/go",
        how: How::Package {
            path: "cmd/go",
            args: &[
                "-test.run=CoverageWithCgo|CgoDependsOnSyscall|CgoShowsFullPathNames|CgoHandlesWlORIGIN",
            ],
            shim: true,
            counts: are(4, 0),
        },
        modes: OWN,
    },
];

/// What gort does not have yet, by what its refusals say. A case that is refused in other words has
/// failed, and one that is not refused is judged: a mode is taken off the list when it is there.
pub const NOT_THERE: &[&str] = &["-buildmode=shared", "-linkshared"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_suite_has_one_name_and_a_mode() {
        let names: BTreeSet<&str> = SUITES.iter().map(|suite| suite.name).collect();
        assert_eq!(names.len(), SUITES.len());
        assert!(SUITES.iter().all(|suite| !suite.modes.is_empty()));
    }
}
