//! GC programs: the compressed pointer masks of types with more than 128 KiB of pointers.
//!
//! A program is expanded when the first object of its type is allocated, and the expansion kept for
//! ever: such types are few, and the collector then sees nothing but masks. Format (Go 1.5): a byte
//! `0nnnnnnn` is followed by n literal bits, low bit first; `1nnnnnnn` by a varint c and repeats
//! the last n bits c times; with n = 0 there, n is a varint before c. A zero byte ends it.

use crate::abi::Type;
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr::null;
use core::sync::atomic::{AtomicPtr, Ordering};

/// One expanded program.
#[repr(C)]
struct Expanded {
    typ: *const Type,
    mask: *const u8,
    next: *mut Expanded,
}

/// Newest first; entries never change.
static LIST: AtomicPtr<Expanded> = AtomicPtr::new(core::ptr::null_mut());
/// Held while an entry is added.
static ADD: Mutex<(), { rank::GC_PROGRAMS }> = Mutex::new(());

fn find(typ: *const Type) -> *const u8 {
    let mut e = LIST.load(Ordering::Acquire);
    while !e.is_null() {
        // SAFETY: entries are published complete and live for ever.
        unsafe {
            if (*e).typ == typ {
                return (*e).mask;
            }
            e = (*e).next;
        }
    }
    null()
}

/// The expansion of `typ`'s program, making it on first use. In system mode.
///
/// # Safety
/// `typ` must be a type with a GC program.
pub unsafe fn expanded(typ: *const Type) -> *const u8 {
    let known = find(typ);
    if !known.is_null() {
        return known;
    }
    let guard = ADD.lock();
    let known = find(typ);
    if !known.is_null() {
        return known;
    }
    // SAFETY: the type is valid: its program stays within ptrdata bits.
    unsafe {
        debug_assert!(u32::from((*typ).kind) & crate::abi::KIND_GC_PROG != 0);
        let bits = (*typ).ptrdata / 8;
        let mask = mem::persistent_alloc(bits.div_ceil(64) * 8, 8);
        // The program follows its length in a 32-bit word.
        run((*typ).gcdata.add(4), mask, bits);
        let e = mem::persistent::<Expanded>();
        e.write(Expanded {
            typ,
            mask,
            next: LIST.load(Ordering::Relaxed),
        });
        LIST.store(e, Ordering::Release);
        drop(guard);
        mask
    }
}

/// The number at `p`, which goes past it.
///
/// # Safety
/// A well-formed program has one there.
unsafe fn varint(p: &mut *const u8) -> usize {
    let (mut v, mut shift) = (0, 0);
    loop {
        // SAFETY: the caller's program goes on up to the number's last byte.
        let b = unsafe { **p };
        *p = p.wrapping_add(1);
        v |= usize::from(b & 0x7f) << shift;
        if b & 0x80 == 0 {
            return v;
        }
        shift += 7;
    }
}

/// Writes at most `limit` bits of the program's output to `out`, which must be zero.
///
/// # Safety
/// `p` must be a well-formed program, `out` have room for `limit` bits.
unsafe fn run(mut p: *const u8, out: *mut u8, limit: usize) -> usize {
    let mut n = 0;
    // SAFETY: bits below `limit` are inside `out`; the program is well-formed.
    unsafe {
        let set = |i: usize, bit: u8| {
            if i < limit {
                *out.add(i / 8) |= bit << (i % 8);
            }
        };
        let get = |i: usize| {
            if i < limit {
                *out.add(i / 8) >> (i % 8) & 1
            } else {
                0
            }
        };
        loop {
            let op = *p;
            p = p.add(1);
            let count = usize::from(op & 0x7f);
            if op == 0 {
                return n;
            }
            if op & 0x80 == 0 {
                for i in 0..count {
                    set(n, *p.add(i / 8) >> (i % 8) & 1);
                    n += 1;
                }
                p = p.add(count.div_ceil(8));
                continue;
            }
            let back = if count == 0 { varint(&mut p) } else { count };
            let times = varint(&mut p);
            debug_assert!(
                (1..=n).contains(&back) && times > 0,
                "a well-formed program"
            );
            for _ in 0..back * times {
                if n >= limit {
                    break;
                }
                set(n, get(n - back));
                n += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(program: &[u8], bits: usize) -> Vec<u8> {
        let mut out = vec![0u8; bits.div_ceil(8)];
        // SAFETY: well-formed programs, room for the bits.
        let n = unsafe { run(program.as_ptr(), out.as_mut_ptr(), bits) };
        assert_eq!(n, bits);
        (0..bits).map(|i| out[i / 8] >> (i % 8) & 1).collect()
    }

    #[test]
    fn literals_and_repeats() {
        assert_eq!(output(&[3, 0b101, 0], 3), [1, 0, 1]);
        assert_eq!(
            output(&[3, 0b101, 0x83, 2, 0], 9),
            [1, 0, 1, 1, 0, 1, 1, 0, 1]
        );
        assert_eq!(output(&[1, 1, 0x81, 0x80, 1, 0], 129), [1; 129]);
        assert_eq!(
            output(&[2, 0b10, 0x80, 2, 3, 0], 8),
            [0, 1, 0, 1, 0, 1, 0, 1]
        );
        assert_eq!(
            output(&[10, 0xff, 0x01, 0], 10),
            [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]
        );
    }
}
