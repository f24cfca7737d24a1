//! loom's atomics in the place of the runtime's `src/sync/atomic.rs`, with orders that can be
//! weakened to see whether a model notices.

use core::cell::Cell;
pub use loom::sync::atomic::Ordering;

/// This is a model.
pub const MODEL: bool = true;

/// What is taken out of the code under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weak {
    /// Nothing.
    #[default]
    Nothing,
    /// No operation releases.
    Release,
    /// No operation acquires.
    Acquire,
    /// There are no fences.
    Fence,
    /// The step of this name, of the parts that a model tells itself ([`does`]), is left out.
    Step(&'static str),
}

std::thread_local! {
    // A model's threads all run on the thread of its test.
    static WEAK: Cell<Weak> = const { Cell::new(Weak::Nothing) };
    static STRONG: Cell<bool> = const { Cell::new(false) };
}

/// All accesses in `model` are exchanges: memory is sequentially consistent.
///
/// Of each word loom remembers the last access and the last write. Where a thread loads a word and
/// then writes it, loom forgets that another has loaded it before, and does not try the write
/// before that load. Where all accesses are exchanges it forgets none.
pub fn exchanges(model: impl FnOnce()) {
    STRONG.set(true);
    model();
    STRONG.set(false);
}

/// Takes `what` out of the code that runs in `model`.
pub fn weaken(what: Weak, model: impl FnOnce()) {
    WEAK.set(what);
    model();
    WEAK.set(Weak::Nothing);
}

/// The step of this name is to be done.
pub fn does(step: &'static str) -> bool {
    WEAK.get() != Weak::Step(step)
}

