//! `a + b + ...`: the compiler passes up to five operands by value, more as a slice.

use super::{TMP_BUF, leaf_room, room};
use crate::abi::{GoString, Leaf, Slow, Sys, args};
use crate::{fatal, world};

/// What the operands come to.
enum Sum {
    /// This many bytes, from at least two operands (or one that must be copied).
    Copy(usize),
    /// One operand as it stands.
    Is(GoString),
    /// More than a length can say.
    TooLong,
}

/// A single non-empty operand is the result itself, unless the result may outlive the frame that
/// the operand's bytes lie in.
///
/// # Safety
/// The operands must be valid; `lo..hi` is the goroutine's stack.
#[inline(always)]
unsafe fn sum(escapes: bool, parts: *const GoString, n: usize, lo: usize, hi: usize) -> Sum {
    let mut total = 0i64;
    let mut count = 0;
    let mut last = GoString::EMPTY;
    for i in 0..n {
        // SAFETY: by the caller's promise there are `n` operands.
        let s = unsafe { *parts.add(i) };
        if s.len == 0 {
            continue;
        }
        total = total.wrapping_add(s.len);
        if total < 0 {
            return Sum::TooLong;
        }
        count += 1;
        last = s;
    }
    if count == 0 || count == 1 && !(escapes && (lo..hi).contains(&(last.ptr as usize))) {
        return Sum::Is(last);
    }
    Sum::Copy(total as usize)
}

/// Writes the operands one after the other.
///
/// # Safety
/// `parts` has `n` operands, and `to` room for all of them.
#[inline(always)]
unsafe fn join(to: *mut u8, parts: *const GoString, n: usize) {
    let mut at = to;
    for i in 0..n {
        // SAFETY: the operands were measured before; a buffer on the stack is none of them.
        unsafe {
            let s = *parts.add(i);
            let len = s.len as usize;
            core::ptr::copy_nonoverlapping(s.ptr, at, len);
            at = at.add(len);
        }
    }
}

/// Concatenation in a leaf function.
///
/// # Safety
///
/// In leaf mode. `parts` has `n` operands; `buf` is null or has room for [`TMP_BUF`] bytes.
#[inline(always)]
unsafe fn leaf(
    buf: *mut u8,
    parts: *const GoString,
    n: usize,
    r: &mut GoString,
) -> Result<(), Slow> {
    let g = world::getg();
    // SAFETY: in a leaf function getg is the goroutine that runs on this thread; the operands are
    // the caller's promise.
    match unsafe { sum(buf.is_null(), parts, n, (*g).stack_lo, (*g).stack_hi) } {
        Sum::Is(s) => *r = s,
        Sum::Copy(len) => {
            // SAFETY: the buffer is null or has room for TMP_BUF bytes; what is answered has room
            // for all operands.
            let to = unsafe {
                let to = leaf_room(buf, TMP_BUF, len)?.as_ptr();
                join(to, parts, n);
                to
            };
            *r = GoString {
                ptr: to,
                len: len as i64,
            };
        }
        Sum::TooLong => return Err(Slow),
    }
    Ok(())
}

/// The same in system mode.
///
/// # Safety
///
/// `parts` has `n` operands; `buf` is null or has room for [`TMP_BUF`] bytes.
unsafe fn slow(sys: Sys<'_>, buf: *mut u8, parts: *const GoString, n: usize, r: &mut GoString) {
    let g = world::curg();
    let (lo, hi) = if g.is_null() {
        (0, 0)
    } else {
        // SAFETY: the goroutine that called in is stopped in this call: its stack stays in place.
        unsafe { ((*g).stack_lo, (*g).stack_hi) }
    };
    // SAFETY: the operands are the caller's promise.
    *r = match unsafe { sum(buf.is_null(), parts, n, lo, hi) } {
        Sum::Is(s) => s,
        Sum::Copy(len) => {
            // SAFETY: the buffer is null or has room for TMP_BUF bytes; what is answered has room
            // for all operands.
            let to = unsafe {
                let to = room(sys, buf, TMP_BUF, len);
                join(to, parts, n);
                to
            };
            GoString {
                ptr: to,
                len: len as i64,
            }
        }
        Sum::TooLong => fatal::throw("string concatenation too long"),
    };
}

