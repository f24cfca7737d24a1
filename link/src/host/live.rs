//! What of the library a program needs, as the last step will find it: sections, through
//! relocations.
//!
//! Promise: at least what the last step keeps. The runtime's table of the library's functions lists
//! what is found here, and keeps it by naming it.

use super::HostLib;
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SectionIndex, elf,
};
use rustc_hash::FxHashSet;

/// Sections of the library, each with its member.
#[derive(Debug, Default)]
pub struct Live(FxHashSet<(u32, SectionIndex)>);

impl Live {
    /// Whether the section is part of the program.
    pub fn contains(&self, member: u32, section: SectionIndex) -> bool {
        self.0.contains(&(member, section))
    }
}

impl HostLib<'_> {
    /// Follows relocations from the definitions of `names`, and from sections that are kept
    /// unasked.
    pub fn live<'n>(&self, names: impl IntoIterator<Item = &'n [u8]>) -> Live {
        let mut live = Live::default();
        let named = names.into_iter().filter_map(|name| self.section_of(name));
        let mut work: Vec<_> = named.chain(self.retained()).collect();
        while let Some((member, index)) = work.pop() {
            if !live.0.insert((member, index)) {
                continue;
            }
            let Some(file) = self.members.get(member as usize) else {
                continue;
            };
            let Ok(section) = file.section_by_index(index) else {
                continue;
            };
            for (_, reloc) in section.relocations() {
                let RelocationTarget::Symbol(symbol) = reloc.target() else {
                    continue;
                };
                let Ok(symbol) = file.symbol_by_index(symbol) else {
                    continue;
                };
                let place = match symbol.section_index() {
                    Some(section) => Some((member, section)),
                    None => symbol.name_bytes().ok().and_then(|n| self.section_of(n)),
                };
                work.extend(place.filter(|p| !live.0.contains(p)));
            }
        }
        live
    }

    /// Member and section of the definition of a name.
    fn section_of(&self, name: &[u8]) -> Option<(u32, SectionIndex)> {
        let s = self.get(name)?;
        let file = self.members.get(s.member as usize)?;
        let symbol = file.symbol_by_index(s.index).ok()?;
        Some((s.member, symbol.section_index()?))
    }

    /// Sections that no linker drops.
    fn retained(&self) -> impl Iterator<Item = (u32, SectionIndex)> {
        let sections = (0..).zip(&self.members);
        let sections =
            sections.flat_map(|(member, file)| file.sections().map(move |s| (member, s)));
        sections
            .filter(|(_, s)| match s.flags() {
                object::SectionFlags::Elf { sh_flags, .. } => {
                    sh_flags.0 & elf::SHF_GNU_RETAIN.0 != 0
                }
                _ => false,
            })
            .map(|(member, s)| (member, s.index()))
    }
}