/// The order for an operation that loads, stores, or both.
fn order(o: Ordering, loads: bool, stores: bool) -> Ordering {
    if STRONG.get() {
        return if stores {
            Ordering::AcqRel
        } else {
            Ordering::Acquire
        };
    }
    let weak = WEAK.get();
    let acquires = loads
        && matches!(o, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
        && weak != Weak::Acquire;
    let releases = stores
        && matches!(o, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
        && weak != Weak::Release;
    match (acquires, releases) {
        (true, true) => Ordering::AcqRel,
        (true, false) => Ordering::Acquire,
        (false, true) => Ordering::Release,
        (false, false) => Ordering::Relaxed,
    }
}

/// A sequentially consistent fence.
pub fn fence(o: Ordering) {
    if WEAK.get() != Weak::Fence {
        loom::sync::atomic::fence(o);
    }
}

/// What a locked instruction does besides on amd64.
pub fn fence_after_locked() {
    fence(Ordering::SeqCst);
}

/// Lets another thread of the model run.
pub fn spin_loop() {
    loom::thread::yield_now();
}

/// Defines a constructor, which cannot be `const` here.
#[macro_export]
macro_rules! constructor {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => { $(#[$meta])* $vis fn $($rest)* };
}

macro_rules! atomic {
    ($($name:ident: $int:ty),*) => {$(
        /// loom's atomic of this name.
        #[derive(Debug, Default)]
        pub struct $name(loom::sync::atomic::$name);

        impl $name {
            /// With this value.
            pub fn new(v: $int) -> Self {
                Self(loom::sync::atomic::$name::new(v))
            }

            /// As the standard library's.
            pub fn load(&self, o: Ordering) -> $int {
                if STRONG.get() {
                    return self.0.fetch_add(0, Ordering::AcqRel);
                }
                self.0.load(order(o, true, false))
            }

            /// As the standard library's.
            pub fn store(&self, v: $int, o: Ordering) {
                if STRONG.get() {
                    self.swap(v, Ordering::AcqRel);
                    return;
                }
                self.0.store(v, order(o, false, true));
            }

            /// As the standard library's.
            pub fn swap(&self, v: $int, o: Ordering) -> $int {
                self.0.swap(v, order(o, true, true))
            }

            /// As the standard library's.
            pub fn fetch_add(&self, v: $int, o: Ordering) -> $int {
                self.0.fetch_add(v, order(o, true, true))
            }

            /// As the standard library's.
            pub fn fetch_sub(&self, v: $int, o: Ordering) -> $int {
                self.0.fetch_sub(v, order(o, true, true))
            }

            /// As the standard library's.
            pub fn compare_exchange(&self, old: $int, new: $int, o: Ordering, fail: Ordering) -> Result<$int, $int> {
                self.0.compare_exchange(old, new, order(o, true, true), order(fail, true, false))
            }

            /// As the standard library's; it does not fail for no reason.
            pub fn compare_exchange_weak(&self, old: $int, new: $int, o: Ordering, fail: Ordering) -> Result<$int, $int> {
                self.compare_exchange(old, new, o, fail)
            }

            /// As the standard library's, of a field that is such an atomic in the model and a
            /// plain word in the runtime.
            ///
            /// # Safety
            /// As said; the field outlives the answer.
            pub unsafe fn from_ptr<'a>(field: *mut Self) -> &'a Self {
                // SAFETY: the caller's promise.
                unsafe { &*field }
            }
        }
    )*};
}

atomic!(AtomicU32: u32, AtomicUsize: usize, AtomicI64: i64);

/// loom's atomic of this name.
#[derive(Debug)]
pub struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>);

impl<T> Default for AtomicPtr<T> {
    fn default() -> Self {
        Self::new(core::ptr::null_mut())
    }
}

impl<T> AtomicPtr<T> {
    /// With this value.
    pub fn new(v: *mut T) -> Self {
        Self(loom::sync::atomic::AtomicPtr::new(v))
    }

    /// As the standard library's.
    pub fn load(&self, o: Ordering) -> *mut T {
        if STRONG.get() {
            let none = core::ptr::null_mut();
            let seen = self
                .0
                .compare_exchange(none, none, Ordering::AcqRel, Ordering::Acquire);
            return seen.unwrap_or_else(|other| other);
        }
        self.0.load(order(o, true, false))
    }

    /// As the standard library's.
    pub fn store(&self, v: *mut T, o: Ordering) {
        if STRONG.get() {
            self.swap(v, Ordering::AcqRel);
            return;
        }
        self.0.store(v, order(o, false, true));
    }

    /// As the standard library's.
    pub fn swap(&self, v: *mut T, o: Ordering) -> *mut T {
        self.0.swap(v, order(o, true, true))
    }

    /// As the standard library's.
    pub fn compare_exchange(
        &self,
        old: *mut T,
        new: *mut T,
        o: Ordering,
        fail: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.0
            .compare_exchange(old, new, order(o, true, true), order(fail, true, false))
    }

    /// As the standard library's; it does not fail for no reason.
    pub fn compare_exchange_weak(
        &self,
        old: *mut T,
        new: *mut T,
        o: Ordering,
        fail: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.compare_exchange(old, new, o, fail)
    }

    /// As the standard library's, of a field that is such an atomic in the model and a plain word
    /// in the runtime.
    ///
    /// # Safety
    /// As said; the field outlives the answer.
    pub unsafe fn from_ptr<'a>(field: *mut *mut T) -> &'a Self {
        // SAFETY: the caller's promise.
        unsafe { &*field.cast::<Self>() }
    }
}

/// loom's atomic of this name.
#[derive(Debug, Default)]
pub struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    /// With this value.
    pub fn new(v: bool) -> Self {
        Self(loom::sync::atomic::AtomicBool::new(v))
    }

    /// As the standard library's.
    pub fn load(&self, o: Ordering) -> bool {
        if STRONG.get() {
            return self.0.fetch_or(false, Ordering::AcqRel);
        }
        self.0.load(order(o, true, false))
    }

    /// As the standard library's.
    pub fn store(&self, v: bool, o: Ordering) {
        if STRONG.get() {
            self.swap(v, Ordering::AcqRel);
            return;
        }
        self.0.store(v, order(o, false, true));
    }

    /// As the standard library's.
    pub fn swap(&self, v: bool, o: Ordering) -> bool {
        self.0.swap(v, order(o, true, true))
    }
}
