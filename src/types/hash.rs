//! Hashing of bytes.
//!
//! Short keys go through two folded multiplications (the idea of wyhash), longer ones through
//! rounds of AES in up to eight lanes where the processor has them, else through more
//! multiplications. The keys are random in every process, each a number of its own: hash values
//! never leave it, and nobody outside can choose inputs that collide. Everything here is fit for
//! leaf mode: no calls beyond this file, no recursion.

use crate::os::random_u64;
use core::arch::x86_64::{
    __cpuid, __m128i, _mm_aesenc_si128, _mm_cvtsi128_si64, _mm_load_si128, _mm_loadu_si128,
    _mm_set_epi64x, _mm_xor_si128,
};
use core::cell::UnsafeCell;

/// Longest key that takes the short path: two overlapping 8-byte loads cover it.
const SHORT: usize = 16;
/// Bytes that one step of the long AES loop takes: eight lanes hide the latency of the instruction.
const STEP: usize = 128;

#[repr(C, align(64))]
struct Keys {
    /// Round keys of the AES lanes.
    lanes: [[u64; 2]; 8],
    /// Multipliers of the short path: odd.
    fold: [u64; 2],
    /// For [`seed`] alone.
    seeds: [u64; 2],
    /// The processor has AES instructions.
    aes: bool,
}

#[repr(transparent)]
struct Static(UnsafeCell<Keys>);
// SAFETY: written once at boot, before there is a second thread; only read afterwards.
unsafe impl Sync for Static {}

// The values before `init` only serve unit tests; they are digits of pi.
static KEYS: Static = Static(UnsafeCell::new(Keys {
    lanes: [
        [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344],
        [0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89],
        [0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c],
        [0xc0ac_29b7_c97c_50dd, 0x3f84_d5b5_b547_0917],
        [0x9216_d5d9_8979_fb1b, 0xd131_0ba6_98df_b5ac],
        [0x2ffd_72db_d01a_dfb7, 0xb8e1_afed_6a26_7e96],
        [0xba7c_9045_f12c_7f99, 0x24a1_9947_b391_6cf7],
        [0x0801_f2e2_858e_fc16, 0x6369_20d8_7157_4e69],
    ],
    fold: [0xa458_fea3_f493_3d7f, 0x0d95_748f_728e_b659],
    seeds: [0x718b_cd58_8215_4aee, 0x7b54_a41d_c25a_59b5],
    aes: false,
}));

/// Draws the keys.
pub(super) fn init() {
    // SAFETY: at boot there is one thread, and no reference to the keys is in use.
    let keys = unsafe { &mut *KEYS.0.get() };
    for words in keys
        .lanes
        .iter_mut()
        .chain([&mut keys.fold, &mut keys.seeds])
    {
        *words = [random_u64(), random_u64()];
    }
    keys.fold = keys.fold.map(|k| k | 1);
    keys.aes = has_aes();
}

fn has_aes() -> bool {
    const AES_NI: u32 = 1 << 25;
    __cpuid(1).ecx & AES_NI != 0
}

#[inline(always)]
fn keys() -> &'static Keys {
    // SAFETY: the keys were written at boot, while there was one thread, and are only read since
    // then.
    unsafe { &*KEYS.0.get() }
}

/// Both halves of the product.
#[inline(always)]
fn multiply(a: u64, b: u64) -> (u64, u64) {
    let t = u128::from(a) * u128::from(b);
    (t as u64, (t >> 64) as u64)
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let (lo, hi) = multiply(a, b);
    lo ^ hi
}

/// Eight bytes as a word.
///
/// # Safety
///
/// They are readable.
#[inline(always)]
unsafe fn read8(p: *const u8) -> u64 {
    // SAFETY: by the caller's promise so many bytes are readable.
    unsafe { p.cast::<u64>().read_unaligned() }
}

/// Four bytes as a word.
///
/// # Safety
///
/// They are readable.
#[inline(always)]
unsafe fn read4(p: *const u8) -> u64 {
    // SAFETY: by the caller's promise so many bytes are readable.
    u64::from(unsafe { p.cast::<u32>().read_unaligned() })
}

