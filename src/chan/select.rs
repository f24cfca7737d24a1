//! select, as compiled code builds it: `newselect`, one registering call for each case, `selectgo`.
//!
//! Each registering call returns false at first. `selectgo` performs one case and then returns
//! *where that case's registering call returned*, with the call's result byte set to true: all
//! these calls are made with the same stack pointer, so the byte lies at a fixed offset (`so`) from
//! `selectgo`'s own arguments. The cases lie in an object of the caller's frame, laid out as the
//! compiler's type for it says, so the collector and the stack copier treat them like any local
//! variable.
//!
//! Every function here is leaf mode.

use super::fast::{self, Took};
use super::hchan::Hchan;
use crate::abi::{CASE_DEFAULT, CASE_RECV, CASE_SEND, Hselect, Leaf, Scase, Slow, args};
use crate::world;
use core::mem::offset_of;
use core::ptr::{null_mut, with_exposed_provenance_mut};

/// The registered cases.
///
/// # Safety
/// `sel` is a select object.
#[inline]
pub unsafe fn cases(sel: *mut Hselect) -> (*mut Scase, usize) {
    // SAFETY: the cases follow the head.
    unsafe { (sel.add(1).cast(), usize::from((*sel).ncase)) }
}

/// The return address of the call whose arguments are at `args`: the word below them.
#[inline]
fn return_address(args: usize) -> *mut usize {
    with_exposed_provenance_mut(args - 8)
}

#[inline]
unsafe fn register(
    sel: *mut Hselect,
    args: usize,
    so: usize,
    kind: u32,
    c: *mut u8,
    elem: *mut u8,
    received: *mut u8,
) {
    if c.is_null() && kind != CASE_DEFAULT {
        // Never ready.
        return;
    }
    // SAFETY: the compiler reserved room for every case that it registers. The object lies on the
    // caller's stack: no barriers.
    unsafe {
        let (first, n) = cases(sel);
        (*sel).ncase = n as u16 + 1;
        first.add(n).write(Scase {
            elem,
            chan: c,
            pc: *return_address(args),
            kind: kind as u16,
            so: so as u16,
            pad: 0,
            received,
            releasetime: 0,
        });
    }
}

/// `runtime.newselect`.
pub fn newselect(_: Leaf<'_>, a: &mut args::runtime_newselect) {
    // SAFETY: the compiler reserved the object.
    unsafe {
        (*a.sel).tcase = a.size as u16;
        (*a.sel).ncase = 0;
    }
}

/// `runtime.selectsend`.
pub fn selectsend(_: Leaf<'_>, a: &mut args::runtime_selectsend) {
    let at = (&raw mut *a).expose_provenance();
    let so = offset_of!(args::runtime_selectsend, selected);
    a.selected = false;
    // SAFETY: called by compiled code between `newselect` and `selectgo`.
    unsafe { register(a.sel, at, so, CASE_SEND, a.c, a.elem, null_mut()) };
}

/// `runtime.selectrecv`.
pub fn selectrecv(_: Leaf<'_>, a: &mut args::runtime_selectrecv) {
    let at = (&raw mut *a).expose_provenance();
    let so = offset_of!(args::runtime_selectrecv, selected);
    a.selected = false;
    // SAFETY: as in `selectsend`.
    unsafe { register(a.sel, at, so, CASE_RECV, a.c, a.elem, null_mut()) };
}

/// `runtime.selectrecv2`.
pub fn selectrecv2(_: Leaf<'_>, a: &mut args::runtime_selectrecv2) {
    let at = (&raw mut *a).expose_provenance();
    let so = offset_of!(args::runtime_selectrecv2, selected);
    a.selected = false;
    // SAFETY: as in `selectsend`.
    unsafe { register(a.sel, at, so, CASE_RECV, a.c, a.elem, a.received) };
}

