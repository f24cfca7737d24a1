//! Runes and their UTF-8 form, as Go defines them: whatever is not the shortest encoding of a
//! scalar value decodes to U+FFFD, one byte at a time.

/// What stands for bytes that are not UTF-8 and for values that are no runes.
const ERROR: u32 = 0xfffd;

/// The rune at the start of `len > 0` bytes and its width.
///
/// # Safety
/// `p` must be valid for `len` bytes.
#[inline(always)]
pub(super) unsafe fn decode(p: *const u8, len: usize) -> (u32, usize) {
    const BAD: (u32, usize) = (ERROR, 1);
    // SAFETY: each byte is read after its index was compared with the length.
    unsafe {
        let c0 = u32::from(*p);
        if c0 < 0x80 {
            return (c0, 1);
        }
        // 0x80..0xc1 are continuations and the leads of overlong pairs, 0xf5.. lead nothing.
        if !(0xc2..=0xf4).contains(&c0) || len < 2 {
            return BAD;
        }
        // A continuation byte xor 0x80 is below 0x40.
        let c1 = u32::from(*p.add(1)) ^ 0x80;
        if c1 >= 0x40 {
            return BAD;
        }
        if c0 < 0xe0 {
            return ((c0 & 0x1f) << 6 | c1, 2);
        }
        if len < 3 {
            return BAD;
        }
        let c2 = u32::from(*p.add(2)) ^ 0x80;
        if c2 >= 0x40 {
            return BAD;
        }
        if c0 < 0xf0 {
            let r = (c0 & 0xf) << 12 | c1 << 6 | c2;
            return if r < 0x800 || r & 0xf800 == 0xd800 {
                BAD
            } else {
                (r, 3)
            };
        }
        if len < 4 {
            return BAD;
        }
        let c3 = u32::from(*p.add(3)) ^ 0x80;
        if c3 >= 0x40 {
            return BAD;
        }
        let r = (c0 & 7) << 18 | c1 << 12 | c2 << 6 | c3;
        if (0x1_0000..=0x10_ffff).contains(&r) {
            (r, 4)
        } else {
            BAD
        }
    }
}

/// The encoding of `r`, first byte lowest, and its length. Values that are no runes come out as
/// U+FFFD.
#[inline(always)]
pub(super) fn encode(r: i32) -> (u32, usize) {
    let mut r = r as u32;
    if r < 0x80 {
        return (r, 1);
    }
    if r < 0x800 {
        return (0x80c0 | r >> 6 | (r & 0x3f) << 8, 2);
    }
    if r > 0x10_ffff || r & 0xffff_f800 == 0xd800 {
        r = ERROR;
    }
    if r < 0x1_0000 {
        return (
            0x80_80e0 | r >> 12 | (r >> 6 & 0x3f) << 8 | (r & 0x3f) << 16,
            3,
        );
    }
    (
        0x8080_80f0 | r >> 18 | (r >> 12 & 0x3f) << 8 | (r >> 6 & 0x3f) << 16 | (r & 0x3f) << 24,
        4,
    )
}

/// Writes the `n` bytes of an encoding.
///
/// # Safety
/// `p` must be valid for `n` bytes.
#[inline(always)]
pub(super) unsafe fn put(p: *mut u8, code: u32, n: usize) {
    let (low, third) = (code as u16, (code >> 16) as u8);
    // SAFETY: by the caller's promise there is room for `n` bytes.
    unsafe {
        match n {
            1 => p.write(code as u8),
            2 => p.cast::<u16>().write_unaligned(low),
            3 => {
                p.cast::<u16>().write_unaligned(low);
                p.add(2).write(third);
            }
            _ => p.cast::<u32>().write_unaligned(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_value_round_trips() {
        for r in -3..0x11_0003i32 {
            let (code, n) = encode(r);
            let mut bytes = [0; 4];
            // SAFETY: four bytes of room, four readable.
            let back = unsafe {
                put(bytes.as_mut_ptr(), code, n);
                decode(bytes.as_ptr(), n)
            };
            let want = char::from_u32(r as u32).unwrap_or('\u{fffd}');
            assert_eq!(
                std::str::from_utf8(&bytes[..n]),
                Ok(want.to_string().as_str()),
                "{r:#x}"
            );
            assert_eq!(back, (want as u32, n), "{r:#x}");
            // Truncated by a byte it is an error of width one (or nothing is left).
            if n > 1 {
                // SAFETY: as above.
                assert_eq!(unsafe { decode(bytes.as_ptr(), n - 1) }, (ERROR, 1));
            }
        }
    }

    #[test]
    fn every_byte_sequence_decodes_like_std() {
        // The bytes where the rules change, in all combinations.
        let edges = [
            0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef,
        ];
        let edges: Vec<u8> = edges
            .into_iter()
            .chain([0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfc, 0xfe, 0xff])
            .collect();
        for &a in &edges {
            for &b in &edges {
                for &c in &edges {
                    for &d in &edges {
                        let s = [a, b, c, d];
                        let want = (1..=4)
                            .find_map(|k| {
                                std::str::from_utf8(&s[..k])
                                    .ok()
                                    .map(|t| (t.chars().next().map_or(0, |c| c as u32), k))
                            })
                            .unwrap_or((ERROR, 1));
                        // SAFETY: four bytes.
                        assert_eq!(unsafe { decode(s.as_ptr(), 4) }, want, "{s:x?}");
                    }
                }
            }
        }
    }
}
