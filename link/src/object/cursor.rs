//! Bounded reading of the primitive encodings of Go objects.

/// Where and why reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the bytes that were read.
    pub offset: usize,
    /// What is wrong there.
    pub what: String,
}

impl Fault {
    /// A fault at `offset`.
    pub fn at(offset: usize, what: impl Into<String>) -> Self {
        Self {
            offset,
            what: what.into(),
        }
    }
}

/// Reads forward; never past the end.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at `pos`; a position past the end reads nothing.
    pub fn new(bytes: &'a [u8], pos: usize) -> Self {
        Self {
            bytes,
            pos: pos.min(bytes.len()),
        }
    }

    /// Current offset.
    pub fn pos(&self) -> usize {
        self.pos
    }

    /// Bytes left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.pos
    }

    /// A fault at the current offset.
    pub fn fault<T>(&self, what: impl Into<String>) -> Result<T, Fault> {
        Err(Fault::at(self.pos, what))
    }

    /// The next byte, not consumed.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Fault> {
        match self.peek() {
            Some(b) => {
                self.pos += 1;
                Ok(b)
            }
            None => self.fault("the object ends early (truncated)"),
        }
    }

    /// `n` raw bytes.
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        if n > self.left() {
            return self.fault(format!(
                "{n} bytes wanted, {} left (truncated)",
                self.left()
            ));
        }
        let b = &self.bytes[self.pos..self.pos + n];
        self.pos += n;
        Ok(b)
    }

    /// A zig-zag varint of at most 64 bits.
    pub fn int(&mut self) -> Result<i64, Fault> {
        let start = self.pos;
        let mut v = 0u64;
        let mut shift = 0;
        loop {
            let b = self.u8()?;
            if shift == 63 && b > 1 {
                return Err(Fault::at(start, "an integer of more than 64 bits"));
            }
            v |= u64::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Ok(((v >> 1) as i64) ^ -((v & 1) as i64));
            }
            shift += 7;
        }
    }

    /// A varint within a range.
    pub fn int_in(
        &mut self,
        range: std::ops::RangeInclusive<i64>,
        what: &str,
    ) -> Result<i64, Fault> {
        let start = self.pos;
        let v = self.int()?;
        if range.contains(&v) {
            Ok(v)
        } else {
            Err(Fault::at(start, format!("{what} {v} is out of range")))
        }
    }

    /// A number of records that take at least `min_bytes` each: bounds what the caller allocates.
    pub fn count(&mut self, min_bytes: usize, what: &str) -> Result<usize, Fault> {
        let start = self.pos;
        let v = self.int()?;
        match usize::try_from(v) {
            Ok(n) if n <= self.left() / min_bytes => Ok(n),
            _ => Err(Fault::at(
                start,
                format!("{what} {v} cannot be true, {} bytes are left", self.left()),
            )),
        }
    }

    /// A length and that many bytes.
    pub fn blob(&mut self) -> Result<&'a [u8], Fault> {
        let n = self.count(1, "length")?;
        self.bytes(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag() {
        for (bytes, v) in [
            (&[0u8][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0xfe, 1], 127),
            (&[0x80, 2], 128),
        ] {
            assert_eq!(Cursor::new(bytes, 0).int(), Ok(v));
        }
        let min = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(Cursor::new(&min, 0).int(), Ok(i64::MIN));
        let too_long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert!(Cursor::new(&too_long, 0).int().is_err());
        assert!(Cursor::new(&[0x80], 0).int().is_err());
    }

    #[test]
    fn counts_are_bounded_by_what_is_left() {
        assert!(Cursor::new(&[20, 0, 0], 0).count(1, "length").is_err());
        assert_eq!(Cursor::new(&[4, 7, 8], 0).blob(), Ok(&[7u8, 8][..]));
        assert!(Cursor::new(&[1, 7, 8], 0).blob().is_err());
    }
}
