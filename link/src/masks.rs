//! Pointer masks of the variables, one bit per word, for the collector.
//!
//! Promise: bit `i` of a mask is set exactly when word `i` of the section may hold a pointer,
//! according to the type descriptor of the variable there. Types that the compiler describes by a
//! program (large arrays) are expanded here, so the runtime never interprets one for globals.
//! Descriptors that libgort.a defines are read from the archive. A mask is made for variables that
//! are as large as the type says, and only for those: what a descriptor claims costs nothing.

use crate::error::{Error, Name, Problems, Result};
use crate::gcprog;
use crate::host::HostLib;
use crate::layout::{Layout, Section};
use crate::resolve::{Definition, Program, SymId};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::hash_map::Entry;

/// Offsets in a type descriptor.
const PTRDATA: usize = 8;
const KIND: usize = 23;
const GCDATA: usize = 32;
const KIND_GCPROG: u8 = 0x40;
const KIND_NOPOINTERS: u8 = 0x80;

/// Mask of a section whose variables may hold pointers.
pub fn mask(
    p: &Program<'_>,
    layout: &Layout,
    host: &HostLib<'_>,
    section: Section,
) -> Result<Vec<u8>> {
    let words = layout.size(section) / 8;
    let mut mask = vec![0u8; (words as usize).div_ceil(64) * 8];
    let mut types: FxHashMap<SymId, TypeHead<'_>> = FxHashMap::default();
    let mut problems = Problems::default();
    for &id in layout.symbols(section) {
        let s = p.sym(id);
        let Some(place) = layout.place(id) else {
            continue;
        };
        let Some(gotype) = s.gotype else {
            problems.add(|| {
                let origin = p.go_def(id).map(|(o, _)| p.objects[o].origin().to_string());
                format!(
                    "{}: variable without a Go type in a section with pointers; declare it in Go, or with NOPTR in assembly ({})",
                    Name(s.name),
                    origin.unwrap_or_default()
                )
            });
            continue;
        };
        let head = match types.entry(gotype) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(TypeHead::read(p, host, gotype)?),
        };
        if head.words == 0 {
            continue;
        }
        if place.offset % 8 != 0 || head.words > s.size / 8 || head.size > s.size {
            problems.add(|| {
                format!(
                    "{}: a variable of {} bytes cannot be of type {}",
                    Name(s.name),
                    s.size,
                    Name(p.sym(gotype).name)
                )
            });
            continue;
        }
        let bits = head.bits(|what| damaged(p, gotype, what))?;
        let first = place.offset / 8;
        for i in 0..head.words {
            if bits[i as usize / 8] >> (i % 8) & 1 != 0 {
                let bit = first + i;
                mask[bit as usize / 8] |= 1 << (bit % 8);
            }
        }
    }
    problems.result()?;
    Ok(mask)
}

fn damaged(p: &Program<'_>, id: SymId, what: &str) -> Error {
    Error::new(format!("type descriptor {}: {what}", Name(p.sym(id).name)))
}

/// Where the pointers of a type are.
#[derive(Debug)]
struct TypeHead<'a> {
    /// Bytes of a value.
    size: u64,
    /// Words up to its last pointer.
    words: u64,
    /// `gcdata` is a program that makes the mask, not the mask itself.
    is_program: bool,
    gcdata: &'a [u8],
    /// The mask, once a variable has needed it.
    mask: OnceCell<Cow<'a, [u8]>>,
}

impl<'a> TypeHead<'a> {
    fn read(p: &'a Program<'_>, host: &HostLib<'a>, id: SymId) -> Result<Self> {
        let mut head = [0u8; 72];
        let gcdata: &[u8] = match p.sym(id).def {
            Definition::Go { .. } | Definition::Made(_) => {
                let image = p.image(id);
                let n = image.len().min(head.len());
                head[..n].copy_from_slice(&image[..n]);
                let target = p
                    .relocs(id)
                    .find(|r| r.off as usize == GCDATA)
                    .and_then(|r| r.target);
                target.map_or(&[], |t| p.image(t))
            }
            Definition::Host => {
                let s = host
                    .get(p.sym(id).name)
                    .ok_or_else(|| damaged(p, id, "is not in libgort.a"))?;
                let image = host
                    .data(s, 0, head.len() as u64)
                    .ok_or_else(|| damaged(p, id, "is too short in libgort.a"))?;
                head.copy_from_slice(image);
                let words = word(&head, PTRDATA) / 8;
                if words == 0 || head[KIND] & KIND_NOPOINTERS != 0 {
                    &[]
                } else {
                    let place = host.pointer(s, GCDATA as u64);
                    let bytes = place.and_then(|at| host.bytes_at(at, words.div_ceil(8)));
                    bytes.ok_or_else(|| damaged(p, id, "has no pointer mask in libgort.a"))?
                }
            }
            Definition::None | Definition::C => {
                return Err(damaged(p, id, "of a variable is defined nowhere"));
            }
        };
        let no_pointers = head[KIND] & KIND_NOPOINTERS != 0;
        Ok(Self {
            size: word(&head, 0),
            words: if no_pointers {
                0
            } else {
                word(&head, PTRDATA) / 8
            },
            is_program: head[KIND] & KIND_GCPROG != 0,
            gcdata,
            mask: OnceCell::new(),
        })
    }

    /// A bit for each word. The caller has a variable of the type's size.
    fn bits(&self, damaged: impl Fn(&str) -> Error) -> Result<&[u8]> {
        if let Some(known) = self.mask.get() {
            return Ok(known);
        }
        let len = (self.words as usize).div_ceil(8);
        let mask: Cow<'a, [u8]> = if self.is_program {
            let program = self
                .gcdata
                .get(4..)
                .ok_or_else(|| damaged("has no pointer program"))?;
            gcprog::expand(program, self.words, self.size / 8)
                .map_err(|_| damaged("has a damaged pointer program"))?
                .into()
        } else if self.gcdata.len() >= len {
            self.gcdata[..len].into()
        } else {
            // Trailing zero bytes of a symbol are not stored.
            let mut bytes = self.gcdata.to_vec();
            bytes.resize(len, 0);
            bytes.into()
        };
        Ok(self.mask.get_or_init(|| mask))
    }
}

fn word(head: &[u8; 72], at: usize) -> u64 {
    u64::from_le_bytes(head[at..at + 8].try_into().unwrap_or_default())
}