macro_rules! fixed {
    ($($leaf:ident $slow:ident $args:ident;)*) => {
        $(
            /// Concatenation of a fixed number of strings.
            #[inline(always)]
            pub fn $leaf(_: Leaf<'_>, a: &mut args::$args) -> Result<(), Slow> {
                // SAFETY: the argument area holds the operands, and a buffer or nil.
                unsafe { leaf(a.buf, a.a.as_ptr(), a.a.len(), &mut a.r0) }
            }

            /// The same where it needs the allocator.
            pub fn $slow(sys: Sys<'_>, a: &mut args::$args) {
                // SAFETY: the argument area holds the operands, and a buffer or nil.
                unsafe { slow(sys, a.buf, a.a.as_ptr(), a.a.len(), &mut a.r0) }
            }
        )*
    };
}
fixed! {
    two_leaf two runtime_concatstring2;
    three_leaf three runtime_concatstring3;
    four_leaf four runtime_concatstring4;
    five_leaf five runtime_concatstring5;
}

/// `concatstrings` of a slice.
#[doc(alias = "concatstrings")]
#[inline(always)]
pub fn many_leaf(_: Leaf<'_>, a: &mut args::runtime_concatstrings) -> Result<(), Slow> {
    // SAFETY: compiled code passes a slice of the operands, and a buffer or nil.
    unsafe { leaf(a.buf, a.a.ptr.cast(), a.a.len as usize, &mut a.r0) }
}

/// `concatstrings` where it needs the allocator.
pub fn many(sys: Sys<'_>, a: &mut args::runtime_concatstrings) {
    // SAFETY: compiled code passes a slice of the operands, and a buffer or nil.
    unsafe { slow(sys, a.buf, a.a.ptr.cast(), a.a.len as usize, &mut a.r0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(escapes: bool, parts: &[&'static str], lo: usize, hi: usize) -> Sum {
        let parts: Vec<GoString> = parts.iter().map(|s| GoString::from_static(s)).collect();
        // SAFETY: the operands live for ever.
        unsafe { sum(escapes, parts.as_ptr(), parts.len(), lo, hi) }
    }

    #[test]
    fn what_is_copied() {
        let s = "abc";
        let at = s.as_ptr() as usize;
        assert!(
            matches!(sum_of(true, &["", ""], 0, 0), Sum::Is(GoString { len: 0, ptr }) if ptr.is_null())
        );
        assert!(
            matches!(sum_of(true, &["", s, ""], 0, 0), Sum::Is(r) if r.ptr as usize == at && r.len == 3)
        );
        assert!(matches!(sum_of(true, &[s, ""], at, at + 1), Sum::Copy(3)));
        assert!(matches!(sum_of(false, &[s, ""], at, at + 1), Sum::Is(_)));
        assert!(matches!(sum_of(false, &[s, s], 0, 0), Sum::Copy(6)));
        let huge = GoString {
            ptr: s.as_ptr(),
            len: i64::MAX,
        };
        // SAFETY: only lengths are looked at.
        let sum = unsafe { sum(true, [huge, huge].as_ptr(), 2, 0, 0) };
        assert!(matches!(sum, Sum::TooLong));
    }

    #[test]
    fn joined_in_order() {
        let parts = ["a", "", "longer than sixteen bytes", "日本"].map(GoString::from_static);
        let mut buf = [0u8; 64];
        // SAFETY: the buffer has room.
        unsafe { join(buf.as_mut_ptr(), parts.as_ptr(), parts.len()) };
        assert!(buf.starts_with("alonger than sixteen bytes日本\0".as_bytes()));
    }
}
