//! Reader of the compiler's pc-value tables, for the pcs that are not call sites.
//!
//! A table is a sequence of (value delta, pc delta) pairs, base-128 varints; the value delta is
//! zig-zag coded. It starts with value -1 at the function's entry; a zero value delta ends it,
//! except in the first pair.

/// Steps through one pc-value table.
#[derive(Debug, Clone)]
pub struct PcValues<'a> {
    bytes: &'a [u8],
    pc: u64,
    value: i32,
    first: bool,
}

impl<'a> PcValues<'a> {
    /// `entry` is the pc at which the table starts; the bytes may run past its end.
    pub fn new(bytes: &'a [u8], entry: u64) -> Self {
        Self {
            bytes,
            pc: entry,
            value: -1,
            first: true,
        }
    }

    fn varint(&mut self) -> Option<u32> {
        let (mut v, mut shift) = (0u32, 0);
        loop {
            let (&b, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            if shift < 32 {
                v |= u32::from(b & 0x7f) << shift;
            }
            if b & 0x80 == 0 {
                return Some(v);
            }
            shift += 7;
            if shift > 35 {
                return None;
            }
        }
    }
}

impl Iterator for PcValues<'_> {
    /// `(end, value)`: the value holds from the previous item's `end` (or the entry) up to `end`.
    type Item = (u64, i32);

    fn next(&mut self) -> Option<(u64, i32)> {
        let delta = self.varint()?;
        if delta == 0 && !self.first {
            self.bytes = &[];
            return None;
        }
        self.first = false;
        let signed = ((delta >> 1) as i32) ^ -((delta & 1) as i32);
        self.value = self.value.wrapping_add(signed);
        self.pc += u64::from(self.varint()?);
        Some((self.pc, self.value))
    }
}

/// Value of the table at `pc`, or -1 where it says nothing.
pub fn lookup(bytes: &[u8], entry: u64, pc: u64) -> i32 {
    if bytes.is_empty() {
        return -1;
    }
    PcValues::new(bytes, entry)
        .find(|&(end, _)| pc < end)
        .map_or(-1, |(_, v)| v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_up_to_their_end() {
        // value 0 for 4 bytes, 8 for 16 bytes, then the end mark.
        let t = [2, 4, 16, 16, 0];
        assert_eq!(lookup(&t, 100, 100), 0);
        assert_eq!(lookup(&t, 100, 103), 0);
        assert_eq!(lookup(&t, 100, 104), 8);
        assert_eq!(lookup(&t, 100, 119), 8);
        assert_eq!(lookup(&t, 100, 120), -1);
        assert_eq!(lookup(&[], 100, 100), -1);
        assert_eq!(lookup(&[0x80], 0, 0), -1);
    }
}
