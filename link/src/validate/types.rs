//! Type descriptors and what belongs to them: masks, pointer programs, string headers, itab cells,
//! type links.

use super::Fault;
use crate::gcprog;
use crate::kind;
use crate::object::{Kind, RelocKind};
use crate::resolve::{Definition, Program, Relocation, SymId};

/// Parts of a descriptor that every type has (abi: type layout of Go 1.5).
const PTRDATA: u32 = 8;
const UNUSED: u32 = 20;
const ALIGN: u32 = 21;
const FIELD_ALIGN: u32 = 22;
const KIND: u32 = 23;
const ALG: u32 = 24;
const GCDATA: u32 = 32;
const STRING: u32 = 40;
const UNCOMMON: u32 = 48;
const ZERO: u32 = 64;
/// Where the parts of a kind begin.
const HEAD: u32 = 72;

const KIND_GCPROG: u8 = 0x40;
const KIND_NOPOINTERS: u8 = 0x80;
/// `{hash, equal}`, an entry of the library's table of algorithms.
const ALG_SIZE: i64 = 16;
const METHOD: u32 = 48;
const UNCOMMON_SIZE: u32 = 40;
/// No value is larger.
const MAX_SIZE: u64 = 1 << 46;

const MASK: &[u8] = b"runtime.gcbits.";
const PROGRAM: &[u8] = b"type..gcprog.";
const TYPE: &[u8] = b"type.";

/// Checks a symbol of read-only or other data, by what its name says that it is.
pub fn check(p: &Program<'_>, id: SymId) -> Result<(), Fault> {
    let s = p.sym(id);
    if p.go_def(id).is_none() {
        return Ok(());
    }
    let name = s.name;
    if is_type(name) {
        return Descriptor::read(p, id).check();
    }
    if let Some(hex) = name.strip_prefix(MASK) {
        return mask(p.image(id), s.size, hex);
    }
    if name.starts_with(b"go.string.hdr.") || name.starts_with(b"go.importpath.") {
        return string_header(p, id);
    }
    if name.starts_with(b"go.itab.") && (s.size != 8 || s.kind != Kind::NoptrBss) {
        return Err("the cell of an itab is one word without initial value".into());
    }
    Ok(())
}

/// Checks that a type link points to a type.
pub fn check_typelink(p: &Program<'_>, id: SymId) -> Result<(), Fault> {
    let mut relocs = p.relocs(id);
    let (first, more) = (relocs.next(), relocs.next());
    let to_type = first
        .filter(|r| r.kind == RelocKind::Addr && r.off == 0 && r.add == 0)
        .and_then(|r| r.target)
        .is_some_and(|t| is_type(p.sym(t).name));
    if to_type && more.is_none() && p.sym(id).size == 8 {
        Ok(())
    } else {
        Err("a type link is the address of a type".into())
    }
}

fn is_type(name: &[u8]) -> bool {
    name.strip_prefix(TYPE)
        .is_some_and(|rest| !rest.starts_with(b"."))
}

/// A mask has the bytes that its name spells.
fn mask(image: &[u8], size: u64, hex: &[u8]) -> Result<(), Fault> {
    let digits = image.iter().flat_map(|b| [b >> 4, b & 15]);
    let spelled = digits
        .map(|d| b"0123456789abcdef"[usize::from(d)])
        .eq(hex.iter().copied());
    if spelled && image.len() as u64 == size {
        Ok(())
    } else {
        Err("the pointer mask does not have the bytes that its name spells".into())
    }
}

/// A string's header points to as many bytes as it says.
fn string_header(p: &Program<'_>, id: SymId) -> Result<(), Fault> {
    let image = p.image(id);
    let len = number(image, 8, 8);
    let mut relocs = p.relocs(id);
    let (first, more) = (relocs.next(), relocs.next());
    let room = match first {
        Some(r) if r.off == 0 && r.kind == RelocKind::Addr => r
            .target
            .map_or(0, |t| p.sym(t).size.saturating_add_signed(-r.add)),
        Some(_) => 0,
        // The empty string needs no bytes.
        None => 0,
    };
    if more.is_none() && p.sym(id).size == 16 && len <= room {
        Ok(())
    } else {
        Err(format!("a string of {len} bytes, {room} are there"))
    }
}

