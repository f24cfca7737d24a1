//! The proof that what libgort.a runs on goroutine stacks fits there.
//!
//! Promise: for every function of the assembly unit that compiled code can call (the names in
//! section `.gort.funcs`), the deepest point of the goroutine's stack on any path through the
//! machine code, Rust callees included, is known and at most the budget (`gort.leafbudget`). What
//! cannot be bounded is an error: recursion, an indirect call, a stack pointer that is computed.
//!
//! The machine code is read, not the source, so what the compiler inlined, spilled or turned into a
//! call is what counts. A path ends where the code leaves the goroutine's stack: a load of the
//! stack pointer from memory (the switch to g0), a return, or a jump through a register or memory
//! (to Go code, whose own prologue checks). Functions that check the stack themselves (they call
//! `runtime.morestack_noctxt`) have their frame covered by that check. Functions that never return
//! because the runtime is dying are not followed ([`DYING`]).
//!
//! | what | module |
//! |---|---|
//! | code, names and relocations of libgort.a | [`library`] |
//! | what one instruction does to the stack | [`decode`] |
//! | every path through one function | [`paths`] |
//! | a function's depth, with what it calls | [`depth`] |
//! | of the other stacks one thing: the scheduler does not call itself | [`rounds`] |
//! | what a person reads | [`report`] |
//!
//! Beside libgort.a ([`gort_link::host`]) nothing goes in: the proof knows no more of the runtime's
//! source than the few names in [`library`], [`paths`] and [`rounds`].

mod decode;
mod depth;
mod library;
mod paths;
mod report;
mod rounds;

pub use report::Proof;

use gort_link::error::{Error, Result};
use gort_link::host::HostFile;
use library::{DYING, Library};
use rustc_hash::FxHashMap;

/// Reads the library and bounds every entry. An entry that is over the budget or has no bound is an
/// error that names the path.
pub fn prove(file: &HostFile) -> Result<Proof> {
    let lib = Library::read(file)?;
    let entries = lib.entries();
    if entries.is_empty() {
        return Err(Error::new(format!(
            "{}: no entries of compiled code found (section .gort.funcs)",
            file.path.display()
        )));
    }
    let mut known = FxHashMap::default();
    let mut errors = Vec::new();
    let mut depths = Vec::new();
    for (name, place) in entries {
        match lib.depth(place, &mut known, &mut Vec::new()) {
            Ok(d) => {
                let d = d + lib.begins_at(name)?;
                if d > lib.budget {
                    errors.push(format!(
                        "{name} uses {d} bytes of a goroutine's stack, more than {}: {}",
                        lib.budget,
                        lib.deepest_path(place, &known)
                    ));
                }
                depths.push((name.to_string(), d));
            }
            Err(why) => errors.push(format!("{name}: stack use has no bound: {why}")),
        }
    }
    errors.extend(rounds::check(&lib).err());
    for part in lib.without_function(&DYING) {
        errors.push(format!(
            "{}: no function is called {part}; take it off the list of those that end the process (prove/src/library.rs)",
            file.path.display()
        ));
    }
    Error::from_list(errors)?;
    depths.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(Proof {
        depths,
        budget: lib.budget,
    })
}
