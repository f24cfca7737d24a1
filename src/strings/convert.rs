//! Conversions between strings, byte slices, rune slices and integers.
//!
//! Slices get the capacity that their size class has, as `append` would give them, and what is
//! beyond their length is cleared.

use super::{TMP_BUF, leaf_room, room, utf8};
use crate::abi::{GoSlice, GoString, Leaf, Slow, Sys, args};
use crate::heap::classes::round_up;
use crate::{alloc, fatal};

/// Runes of the stack buffer of `[]rune(s)`.
const TMP_RUNES: usize = 32;
/// More runes than this do not fit the address space.
const MAX_RUNES: usize = 1 << 37;

/// `string(b)` for `b []byte`.
#[inline(always)]
pub fn bytes_to_string_leaf(
    _: Leaf<'_>,
    a: &mut args::runtime_slicebytetostring,
) -> Result<(), Slow> {
    let len = a.b.len as usize;
    if len == 0 {
        a.r0 = GoString::EMPTY;
        return Ok(());
    }
    // SAFETY: compiled code passes a slice, which has its bytes, and a buffer of TMP_BUF bytes or
    // nil; there is room for them where they go.
    let to = unsafe {
        let to = leaf_room(a.buf, TMP_BUF, len)?.as_ptr();
        core::ptr::copy_nonoverlapping(a.b.ptr, to, len);
        to
    };
    a.r0 = GoString {
        ptr: to,
        len: len as i64,
    };
    Ok(())
}

/// `string(b)` where it needs the allocator.
pub fn bytes_to_string(sys: Sys<'_>, a: &mut args::runtime_slicebytetostring) {
    let len = a.b.len as usize;
    // SAFETY: compiled code passes a slice, which has its bytes, and a buffer of TMP_BUF bytes or
    // nil; there is room for them where they go.
    let to = unsafe {
        let to = room(sys, a.buf, TMP_BUF, len);
        core::ptr::copy_nonoverlapping(a.b.ptr, to, len);
        to
    };
    a.r0 = GoString {
        ptr: to,
        len: len as i64,
    };
}

/// Fills a slice of bytes at `to`, `cap` large, with the string.
///
/// # Safety
///
/// `to` has room for `cap` bytes, which are not fewer than the string's.
#[inline(always)]
unsafe fn fill_bytes(s: GoString, to: *mut u8, cap: usize) -> GoSlice {
    let len = s.len as usize;
    // SAFETY: by the caller's promise the string has its bytes, and `to` room for `cap` bytes,
    // which are as many or more.
    unsafe {
        core::ptr::copy_nonoverlapping(s.ptr, to, len);
        to.add(len).write_bytes(0, cap - len);
    }
    GoSlice {
        ptr: to,
        len: s.len,
        cap: cap as i64,
    }
}

/// `[]byte(s)`.
#[inline(always)]
pub fn string_to_bytes_leaf(
    _: Leaf<'_>,
    a: &mut args::runtime_stringtoslicebyte,
) -> Result<(), Slow> {
    let len = a.s.len as usize;
    if !a.buf.is_null() && len <= TMP_BUF {
        // SAFETY: compiled code passes a buffer of TMP_BUF cleared bytes, and a string with its
        // bytes.
        unsafe { core::ptr::copy_nonoverlapping(a.s.ptr, a.buf, len) };
        a.r0 = GoSlice {
            ptr: a.buf,
            len: len as i64,
            cap: TMP_BUF as i64,
        };
        return Ok(());
    }
    let cap = capacity(len);
    // SAFETY: leaf functions run on a thread with a P; all of the new memory is filled.
    a.r0 = unsafe {
        let to = alloc::leaf_alloc_raw(cap)?.as_ptr();
        fill_bytes(a.s, to, cap)
    };
    Ok(())
}

/// `[]byte(s)` where it needs the allocator.
pub fn string_to_bytes(sys: Sys<'_>, a: &mut args::runtime_stringtoslicebyte) {
    let cap = capacity(a.s.len as usize);
    // SAFETY: new memory of that size, without pointers, which is filled.
    a.r0 = unsafe {
        let to = alloc::mallocgc(sys, cap, core::ptr::null(), false);
        fill_bytes(a.s, to, cap)
    };
}

/// Bytes that an allocation of `size` gets; nothing for nothing.
#[inline(always)]
fn capacity(size: usize) -> usize {
    if size == 0 { 0 } else { round_up(size) }
}

