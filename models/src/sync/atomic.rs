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
}

std::thread_local! {
    // A model's threads all run on the thread of its test.
    static WEAK: Cell<Weak> = const { Cell::new(Weak::Nothing) };
}

/// Takes `what` out of the code that runs in `model`.
pub fn weaken(what: Weak, model: impl FnOnce()) {
    WEAK.set(what);
    model();
    WEAK.set(Weak::Nothing);
}

/// The order for an operation that loads, stores, or both.
fn order(o: Ordering, loads: bool, stores: bool) -> Ordering {
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
                self.0.load(order(o, true, false))
            }

            /// As the standard library's.
            pub fn store(&self, v: $int, o: Ordering) {
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
        }
    )*};
}

atomic!(AtomicU32: u32, AtomicUsize: usize, AtomicI64: i64);

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
        self.0.load(order(o, true, false))
    }

    /// As the standard library's.
    pub fn store(&self, v: bool, o: Ordering) {
        self.0.store(v, order(o, false, true));
    }

    /// As the standard library's.
    pub fn swap(&self, v: bool, o: Ordering) -> bool {
        self.0.swap(v, order(o, true, true))
    }
}
