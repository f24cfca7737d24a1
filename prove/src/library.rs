//! What the proof reads of libgort.a: code and the tables beside it, names, relocations.
//!
//! Promise: a place in code that the library defines has one name here, and a field with a
//! relocation one target. [`gort_link::host`] has checked that the objects are well-formed.

use gort_link::error::{Error, Result};
use gort_link::host::{FUNCTION_RECORD, FUNCTIONS, HostFile};
use object::read::elf::ElfFile64;
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SectionIndex, SymbolKind,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// Names (parts of them) of functions that end the process: a bug of the runtime was found, the
/// stack no longer matters. Each is the name of a function of the library, or there is no proof: a
/// name that nothing has any more may be another function's tomorrow.
pub(crate) const DYING: [&str; 7] = [
    "core9panicking",
    "rust_begin_unwind",
    "5print5throw",
    "5print9throw_all",
    "5futex8hopeless",
    "5print3bug",
    "bad_transition",
];
/// Entries that run on the stack which the kernel gave the process, or on that of a new thread.
const BOOT: [&str; 4] = [
    "_rt0_amd64_linux",
    "main",
    "runtime.rt0_go",
    "runtime.mstart",
];
/// Addresses in the trampolines that are reached on g0 only (asm/trampoline.h).
const G0_PATHS: &str = ".gort.g0paths";

/// Where code or data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) member: usize,
    pub(crate) section: SectionIndex,
    pub(crate) offset: u64,
}

/// A section whose contents the proof looks at.
pub(crate) struct Section<'a> {
    pub(crate) data: &'a [u8],
    /// By offset of the field.
    pub(crate) relocations: FxHashMap<u64, (RelocationTarget, i64)>,
}

/// The objects of libgort.a, with what the proof asks for at hand.
pub(crate) struct Library<'a> {
    pub(crate) members: Vec<ElfFile64<'a>>,
    pub(crate) sections: FxHashMap<(usize, SectionIndex), Section<'a>>,
    pub(crate) globals: FxHashMap<&'a [u8], Place>,
    /// Name of the function that starts at a place.
    pub(crate) names: FxHashMap<Place, &'a str>,
    /// Places in data that code refers to: where one jump table ends another may begin.
    pub(crate) referenced: FxHashSet<Place>,
    /// Places that only run on a system stack (section `.gort.g0paths`).
    pub(crate) system: FxHashSet<Place>,
    pub(crate) budget: i64,
}

impl<'a> Library<'a> {
    pub(crate) fn read(file: &'a HostFile) -> Result<Self> {
        let bad = |what: String| {
            Error::new(format!(
                "{}: {what}; build libgort.a again",
                file.path.display()
            ))
        };
        let mut lib = Library {
            members: file.elf_members()?,
            sections: FxHashMap::default(),
            globals: FxHashMap::default(),
            names: FxHashMap::default(),
            referenced: FxHashSet::default(),
            system: FxHashSet::default(),
            budget: 0,
        };
        for (member, elf) in lib.members.iter().enumerate() {
            for section in elf.sections() {
                use object::SectionKind::{ReadOnlyData, ReadOnlyDataWithRel, Text};
                if ![Text, ReadOnlyData, ReadOnlyDataWithRel].contains(&section.kind())
                    && ![Ok(FUNCTIONS), Ok(G0_PATHS)].contains(&section.name())
                {
                    continue;
                }
                let data = section
                    .data()
                    .map_err(|e| bad(format!("unreadable section ({e})")))?;
                let relocations = section
                    .relocations()
                    .map(|(at, r)| (at, (r.target(), r.addend())))
                    .collect();
                lib.sections
                    .insert((member, section.index()), Section { data, relocations });
            }
            for s in elf.symbols() {
                if s.name() == Ok("gort.leafbudget")
                    && s.section() == object::SymbolSection::Absolute
                {
                    lib.budget = s.address() as i64;
                }
                let Some(section) = s.section_index() else {
                    continue;
                };
                let place = Place {
                    member,
                    section,
                    offset: s.address(),
                };
                if let (Ok(name), true) = (
                    s.name(),
                    matches!(
                        s.kind(),
                        SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown
                    ),
                ) {
                    if s.is_global() {
                        let bytes = s.name_bytes().unwrap_or_default();
                        if !s.is_weak() || !lib.globals.contains_key(bytes) {
                            lib.globals.insert(bytes, place);
                        }
                    }
                    lib.names.entry(place).or_insert(name);
                }
            }
        }
        // The field is the last of its instruction: the address counts from its end.
        lib.referenced = lib
            .sections
            .iter()
            .flat_map(|(&(member, _), s)| s.relocations.keys().map(move |&at| (member, s, at)))
            .filter_map(|(member, s, at)| lib.target(member, s, at, 4))
            .collect();
        for member in 0..lib.members.len() {
            let places = lib.pointers(member, G0_PATHS, 8);
            lib.system.extend(places);
        }
        if lib.budget == 0 {
            return Err(bad(String::from("it does not define gort.leafbudget")));
        }
        Ok(lib)
    }

