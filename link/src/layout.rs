//! Where each symbol goes in `go.o`.
//!
//! Promise: every reachable symbol has one [`Place`]; places of one section do not overlap and
//! respect the alignment that the Go linker derives from sizes. Functions keep file order and start
//! at multiples of 16, at least 16 bytes apart. Variables are ordered by falling alignment, then in
//! file order, so that the output depends on nothing but the input.

use crate::addresses::MAX_BYTES;
use crate::error::{Error, Name, Result};
use crate::object::Kind;
use crate::reach::Reached;
use crate::resolve::{Program, SymId};

/// Alignment of functions.
pub const FUNC_ALIGN: u64 = 16;
/// Largest alignment of data.
pub const MAX_ALIGN: u64 = 32;

/// Sections that hold Go symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// Functions.
    Text,
    /// Read-only data.
    Rodata,
    /// Pointers to types, sorted.
    Typelink,
    /// Initialised variables without pointers.
    NoptrData,
    /// Initialised variables with pointers.
    Data,
    /// Zero variables with pointers.
    Bss,
    /// Zero variables without pointers.
    NoptrBss,
}

/// All of [`Section`], in order of value.
pub const SECTIONS: [Section; 7] = [
    Section::Text,
    Section::Rodata,
    Section::Typelink,
    Section::NoptrData,
    Section::Data,
    Section::Bss,
    Section::NoptrBss,
];

/// A place in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The section.
    pub section: Section,
    /// Offset in it.
    pub offset: u64,
}

/// The result.
#[derive(Debug)]
pub struct Layout {
    places: Vec<Option<Place>>,
    sizes: [u64; SECTIONS.len()],
    /// Symbols of each section by rising offset.
    order: [Vec<SymId>; SECTIONS.len()],
}

impl Layout {
    /// Place of a symbol; none for what is not part of `go.o`.
    pub fn place(&self, id: SymId) -> Option<Place> {
        self.places.get(id.ix()).copied().flatten()
    }

    /// Bytes of a section.
    pub fn size(&self, section: Section) -> u64 {
        self.sizes[section as usize]
    }

    /// Symbols of a section by rising offset.
    pub fn symbols(&self, section: Section) -> &[SymId] {
        &self.order[section as usize]
    }

    fn add(
        &mut self,
        p: &Program<'_>,
        section: Section,
        id: SymId,
        align: u64,
        step: u64,
    ) -> Result<()> {
        if p.sym(id).size > MAX_BYTES {
            return Err(Error::new(format!(
                "{}: symbol too large ({} bytes > {MAX_BYTES} bytes); make the variable smaller or allocate it at run time",
                Name(p.sym(id).name),
                p.sym(id).size
            )));
        }
        let at = &mut self.sizes[section as usize];
        let offset = at.next_multiple_of(align);
        *at = offset + p.sym(id).size.max(step);
        self.places[id.ix()] = Some(Place { section, offset });
        self.order[section as usize].push(id);
        Ok(())
    }
}

/// Alignment that the Go linker gives a data symbol of a size.
pub fn align_for(size: u64) -> u64 {
    let mut align = MAX_ALIGN;
    while align > size.max(1) {
        align >>= 1;
    }
    align
}

/// String bytes are only ever read as bytes; the other rule would pad them to 32.
fn align_of(name: &[u8], size: u64) -> u64 {
    if name.starts_with(b"go.string.\"") {
        1
    } else {
        align_for(size)
    }
}

fn section_of(kind: Kind) -> Section {
    match kind {
        Kind::Text => Section::Text,
        Kind::Rodata => Section::Rodata,
        Kind::Data => Section::Data,
        Kind::NoptrData => Section::NoptrData,
        Kind::Bss => Section::Bss,
        Kind::NoptrBss => Section::NoptrBss,
    }
}

/// Places all reachable symbols.
pub fn layout(p: &Program<'_>, reached: &Reached) -> Result<Layout> {
    let mut l = Layout {
        places: vec![None; p.symbols.len()],
        sizes: [0; SECTIONS.len()],
        order: Default::default(),
    };
    for &id in &reached.texts {
        l.add(p, Section::Text, id, FUNC_ALIGN, FUNC_ALIGN)?;
    }
    let mut data: Vec<(u64, SymId)> = reached
        .data
        .iter()
        .map(|&id| (align_of(p.sym(id).name, p.sym(id).size), id))
        .collect();
    data.sort_by_key(|&(align, _)| std::cmp::Reverse(align));
    for (align, id) in data {
        l.add(p, section_of(p.sym(id).kind), id, align, 0)?;
    }
    for &id in &reached.typelinks {
        l.add(p, Section::Typelink, id, 8, 0)?;
    }
    for s in [Section::Data, Section::Bss] {
        // Whole words: the pointer masks have a bit for each.
        l.sizes[s as usize] = l.sizes[s as usize].next_multiple_of(8);
    }
    Ok(l)
}

#[cfg(test)]
mod tests {
    use super::align_for;

    #[test]
    fn alignment_follows_size() {
        for (size, align) in [
            (0, 1),
            (1, 1),
            (3, 2),
            (8, 8),
            (24, 16),
            (32, 32),
            (1000, 32),
        ] {
            assert_eq!(align_for(size), align, "{size}");
        }
    }
}
