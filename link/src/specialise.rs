//! Calls of the library whose operands the call site fixes, sent to entries made for them.
//!
//! Promise: a call goes elsewhere only if the library defines the entry, and if what the entry
//! takes for granted follows from the call instruction and what surely runs right before it;
//! everything else stays as it was compiled. An entry does what the one that it stands for does,
//! with the same registers and the same stack, so nothing else about the call changes.
//! [`Program::relocs`] shows calls as they were sent, to all phases that follow.
//!
//! | call | entry | follows from |
//! |---|---|---|
//! | `runtime.duffzero` + offset | `runtime.duffzero.N`, N words | the offset |

use crate::host::HostLib;
use crate::object::RelocKind;
use crate::resolve::{Program, Relocation, SymId};
use crate::tables::is_call;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// The routines that compiled code enters at an offset and takes for instructions: such calls have
/// no site.
pub const DUFF: [&[u8]; 2] = [b"runtime.duffzero", b"runtime.duffcopy"];

/// Whether a name is one of [`DUFF`], or of an entry made for calls of it.
pub fn is_duff(name: &[u8]) -> bool {
    DUFF.contains(&stands_for(name))
}

/// The function that an entry stands for: `runtime.f` for `runtime.f.x`, if calls of `runtime.f`
/// are sent elsewhere. People are shown that name.
pub fn stands_for(name: &[u8]) -> &[u8] {
    let made_for = |f: &&[u8]| name.strip_prefix(*f).is_some_and(|x| x.starts_with(b"."));
    DUFF.into_iter().find(made_for).unwrap_or(name)
}

/// Sends calls elsewhere.
pub fn specialise<'b>(p: &mut Program<'b>, host: &HostLib<'b>) {
    let kinds = Kinds {
        duffzero: p.find(DUFF[0]),
    };
    // A compiler keeps to the conventions of what it calls, people who write assembly may know
    // more. Compiled functions have a map of their locals.
    let is_compiled = |id| {
        p.text(id).is_some_and(|(object, text)| {
            let locals = text.funcdata.get(1).copied().flatten();
            locals.is_some_and(|map| p.go_def(p.id(object, map)).is_some())
        })
    };
    let functions: Vec<SymId> = p.go_defs().filter(|&id| is_compiled(id)).collect();
    let found: Vec<(SymId, Relocation, String)> = functions
        .par_iter()
        .with_min_len(256)
        .flat_map_iter(|&id| {
            let image = p.image(id);
            let calls = p
                .relocs(id)
                .filter(|r| r.kind == RelocKind::Call && is_call(image, r));
            calls
                .filter_map(|r| Some((id, r, kinds.entry(&r)?)))
                .collect::<Vec<_>>()
        })
        .filter(|(_, _, entry)| host.get(entry.as_bytes()).is_some_and(|e| e.is_text))
        .collect();
    let mut entries = FxHashMap::default();
    for (id, mut r, entry) in found {
        let target = *entries
            .entry(entry)
            .or_insert_with_key(|name| p.wanted_of_library(name.as_bytes(), host));
        (r.target, r.add) = (target, 0);
        if target.is_some() {
            p.send(id, r);
        }
    }
}

/// What calls are looked at.
struct Kinds {
    duffzero: Option<SymId>,
}

impl Kinds {
    /// Name of the entry for a call.
    fn entry(&self, r: &Relocation) -> Option<String> {
        if r.target.is_some() && r.target == self.duffzero {
            return Some(format!("runtime.duffzero.{}", words_zeroed(r.add)?));
        }
        None
    }
}

/// How many words are cleared from an offset of `runtime.duffzero` on: 31 blocks of four stores and
/// an addition, then four `stosq`. What begins at an addition or inside an instruction is no call
/// of a compiler.
fn words_zeroed(offset: i64) -> Option<i64> {
    /// Where the stores of a block begin: a displacement makes all but the first four bytes long.
    const STORES: [i64; 4] = [0, 3, 7, 11];
    const BLOCK: i64 = 19;
    const BLOCKS: i64 = 31;
    const TAIL: i64 = BLOCKS * BLOCK;
    if offset == TAIL {
        return Some(4);
    }
    if !(0..TAIL).contains(&offset) {
        return None;
    }
    let store = STORES.iter().position(|&at| at == offset % BLOCK)? as i64;
    Some((BLOCKS - offset / BLOCK) * 4 - store + 4)
}

#[cfg(test)]
mod tests {
    use super::{is_duff, stands_for, words_zeroed};

    #[test]
    fn only_entries_stand_for_another_function() {
        assert_eq!(stands_for(b"runtime.duffzero.12"), b"runtime.duffzero");
        for own in [
            "runtime.duffzero",
            "runtime.errorString.Error",
            "runtime.duffzeroes.x",
        ] {
            assert_eq!(stands_for(own.as_bytes()), own.as_bytes());
        }
        assert!(is_duff(b"runtime.duffcopy") && is_duff(b"runtime.duffzero.wide"));
        assert!(!is_duff(b"runtime.newobject"));
    }

    /// As the compiler computes offsets.
    fn offset(words: i64) -> i64 {
        let blocks = (words - 4) / 4;
        let steps = (words - 4) % 4;
        31 * 19 - 19 * blocks - if steps > 0 { 4 + 4 * steps } else { 0 }
    }

    #[test]
    fn offsets_of_duffzero_mean_numbers_of_words() {
        for words in 4..=128 {
            assert_eq!(words_zeroed(offset(words)), Some(words));
        }
        let known: Vec<i64> = (4..=128).map(offset).collect();
        for at in (-20..700).filter(|at| !known.contains(at)) {
            assert_eq!(words_zeroed(at), None, "{at}");
        }
    }
}
