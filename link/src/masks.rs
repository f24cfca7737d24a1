//! Pointer masks of the variables, one bit per word, for the collector.
//!
//! Promise: bit `i` of a mask is set exactly when word `i` of the section may hold a pointer, according to the type descriptor of the
//! variable there. Types that the compiler describes by a program (large arrays) are expanded here, so the runtime
//! never interprets one for globals. Descriptors that libgort.a defines are read from the archive.

use crate::error::{Error, Name, Result};
use crate::host::HostLib;
use crate::layout::{Layout, Section};
use crate::resolve::{Definition, Program, SymId};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Offsets in a type descriptor.
const PTRDATA: usize = 8;
const KIND: usize = 23;
const GCDATA: usize = 32;
const KIND_GCPROG: u8 = 0x40;
const KIND_NOPOINTERS: u8 = 0x80;

/// Variables are in sections of less than 2 GB.
const MAX_WORDS: u64 = 1 << 28;

/// Mask of a section whose variables may hold pointers.
pub fn mask(
    p: &Program<'_>,
    layout: &Layout,
    host: &HostLib<'_>,
    section: Section,
) -> Result<Vec<u8>> {
    let words = layout.size(section) / 8;
    let mut mask = vec![0u8; (words as usize).div_ceil(64) * 8];
    let mut types: FxHashMap<SymId, Rc<TypeBits>> = FxHashMap::default();
    let mut errors = Vec::new();
    for &id in layout.symbols(section) {
        let s = p.sym(id);
        let Some(place) = layout.place(id) else {
            continue;
        };
        let Some(gotype) = s.gotype else {
            errors.push(format!(
                "{}: variable without a Go type in a section with pointers; declare it in Go, or with NOPTR in assembly ({})",
                Name(s.name),
                p.go_def(id).map(|(o, _)| p.objects[o].origin().to_string()).unwrap_or_default()
            ));
            continue;
        };
        let bits = match types.get(&gotype) {
            Some(b) => Rc::clone(b),
            None => {
                let b = Rc::new(type_bits(p, host, gotype)?);
                types.insert(gotype, Rc::clone(&b));
                b
            }
        };
        if bits.words == 0 {
            continue;
        }
        if place.offset % 8 != 0 || bits.words * 8 > s.size {
            errors.push(format!(
                "{}: a variable of {} bytes cannot be of type {}",
                Name(s.name),
                s.size,
                Name(p.sym(gotype).name)
            ));
            continue;
        }
        let first = place.offset / 8;
        for i in 0..bits.words {
            if bits.bytes[i as usize / 8] >> (i % 8) & 1 != 0 {
                let bit = first + i;
                mask[bit as usize / 8] |= 1 << (bit % 8);
            }
        }
    }
    Error::from_list(errors)?;
    Ok(mask)
}

/// Pointer bits of a type.
#[derive(Debug, PartialEq, Eq)]
struct TypeBits {
    words: u64,
    bytes: Vec<u8>,
}

