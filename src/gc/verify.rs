//! `GODEBUG=gcverify=1`: after marking, every pointer in a root or in a marked object must lead to
//! a marked object.
//!
//! The check walks all spans instead of following pointers, so it shares with marking only the
//! layouts and the root walk.

use super::roots;
use crate::abi::G;
use crate::fatal;
use crate::heap::span::state;
use crate::heap::{Object, find_object, layout, pages};
use crate::world::Stopped;
use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// Words of an object that a report shows.
const WORDS: usize = 16;
/// Steps of the path to a missed object that a report shows.
const STEPS: usize = 20;

/// Where a pointer was found.
#[derive(Clone, Copy)]
enum Holder {
    /// A variable, or something that the runtime holds.
    Root,
    /// A goroutine's stack or records.
    Goroutine(*mut G),
    /// A marked object.
    Object(Object),
}

/// The first pointer in a root or in a marked object for which `wanted` says yes, and where it is.
/// Roots come first.
///
/// # Safety
/// Marking is complete, nothing is swept yet.
#[inline(never)]
unsafe fn find(stopped: &Stopped, wanted: &dyn Fn(usize) -> bool) -> Option<(Holder, usize)> {
    let found: Cell<Option<(Holder, usize)>> = Cell::new(None);
    let g: Cell<*mut G> = Cell::new(null_mut());
    // SAFETY: marking is complete and nothing swept, so what is marked is complete, and in spans
    // that stay.
    unsafe {
        roots::each(
            stopped,
            &mut |p| {
                if found.get().is_none() && wanted(p) {
                    let holder = if g.get().is_null() {
                        Holder::Root
                    } else {
                        Holder::Goroutine(g.get())
                    };
                    found.set(Some((holder, p)));
                }
            },
            &mut |next| g.set(next),
        );
        if found.get().is_some() {
            return found.get();
        }
        for span in pages::spans(stopped) {
            let s = &*span;
            if s.class.noscan() || s.state.load(Ordering::Relaxed) != state::IN_USE {
                continue;
            }
            for index in (0..s.objects as usize).filter(|&i| s.is_marked(i)) {
                let base = s.address_of(index);
                layout::each_slot(s, base, |slot| {
                    if found.get().is_none() && wanted(*slot) {
                        let holder = Holder::Object(Object { span, index, base });
                        found.set(Some((holder, *slot)));
                    }
                });
                if found.get().is_some() {
                    return found.get();
                }
            }
        }
    }
    None
}

/// The object that `p` points into is given out but not marked.
fn missed(p: usize) -> bool {
    // SAFETY: the object's index is in range.
    find_object(p)
        .is_some_and(|o| unsafe { (*o.span).is_alloc(o.index) && !(*o.span).is_marked(o.index) })
}

/// Dies with a message if marking missed something.
///
/// # Safety
/// Marking is complete, nothing is swept yet.
pub(super) unsafe fn check(stopped: &Stopped) {
    // SAFETY: marking is complete, and nothing swept.
    if let Some((holder, p)) = unsafe { find(stopped, &missed) } {
        // SAFETY: marking is complete, and nothing swept; the holder has just been found.
        unsafe { report(stopped, holder, p) };
    }
}

/// Shows the missed object that `p` points into, and how it is reached.
///
/// # Safety
/// Marking is complete, nothing is swept yet; `holder` is of [`find`].
#[cold]
unsafe fn report(stopped: &Stopped, mut holder: Holder, p: usize) -> ! {
    fatal::puts("runtime: gcverify: not marked: ");
    // SAFETY: the world is stopped, objects are valid.
    unsafe {
        if let Some(o) = find_object(p) {
            show(o);
        }
        for _ in 0..STEPS {
            fatal::puts("\tpointed to by ");
            match holder {
                Holder::Root => {
                    fatal::puts("a variable or the runtime\n");
                    break;
                }
                Holder::Goroutine(g) => {
                    fatal::puts("goroutine ");
                    fatal::put_u64((*g).goid as u64);
                    fatal::puts("\n");
                    break;
                }
                Holder::Object(o) => {
                    show(o);
                    let same = |q| find_object(q).is_some_and(|other| other.base == o.base);
                    match find(stopped, &same) {
                        Some((next, _)) => holder = next,
                        None => {
                            fatal::puts("\twhich nothing points to any more\n");
                            break;
                        }
                    }
                }
            }
        }
    }
    fatal::throw("gcverify: marking missed an object")
}

/// Prints an object: address, size, first words.
///
/// # Safety
/// It is given out, and nothing is swept meanwhile.
unsafe fn show(o: Object) {
    // SAFETY: the caller's object is given out, so its span and its words stay.
    unsafe {
        fatal::put_hex(o.base as u64);
        fatal::puts(", ");
        fatal::put_u64((*o.span).elemsize as u64);
        fatal::puts(" bytes:");
        for i in 0..((*o.span).elemsize / 8).min(WORDS) {
            fatal::puts(" ");
            fatal::put_hex(*(o.base as *const u64).add(i));
        }
    }
    fatal::puts("\n");
}
