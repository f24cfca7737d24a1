//! Size classes: which sizes small objects are rounded to, and how many pages a span of each class
//! has.
//!
//! The rule is tcmalloc's: steps grow with the size so that rounding wastes at most an eighth, a
//! span has enough pages to waste at most an eighth at its end, and a class that would put no more
//! objects into its span than the next one is dropped. Go programs observe the result: the capacity
//! after `append` is a rounded size, and `runtime.MemStats.BySize` lists the classes.

use super::geometry::PAGE;

/// Largest size that is served from a class; above it an object has a span of its own.
#[doc(alias = "maxSmallSize")]
#[doc(alias = "_MaxSmallSize")]
pub const MAX_SMALL: usize = 32 << 10;
/// Number of classes, class 0 (objects with a span of their own) included.
#[doc(alias = "_NumSizeClasses")]
pub const CLASSES: usize = 67;
/// Largest object whose pointer layout is kept as bits beside the heap; above it the object's type
/// is recorded.
pub const MAX_BITS: usize = 512;

/// One size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Bytes of an object.
    pub size: u32,
    /// Pages of a span.
    pub(super) pages: u32,
    /// Objects of a span.
    pub(super) objects: u32,
    /// `ceil(2^32 / size)`: `offset * magic >> 32` is the index of the object at `offset`.
    pub(super) magic: u32,
}

#[doc(alias = "initSizes")]
const fn table() -> [Class; CLASSES] {
    let mut t = [Class {
        size: 0,
        pages: 0,
        objects: 0,
        magic: 0,
    }; CLASSES];
    let mut n = 0;
    let mut align = 8;
    let mut size = 8;
    while size <= MAX_SMALL {
        if size.is_power_of_two() {
            if size >= 2048 {
                align = 256;
            } else if size >= 128 {
                align = size / 8;
            } else if size >= 16 {
                align = 16;
            }
        }
        let mut bytes = PAGE;
        while bytes % size > bytes / 8 {
            bytes += PAGE;
        }
        let objects = bytes / size;
        let same = n > 0 && t[n].pages as usize == bytes / PAGE && t[n].objects as usize == objects;
        if !same {
            n += 1;
        }
        t[n] = Class {
            size: size as u32,
            pages: (bytes / PAGE) as u32,
            objects: objects as u32,
            magic: ((1u64 << 32).div_ceil(size as u64)) as u32,
        };
        size += align;
    }
    assert!(n == CLASSES - 1);
    t
}

/// The classes; entry 0 is empty.
#[doc(alias = "class_to_size")]
#[doc(alias = "class_to_allocnpages")]
#[doc(alias = "class_to_divmagic")]
pub static TABLE: [Class; CLASSES] = TABLE_CONST;
/// [`TABLE`] for constants.
pub(super) const TABLE_CONST: [Class; CLASSES] = table();

/// Sizes up to this are looked up in steps of 8, larger ones in steps of 128.
const FINE: usize = 1024;

const fn lookup<const N: usize>(start: usize, step: usize) -> [u8; N] {
    let mut out = [0u8; N];
    let mut class = 1;
    let mut i = 0;
    while i < N {
        while (TABLE_CONST[class].size as usize) < start + i * step {
            class += 1;
        }
        out[i] = class as u8;
        i += 1;
    }
    out
}

#[doc(alias = "size_to_class8")]
static BY_8: [u8; FINE / 8 + 1] = lookup(0, 8);
#[doc(alias = "size_to_class128")]
static BY_128: [u8; (MAX_SMALL - FINE) / 128 + 1] = lookup(FINE, 128);

/// The class that holds objects of `size` bytes, for `size <= MAX_SMALL`.
///
/// # Safety
/// `size` must not be larger than [`MAX_SMALL`].
#[doc(alias = "sizeclass")]
#[inline(always)]
pub unsafe fn class_of(size: usize) -> usize {
    let class = if size <= FINE {
        // SAFETY: the table has an entry for each eight bytes up to `FINE`.
        unsafe { BY_8.get_unchecked(size.wrapping_add(7) >> 3) }
    } else {
        // SAFETY: the table has one for each 128 bytes up to `MAX_SMALL`, which the caller's size
        // does not exceed.
        unsafe { BY_128.get_unchecked(size.wrapping_sub(FINE).wrapping_add(127) >> 7) }
    };
    usize::from(*class)
}

/// The bytes that an allocation of `size` really gets.
pub fn round_up(size: usize) -> usize {
    if size <= MAX_SMALL {
        // SAFETY: the size is at most `MAX_SMALL` here.
        TABLE[unsafe { class_of(size) }].size as usize
    } else {
        size.checked_next_multiple_of(PAGE).unwrap_or(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `MemStats.BySize` and append capacities as Go 1.5.4 prints them.
    const GO: [u32; 66] = [
        8, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352,
        384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1664, 2048,
        2304, 2560, 2816, 3072, 3328, 4096, 4608, 5376, 6144, 6400, 6656, 6912, 8192, 8448, 8704,
        9472, 10496, 12288, 13568, 14080, 16384, 16640, 17664, 20480, 21248, 24576, 24832, 28416,
        32768,
    ];

    #[test]
    fn classes_are_those_that_go_programs_see() {
        let sizes: Vec<u32> = TABLE[1..].iter().map(|c| c.size).collect();
        assert_eq!(sizes, GO);
    }

    #[test]
    fn lookup_finds_the_smallest_class_that_fits() {
        for size in 0..=MAX_SMALL {
            // SAFETY: the sizes of the loop end at `MAX_SMALL`.
            let class = unsafe { class_of(size) };
            assert!(TABLE[class].size as usize >= size);
            assert!(
                class == 1 || (TABLE[class - 1].size as usize) < size,
                "{size}"
            );
        }
        assert_eq!(round_up(MAX_SMALL + 1), 5 * PAGE);
    }

    #[test]
    fn index_by_multiplication_is_exact() {
        for c in &TABLE[1..] {
            for offset in 0..c.pages as usize * PAGE {
                assert_eq!(
                    (offset as u64 * u64::from(c.magic)) >> 32,
                    (offset / c.size as usize) as u64
                );
            }
        }
    }
}
