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
//! One function's own part is found in `paths`. Of the other stacks it proves one thing: the
//! scheduler does not call itself (`rounds`).

mod paths;
mod rounds;

use gort_link::error::{Error, Result};
use gort_link::host::{FUNCTION_RECORD, FUNCTIONS, HostFile};
use object::read::elf::ElfFile64;
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SectionIndex, SymbolKind,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// Names (parts of them) of functions that end the process: a bug of the runtime was found, the
/// stack no longer matters.
pub const DYING: [&str; 9] = [
    "core9panicking",
    "rust_begin_unwind",
    "rust_panic",
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
/// Functions that check the stack before they use it call this.
const CHECK: &str = "runtime.morestack_noctxt";
/// A return address.
const CALL: i64 = 8;
/// Addresses in the trampolines that are reached on g0 only (asm/trampoline.h).
const G0_PATHS: &str = ".gort.g0paths";

/// Depth of each entry.
#[derive(Debug)]
pub struct Proof {
    /// Name and deepest point in bytes below the return address, deepest first.
    pub depths: Vec<(String, i64)>,
    /// What every depth is held to.
    pub budget: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    member: usize,
    section: SectionIndex,
    offset: u64,
}

struct Section<'a> {
    data: &'a [u8],
    /// By offset of the field.
    relocations: FxHashMap<u64, (RelocationTarget, i64)>,
}

struct Library<'a> {
    members: Vec<ElfFile64<'a>>,
    sections: FxHashMap<(usize, SectionIndex), Section<'a>>,
    globals: FxHashMap<&'a [u8], Place>,
    /// Name of the function that starts at a place.
    names: FxHashMap<Place, &'a str>,
    /// Places in data that code refers to: where one jump table ends another may begin.
    referenced: FxHashSet<Place>,
    /// Places that only run on a system stack (section `.gort.g0paths`).
    system: FxHashSet<Place>,
    budget: i64,
}

/// Reads the library and bounds every entry. An entry that is over the budget or has no bound is an
/// error that names the path.
pub fn prove(file: &HostFile) -> Result<Proof> {
    let lib = Library::read(file)?;
    let entries = lib.entries();
    let mut known = FxHashMap::default();
    let mut errors = Vec::new();
    let mut depths = Vec::new();
    for (name, place) in entries {
        match lib.depth(place, &mut known, &mut Vec::new()) {
            Ok(d) => {
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
    if depths.is_empty() && errors.is_empty() {
        errors.push(format!(
            "{}: no entries of compiled code found (section .gort.funcs)",
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

impl<'a> Library<'a> {
    fn read(file: &'a HostFile) -> Result<Self> {
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
    fn entries(&self) -> Vec<(&'a str, Place)> {
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
    fn target(&self, member: usize, section: &Section<'a>, at: u64, bias: i64) -> Option<Place> {
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
    fn target_name(&self, member: usize, section: &Section<'a>, at: u64) -> String {
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

    fn name(&self, place: Place) -> String {
        self.names.get(&place).map_or_else(
            || format!("code at {:#x} of member {}", place.offset, place.member),
            |n| (*n).to_string(),
        )
    }

    fn is_dying(&self, place: Place) -> bool {
        self.names
            .get(&place)
            .is_some_and(|n| DYING.iter().any(|d| n.contains(d)))
    }

    /// Deepest point below the return address of the function at `place`, callees included.
    fn depth(
        &self,
        place: Place,
        known: &mut FxHashMap<Place, i64>,
        path: &mut Vec<Place>,
    ) -> std::result::Result<i64, String> {
        if let Some(&d) = known.get(&place) {
            return Ok(d);
        }
        if path.contains(&place) {
            let names: Vec<String> = path.iter().map(|p| self.name(*p)).collect();
            return Err(format!(
                "recursion: {} -> {}",
                names.join(" -> "),
                self.name(place)
            ));
        }
        path.push(place);
        let shape = self.shape(place)?;
        let mut deepest = shape.deepest;
        if shape.checks {
            // Its own check covers the frame; the call of morestack needs its return address.
            deepest = CALL;
        } else {
            for (at, callee) in shape.calls {
                if self.is_dying(callee) {
                    continue;
                }
                deepest = deepest.max(at + self.depth(callee, known, path)?);
            }
        }
        path.pop();
        known.insert(place, deepest);
        Ok(deepest)
    }

    /// The calls that lead to the deepest point, for a message.
    fn deepest_path(&self, place: Place, known: &FxHashMap<Place, i64>) -> String {
        let mut out = self.name(place);
        let mut at = place;
        for _ in 0..20 {
            let Ok(shape) = self.shape(at) else { break };
            let worst = shape
                .calls
                .iter()
                .filter_map(|(d, c)| Some((d + known.get(c)?, *d, *c)))
                .max_by_key(|w| w.0);
            let Some((total, depth, callee)) = worst.filter(|w| w.0 > shape.deepest) else {
                break;
            };
            out.push_str(&format!(" ({depth} of {total}) -> {}", self.name(callee)));
            at = callee;
        }
        out
    }
}