/// How many runes a string has.
///
/// # Safety
/// The string has its bytes.
#[inline(always)]
unsafe fn count_runes(s: GoString) -> usize {
    let (mut at, mut n) = (0, 0);
    let len = s.len as usize;
    while at < len {
        // SAFETY: so many bytes of the string are left there.
        at += unsafe { utf8::decode(s.ptr.add(at), len - at).1 };
        n += 1;
    }
    n
}

/// Writes the runes of a string.
///
/// # Safety
/// The string has its bytes, and `to` room for its runes.
#[inline(always)]
unsafe fn decode_runes(s: GoString, to: *mut i32) {
    let (mut at, mut to) = (0, to);
    let len = s.len as usize;
    while at < len {
        // SAFETY: so many bytes of the string are left there, and there is room for one of its
        // runes.
        unsafe {
            let (r, n) = utf8::decode(s.ptr.add(at), len - at);
            to.write(r as i32);
            to = to.add(1);
            at += n;
        }
    }
}

/// Fills a slice of runes at `to`, of `bytes` bytes.
///
/// # Safety
/// The string has its bytes and `n` runes; `to` has room for `bytes` bytes, which are not fewer than
/// those of the runes.
#[inline(always)]
unsafe fn fill_runes(s: GoString, n: usize, to: *mut u8, bytes: usize) -> GoSlice {
    // SAFETY: by the caller's promise there is room for the runes, and for what follows them.
    unsafe {
        decode_runes(s, to.cast());
        to.add(n * 4).write_bytes(0, bytes - n * 4);
    }
    GoSlice {
        ptr: to,
        len: n as i64,
        cap: (bytes / 4) as i64,
    }
}

/// `[]rune(s)`.
#[inline(always)]
pub fn string_to_runes_leaf(
    _: Leaf<'_>,
    a: &mut args::runtime_stringtoslicerune,
) -> Result<(), Slow> {
    // SAFETY: compiled code passes a string, which has its bytes.
    let n = unsafe { count_runes(a.s) };
    if !a.buf.is_null() && n <= TMP_RUNES {
        // SAFETY: the buffer that compiled code passes has room for TMP_RUNES runes.
        unsafe { decode_runes(a.s, a.buf.cast()) };
        a.r0 = GoSlice {
            ptr: a.buf,
            len: n as i64,
            cap: TMP_RUNES as i64,
        };
        return Ok(());
    }
    if n > MAX_RUNES {
        return Err(Slow);
    }
    let bytes = capacity(n * 4);
    // SAFETY: leaf functions run on a thread with a P; all of the new memory is filled.
    a.r0 = unsafe {
        let to = alloc::leaf_alloc_raw(bytes)?.as_ptr();
        fill_runes(a.s, n, to, bytes)
    };
    Ok(())
}

/// `[]rune(s)` where it needs the allocator.
pub fn string_to_runes(sys: Sys<'_>, a: &mut args::runtime_stringtoslicerune) {
    // SAFETY: compiled code passes a string, which has its bytes.
    let n = unsafe { count_runes(a.s) };
    if n > MAX_RUNES {
        fatal::throw("out of memory");
    }
    let bytes = capacity(n * 4);
    // SAFETY: new memory of that size, without pointers, which is filled.
    a.r0 = unsafe {
        let to = alloc::mallocgc(sys, bytes, core::ptr::null(), false);
        fill_runes(a.s, n, to, bytes)
    };
}

/// Bytes of the encodings of `n` runes.
///
/// # Safety
/// There are `n` at `runes`.
#[inline(always)]
unsafe fn encoded_len(runes: *const i32, n: usize) -> usize {
    let mut size = 0;
    for i in 0..n {
        // SAFETY: by the caller's promise one of the runes.
        size += utf8::encode(unsafe { *runes.add(i) }).1;
    }
    size
}

/// Encodes as many of `n` runes as fit `size` bytes: all, unless the program changes them
/// meanwhile. Answers the bytes written.
///
/// # Safety
/// There are `n` at `runes`, and `to` has room for `size` bytes.
#[inline(always)]
unsafe fn encode_runes(runes: *const i32, n: usize, to: *mut u8, size: usize) -> usize {
    let mut at = 0;
    for i in 0..n {
        // SAFETY: one of the runes, by the caller's promise; the bytes are written where there is
        // room.
        unsafe {
            let (code, len) = utf8::encode(*runes.add(i));
            if len > size - at {
                break;
            }
            utf8::put(to.add(at), code, len);
            at += len;
        }
    }
    at
}

