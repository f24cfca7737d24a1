//! Rights to a goroutine that does not run: to ready it, to run it, to use it again.
//!
//! A goroutine that does not run is in the hands of one thread, or named by one word that threads
//! find: a waiter of a channel, a timer, a queue. In a thread's hands it is one of three types, by
//! its state: [`Parked`], [`Runnable`], [`Dead`]. None can be copied, and what changes the state
//! takes one and gives another, so no goroutine is readied twice, or queued twice.
//!
//! A word keeps a goroutine as its address: [`Right::into_raw`] puts it there and
//! [`Right::from_raw`], the one unsafe step, takes it out. A right that is dropped loses its
//! goroutine for good. Frames that `schedule` and `raise` drop do not run destructors, so a build
//! with debug assertions counts each thread's rights, and `schedule` asks for
//! [none](assert_none_held); without them a right is an address and nothing else.

use crate::abi::G;
use core::marker::PhantomData;
use core::ptr::{NonNull, null_mut};

/// What the three have in common.
pub trait Right: Sized {
    /// The goroutine.
    fn g(&self) -> *mut G;

    /// The goroutine, whose right a word keeps from now on.
    fn into_raw(self) -> *mut G;

    /// The right that a word kept.
    ///
    /// # Safety
    /// `g` is in the state that the type says, and the word keeps it no longer: no other right to
    /// it exists.
    unsafe fn from_raw(g: *mut G) -> Self;

    /// As [`Right::from_raw`]; null, which is in words that keep nothing, is none.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn from_word(g: *mut G) -> Option<Self> {
        // SAFETY: the caller says the same of what is not null.
        (!g.is_null()).then(|| unsafe { Self::from_raw(g) })
    }
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name(NonNull<G>);

        // SAFETY: a right is the only one to its goroutine, and Gs are never freed.
        unsafe impl Send for $name {}

        impl Right for $name {
            #[inline(always)]
            fn g(&self) -> *mut G {
                self.0.as_ptr()
            }

            #[inline(always)]
            fn into_raw(self) -> *mut G {
                count::add(-1);
                core::mem::ManuallyDrop::new(self).g()
            }

            /// # Safety
            /// As the trait says of the state that is this type's.
            #[inline(always)]
            unsafe fn from_raw(g: *mut G) -> Self {
                count::add(1);
                // SAFETY: the caller's word kept a goroutine, and a G is never null.
                Self(unsafe { NonNull::new_unchecked(g) })
            }
        }

        #[cfg(debug_assertions)]
        impl Drop for $name {
            fn drop(&mut self) {
                count::add(-1);
                panic!("a goroutine was lost");
            }
        }
    )+ };
}

rights! {
    /// The right to ready a parked goroutine, once.
    ///
    /// ```compile_fail,E0382
    /// fn twice(parked: gort::world::Parked) {
    ///     gort::sched::ready(parked);
    ///     gort::sched::ready(parked);
    /// }
    /// ```
    #[must_use = "a parked goroutine that nobody readies never runs again"]
    Parked

    /// A runnable goroutine that is on no queue.
    ///
    /// ```compile_fail,E0308
    /// fn not_readied(sched: &mut gort::sched::state::Sched, parked: gort::world::Parked) {
    ///     sched.runq_put(parked);
    /// }
    /// ```
    #[must_use = "a runnable goroutine that is put on no queue never runs"]
    Runnable

    /// A goroutine without frames, on no list.
    ///
    /// ```compile_fail,E0308
    /// fn not_revived(sched: &mut gort::sched::state::Sched, dead: gort::world::Dead) {
    ///     sched.runq_put(dead);
    /// }
    /// ```
    #[must_use = "a dead goroutine that is put on no list is never used again"]
    Dead
}

impl Parked {
    /// The right is kept by a word that names `g` already.
    #[inline(always)]
    pub fn kept_as(self, g: *mut G) {
        debug_assert_eq!(self.g(), g);
        self.into_raw();
    }
}

/// A word under a lock that keeps a right, or none.
#[derive(Debug)]
pub struct Slot<T> {
    g: *mut G,
    right: PhantomData<T>,
}

impl<T> Slot<T> {
    /// It keeps none.
    pub const fn new() -> Self {
        Self {
            g: null_mut(),
            right: PhantomData,
        }
    }

    /// It keeps none.
    pub fn is_empty(&self) -> bool {
        self.g.is_null()
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Right> Slot<T> {
    /// Keeps a right. It kept none before.
    pub fn put(&mut self, right: T) {
        debug_assert!(self.is_empty());
        self.g = right.into_raw();
    }

    /// The right, which it keeps no longer.
    pub fn take(&mut self) -> Option<T> {
        let g = core::mem::replace(&mut self.g, null_mut());
        // SAFETY: `put` is all that writes it, so the word kept a right or is null.
        unsafe { T::from_word(g) }
    }
}

/// No frame of this thread has a right: they are about to be dropped.
#[inline(always)]
pub fn assert_none_held() {
    debug_assert_eq!(count::get(), 0, "a goroutine was lost");
}

/// Rights in the frames of this thread. Nothing without debug assertions.
mod count {
    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub(super) fn add(_n: i32) {}

    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub(super) fn get() -> i32 {
        0
    }

    #[cfg(all(debug_assertions, test))]
    std::thread_local! {
        static COUNT: core::cell::Cell<i32> = const { core::cell::Cell::new(0) };
    }

    #[cfg(all(debug_assertions, test))]
    pub(super) fn add(n: i32) {
        COUNT.set(COUNT.get() + n);
    }

    #[cfg(all(debug_assertions, test))]
    pub(super) fn get() -> i32 {
        COUNT.get()
    }

    #[cfg(all(debug_assertions, not(test)))]
    pub(super) fn add(n: i32) {
        // SAFETY: only this thread touches the count of its M.
        unsafe { (*crate::world::getm()).rights += n };
    }

    #[cfg(all(debug_assertions, not(test)))]
    pub(super) fn get() -> i32 {
        let m = crate::world::getm();
        // SAFETY: only this thread touches the count of its M.
        unsafe { (*m).rights }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_goes_through_a_word_unchanged() {
        let g = core::ptr::without_provenance_mut::<G>(0x1000);
        // SAFETY: a right keeps the address, and nothing here reads through it.
        unsafe {
            let parked = Parked::from_raw(g);
            assert_eq!(parked.g(), g);
            assert_eq!(parked.into_raw(), g);
            assert!(Runnable::from_word(core::ptr::null_mut()).is_none());
        }
        assert_none_held();
        assert_eq!(size_of::<Option<Parked>>(), size_of::<*mut G>());
    }
}
