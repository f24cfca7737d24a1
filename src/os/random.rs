//! Start-up randomness: the 16 bytes that the kernel puts into the auxiliary vector, stretched.

use core::sync::atomic::{AtomicU64, Ordering};

static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);

/// Mixes the kernel's random bytes in. Called once at boot.
pub fn seed(bytes: [u8; 16]) {
    let (a, b) = bytes.split_at(8);
    let word = |s: &[u8]| s.iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
    STATE.store(word(a) ^ word(b).rotate_left(29), Ordering::Relaxed);
}

/// An unpredictable number: different in every process and at every call.
pub fn random_u64() -> u64 {
    // splitmix64 (Steele, Lea, Flood 2014)
    let mut z = STATE
        .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