/// A little-endian number; trailing zero bytes of a symbol are not stored.
fn number(image: &[u8], at: u32, bytes: u32) -> u64 {
    (0..bytes)
        .map(|i| u64::from(image.get((at + i) as usize).copied().unwrap_or(0)) << (8 * i))
        .sum()
}

/// A descriptor, with its pointers by offset.
struct Descriptor<'a, 'b> {
    p: &'a Program<'b>,
    id: SymId,
    image: &'a [u8],
    /// Bytes of the descriptor, methods included.
    len: u64,
    pointers: Vec<Relocation>,
}

impl<'a, 'b> Descriptor<'a, 'b> {
    fn read(p: &'a Program<'b>, id: SymId) -> Self {
        let mut pointers: Vec<_> = p.relocs(id).collect();
        pointers.sort_unstable_by_key(|r| r.off);
        Self {
            p,
            id,
            image: p.image(id),
            len: p.sym(id).size,
            pointers,
        }
    }

    fn u8(&self, at: u32) -> u8 {
        number(self.image, at, 1) as u8
    }

    fn u64(&self, at: u32) -> u64 {
        number(self.image, at, 8)
    }

    fn pointer(&self, at: u32) -> Option<&Relocation> {
        let i = self.pointers.binary_search_by_key(&at, |r| r.off).ok()?;
        Some(&self.pointers[i])
    }

    /// What the pointer at an offset points to.
    fn target(&self, at: u32, what: &str) -> Result<SymId, Fault> {
        self.pointer(at)
            .and_then(|r| r.target)
            .ok_or_else(|| format!("the type descriptor has no {what}"))
    }

    /// A pointer to a type.
    fn part(&self, at: u32, what: &str) -> Result<SymId, Fault> {
        let t = self.target(at, what)?;
        if is_type(self.p.sym(t).name) && self.pointer(at).is_some_and(|r| r.add == 0) {
            Ok(t)
        } else {
            Err(format!("the type descriptor's {what} is no type"))
        }
    }

    /// Bytes of a value of a type that a Go object defines.
    fn size_of(&self, t: SymId) -> Option<u64> {
        self.p.go_def(t).map(|_| number(self.p.image(t), 0, 8))
    }

    /// A slice of `size`-byte records inside the descriptor itself, none of which begins before
    /// `min`: start and number.
    fn inner(&self, at: u32, size: u32, min: u32, what: &str) -> Result<(u32, u32), Fault> {
        let bad = || Err(format!("the type descriptor's {what} are not inside it"));
        let (n, cap) = (self.u64(at + 8), self.u64(at + 16));
        if n != cap {
            return bad();
        }
        if n == 0 {
            return Ok((min, 0));
        }
        let Some(r) = self.pointer(at).filter(|r| r.target == Some(self.id)) else {
            return bad();
        };
        let end = n
            .checked_mul(size.into())
            .and_then(|bytes| bytes.checked_add_signed(r.add));
        if r.add < min.into() || r.add % 8 != 0 || end.is_none_or(|end| end > self.len) {
            return bad();
        }
        Ok((r.add as u32, n as u32))
    }