    /// The functions that compiled code can call: first words of the records of `.gort.funcs`.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Place)> {
        let places = (0..self.members.len())
            .flat_map(|member| self.pointers(member, FUNCTIONS, FUNCTION_RECORD));
        let boot: Vec<&Place> = BOOT
            .iter()
            .filter_map(|n| self.globals.get(n.as_bytes()))
            .collect();
        places
            .filter(|place| !boot.contains(&place))
            .map(|place| (self.names.get(&place).copied().unwrap_or("?"), place))
            .collect()
    }

    /// What the first words of the records of a section point to.
    fn pointers(&self, member: usize, name: &str, record: u64) -> Vec<Place> {
        let Some(section) = self.members[member].section_by_name(name) else {
            return Vec::new();
        };
        let Some(records) = self.sections.get(&(member, section.index())) else {
            return Vec::new();
        };
        (0..section.size())
            .step_by(record as usize)
            .filter_map(|at| self.target(member, records, at, 0))
            .collect()
    }

    /// Where the relocation at `at` of a section points, with `bias` added (4 for a field that
    /// counts from its end).
    pub(crate) fn target(
        &self,
        member: usize,
        section: &Section<'a>,
        at: u64,
        bias: i64,
    ) -> Option<Place> {
        let &(target, addend) = section.relocations.get(&at)?;
        let RelocationTarget::Symbol(index) = target else {
            return None;
        };
        let symbol = self.members[member].symbol_by_index(index).ok()?;
        let mut place = match symbol.section_index() {
            Some(section) => Place {
                member,
                section,
                offset: symbol.address(),
            },
            None => *self.globals.get(symbol.name_bytes().ok()?)?,
        };
        place.offset = place.offset.wrapping_add_signed(addend + bias);
        Some(place)
    }

    /// Name of the symbol that the relocation at `at` refers to.
    pub(crate) fn target_name(&self, member: usize, section: &Section<'a>, at: u64) -> String {
        let name = section.relocations.get(&at).and_then(|(t, _)| match t {
            RelocationTarget::Symbol(i) => self.members[member]
                .symbol_by_index(*i)
                .ok()?
                .name()
                .ok()
                .map(str::to_string),
            _ => None,
        });
        name.unwrap_or_else(|| String::from("?"))
    }

    pub(crate) fn name(&self, place: Place) -> String {
        self.names.get(&place).map_or_else(
            || format!("code at {:#x} of member {}", place.offset, place.member),
            |n| (*n).to_string(),
        )
    }

    pub(crate) fn is_dying(&self, place: Place) -> bool {
        self.names
            .get(&place)
            .is_some_and(|n| DYING.iter().any(|d| n.contains(d)))
    }

    /// Those of the names (parts of them) that no function of the library has.
    pub(crate) fn without_function<'n>(&self, parts: &[&'n str]) -> Vec<&'n str> {
        let has = |part: &str| self.names.values().any(|name| name.contains(part));
        parts.iter().copied().filter(|part| !has(part)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// The library of a release, which was built beside this test.
    fn built() -> Option<PathBuf> {
        let test = std::env::current_exe().unwrap();
        let profiles = test.ancestors().nth(3).unwrap();
        Some(profiles.join("release/libgort.a")).filter(|path| path.is_file())
    }

    /// A name of C, such as `strlen`, which the compiler makes of a loop that looks like it, would
    /// be found in programs with C code alone.
    #[test]
    fn the_library_needs_nothing_but_the_program() {
        let Some(path) = built() else {
            eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
            return;
        };
        let file = HostFile::open(&path).unwrap();
        let lib = file.read().unwrap();
        // The linker makes `gort.tables`. Rust's own names are those of functions that core has
        // inlined everywhere; no program reaches what divides numbers of 128 bits.
        let known: [&[u8]; 6] = [
            b"_GLOBAL_OFFSET_TABLE_",
            b"__divti3",
            b"__udivti3",
            b"gort.tables",
            b"main.init",
            b"main.main",
        ];
        // Called on threads that C has made, so with a C library (src/cgo/pthread.rs).
        let with_c = [&b"pthread_"[..], b"__errno_location"];
        let of_c = |name: &&[u8]| with_c.iter().any(|with| name.starts_with(with));
        let foreign: Vec<_> = lib
            .undefined
            .iter()
            .filter(|name| !name.starts_with(b"_R") && !known.contains(name) && !of_c(name))
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        assert!(foreign.is_empty(), "{foreign:?}");
    }

    #[test]
    fn every_function_that_ends_the_process_exists() {
        let Some(path) = built() else {
            eprintln!("not run: there is no libgort.a; cargo build --release -p gort");
            return;
        };
        let file = HostFile::open(&path).unwrap();
        let lib = Library::read(&file).unwrap();
        assert_eq!(lib.without_function(&DYING), Vec::<&str>::new());
        let made_up = ["5print5throw", "5print5shout"];
        assert_eq!(lib.without_function(&made_up), ["5print5shout"]);
    }
}