/// `runtime.selectdefault`.
pub fn selectdefault(_: Leaf<'_>, a: &mut args::runtime_selectdefault) {
    let at = (&raw mut *a).expose_provenance();
    let so = offset_of!(args::runtime_selectdefault, selected);
    a.selected = false;
    // SAFETY: as in `selectsend`.
    unsafe {
        register(
            a.sel,
            at,
            so,
            CASE_DEFAULT,
            null_mut(),
            null_mut(),
            null_mut(),
        )
    };
}

/// Makes the `selectgo` call with arguments at `args` return from the registering call of `case`,
/// which was performed.
///
/// # Safety
/// The goroutine is stopped in that call, and `case` is one of its select object.
pub unsafe fn return_to_case(args: usize, case: *const Scase) {
    // SAFETY: the word below the arguments is the return address; the byte is the registering
    // call's result, in the outgoing area that both calls share.
    unsafe {
        *return_address(args) = (*case).pc;
        *with_exposed_provenance_mut::<u8>(args + usize::from((*case).so)) = 1;
    }
}

/// `runtime.selectgo` where a case is ready that needs nobody else, or a default.
pub fn selectgo(_: Leaf<'_>, a: &mut args::runtime_selectgo) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    let at = (&raw mut *a).expose_provenance();
    // SAFETY: cases of the caller's select object; their channels are live.
    unsafe {
        let (first, n) = cases(a.sel);
        let (mut chosen, mut default) = (null_mut::<Scase>(), null_mut::<Scase>());
        let (mut ready, mut channels) = (0u32, 0u32);
        for i in 0..n {
            let case = first.add(i);
            let c = (*case).chan.cast::<Hchan>();
            let may = match u32::from((*case).kind) {
                CASE_RECV => (*c).may_recv(),
                CASE_SEND => (*c).may_send(),
                _ => {
                    default = case;
                    continue;
                }
            };
            channels += 1;
            if may {
                ready += 1;
                // Reservoir sampling: each of the ready cases is chosen with the same probability.
                if ready == 1 || below(ready) == 0 {
                    chosen = case;
                }
            }
        }
        if chosen.is_null() {
            // One look at one channel is a moment at which nothing was ready; looks at several are
            // not.
            if default.is_null() || (channels > 1 && !none_ready(first, n)) {
                return Err(Slow);
            }
            return_to_case(at, default);
            return Ok(());
        }
        let c = (*chosen).chan.cast::<Hchan>();
        if u32::from((*chosen).kind) == CASE_SEND {
            fast::send(c, (*chosen).elem)?;
        } else {
            let r = fast::recv(c, (*chosen).elem)?;
            if !(*chosen).received.is_null() {
                *(*chosen).received = u8::from(r == Took::Value);
            }
        }
        return_to_case(at, chosen);
        Ok(())
    }
}

/// A random number below `n`.
#[inline]
pub fn below(n: u32) -> u32 {
    (((world::fastrand() >> 32) * u64::from(n)) >> 32) as u32
}

/// Whether no case is ready, seen with all channels locked at once. False when one is, or when not
/// all locks could be had (a channel that occurs twice, for one).
unsafe fn none_ready(first: *mut Scase, n: usize) -> bool {
    // SAFETY: as in `selectgo`. Locks are only tried for, so their order does not matter.
    unsafe {
        let mut locked = 0;
        let mut none = true;
        while locked < n && none {
            let case = first.add(locked);
            let c = (*case).chan.cast::<Hchan>();
            if u32::from((*case).kind) != CASE_DEFAULT {
                if !(*c).lock.try_lock() {
                    none = false;
                    break;
                }
                none = if u32::from((*case).kind) == CASE_SEND {
                    !(*c).may_send()
                } else {
                    !(*c).may_recv()
                };
            }
            locked += 1;
        }
        for i in 0..locked {
            let case = first.add(i);
            if u32::from((*case).kind) != CASE_DEFAULT {
                (*(*case).chan.cast::<Hchan>()).lock.unlock();
            }
        }
        none
    }
}
