//! `for i, r := range s`.

use super::utf8;
use crate::abi::args;

/// `stringiter2`: the rune at `k` and the index of the next one; 0 at the end.
pub unsafe fn rune(a: &mut args::runtime_stringiter2) {
    let (k, len) = (a.k as usize, a.s.len as usize);
    if k >= len {
        (a.r0, a.r1) = (0, 0);
        return;
    }
    // SAFETY: `k` is inside the string.
    let (r, n) = unsafe { utf8::decode(a.s.ptr.add(k), len - k) };
    (a.r0, a.r1) = ((k + n) as i64, r as i32);
}

/// `stringiter`: the index after the rune at `k`; 0 at the end.
pub unsafe fn index(a: &mut args::runtime_stringiter) {
    let (k, len) = (a.k as usize, a.s.len as usize);
    if k >= len {
        a.r0 = 0;
        return;
    }
    // SAFETY: `k` is inside the string.
    let (_, n) = unsafe { utf8::decode(a.s.ptr.add(k), len - k) };
    a.r0 = (k + n) as i64;
}
