//! Hash and equality of values inside values, in system mode: what leaf mode leaves over. Go
//! programs may nest values as deeply as they like, in interfaces, and system stacks are small: so
//! no recursion, but a stack of its own that grows in the heap. System mode: marking neither starts
//! nor ends meanwhile, so the collector need not know of it, and a panic may leave it behind.

use super::plan::{self, Plan, What};
use super::{errors, hash as hashing};
use crate::abi::{Sys, Type};
use crate::{alloc, fatal};
use core::mem::MaybeUninit;

/// A value that is being visited, or two to be compared.
#[derive(Clone, Copy)]
struct Visit {
    plan: &'static Plan,
    /// The next step, and how often it was done.
    step: usize,
    round: usize,
    p: *const u8,
    q: *const u8,
    /// It lies in an interface.
    interface: bool,
}

impl Visit {
    fn of(plan: &'static Plan, p: *const u8, q: *const u8, interface: bool) -> Self {
        Self {
            plan,
            step: 0,
            round: 0,
            p,
            q,
            interface,
        }
    }

    /// The next part, and where it lies in the value.
    fn next(&mut self) -> Option<(What, usize)> {
        loop {
            let step = self.plan.steps().get(self.step)?;
            if self.round < step.count {
                let at = step.at.wrapping_add(self.round.wrapping_mul(step.stride));
                self.round += 1;
                return Some((step.what, at));
            }
            self.step += 1;
            self.round = 0;
        }
    }
}

/// So many need no memory of the heap.
const FEW: usize = 8;

/// The values around the one that is being visited.
struct Around {
    few: [MaybeUninit<Visit>; FEW],
    /// In the heap, once those are too few.
    many: *mut Visit,
    room: usize,
    len: usize,
}

impl Around {
    fn new() -> Self {
        Self {
            few: [const { MaybeUninit::uninit() }; FEW],
            many: core::ptr::null_mut(),
            room: FEW,
            len: 0,
        }
    }

    fn base(&mut self) -> *mut Visit {
        if self.many.is_null() {
            self.few.as_mut_ptr().cast()
        } else {
            self.many
        }
    }

    fn push(&mut self, sys: Sys<'_>, v: Visit) {
        if self.len == self.room {
            let bytes = self.room * 2 * size_of::<Visit>();
            // SAFETY: new memory with room for twice as many visits, into which those that are
            // there go.
            unsafe {
                let more = alloc::mallocgc(sys, bytes, core::ptr::null(), false).cast::<Visit>();
                more.copy_from_nonoverlapping(self.base(), self.len);
                self.many = more;
            }
            self.room *= 2;
        }
        // SAFETY: there is room for one more.
        unsafe { self.base().add(self.len).write(v) };
        self.len += 1;
    }

    fn pop(&mut self) -> Option<Visit> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: the visit was written when it was pushed.
        Some(unsafe { self.base().add(self.len).read() })
    }
}

/// The plan of a type that leaf mode does not know to handle. One without the function asked for,
/// of those that its descriptor names, raises a panic.
///
/// # Safety
///
/// Without locks; `typ` is a descriptor.
unsafe fn plan_of<F>(
    sys: Sys<'_>,
    typ: *const Type,
    function: *const F,
    refusal: &'static str,
) -> &'static Plan {
    if function.is_null() {
        // SAFETY: by the caller's promise a descriptor, and no lock is held.
        unsafe { errors::raise_about_type(sys, refusal, typ) };
    }
    // SAFETY: in system mode, and a descriptor.
    match unsafe { plan::get(typ) } {
        Some(plan) => plan,
        None => fatal::throw("equality of a type that is neither array nor structure"),
    }
}

/// Hash of the value at `p`, the same as [`Plan::hash`] where that has one. Raises a panic for an
/// unhashable one.
///
/// # Safety
/// Without locks; a value of `typ` lies at `p`, which is no interface.
pub(super) unsafe fn hash(sys: Sys<'_>, typ: *const Type, p: *const u8, seed: usize) -> usize {
    // SAFETY: asked for the caller's type and those of parts alone, which are descriptors; every
    // one has an algorithm, and no lock is held.
    let plan = |typ: *const Type| unsafe {
        plan_of(sys, typ, (*(*typ).alg).hash, "hash of unhashable type ")
    };
    let mut around = Around::new();
    let mut now = Visit::of(plan(typ), p, p, false);
    let mut s = hashing::begin(seed);
    loop {
        if let Some((what, at)) = now.next() {
            let p = now.p.wrapping_add(at);
            // SAFETY: the part lies inside the value that is being visited.
            if let Some(h) = unsafe { what.hash(p, s) } {
                s = h;
                continue;
            }
            // SAFETY: the same; a part that had no answer has a type.
            let (typ, p) = unsafe { what.inner(p) };
            let plan = plan(typ);
            // Most end here. Where one does not, the work so far is done again, once.
            // SAFETY: a value of that type lies there.
            match unsafe { plan.hash(p, s as usize) } {
                Some(h) if what.is_interface() => s = plan::in_interface(h as u64),
                Some(h) => s = h as u64,
                None => {
                    around.push(sys, now);
                    now = Visit::of(plan, p, p, what.is_interface());
                    s = hashing::begin(s as usize);
                }
            }
            continue;
        }
        s = hashing::end(s) as u64;
        if now.interface {
            s = plan::in_interface(s);
        }
        match around.pop() {
            Some(v) => now = v,
            None => return s as usize,
        }
    }
}

/// Whether the values at `p` and `q` are equal. Raises a panic where they hold interfaces with
/// uncomparable values.
///
/// # Safety
/// Without locks; values of `typ` lie there, which is no interface.
pub(super) unsafe fn equal(sys: Sys<'_>, typ: *const Type, p: *const u8, q: *const u8) -> bool {
    const REFUSAL: &str = "comparing uncomparable type ";
    // SAFETY: asked for the caller's type and those of parts alone, which are descriptors; every
    // one has an algorithm, and no lock is held.
    let plan = |typ: *const Type| unsafe { plan_of(sys, typ, (*(*typ).alg).equal, REFUSAL) };
    let mut around = Around::new();
    let mut now = Visit::of(plan(typ), p, q, false);
    loop {
        let Some((what, at)) = now.next() else {
            match around.pop() {
                Some(v) => now = v,
                None => return true,
            }
            continue;
        };
        let (p, q) = (now.p.wrapping_add(at), now.q.wrapping_add(at));
        // SAFETY: the parts lie inside the values that are being visited.
        match unsafe { what.equal(p, q) } {
            Some(true) => continue,
            Some(false) => return false,
            None => {}
        }
        // Of one type: others are not equal.
        // SAFETY: the same; parts that had no answer have a type.
        let ((typ, p), (_, q)) = unsafe { (what.inner(p), what.inner(q)) };
        let plan = plan(typ);
        // SAFETY: values of that type lie there.
        match unsafe { plan.equal(p, q) } {
            Some(true) => {}
            Some(false) => return false,
            None => {
                around.push(sys, now);
                now = Visit::of(plan, p, q, false);
            }
        }
    }
}
