//! What the rooms above keep for each P: caches, pools, logs.
//!
//! The block that a P is made in has a [`Part`] for each such room, behind the P. Its owner knows
//! the type and has a [`PLocal`] of it; this room knows the size alone. The offset of a part is a
//! constant, so what is in it is reached from the address of the P like a field of it, and a
//! program has no more memory in use than its Ps need. The size is stated in [`part`], and a type
//! of another size does not compile.

use super::{P, Stopped, current, lists};
use crate::mem::{LINE, MCACHE_SYS, persistent_for};
use core::marker::PhantomData;
use core::ptr::NonNull;

/// A part of every P's block, which has its cache lines to itself: another thread that looks at a P
/// does not take the line from under what the P's own thread does.
#[derive(Debug)]
pub struct Part {
    at: usize,
    lines: usize,
}

impl Part {
    const fn after(end: usize, lines: usize) -> Self {
        Self { at: end, lines }
    }

    const fn end(&self) -> usize {
        self.at + self.lines * LINE
    }
}

/// The parts, each with its size in cache lines.
pub mod part {
    use super::{P, Part};

    /// The allocator's cache.
    pub const HEAP: Part = Part::after(size_of::<P>(), 164);
    /// What the write barrier shades, and the account of assists.
    pub const GC: Part = Part::after(HEAP.end(), 1);
    /// Defer records.
    pub const PANIC: Part = Part::after(GC.end(), 2);
    /// Timers.
    pub const TIME: Part = Part::after(PANIC.end(), 1);
    /// Free stacks.
    pub const STACK: Part = Part::after(TIME.end(), 2);
    /// Events of the execution trace.
    pub const PROBE: Part = Part::after(STACK.end(), 1);
    /// Bytes of a P and its parts.
    pub(super) const END: usize = PROBE.end();
}

/// A `T` for each P, which belongs to one room: a static there.
///
/// Which thread may touch that of a P: the one that holds the P, and the one that has stopped the
/// world. References are never exclusive, since a function that has one may call another that
/// takes it again: what changes is a `Cell`, or is reached by [`PLocal::of`].
#[derive(Debug)]
pub struct PLocal<T> {
    at: usize,
    data: PhantomData<fn() -> T>,
}

impl<T> PLocal<T> {
    /// Those in `part`. Zeroes are what it begins with.
    ///
    /// # Safety
    /// A `T` of zeroes is valid, and nobody else has this part.
    pub const unsafe fn new(part: &Part) -> Self {
        assert!(
            size_of::<T>().div_ceil(LINE) == part.lines,
            "world::plocal::part states another size"
        );
        assert!(align_of::<T>() <= LINE);
        Self {
            at: part.at,
            data: PhantomData,
        }
    }

    /// Where that of `p` is.
    #[inline(always)]
    pub fn of(&self, p: *mut P) -> *mut T {
        p.cast::<u8>().wrapping_add(self.at).cast()
    }

    /// That of the P that this thread holds.
    #[inline(always)]
    pub fn mine<'p>(&self, own: OwnP<'p>) -> &'p T {
        let part = self.of(own.p());
        // SAFETY: Ps live for ever and each has a `T`; while this thread holds the P no other
        // touches what is not atomic in it, and exclusive references are not made.
        unsafe { &*part }
    }
}

impl<T: 'static> PLocal<T> {
    /// Those of all Ps, those beyond GOMAXPROCS too.
    pub fn each<'s>(&'s self, _: &'s Stopped) -> impl Iterator<Item = &'s T> {
        // SAFETY: Ps live for ever and each has a `T`; with the world stopped all are this
        // thread's.
        lists::existing_ps().map(|p| unsafe { &*self.of(p) })
    }

    /// [`PLocal::each`], to be changed.
    pub fn each_mut<'s>(&'s self, _: &'s mut Stopped) -> impl Iterator<Item = &'s mut T> {
        // SAFETY: as in `each`. There is one `Stopped`, which is taken while these are in use, and
        // no `OwnP` is alive, since who calls this may change what is the P's.
        lists::existing_ps().map(|p| unsafe { &mut *self.of(p) })
    }
}

