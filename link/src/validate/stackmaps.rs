//! Stack maps: bitmaps of the words of a frame, or of its arguments, that hold pointers.

use super::Fault;
use crate::object::Kind;
use crate::resolve::{Program, SymId};
use md5::{Digest as _, Md5};

/// Name of a map that the compiler made; the hash of its bytes follows.
const HASHED: &[u8] = "gclocals\u{b7}".as_bytes();
const HEADER: usize = 8;

/// A stack map symbol: `n` bitmaps of `nbit` bits.
#[derive(Debug, Clone, Copy)]
pub struct StackMap<'a> {
    /// Bitmaps.
    pub n: u32,
    /// Bits of each.
    pub nbit: u32,
    /// All of them, each in whole 32-bit words.
    bitmaps: &'a [u8],
}

impl<'a> StackMap<'a> {
    /// Reads a symbol's bytes, which are all stored: a map is no longer than what is in the file.
    pub fn read(image: &'a [u8]) -> Option<Self> {
        let (header, bitmaps) = image.split_at_checked(HEADER)?;
        let word = |at: usize| {
            let bytes = header.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(bytes))
        };
        let (n, nbit) = (word(0)?, word(4)?);
        let bytes = u64::from(n) * u64::from(nbit).div_ceil(32) * 4;
        (n > 0 && bytes == bitmaps.len() as u64).then_some(Self { n, nbit, bitmaps })
    }

    /// One bit of one bitmap.
    pub fn bit(&self, index: u32, bit: u32) -> bool {
        let stride = (self.nbit as usize).div_ceil(32) * 4;
        let byte = index as usize * stride + bit as usize / 8;
        self.bitmaps
            .get(byte)
            .is_some_and(|b| b >> (bit % 8) & 1 != 0)
    }
}

/// The map that a symbol is.
pub fn of<'a>(p: &'a Program<'_>, id: SymId) -> Option<StackMap<'a>> {
    StackMap::read(p.image(id)).filter(|_| p.image(id).len() as u64 == p.sym(id).size)
}

/// Checks a map by itself.
pub fn check(p: &Program<'_>, id: SymId) -> Result<(), Fault> {
    let s = p.sym(id);
    if s.kind != Kind::Rodata || of(p, id).is_none() {
        return Err("this is no stack map, but a function has it for one".into());
    }
    let Some(hash) = s.name.strip_prefix(HASHED) else {
        return Ok(());
    };
    let found = Md5::digest(p.image(id));
    let digits = found.iter().flat_map(|b| [b >> 4, b & 15]);
    if digits.eq(hash.iter().map(|&c| digit(c))) {
        Ok(())
    } else {
        Err("the stack map does not have the bytes that its name is the hash of".into())
    }
}

/// Value of a hexadecimal digit as the compiler writes it; of anything else no digit's.
fn digit(c: u8) -> u8 {
    match c {
        b'0'..=b'9' => c - b'0',
        b'a'..=b'f' => c - b'a' + 10,
        _ => u8::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_what_its_header_says() {
        let image = [2, 0, 0, 0, 5, 0, 0, 0, 0b00110, 0, 0, 0, 1, 0, 0, 0];
        let m = StackMap::read(&image).unwrap();
        assert_eq!((m.n, m.nbit), (2, 5));
        assert!(m.bit(0, 1) && m.bit(0, 2) && !m.bit(0, 0) && m.bit(1, 0));
        assert!(StackMap::read(&image[..12]).is_none());
        assert!(StackMap::read(&image[..7]).is_none());
        assert!(StackMap::read(&[1, 0, 0, 0, 0, 0, 0, 0]).is_some());
        assert!(StackMap::read(&[0; 8]).is_none(), "no bitmap");
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
        assert!(StackMap::read(&huge).is_none());
    }
}