/// The seed of a map, from a number of a generator of which programs see other numbers: who has
/// guessed the number does not know the seed.
#[inline(always)]
pub fn seed(number: u64) -> u32 {
    let k = keys();
    let (lo, hi) = multiply(number ^ k.seeds[0], k.seeds[1] | 1);
    (fold(lo ^ k.seeds[1], hi ^ k.seeds[0]) >> 32) as u32
}

/// Hash of `len` bytes at `p`.
///
/// # Safety
/// The bytes must be readable.
#[doc(alias = "memhash")]
#[inline(always)]
pub unsafe fn bytes(p: *const u8, len: usize, seed: usize) -> usize {
    if len <= SHORT {
        // SAFETY: by the caller's promise the bytes are readable, and few enough.
        unsafe { small(p, len, seed) }
    } else {
        // SAFETY: the bytes are readable, and enough.
        unsafe { long(p, len, seed) }
    }
}

/// [`bytes`] for up to 16: two words that overlap cover them; the length goes in apart, so that
/// trailing zeroes count.
///
/// # Safety
/// The bytes must be readable.
#[inline(always)]
pub(super) unsafe fn small(p: *const u8, len: usize, seed: usize) -> usize {
    // SAFETY: by the caller's promise the bytes are readable, and few enough.
    let (a, b) = unsafe { words(p, len) };
    pair(a, b, len, seed)
}

/// Up to 16 bytes as two words.
///
/// # Safety
///
/// They are readable.
#[inline(always)]
unsafe fn words(p: *const u8, len: usize) -> (u64, u64) {
    if len >= 8 {
        // SAFETY: by the caller's promise `len` bytes are readable.
        unsafe { (read8(p), read8(p.add(len - 8))) }
    } else if len >= 4 {
        // SAFETY: by the same promise `len` bytes are readable.
        unsafe { (read4(p), read4(p.add(len - 4))) }
    } else if len > 0 {
        // SAFETY: `len` bytes are readable, and these are the first, the middle, the last.
        let bytes = unsafe { [*p, *p.add(len >> 1), *p.add(len - 1)] };
        let [first, middle, last] = bytes.map(u64::from);
        (first << 16 | middle << 8 | last, 0)
    } else {
        (0, 0)
    }
}

/// Hash of two words that stand for `len` bytes.
#[inline(always)]
pub(super) fn pair(a: u64, b: u64, len: usize, seed: usize) -> usize {
    let k = keys();
    finish(a, b ^ scramble(seed, k), len, k)
}

/// The hash of a value of several parts is a state that takes in one after the other, each with one
/// multiplication while it is short: from here,
#[inline(always)]
pub(super) fn begin(seed: usize) -> u64 {
    scramble(seed, keys())
}

/// through `len` bytes at `p`, whose number counts,
///
/// # Safety
/// The bytes must be readable.
#[inline(always)]
pub(super) unsafe fn absorb(p: *const u8, len: usize, state: u64) -> u64 {
    if len <= SHORT {
        // SAFETY: by the caller's promise the bytes are readable, and few enough.
        let (a, b) = unsafe { words(p, len) };
        fold(a ^ keys().lanes[2][0], b ^ state).wrapping_add(len as u64)
    } else {
        // SAFETY: the bytes are readable, and enough.
        unsafe { long(p, len, state as usize) as u64 }
    }
}

/// or a word,
#[inline(always)]
pub(super) fn absorb_word(a: u64, state: u64) -> u64 {
    fold(a ^ keys().lanes[2][1], state)
}

/// to the hash.
#[inline(always)]
pub(super) fn end(state: u64) -> usize {
    let k = keys();
    fold(state ^ k.lanes[3][0], k.fold[0]) as usize
}

/// Seeds are often hashes of earlier parts of a key, but may be small numbers: no bit of one must
/// cancel a bit of the key.
#[inline(always)]
fn scramble(seed: usize, k: &Keys) -> u64 {
    fold(seed as u64 ^ k.lanes[0][0], k.lanes[0][1])
}

/// The product alone leaves the low bits of both halves weak: a second one mixes them.
#[inline(always)]
fn finish(a: u64, b: u64, len: usize, k: &Keys) -> usize {
    let (lo, hi) = multiply(a ^ k.fold[0], b);
    fold(lo ^ k.lanes[1][0] ^ len as u64, hi ^ k.fold[1]) as usize
}

/// Hash of a 4-byte key, the same as [`bytes`] of its memory.
#[inline(always)]
pub fn word32(v: u32, seed: usize) -> usize {
    // SAFETY: four bytes of a local variable.
    unsafe { small((&raw const v).cast(), 4, seed) }
}

