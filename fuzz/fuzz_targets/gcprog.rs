//! GC programs: what the linker accepts the runtime expands to the same bits, and writes nowhere
//! else. The first two bytes are the number of words that the type has, the third is how many of
//! them are not described, the rest is the program.
#![no_main]

use gort_fuzz::heap::gcprog::run;
use gort_link::gcprog;
use libfuzzer_sys::fuzz_target;

/// What the words behind the mask hold.
const GUARD: u64 = 0xa5a5_5a5a_1234_8765;

fuzz_target!(|data: &[u8]| {
    let &[low, high, rest, ref program @ ..] = data else {
        return;
    };
    let limit = u64::from(u16::from_le_bytes([low, high]));
    let words = limit.saturating_sub(u64::from(rest));
    let length = gcprog::length(program, limit);
    let Ok(mask) = gcprog::expand(program, words, limit) else {
        return;
    };
    // The one that reads to the end of the bytes is the stricter one.
    let Ok(bits) = length else {
        return;
    };
    assert!(bits <= limit);
    let n = words as usize;
    let mut out = vec![0u64; n.div_ceil(64) + 1];
    *out.last_mut().unwrap() = GUARD;
    // SAFETY: the linker has found it well-formed; there is room for the bits.
    let made = unsafe { run(program.as_ptr(), out.as_mut_ptr().cast(), n) };
    assert_eq!(out.pop(), Some(GUARD));
    assert!(made as u64 <= bits || made <= n);
    let bytes: Vec<u8> = out.iter().flat_map(|w| w.to_le_bytes()).collect();
    assert_eq!(bytes[..mask.len()], mask);
    assert!(bytes[mask.len()..].iter().all(|&b| b == 0));
});