impl<T: Sync> PLocal<T> {
    /// That of any P.
    ///
    /// # Safety
    /// `p` is one of the Ps.
    #[inline(always)]
    pub unsafe fn shared(&self, p: *mut P) -> &'static T {
        let part = self.of(p);
        // SAFETY: Ps live for ever and each has a `T`, which threads may share.
        unsafe { &*part }
    }
}

/// This thread holds that P, and nobody else touches what is local to it. It stays on its thread.
///
/// ```compile_fail,E0277
/// fn give_away(own: gort::world::OwnP<'static>) {
///     fn to_another_thread(_: impl Send) {}
///     to_another_thread(own);
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OwnP<'s> {
    p: NonNull<P>,
    held: PhantomData<&'s ()>,
}

impl OwnP<'_> {
    /// `p` is held.
    ///
    /// # Safety
    /// By this thread, or nobody else knows it, for as long as the value lives. Meanwhile the
    /// thread does not change what all Ps have ([`PLocal::each_mut`]).
    #[inline(always)]
    pub const unsafe fn new(p: NonNull<P>) -> Self {
        Self {
            p,
            held: PhantomData,
        }
    }

    /// The P of this thread.
    ///
    /// # Safety
    /// The thread has one, and keeps it for as long as the value lives.
    #[inline(always)]
    pub unsafe fn held() -> Self {
        let p = current::getp();
        debug_assert!(!p.is_null());
        // SAFETY: the caller's thread holds that P, which is not null then.
        unsafe { Self::new(NonNull::new_unchecked(p)) }
    }

    /// The P of this thread, if it has one.
    ///
    /// # Safety
    /// The thread keeps its P for as long as the value lives.
    #[inline(always)]
    pub unsafe fn current() -> Option<Self> {
        // SAFETY: it is the P that this thread's M has; the caller promises the rest.
        NonNull::new(current::getp()).map(|p| unsafe { Self::new(p) })
    }

    /// What any thread may look at.
    #[inline(always)]
    pub(super) const fn shared(&self) -> &P {
        // SAFETY: Ps live for ever; a reference for one use, since the rooms write what they keep
        // in it.
        unsafe { self.p.as_ref() }
    }

    /// Its address.
    #[inline(always)]
    const fn p(self) -> *mut P {
        self.p.as_ptr()
    }
}

/// A new P with the number `id`, stopped, and with everything else, the parts of other
/// rooms too, as zeroes.
pub fn new(id: u32) -> *mut P {
    let p: *mut P = persistent_for(&MCACHE_SYS, part::END, LINE).cast();
    // SAFETY: the block is new and large enough; a P of zeroes is valid.
    unsafe {
        (*p).id = id;
        (*p).status.stop();
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::PState;
    use core::cell::Cell;
    use core::sync::atomic::Ordering;

    #[test]
    fn each_p_has_parts_of_its_own() {
        // SAFETY: numbers, in parts that no other room uses for these two Ps.
        let (first, last): (PLocal<[Cell<u64>; 8]>, PLocal<Cell<u64>>) =
            unsafe { (PLocal::new(&part::GC), PLocal::new(&part::PROBE)) };
        // SAFETY: nobody else knows these two Ps.
        let [a, b] = [7, 8].map(|id| unsafe { OwnP::new(NonNull::new(new(id)).expect("memory")) });
        first.mine(a).iter().for_each(|n| n.set(u64::MAX));
        last.mine(a).set(u64::MAX);
        let zeroes =
            |own| first.mine(own).iter().all(|n| n.get() == 0) && last.mine(own).get() == 0;
        assert!(zeroes(b) && !zeroes(a));
        // SAFETY: Ps are never freed, and the number does not change.
        let (id, status) = unsafe { ((*a.p()).id, &(*a.p()).status) };
        assert_eq!((id, status.state(Ordering::Relaxed)), (7, PState::Stopped));
        // SAFETY: Ps are never freed, and nobody else knows this one.
        assert!(unsafe { (*a.p()).runq_empty() });
    }
}