/// Hash of an 8-byte key, the same as [`bytes`] of its memory.
#[inline(always)]
pub fn word64(v: u64, seed: usize) -> usize {
    // SAFETY: eight bytes of a local variable.
    unsafe { small((&raw const v).cast(), 8, seed) }
}

/// More than 16 bytes.
///
/// # Safety
///
/// They are readable, and more than 16.
#[inline(always)]
unsafe fn long(p: *const u8, len: usize, seed: usize) -> usize {
    if keys().aes {
        // SAFETY: by the caller's promise the bytes are readable; the processor has the
        // instructions.
        unsafe { aes(p, len, seed) }
    } else {
        // SAFETY: the bytes are readable, and enough.
        unsafe { folded(p, len, seed) }
    }
}

/// Any processor: 16 bytes a multiplication, in three independent chains for long keys.
///
/// # Safety
///
/// As [`long`].
unsafe fn folded(mut p: *const u8, len: usize, seed: usize) -> usize {
    let k = keys();
    let mut left = len;
    let mut s = scramble(seed, k);
    // SAFETY: by the caller's promise `len` bytes are readable: every load lies within the `left`
    // at `p`, or in the 16 before its end.
    unsafe {
        if left > 48 {
            let (mut s1, mut s2) = (s ^ k.lanes[3][0], s ^ k.lanes[3][1]);
            while left > 48 {
                s = fold(read8(p) ^ k.lanes[4][0], read8(p.add(8)) ^ s);
                s1 = fold(read8(p.add(16)) ^ k.lanes[4][1], read8(p.add(24)) ^ s1);
                s2 = fold(read8(p.add(32)) ^ k.lanes[5][0], read8(p.add(40)) ^ s2);
                p = p.add(48);
                left -= 48;
            }
            s ^= s1 ^ s2;
        }
        while left > 16 {
            s = fold(read8(p) ^ k.lanes[5][1], read8(p.add(8)) ^ s);
            p = p.add(16);
            left -= 16;
        }
        let end = p.add(left);
        finish(read8(end.sub(16)), read8(end.sub(8)) ^ s, len, k)
    }
}

/// Sixteen bytes as a block.
///
/// # Safety
///
/// They are readable.
#[inline(always)]
unsafe fn load(p: *const u8) -> __m128i {
    // SAFETY: by the caller's promise so many bytes are readable.
    unsafe { _mm_loadu_si128(p.cast()) }
}

#[inline(always)]
/// Round key `i`.
///
/// # Safety
/// `i < 8`.
unsafe fn lane(i: usize) -> __m128i {
    // SAFETY: the table is aligned to 64 bytes, and by the caller's promise has this key.
    unsafe { _mm_load_si128((&raw const keys().lanes).cast::<__m128i>().add(i)) }
}

/// Rounds of AES that follow the first: two spread a difference over a whole block, three make it
/// even.
///
/// # Safety
/// `i < 8`.
#[target_feature(enable = "aes")]
#[inline]
unsafe fn rounds(x: __m128i, i: usize) -> __m128i {
    // SAFETY: by the caller's promise `i < 8`, and so are both numbers.
    let (first, second) = unsafe { (lane(i ^ 1), lane(i ^ 2)) };
    _mm_aesenc_si128(_mm_aesenc_si128(x, first), second)
}

