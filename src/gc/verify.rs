//! `GODEBUG=gcverify=1`: after marking, every pointer in a root or in a marked object must lead to a marked object.
//!
//! The check walks all spans instead of following pointers, so it shares with marking only the layouts and the root walk.

use super::{mark, roots};
use crate::abi::G;
use crate::debug::print;
use crate::heap::{find_object, pages};
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

fn complain(what: &str, holder: usize, p: usize) -> ! {
    print::puts("runtime: gcverify: ");
    print::puts(what);
    print::puts(" ");
    print::put_hex(holder as u64);
    print::puts(" points to unmarked object at ");
    print::put_hex(p as u64);
    print::puts("\n");
    print::throw("gcverify: marking missed an object")
}

/// The object that `p` points into is given out but not marked.
unsafe fn missed(p: usize) -> bool {
    match find_object(p) {
        // SAFETY: the object's index is in range.
        Some(o) => unsafe { (*o.span).is_alloc(o.index) && !(*o.span).is_marked(o.index) },
        None => false,
    }
}

/// Dies with a message if marking missed something.
///
/// # Safety
/// The world must be stopped, marking complete, nothing swept yet.
pub unsafe fn check() {
    // SAFETY: the caller's promise.
    unsafe {
        let mut last: *mut G = null_mut();
        let cell = core::cell::Cell::new(last);
        roots::each(
            &mut |p| {
                if missed(p) {
                    let g = cell.get();
                    complain(
                        if g.is_null() { "root" } else { "goroutine" },
                        if g.is_null() { 0 } else { (*g).goid as usize },
                        p,
                    );
                }
            },
            &mut |g| {
                last = g;
                cell.set(last);
            },
        );
        let heap = pages::HEAP.lock();
        for &s in heap.all_spans() {
            let s = &*s;
            if s.class.noscan()
                || s.state.load(Ordering::Relaxed) != crate::heap::span::state::IN_USE
            {
                continue;
            }
            for i in 0..s.objects as usize {
                if s.is_marked(i) {
                    let base = s.address_of(i);
                    mark::each_slot(s, base, |slot| {
                        if missed(*slot) {
                            complain("object", base, *slot);
                        }
                    });
                }
            }
        }
    }
}
