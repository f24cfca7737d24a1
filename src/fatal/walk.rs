//! What a walk through a structure of the runtime finds wrong with it.
//!
//! In the library that checks itself (docs/checked.md) every structure that many parts of the
//! runtime write has a walker beside it: it reads all of the structure while the world is stopped,
//! and answers the first thing that contradicts what the structure's file promises. A walker
//! changes nothing and follows no pointer that it has not checked, as far as that can be.

/// The first contradiction: what, where, and two numbers that should agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Which promise.
    pub(crate) what: &'static str,
    /// Address (or number) of the record that breaks it.
    pub(crate) at: usize,
    /// What is there.
    pub(crate) found: usize,
    /// What should be there.
    pub(crate) expected: usize,
}

/// What a walker answers.
pub(crate) type Walk = Result<(), Broken>;

/// `found` is what it should be.
pub(crate) fn same(what: &'static str, at: usize, found: usize, expected: usize) -> Walk {
    if found == expected {
        return Ok(());
    }
    Err(Broken {
        what,
        at,
        found,
        expected,
    })
}

/// The promise holds of `at`.
pub(crate) fn holds(what: &'static str, at: usize, kept: bool) -> Walk {
    same(what, at, usize::from(kept), 1)
}

impl Broken {
    /// Ends the process with what was found.
    #[cold]
    pub(crate) fn die(self) -> ! {
        let say = |out: &mut super::out::Out<'_>| {
            out.str("runtime: walk: ").str(self.what).str(": at ");
            out.hex(self.at as u64).str(", found ");
            out.hex(self.found as u64).str(", expected ");
            out.hex(self.expected as u64).str("\n");
        };
        super::throw_saying(say, "a structure of the runtime is damaged")
    }
}
