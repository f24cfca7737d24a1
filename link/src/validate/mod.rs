//! What the compiler wrote beside code, checked before anything is built on it.
//!
//! The runtime walks stacks, scans frames and the heap, and compares types by what objects say: it
//! checks nothing of that again. Promise: after [`check`], of every function and every type of the
//! program
//!
//! * the pc-value tables are well formed, cover the function to its end and nothing behind it, and
//!   hold what they may: depths that the code makes ([`functions`]), files of the function, lines,
//!   numbers of existing stack maps;
//! * the stack maps have the bytes that their name is the hash of, and describe no word outside the
//!   frame or the arguments ([`stackmaps`]);
//! * the type descriptors have the parts of their kind, inside the descriptor, and a pointer mask
//!   or program for as many words as they say ([`types`]).
//!
//! So a damaged object is refused with the name of what is damaged, and does not become a wrong
//! traceback or a wild scan. What cannot be told from what somebody may have written, above all
//! code and initial values, is believed. All checks together take one pass over the tables and
//! descriptors, in parallel.

mod functions;
mod stackmaps;
mod types;

pub use stackmaps::StackMap;

use crate::error::{Error, Name, Result};
use crate::reach::Reached;
use crate::resolve::{Program, SymId};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// What is wrong with a symbol.
type Fault = String;

/// Checks the functions and descriptors that are part of the program.
pub fn check(p: &Program<'_>, reached: &Reached) -> Result<()> {
    let maps: FxHashSet<SymId> = reached
        .texts
        .iter()
        .flat_map(|&id| functions::stack_maps(p, id))
        .collect();
    let mut maps: Vec<SymId> = maps.into_iter().collect();
    maps.sort_unstable();
    // The maps come first: the functions' checks read them.
    first(p, &maps, stackmaps::check)?;
    first(p, &reached.texts, functions::check)?;
    first(p, &reached.data, types::check)?;
    first(p, &reached.typelinks, types::check_typelink)
}

/// The first fault, in the order of the symbols.
fn first(
    p: &Program<'_>,
    symbols: &[SymId],
    check: impl Fn(&Program<'_>, SymId) -> Result<(), Fault> + Sync,
) -> Result<()> {
    let fault = symbols
        .par_iter()
        .with_min_len(64)
        .find_map_first(|&id| check(p, id).err().map(|fault| (id, fault)));
    let Some((id, fault)) = fault else {
        return Ok(());
    };
    let file = p
        .go_def(id)
        .map(|(o, _)| p.objects[o].origin().to_string())
        .unwrap_or_default();
    Err(Error::new(format!(
        "{}: {fault} ({file}); the object is damaged, compile the package again",
        Name(p.sym(id).name)
    )))
}
