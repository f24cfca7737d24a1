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
/// `sel` is a select object, to which no case is added during `'a`.
#[inline]
pub(super) unsafe fn cases<'a>(sel: *const Hselect) -> &'a [Scase] {
    // SAFETY: the cases follow the head, which says how many were registered.
    unsafe { core::slice::from_raw_parts(sel.add(1).cast(), usize::from((*sel).ncase)) }
}

/// The channel of a case, and whether it sends; none of a default.
///
/// # Safety
/// A registering call has made the case, in a select object of a call that lasts for `'a`.
#[inline]
pub(super) unsafe fn operation<'a>(case: &Scase) -> Option<(&'a Hchan, bool)> {
    if u32::from(case.kind) == CASE_DEFAULT {
        return None;
    }
    // SAFETY: cases of nil channels are not registered; the others name channels that Go code
    // holds.
    let c = unsafe { &*case.chan.cast::<Hchan>() };
    Some((c, u32::from(case.kind) == CASE_SEND))
}

/// Writes whether a value was received where the case wants to know.
///
/// # Safety
/// As [`operation`].
#[inline]
pub(super) unsafe fn set_received(case: &Scase, received: bool) {
    if !case.received.is_null() {
        // SAFETY: compiled code passed nil or the address of a bool.
        unsafe { *case.received = u8::from(received) };
    }
}

/// The return address of the call whose arguments are at `args`: the word below them.
#[inline]
fn return_address(args: usize) -> *mut usize {
    with_exposed_provenance_mut(args - 8)
}

/// Adds a case.
///
/// # Safety
///
/// `sel` is a select object that compiled code is registering cases of, by the call whose arguments
/// are at `args`, with its result at offset `so`.
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
    // SAFETY: the return address lies below the arguments of the call that is being served.
    let pc = unsafe { *return_address(args) };
    // SAFETY: the compiler reserved room, behind the head, for every case that it registers. The
    // object lies on the caller's stack: no barriers.
    unsafe {
        let n = (*sel).ncase;
        (*sel).ncase = n + 1;
        sel.add(1).cast::<Scase>().add(usize::from(n)).write(Scase {
            elem,
            chan: c,
            pc,
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
    let (tcase, ncase) = (a.size as u16, 0);
    // SAFETY: the compiler reserved the object in the caller's frame.
    unsafe {
        (*a.sel).tcase = tcase;
        (*a.sel).ncase = ncase;
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
    // SAFETY: called by compiled code between `newselect` and `selectgo`.
    unsafe { register(a.sel, at, so, CASE_RECV, a.c, a.elem, null_mut()) };
}

/// `runtime.selectrecv2`.
pub fn selectrecv2(_: Leaf<'_>, a: &mut args::runtime_selectrecv2) {
    let at = (&raw mut *a).expose_provenance();
    let so = offset_of!(args::runtime_selectrecv2, selected);
    a.selected = false;
    // SAFETY: called by compiled code between `newselect` and `selectgo`.
    unsafe { register(a.sel, at, so, CASE_RECV, a.c, a.elem, a.received) };
}

/// `runtime.selectdefault`.
pub fn selectdefault(_: Leaf<'_>, a: &mut args::runtime_selectdefault) {
    let at = (&raw mut *a).expose_provenance();
    let so = offset_of!(args::runtime_selectdefault, selected);
    a.selected = false;
    // SAFETY: called by compiled code between `newselect` and `selectgo`.
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
pub(super) unsafe fn return_to_case(args: usize, case: &Scase) {
    let selected = with_exposed_provenance_mut::<u8>(args + usize::from(case.so));
    // SAFETY: the word below the arguments is the return address of the goroutine's call; the byte
    // is the registering call's result, in the outgoing area that both calls share.
    unsafe {
        *return_address(args) = case.pc;
        *selected = 1;
    }
}

/// `runtime.selectgo` where a case is ready that needs nobody else, or a default.
pub fn selectgo(_: Leaf<'_>, a: &mut args::runtime_selectgo) -> Result<(), Slow> {
    if crate::world::preempt_wanted() {
        return Err(Slow);
    }
    let at = (&raw mut *a).expose_provenance();
    // SAFETY: compiled code passes its select object, and has registered all cases.
    let cases = unsafe { cases(a.sel) };
    let (mut chosen, mut default) = (None, None);
    let (mut ready, mut channels) = (0u32, 0u32);
    for case in cases {
        // SAFETY: a case of the caller's select object.
        let Some((c, send)) = (unsafe { operation(case) }) else {
            default = Some(case);
            continue;
        };
        channels += 1;
        let may = if send { c.may_send() } else { c.may_recv() };
        if may {
            ready += 1;
            // Reservoir sampling: each of the ready cases is chosen with the same probability.
            if ready == 1 || below(ready) == 0 {
                chosen = Some((case, c, send));
            }
        }
    }
    let Some((case, c, send)) = chosen else {
        // One look at one channel is a moment at which nothing was ready; looks at several are
        // not.
        // SAFETY: the cases are those of the caller's select object.
        let default = default.filter(|_| channels <= 1 || unsafe { none_ready(cases) });
        let default = default.ok_or(Slow)?;
        // SAFETY: the goroutine is stopped in this call.
        unsafe { return_to_case(at, default) };
        return Ok(());
    };
    // SAFETY: the case has the address of an element or room for one, or nil; the goroutine is
    // stopped in this call.
    unsafe {
        if send {
            fast::send(c, case.elem)?;
        } else {
            let r = fast::recv(c, case.elem)?;
            set_received(case, r == Took::Value);
        }
        return_to_case(at, case);
    }
    Ok(())
}

/// A random number below `n`.
#[inline]
pub(super) fn below(n: u32) -> u32 {
    (((world::fastrand() >> 32) * u64::from(n)) >> 32) as u32
}

/// Whether no case is ready, seen with all channels locked at once. False when one is, or when not
/// all locks could be had (a channel that occurs twice, for one).
///
/// # Safety
///
/// As [`operation`], for each of them.
unsafe fn none_ready(cases: &[Scase]) -> bool {
    let mut locked = 0;
    let mut none = true;
    // Locks are only tried for, so their order does not matter.
    while none && let Some(case) = cases.get(locked) {
        // SAFETY: a case of the caller's select object.
        if let Some((c, send)) = unsafe { operation(case) } {
            if !c.lock.try_lock() {
                none = false;
                break;
            }
            let may = if send { c.may_send() } else { c.may_recv() };
            none = !may;
        }
        locked += 1;
    }
    for case in cases.iter().take(locked) {
        // SAFETY: a case of the caller's select object.
        if let Some((c, _)) = unsafe { operation(case) } {
            c.lock.unlock();
        }
    }
    none
}