/// With AES instructions. Blocks overlap instead of being padded.
///
/// # Safety
/// As [`long`].
#[target_feature(enable = "aes")]
unsafe fn aes(p: *const u8, len: usize, seed: usize) -> usize {
    // SAFETY: by the caller's promise more than 16 bytes are readable, and every load lies within
    // them: the ranges are told at each step.
    unsafe {
        let key = _mm_set_epi64x(len as i64, seed as i64);
        // One round makes the seed part of every bit of the starting block; it is the same work for
        // all lanes.
        let key = _mm_aesenc_si128(_mm_xor_si128(key, lane(0)), lane(1));
        let end = p.add(len);
        // The first round of a block does not wait for the key, which joins at its end.
        let start =
            |i: usize, at: *const u8| _mm_aesenc_si128(_mm_xor_si128(load(at), lane(i)), key);
        let sum = if len <= 32 {
            let (a, b) = (rounds(start(0, p), 0), rounds(start(1, end.sub(16)), 1));
            _mm_xor_si128(a, b)
        } else if len <= 64 {
            let a = rounds(start(0, p), 0);
            let b = rounds(start(1, p.add(16)), 1);
            let c = rounds(start(2, end.sub(32)), 2);
            let d = rounds(start(3, end.sub(16)), 3);
            _mm_xor_si128(_mm_xor_si128(a, b), _mm_xor_si128(c, d))
        } else if len <= STEP {
            let a = rounds(start(0, p), 0);
            let b = rounds(start(1, p.add(16)), 1);
            let c = rounds(start(2, p.add(32)), 2);
            let d = rounds(start(3, p.add(48)), 3);
            let e = rounds(start(4, end.sub(64)), 4);
            let f = rounds(start(5, end.sub(48)), 5);
            let g = rounds(start(6, end.sub(32)), 6);
            let h = rounds(start(7, end.sub(16)), 7);
            let (ab, cd) = (_mm_xor_si128(a, b), _mm_xor_si128(c, d));
            let (ef, gh) = (_mm_xor_si128(e, f), _mm_xor_si128(g, h));
            _mm_xor_si128(_mm_xor_si128(ab, cd), _mm_xor_si128(ef, gh))
        } else {
            // The last 128 bytes first, then whole steps from the front.
            let tail = end.sub(STEP);
            let mut s0 = start(0, tail);
            let mut s1 = start(1, tail.add(16));
            let mut s2 = start(2, tail.add(32));
            let mut s3 = start(3, tail.add(48));
            let mut s4 = start(4, tail.add(64));
            let mut s5 = start(5, tail.add(80));
            let mut s6 = start(6, tail.add(96));
            let mut s7 = start(7, tail.add(112));
            let mut at = p;
            while at < tail {
                s0 = _mm_aesenc_si128(s0, load(at));
                s1 = _mm_aesenc_si128(s1, load(at.add(16)));
                s2 = _mm_aesenc_si128(s2, load(at.add(32)));
                s3 = _mm_aesenc_si128(s3, load(at.add(48)));
                s4 = _mm_aesenc_si128(s4, load(at.add(64)));
                s5 = _mm_aesenc_si128(s5, load(at.add(80)));
                s6 = _mm_aesenc_si128(s6, load(at.add(96)));
                s7 = _mm_aesenc_si128(s7, load(at.add(112)));
                at = at.add(STEP);
            }
            let last = |x, i| rounds(_mm_aesenc_si128(x, lane(i)), i);
            let (a, b) = (last(s0, 0), last(s1, 1));
            let (c, d) = (last(s2, 2), last(s3, 3));
            let (e, f) = (last(s4, 4), last(s5, 5));
            let (g, h) = (last(s6, 6), last(s7, 7));
            let (ab, cd) = (_mm_xor_si128(a, b), _mm_xor_si128(c, d));
            let (ef, gh) = (_mm_xor_si128(e, f), _mm_xor_si128(g, h));
            _mm_xor_si128(_mm_xor_si128(ab, cd), _mm_xor_si128(ef, gh))
        };
        _mm_cvtsi128_si64(sum) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// All ways to hash, so that each is tested on every machine that has it.
    fn ways() -> Vec<fn(&[u8], usize) -> usize> {
        // SAFETY: slices are readable, and each way is used for its lengths.
        let mut all: Vec<fn(&[u8], usize) -> usize> = vec![|s, seed| unsafe {
            if s.len() <= SHORT {
                small(s.as_ptr(), s.len(), seed)
            } else {
                folded(s.as_ptr(), s.len(), seed)
            }
        }];
        if has_aes() {
            // SAFETY: as above; the processor has the instructions.
            all.push(|s, seed| unsafe {
                if s.len() <= SHORT {
                    small(s.as_ptr(), s.len(), seed)
                } else {
                    aes(s.as_ptr(), s.len(), seed)
                }
            });
        }
        all
    }

    #[test]
    fn every_byte_length_and_seed_bit_counts() {
        for hash in ways() {
            for len in 0..300usize {
                let mut s: Vec<u8> = (0..len).map(|i| (i * 7 + 3) as u8).collect();
                let mut seen = HashSet::from([hash(&s, 1)]);
                for i in 0..len {
                    for bit in 0..8 {
                        s[i] ^= 1 << bit;
                        assert!(
                            seen.insert(hash(&s, 1)),
                            "length {len}, bit {bit} of byte {i}"
                        );
                        s[i] ^= 1 << bit;
                    }
                }
                for bit in 1..64 {
                    assert!(
                        seen.insert(hash(&s, 1 ^ 1 << bit)),
                        "length {len}, seed bit {bit}"
                    );
                }
                s.push(0);
                assert!(seen.insert(hash(&s, 1)), "a zero byte after {len}");
            }
        }
    }

    #[test]
    fn each_input_bit_changes_about_half_of_the_output() {
        for hash in ways() {
            for len in [1, 3, 4, 8, 16, 17, 33, 65, 129] {
                let mut flips = vec![[0u32; 64]; len * 8];
                const ROUNDS: u32 = 256;
                for round in 0..ROUNDS {
                    let mut s: Vec<u8> = (0..len)
                        .map(|i| word64(u64::from(round) << 32 | i as u64, 99) as u8)
                        .collect();
                    let base = hash(&s, 7);
                    for bit in 0..len * 8 {
                        s[bit / 8] ^= 1 << (bit % 8);
                        let diff = base ^ hash(&s, 7);
                        s[bit / 8] ^= 1 << (bit % 8);
                        for (o, n) in flips[bit].iter_mut().enumerate() {
                            *n += (diff >> o & 1) as u32;
                        }
                    }
                }
                for (bit, row) in flips.iter().enumerate() {
                    for (o, &n) in row.iter().enumerate() {
                        // Six standard deviations of a fair coin thrown 256 times are 48.
                        assert!(
                            n.abs_diff(ROUNDS / 2) < 60,
                            "length {len}: input bit {bit} flips output bit {o} {n} times of {ROUNDS}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn parts_count_by_bit_length_and_place() {
        let hash = |parts: &[&[u8]], seed| {
            let state = parts.iter().fold(begin(seed), |s, p| {
                // SAFETY: slices are readable.
                unsafe { absorb(p.as_ptr(), p.len(), s) }
            });
            end(state)
        };
        let mut seen = HashSet::new();
        for parts in [
            [&b""[..], b"", b""],
            [b"a", b"", b""],
            [b"", b"a", b""],
            [b"", b"", b"a"],
            [b"ab", b"", b""],
            [b"a", b"b", b""],
            [b"", b"\0", b""],
            [b"\0", b"", b""],
            [b"a long part of a key", b"", b""],
            [b"", b"a long part of a key", b""],
        ] {
            assert!(seen.insert(hash(&parts, 1)), "{parts:?}");
            assert!(seen.insert(hash(&parts, 2)), "{parts:?}");
        }
        // Each bit of a word changes about half of the hash, wherever the word stands.
        for place in 0..3 {
            for bit in 0..64 {
                let differ: u32 = (0..256u64)
                    .map(|n| {
                        let with = |w: u64| {
                            let words = [n, n ^ 77, n * 3];
                            let s = (0..3).fold(begin(9), |s, i| {
                                absorb_word(words[i] ^ if i == place { w } else { 0 }, s)
                            });
                            end(s)
                        };
                        (with(0) ^ with(1 << bit)).count_ones()
                    })
                    .sum();
                assert!(
                    (256 * 28..256 * 36).contains(&differ),
                    "{place}, {bit}: {differ}"
                );
            }
        }
    }

    #[test]
    fn seeds_of_maps_are_not_the_numbers_they_come_from() {
        // Each bit of the number changes about half of the seed's.
        for n in 0..64u64 {
            for bit in 0..64 {
                let differ = (seed(n) ^ seed(n ^ 1 << bit)).count_ones();
                assert!((3..30).contains(&differ), "{n}, bit {bit}: {differ}");
            }
        }
        let all: HashSet<u32> = (0..10_000).map(seed).collect();
        assert!(all.len() > 9_990);
    }

    #[test]
    fn word_hashes_are_byte_hashes() {
        let v = 0x0123_4567_89ab_cdefu64;
        // SAFETY: locals.
        unsafe {
            assert_eq!(word64(v, 5), bytes((&raw const v).cast(), 8, 5));
            assert_eq!(word32(v as u32, 5), bytes((&raw const v).cast(), 4, 5));
        }
    }
}
