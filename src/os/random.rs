//! Randomness: a key of 128 bits from the kernel, and numbers drawn by it that tell nothing of each
//! other, nor of the key.
//!
//! The kernel gives every program sixteen random bytes with its auxiliary vector: two words
//! independent of each other, for no system call. Number n is SipHash (Aumasson, Bernstein 2012),
//! keyed by them, of n. What programs see of randomness (the order of a map, of a select) comes
//! from generators that each began with one of these numbers: who has found out all of such a
//! generator knows neither the next number nor the keys of the hash functions.

use super::{clock, sys};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The key. Written once at boot, while there is one thread.
static KEY: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];
/// It was written.
static SEEDED: AtomicBool = AtomicBool::new(false);
/// Numbers drawn.
static DRAWN: AtomicU64 = AtomicU64::new(0);

/// The two words of the kernel's bytes.
fn words(bytes: [u8; 16]) -> [u64; 2] {
    let (a, b) = bytes.split_at(8);
    [a, b].map(|s| s.iter().fold(0, |v, &b| v << 8 | u64::from(b)))
}

/// Takes the kernel's random bytes. Called at boot.
pub fn seed(bytes: [u8; 16]) {
    for (to, word) in KEY.iter().zip(words(bytes)) {
        to.store(word, Ordering::Relaxed);
    }
    SEEDED.store(true, Ordering::Relaxed);
}

/// Where the auxiliary vector had no random bytes (some emulators leave them out): asks for them.
/// Called at boot, after the vector was read.
pub fn ensure_seeded() {
    if SEEDED.load(Ordering::Relaxed) {
        return;
    }
    let mut bytes = [0u8; 16];
    let at = bytes.as_mut_ptr() as usize;
    // SAFETY: room for as many bytes as are asked for; a path that ends in zero.
    unsafe {
        let n = sys::syscall3(libc::SYS_getrandom, at, bytes.len(), 0);
        if n != bytes.len() as isize {
            let path = c"/dev/urandom".as_ptr() as usize;
            let flags = (libc::O_RDONLY | libc::O_CLOEXEC) as usize;
            let fd = sys::syscall3(libc::SYS_open, path, flags, 0);
            if fd >= 0 {
                // Where it reads less, what follows is all there is.
                sys::syscall3(libc::SYS_read, fd as usize, at, bytes.len());
                sys::syscall3(libc::SYS_close, fd as usize, 0, 0);
            }
        }
    }
    // Nothing random is to be had in the worst case, but what differs from process to process:
    // time, and where the kernel put the stack.
    let [a, b] = words(bytes);
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // Where even that is refused it stays zero; the stack's place is left.
    clock::read(libc::CLOCK_REALTIME, &mut now);
    let here = bytes.as_ptr() as u64;
    KEY[0].store(a ^ here.rotate_left(32), Ordering::Relaxed);
    KEY[1].store(
        b ^ (now.tv_sec as u64) << 30 ^ now.tv_nsec as u64,
        Ordering::Relaxed,
    );
}

/// An unpredictable number: different in every process and at every call.
pub fn random_u64() -> u64 {
    let key = [0, 1].map(|i: usize| KEY[i].load(Ordering::Relaxed));
    siphash(key, DRAWN.fetch_add(1, Ordering::Relaxed))
}

/// SipHash-2-4 of the eight bytes of `m`.
fn siphash(key: [u64; 2], m: u64) -> u64 {
    let [k0, k1] = key;
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    // The message, then the last block: its length and no bytes.
    for word in [m, (size_of::<u64>() as u64) << 56] {
        v[3] ^= word;
        sip_rounds::<2>(&mut v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_rounds::<4>(&mut v);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn sip_rounds<const N: usize>(v: &mut [u64; 4]) {
    for _ in 0..N {
        v[0] = v[0].wrapping_add(v[1]);
        v[2] = v[2].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[1]);
        v[0] = v[0].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_published() {
        // The vector of length 8 in the reference implementation: key bytes 0 to 15, message bytes
        // 0 to 7.
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        assert_eq!(
            siphash(key, 0x0706_0504_0302_0100),
            u64::from_le_bytes([0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93])
        );
    }

    #[test]
    fn all_of_the_kernels_bytes_count() {
        let number = |bytes| siphash(words(bytes), 7);
        let none = number([0; 16]);
        for i in 0..16 {
            for bit in 0..8 {
                let mut bytes = [0; 16];
                bytes[i] = 1 << bit;
                let differ = (number(bytes) ^ none).count_ones();
                assert!((12..53).contains(&differ), "byte {i} bit {bit}: {differ}");
            }
        }
        // One word can be told from the other: no two keys with the same exclusive or, say, are the
        // same.
        let both = number([0xff; 16]);
        assert_ne!(both, none);
        assert_eq!(
            words([1, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 4]),
            [0x0100_0000_0000_0002, 0x0300_0000_0000_0004]
        );
    }

    #[test]
    fn numbers_differ() {
        let all: std::collections::HashSet<u64> = (0..1000).map(|_| random_u64()).collect();
        assert_eq!(all.len(), 1000);
    }
}