    fn check(&self) -> Result<(), Fault> {
        let s = self.p.sym(self.id);
        let wrong = |what: String| Err(format!("the type descriptor {what}"));
        let (flags, kind) = (self.u8(KIND), self.u8(KIND) & 0x1f);
        let (size, ptrdata) = (self.u64(0), self.u64(PTRDATA));
        let parts = match kind {
            kind::ARRAY | kind::INTERFACE | kind::STRUCT => 24,
            kind::CHAN => 16,
            kind::FUNC => 56,
            kind::MAP => 39,
            kind::PTR | kind::SLICE => 8,
            1..=kind::UNSAFE_POINTER => 0,
            _ => return wrong(format!("is of kind {kind}, which does not exist")),
        };
        // A table of more than 4 GiB is no descriptor.
        if s.kind != Kind::Rodata || self.len < (HEAD + parts).into() || self.len > u32::MAX.into()
        {
            return wrong(format!("has {} bytes", self.len));
        }
        if self.pointers.iter().any(|r| r.off % 8 != 0) {
            return wrong("has an address that is not a word of it".into());
        }
        let fixed = match kind {
            1 | 3 | 8 => 1,
            4 | 9 => 2,
            5 | 10 | 13 => 4,
            16 | kind::INTERFACE | 24 => 16,
            kind::SLICE => 24,
            kind::ARRAY | kind::STRUCT => size,
            _ => 8,
        };
        if size != fixed || size > MAX_SIZE {
            return wrong(format!("says that a value has {size} bytes"));
        }
        let align = self.u8(ALIGN);
        if ![1, 2, 4, 8].contains(&align) || self.u8(FIELD_ALIGN) != align || self.u8(UNUSED) != 0 {
            return wrong(format!("says that a value is aligned to {align} bytes"));
        }
        let no_pointers = flags & KIND_NOPOINTERS != 0;
        if ptrdata % 8 != 0 || ptrdata > size || (ptrdata == 0) != no_pointers {
            return wrong(format!(
                "says that the first {ptrdata} of {size} bytes hold all pointers"
            ));
        }
        self.alg()?;
        self.pointers_of_values(flags, size, ptrdata)?;
        self.target(STRING, "name")?;
        self.target(ZERO, "zero value")?;
        self.parts_of_kind(kind, size)?;
        self.uncommon(HEAD + parts)
    }

    fn alg(&self) -> Result<(), Fault> {
        let alg = self.target(ALG, "algorithms")?;
        let add = self.pointer(ALG).map_or(0, |r| r.add);
        let s = self.p.sym(alg);
        let fits = match s.def {
            // The library's table: which entries there are is its own affair.
            Definition::Host => add >= 0 && add % ALG_SIZE == 0 && add < 64 * ALG_SIZE,
            _ => add == 0 && s.kind == Kind::Rodata && s.size == ALG_SIZE as u64,
        };
        if fits {
            Ok(())
        } else {
            Err("the type descriptor's algorithms are none".into())
        }
    }

    /// The mask of the words that hold pointers, or the program that makes it.
    fn pointers_of_values(&self, flags: u8, size: u64, ptrdata: u64) -> Result<(), Fault> {
        let gcdata = self.target(GCDATA, "pointer mask")?;
        let s = self.p.sym(gcdata);
        let is_own = self.p.go_def(gcdata).is_some()
            && s.kind == Kind::Rodata
            && self.pointer(GCDATA).is_some_and(|r| r.add == 0);
        let image = self.p.image(gcdata);
        if !is_own {
            return Err("the type descriptor's pointer mask is none".into());
        }
        if flags & KIND_GCPROG == 0 {
            let bytes = ptrdata.div_ceil(64);
            return if s.name.starts_with(MASK) && image.len() as u64 == bytes {
                Ok(())
            } else {
                Err(format!(
                    "the type descriptor has a pointer mask of {} bytes for {} words",
                    image.len(),
                    ptrdata / 8
                ))
            };
        }
        // Each program belongs to one type, so all together are read once.
        let own = s.name.strip_prefix(PROGRAM) == self.p.sym(self.id).name.strip_prefix(TYPE);
        let len = number(image, 0, 4) as usize;
        let program = image.get(4..).filter(|program| program.len() == len);
        let words = program.and_then(|program| gcprog::length(program, size / 8).ok());
        if own && words.is_some_and(|words| words >= ptrdata / 8) {
            Ok(())
        } else {
            Err("the type descriptor has a damaged pointer program".into())
        }
    }

