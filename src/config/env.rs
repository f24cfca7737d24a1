//! Arguments, environment and auxiliary vector, as the kernel leaves them above the initial stack.

use crate::abi::GoString;
use core::sync::atomic::{AtomicUsize, Ordering};

pub(crate) static ARGC: AtomicUsize = AtomicUsize::new(0);
pub(crate) static ARGV: AtomicUsize = AtomicUsize::new(0);
static VDSO: AtomicUsize = AtomicUsize::new(0);

/// # Safety
/// `p` ends in a zero byte.
pub(crate) unsafe fn c_string(p: *const u8) -> GoString {
    let mut len = 0;
    // SAFETY: the caller's promise. A volatile read, or the compiler makes this a call of strlen,
    // which nobody defines here.
    while unsafe { p.add(len).read_volatile() } != 0 {
        len += 1;
    }
    GoString {
        ptr: p,
        len: len as i64,
    }
}

/// Remembers where everything is.
///
/// # Safety
/// Once, at boot, with the kernel's vectors.
pub unsafe fn init(argc: i32, argv: *const *const u8) {
    ARGC.store(argc as usize, Ordering::Relaxed);
    ARGV.store(argv as usize, Ordering::Relaxed);
    // SAFETY: argv, a null, the environment, a null, then pairs of words up to AT_NULL.
    unsafe {
        let mut p = argv.add(argc as usize + 1);
        while !(*p).is_null() {
            p = p.add(1);
        }
        let mut aux = p.add(1).cast::<[usize; 2]>();
        while (*aux)[0] != libc::AT_NULL as usize {
            let value = (*aux)[1];
            match (*aux)[0] as u64 {
                libc::AT_RANDOM => crate::os::random::seed(*(value as *const [u8; 16])),
                libc::AT_SYSINFO_EHDR => VDSO.store(value, Ordering::Relaxed),
                _ => {}
            }
            aux = aux.add(1);
        }
    }
}

/// Address of the vDSO's ELF image, or 0.
pub fn vdso() -> usize {
    VDSO.load(Ordering::Relaxed)
}

pub(crate) fn envp() -> *const *const u8 {
    let argv = ARGV.load(Ordering::Relaxed) as *const *const u8;
    // SAFETY: the kernel puts the environment behind the null that ends argv.
    unsafe { argv.add(ARGC.load(Ordering::Relaxed) + 1) }
}

/// Value of an environment variable.
pub fn get(name: &[u8]) -> Option<&'static [u8]> {
    if ARGV.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let mut p = envp();
    // SAFETY: a null ends the vector; the strings live as long as the process.
    unsafe {
        while !(*p).is_null() {
            let s = c_string(*p).bytes();
            if s.len() > name.len() && s[name.len()] == b'=' && &s[..name.len()] == name {
                return Some(&s[name.len() + 1..]);
            }
            p = p.add(1);
        }
    }
    None
}

/// Value of an environment variable, not empty, as Go 1.5 reads GOGC and GOMAXPROCS.
pub fn number(name: &[u8]) -> Option<i64> {
    get(name).filter(|v| !v.is_empty()).map(leading_number)
}

/// The number that a text begins with, as Go 1.5 reads all numbers of the environment: digits
/// without sign, 0 if there are none, and of more of them than a word holds the last bits.
pub(super) fn leading_number(s: &[u8]) -> i64 {
    let digits = s.iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0i64, |n, &b| {
        n.wrapping_mul(10).wrapping_add(i64::from(b - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, n) in [
            ("", 0),
            ("x", 0),
            ("-1", 0),
            ("+1", 0),
            (" 1", 0),
            ("007", 7),
            ("12x3", 12),
            ("1e3", 1),
            ("4294967297", 4_294_967_297),
            ("18446744073709551616", 0),
            ("99999999999999999999", 7_766_279_631_452_241_919),
        ] {
            assert_eq!(leading_number(text.as_bytes()), n, "{text:?}");
        }
    }
}