/// `string(r)` for `r []rune`.
#[inline(always)]
pub fn runes_to_string_leaf(
    _: Leaf<'_>,
    a: &mut args::runtime_slicerunetostring,
) -> Result<(), Slow> {
    let (runes, n) = (a.a.ptr.cast(), a.a.len as usize);
    // SAFETY: compiled code passes a slice, which has its runes, and a buffer of TMP_BUF bytes or
    // nil.
    let (to, len) = unsafe {
        let size = encoded_len(runes, n);
        let to = leaf_room(a.buf, TMP_BUF, size)?.as_ptr();
        (to, encode_runes(runes, n, to, size) as i64)
    };
    a.r0 = GoString { ptr: to, len };
    Ok(())
}

/// `string(r)` where it needs the allocator.
pub fn runes_to_string(sys: Sys<'_>, a: &mut args::runtime_slicerunetostring) {
    let (runes, n) = (a.a.ptr.cast(), a.a.len as usize);
    // SAFETY: compiled code passes a slice, which has its runes, and a buffer of TMP_BUF bytes or
    // nil.
    let (to, len) = unsafe {
        let size = encoded_len(runes, n);
        let to = room(sys, a.buf, TMP_BUF, size);
        (to, encode_runes(runes, n, to, size) as i64)
    };
    a.r0 = GoString { ptr: to, len };
}

/// `string(i)`. Go 1.5 takes the low 32 bits for the rune.
#[inline(always)]
pub fn int_to_string_leaf(_: Leaf<'_>, a: &mut args::runtime_intstring) -> Result<(), Slow> {
    let (code, n) = utf8::encode(a.v as i32);
    // SAFETY: compiled code passes a buffer of four bytes or nil, and no rune has more.
    unsafe {
        let to = leaf_room(a.buf, 4, n)?.as_ptr();
        utf8::put(to, code, n);
        a.r0 = GoString {
            ptr: to,
            len: n as i64,
        };
    }
    Ok(())
}

/// `string(i)` where it needs the allocator.
pub fn int_to_string(sys: Sys<'_>, a: &mut args::runtime_intstring) {
    let (code, n) = utf8::encode(a.v as i32);
    // SAFETY: compiled code passes a buffer of four bytes or nil, and no rune has more.
    unsafe {
        let to = room(sys, a.buf, 4, n);
        utf8::put(to, code, n);
        a.r0 = GoString {
            ptr: to,
            len: n as i64,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runes_and_back() {
        let s = GoString::from_static("aé日𝄞\u{10ffff}");
        // SAFETY: a static string, and room for its runes.
        unsafe {
            assert_eq!(count_runes(s), 5);
            let mut room = [7i32; 7];
            let r = fill_runes(s, 5, room.as_mut_ptr().cast(), 28);
            assert_eq!((r.len, r.cap), (5, 7));
            assert_eq!(
                room,
                [
                    'a' as i32,
                    'é' as i32,
                    '日' as i32,
                    '𝄞' as i32,
                    0x10ffff,
                    0,
                    0
                ]
            );
            let size = encoded_len(room.as_ptr(), 5);
            assert_eq!(size, s.len as usize);
            let mut bytes = [9u8; 20];
            assert_eq!(
                encode_runes(room.as_ptr(), 5, bytes.as_mut_ptr(), size),
                size
            );
            assert_eq!(&bytes[..size], s.bytes());
            assert_eq!(bytes[size], 9);
            // A program that swaps in a longer rune meanwhile gets a shorter string, not an
            // overrun.
            room[0] = '日' as i32;
            assert!(encode_runes(room.as_ptr(), 5, bytes.as_mut_ptr(), size) <= size);
            assert_eq!(bytes[size], 9);
        }
    }

    #[test]
    fn bytes_beyond_the_length_are_cleared() {
        let mut room = [7u8; 16];
        // SAFETY: the room is larger than the string.
        let r = unsafe { fill_bytes(GoString::from_static("hello"), room.as_mut_ptr(), 16) };
        assert_eq!((r.len, r.cap), (5, 16));
        assert_eq!(&room, b"hello\0\0\0\0\0\0\0\0\0\0\0");
    }
}