    fn parts_of_kind(&self, kind: u8, size: u64) -> Result<(), Fault> {
        match kind {
            kind::ARRAY => {
                let elem = self.part(HEAD, "element")?;
                self.part(HEAD + 8, "slice type")?;
                let len = self.u64(HEAD + 16);
                let fits = |elem| len.checked_mul(elem) == Some(size);
                if self.size_of(elem).is_some_and(|elem| !fits(elem)) {
                    return Err(format!(
                        "the type descriptor says that {len} elements have {size} bytes"
                    ));
                }
            }
            kind::CHAN => {
                self.part(HEAD, "element")?;
                if !(1..=3).contains(&self.u64(HEAD + 8)) {
                    return Err("the type descriptor has no direction of a channel".into());
                }
            }
            kind::PTR | kind::SLICE => {
                self.part(HEAD, "element")?;
            }
            kind::FUNC => {
                let end = HEAD + 56;
                for (at, what) in [(HEAD + 8, "parameters"), (HEAD + 32, "results")] {
                    let (start, n) = self.inner(at, 8, end, what)?;
                    for i in 0..n {
                        self.part(start + 8 * i, "parameter")?;
                    }
                }
            }
            kind::INTERFACE => {
                let (start, n) = self.inner(HEAD, 24, HEAD + 24, "methods")?;
                for i in 0..n {
                    self.target(start + 24 * i, "name of a method")?;
                    self.part(start + 24 * i + 16, "type of a method")?;
                }
            }
            kind::MAP => self.map()?,
            kind::STRUCT => {
                let (start, n) = self.inner(HEAD, 40, HEAD + 24, "fields")?;
                for i in 0..n {
                    let field = start + 40 * i;
                    let t = self.part(field + 16, "type of a field")?;
                    let offset = self.u64(field + 32);
                    let end = offset.checked_add(self.size_of(t).unwrap_or(0));
                    if end.is_none_or(|end| end > size) {
                        return Err(format!(
                            "the type descriptor has a field at offset {offset} of {size} bytes"
                        ));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn map(&self) -> Result<(), Fault> {
        let slot = |t: SymId, size_at: u32| {
            let (size, indirect) = (u64::from(self.u8(size_at)), self.u8(size_at + 1));
            let fits = match (indirect, self.size_of(t)) {
                (0, Some(value)) => size == value,
                (0, None) => true,
                (1, _) => size == 8,
                _ => false,
            };
            fits.then_some(size)
        };
        let (key, elem) = (self.part(HEAD, "key")?, self.part(HEAD + 8, "value")?);
        let bucket = self.part(HEAD + 16, "bucket")?;
        self.part(HEAD + 24, "header")?;
        let sizes = slot(key, HEAD + 32).zip(slot(elem, HEAD + 34));
        let bucket_size = number(self.image, HEAD + 36, 2);
        // Eight hash bytes, eight keys and values, and a pointer, which may be aligned.
        let least = sizes.map(|(key, elem)| 8 + 8 * (key + elem) + 8);
        let is_size = self.size_of(bucket).is_none_or(|size| size == bucket_size);
        if least.is_some_and(|least| (least..=least + 8).contains(&bucket_size)) && is_size {
            Ok(())
        } else {
            Err("the type descriptor of a map does not fit its key and value".into())
        }
    }

    /// Name, package and methods of a named type.
    fn uncommon(&self, min: u32) -> Result<(), Fault> {
        let Some(r) = self.pointer(UNCOMMON) else {
            return Ok(());
        };
        let min = i64::from(min.next_multiple_of(8));
        let end = r.add.checked_add(UNCOMMON_SIZE.into());
        let inside = r.target == Some(self.id)
            && r.add >= min
            && r.add % 8 == 0
            && end.is_some_and(|end| end as u64 <= self.len);
        if !inside {
            return Err("the type descriptor's methods are not inside it".into());
        }
        let at = r.add as u32;
        let (start, n) = self.inner(at + 16, METHOD, at + UNCOMMON_SIZE, "methods")?;
        for i in 0..n {
            let method = start + METHOD * i;
            self.target(method, "name of a method")?;
            self.part(method + 16, "type of a method")?;
            self.part(method + 24, "type of a method")?;
            for code in [method + 32, method + 40] {
                let f = self.p.sym(self.target(code, "code of a method")?);
                if f.kind != Kind::Text && f.def != Definition::Host {
                    return Err("the type descriptor has a method without code".into());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_what_their_names_spell() {
        assert_eq!(mask(&[0x05, 0xa0], 2, b"05a0"), Ok(()));
        assert_eq!(mask(&[], 0, b""), Ok(()));
        assert!(mask(&[0x05, 0xa1], 2, b"05a0").is_err());
        assert!(mask(&[0x05], 1, b"05a0").is_err());
        assert!(mask(&[0x05], 2, b"05").is_err());
    }

    #[test]
    fn names_of_types() {
        assert!(is_type(b"type.int") && is_type(b"type.*main.T"));
        assert!(!is_type(b"type..hash.main.T") && !is_type(b"go.typelink.x"));
    }
}
