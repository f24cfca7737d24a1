//! Pointer programs: the masks of large types, compressed.
//!
//! Format (Go 1.5): a byte `0nnnnnnn` is followed by n literal bits, low bit first; `1nnnnnnn` by a
//! varint c and repeats the last n bits c times; with n = 0 there, n is a varint before c. A zero
//! byte ends it.
//!
//! Promise: every instruction produces at least one bit, and no more bits are produced than the
//! caller allows. So a run takes time in proportion to the program and the mask, whatever the
//! repeats in it claim.

use std::iter::FusedIterator;

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op<'a> {
    /// This many bits, as they are.
    Literal(u64, &'a [u8]),
    /// The last `len` bits, `times` times.
    Repeat { len: u64, times: u64 },
}

/// The instructions of a program, with the number of bits that each starts at; `Err` is the last
/// item of a malformed one.
#[derive(Debug, Clone)]
struct Ops<'a> {
    rest: &'a [u8],
    done: bool,
    at: u64,
    limit: u64,
}

/// The program is malformed, or produces more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Ops<'a> {
    fn new(program: &'a [u8], limit: u64) -> Self {
        Self {
            rest: program,
            done: false,
            at: 0,
            limit,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&b, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(b)
    }

    fn varint(&mut self) -> Option<u64> {
        let (mut v, mut shift) = (0u64, 0);
        loop {
            let b = self.byte()?;
            v |= u64::from(b & 0x7f).checked_shl(shift)?;
            if b & 0x80 == 0 {
                return Some(v);
            }
            shift += 7;
        }
    }

    /// The next instruction; none after the end mark.
    fn op(&mut self) -> Option<Option<(u64, Op<'a>)>> {
        let op = self.byte()?;
        if op == 0 {
            return Some(None);
        }
        let (op, bits) = if op & 0x80 == 0 {
            let count = u64::from(op);
            let (bits, rest) = self.rest.split_at_checked((count as usize).div_ceil(8))?;
            self.rest = rest;
            (Op::Literal(count, bits), count)
        } else {
            let len = match op & 0x7f {
                0 => self.varint()?,
                len => u64::from(len),
            };
            let times = self.varint()?;
            if len == 0 || len > self.at || times == 0 {
                return None;
            }
            (Op::Repeat { len, times }, len.checked_mul(times)?)
        };
        let at = self.at;
        self.at = at.checked_add(bits).filter(|&end| end <= self.limit)?;
        Some(Some((at, op)))
    }
}

impl<'a> Iterator for Ops<'a> {
    type Item = Result<(u64, Op<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.op() {
            Some(Some(op)) => Some(Ok(op)),
            Some(None) => {
                self.done = true;
                None
            }
            None => {
                self.done = true;
                Some(Err(Malformed))
            }
        }
    }
}

impl FusedIterator for Ops<'_> {}

/// Bits that a program produces; it has to end where its bytes end.
pub fn length(program: &[u8], limit: u64) -> Result<u64, Malformed> {
    let mut ops = Ops::new(program, limit);
    for op in &mut ops {
        op?;
    }
    if ops.rest.is_empty() {
        Ok(ops.at)
    } else {
        Err(Malformed)
    }
}

/// The first `words` bits that a program produces, which may be `limit` in all: it describes a type
/// to its end, behind its last pointer too.
pub fn expand(program: &[u8], words: u64, limit: u64) -> Result<Vec<u8>, Malformed> {
    let mut out = vec![0u8; (words as usize).div_ceil(8)];
    for op in Ops::new(program, limit) {
        let (at, op) = op?;
        match op {
            Op::Literal(count, bits) => {
                for i in 0..count {
                    if bits[i as usize / 8] >> (i % 8) & 1 != 0 {
                        set(&mut out, at + i, words)?;
                    }
                }
            }
            Op::Repeat { len, times } => {
                let end = at + len * times;
                for to in at..end.min(words) {
                    if get(&out, to - len, words) {
                        set(&mut out, to, words)?;
                    }
                }
                // No pointer may be copied past the end. The copies are alike, so the first of what
                // lies there stands for all.
                let past = at.max(words);
                if (past..end.min(past + len)).any(|to| get(&out, to - len, words)) {
                    return Err(Malformed);
                }
            }
        }
    }
    Ok(out)
}

fn get(out: &[u8], bit: u64, words: u64) -> bool {
    bit < words && out[bit as usize / 8] >> (bit % 8) & 1 != 0
}

fn set(out: &mut [u8], bit: u64, words: u64) -> Result<(), Malformed> {
    if bit >= words {
        return Err(Malformed);
    }
    out[bit as usize / 8] |= 1 << (bit % 8);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs() {
        assert_eq!(expand(&[3, 0b101, 0], 8, 8), Ok(vec![0b101]));
        // 2 bits `01`, repeated 3 more times.
        assert_eq!(expand(&[2, 0b01, 0x82, 3, 0], 8, 8), Ok(vec![0b0101_0101]));
        // The long form, with a repeat count over 127.
        let long = [1, 1, 0x80, 1, 0xff, 1, 0];
        assert_eq!(expand(&long, 256, 256), Ok(vec![0xff; 32]));
        assert_eq!(length(&long, 256), Ok(256));
        assert_eq!(expand(&[9, 0xff, 0x01, 0], 16, 16), Ok(vec![0xff, 0x01]));
        assert_eq!(expand(&[3, 0b111, 0], 2, 3), Err(Malformed));
        assert_eq!(expand(&[0x81, 1, 0], 8, 8), Err(Malformed));
        assert_eq!(expand(&[1, 1], 8, 8), Err(Malformed));
    }

    #[test]
    fn zeros_may_follow_the_last_pointer_and_nothing_else() {
        // 100 times a pointer and two words without: the last pointer is word 297 of 300.
        let program = [3, 0b001, 0x83, 99, 0];
        let mask = expand(&program, 298, 300).unwrap();
        assert_eq!(mask.len(), 38);
        assert!((0..298).all(|i| (mask[i / 8] >> (i % 8) & 1 != 0) == (i % 3 == 0)));
        assert_eq!(expand(&program, 297, 300), Err(Malformed));
        assert_eq!(expand(&program, 298, 299), Err(Malformed));
        assert_eq!(expand(&program, 200, 300), Err(Malformed));
    }

    #[test]
    fn repeats_are_bounded_in_sum() {
        // Each repeat would be allowed alone.
        let mut program = vec![1, 1];
        for _ in 0..1000 {
            program.extend([0x81, 0xff, 0xff, 0x3f]);
        }
        program.push(0);
        let words = 1 << 20;
        assert_eq!(length(&program, words), Err(Malformed));
        assert_eq!(Ops::new(&program, words).count(), 3);
        assert_eq!(expand(&program, words, words), Err(Malformed));
    }

    #[test]
    fn an_instruction_that_produces_nothing_is_refused() {
        assert_eq!(length(&[1, 1, 0x81, 0, 0], 8), Err(Malformed));
        assert_eq!(length(&[1, 1, 0x80, 0, 1, 0], 8), Err(Malformed));
        assert_eq!(length(&[1, 1, 0, 0], 8), Err(Malformed));
        let endless = [
            0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
        ];
        assert_eq!(length(&endless, 8), Err(Malformed));
    }
}