fn type_bits(p: &Program<'_>, host: &HostLib<'_>, id: SymId) -> Result<TypeBits> {
    let name = p.sym(id).name;
    let none = TypeBits {
        words: 0,
        bytes: Vec::new(),
    };
    let damaged = |what: &str| Error::new(format!("type descriptor {}: {what}", Name(name)));
    let mut head = [0u8; 72];
    let gcdata: Vec<u8> = match p.sym(id).def {
        Definition::Go { .. } | Definition::Made(_) => {
            let image = p.image(id);
            let n = image.len().min(head.len());
            head[..n].copy_from_slice(&image[..n]);
            let target = p
                .relocs(id)
                .find(|r| r.off as usize == GCDATA)
                .and_then(|r| r.target);
            target.map(|t| p.image(t).to_vec()).unwrap_or_default()
        }
        Definition::Host => {
            let s = host
                .get(name)
                .ok_or_else(|| damaged("is not in libgort.a"))?;
            let image = host
                .data(s, 0, head.len() as u64)
                .ok_or_else(|| damaged("is too short in libgort.a"))?;
            head.copy_from_slice(image);
            let words =
                u64::from_le_bytes(head[PTRDATA..PTRDATA + 8].try_into().unwrap_or_default()) / 8;
            if words == 0 || head[KIND] & KIND_NOPOINTERS != 0 {
                Vec::new()
            } else {
                let place = host.pointer(s, GCDATA as u64);
                let bytes = place.and_then(|at| host.bytes_at(at, words.div_ceil(8)));
                bytes
                    .ok_or_else(|| damaged("has no pointer mask in libgort.a"))?
                    .to_vec()
            }
        }
        Definition::None => return Err(damaged("of a variable is defined nowhere")),
    };
    let words = u64::from_le_bytes(head[PTRDATA..PTRDATA + 8].try_into().unwrap_or_default()) / 8;
    if head[KIND] & KIND_NOPOINTERS != 0 || words == 0 {
        return Ok(none);
    }
    if words > MAX_WORDS {
        return Err(damaged("is damaged"));
    }
    let size = (words as usize).div_ceil(8);
    if head[KIND] & KIND_GCPROG != 0 {
        let program = gcdata
            .get(4..)
            .ok_or_else(|| damaged("has no pointer program"))?;
        let bytes =
            expand(program, words).ok_or_else(|| damaged("has a damaged pointer program"))?;
        return Ok(TypeBits { words, bytes });
    }
    // Trailing zero bytes of a symbol are not stored.
    let mut bytes = gcdata;
    bytes.resize(size, 0);
    Ok(TypeBits { words, bytes })
}

/// Runs a pointer program for `words` bits. None if it is malformed or produces more.
pub fn expand(program: &[u8], words: u64) -> Option<Vec<u8>> {
    let mut out = vec![0u8; (words as usize).div_ceil(8)];
    let mut n = 0u64;
    let mut pc = 0;
    let mut byte = || {
        let b = program.get(pc).copied();
        pc += 1;
        b
    };
    fn varint(byte: &mut impl FnMut() -> Option<u8>) -> Option<u64> {
        let (mut v, mut shift) = (0u64, 0);
        loop {
            let b = byte()?;
            v |= u64::from(b & 0x7f).checked_shl(shift)?;
            if b & 0x80 == 0 {
                return Some(v);
            }
            shift += 7;
        }
    }
    loop {
        let op = byte()?;
        if op == 0 {
            return Some(out);
        }
        if op & 0x80 == 0 {
            let count = u64::from(op);
            let mut bits = 0u8;
            for i in 0..count {
                if i % 8 == 0 {
                    bits = byte()?;
                }
                if bits >> (i % 8) & 1 != 0 {
                    set(&mut out, n + i, words)?;
                }
            }
            n += count;
        } else {
            let len = match op & 0x7f {
                0 => varint(&mut byte)?,
                len => u64::from(len),
            };
            let times = varint(&mut byte)?;
            if len == 0 || len > n || len.checked_mul(times)? > words {
                return None;
            }
            for i in 0..len * times {
                let from = n + i - len;
                if from < words && out[from as usize / 8] >> (from % 8) & 1 != 0 {
                    set(&mut out, n + i, words)?;
                }
            }
            n += len * times;
        }
    }
}

fn set(out: &mut [u8], bit: u64, words: u64) -> Option<()> {
    (bit < words).then(|| out[bit as usize / 8] |= 1 << (bit % 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs() {
        assert_eq!(expand(&[3, 0b101, 0], 8), Some(vec![0b101]));
        // 2 bits `01`, repeated 3 more times.
        assert_eq!(expand(&[2, 0b01, 0x82, 3, 0], 8), Some(vec![0b0101_0101]));
        // The long form, with a repeat count over 127.
        assert_eq!(
            expand(&[1, 1, 0x80, 1, 0xff, 1, 0], 256),
            Some(vec![0xff; 32])
        );
        assert_eq!(expand(&[9, 0xff, 0x01, 0], 16), Some(vec![0xff, 0x01]));
        assert_eq!(expand(&[3, 0b111, 0], 2), None);
        assert_eq!(expand(&[0x81, 1, 0], 8), None);
        assert_eq!(expand(&[1, 1], 8), None);
    }
}
