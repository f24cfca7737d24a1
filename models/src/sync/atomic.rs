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

/// The atomic `$name` of values of type `$value`, whose zero is `$zero`.
macro_rules! atomic {
    ($name:ident $(<$t:ident>)?: $value:ty, $zero:expr) => {
        /// loom's atomic of this name.
        #[derive(Debug)]
        pub struct $name $(<$t>)? (loom::sync::atomic::$name $(<$t>)?);

        impl $(<$t>)? Default for $name $(<$t>)? {
            fn default() -> Self {
                Self::new($zero)
            }
        }

        impl $(<$t>)? $name $(<$t>)? {
            /// With this value.
            pub fn new(v: $value) -> Self {
                Self(loom::sync::atomic::$name::new(v))
            }

            /// As the standard library's.
            pub fn load(&self, o: Ordering) -> $value {
                if STRONG.get() {
                    return self
                        .compare_exchange($zero, $zero, Ordering::AcqRel, Ordering::Acquire)
                        .unwrap_or_else(|v| v);
                }
                self.0.load(order(o, true, false))
            }

            /// As the standard library's.
            pub fn store(&self, v: $value, o: Ordering) {
                if STRONG.get() {
                    self.swap(v, Ordering::AcqRel);
                    return;
                }
                self.0.store(v, order(o, false, true));
            }

            /// As the standard library's.
            pub fn swap(&self, v: $value, o: Ordering) -> $value {
                self.0.swap(v, order(o, true, true))
            }

            /// As the standard library's.
            pub fn compare_exchange(
                &self,
                old: $value,
                new: $value,
                o: Ordering,
                fail: Ordering,
            ) -> Result<$value, $value> {
                self.0
                    .compare_exchange(old, new, order(o, true, true), order(fail, true, false))
            }

            /// As the standard library's; it does not fail for no reason.
            pub fn compare_exchange_weak(
                &self,
                old: $value,
                new: $value,
                o: Ordering,
                fail: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(old, new, o, fail)
            }
        }
    };
}

atomic!(AtomicU32: u32, 0);
atomic!(AtomicUsize: usize, 0);
atomic!(AtomicI64: i64, 0);
atomic!(AtomicBool: bool, false);
atomic!(AtomicPtr<T>: *mut T, core::ptr::null_mut());

/// Adds what only numbers have.
macro_rules! number {
    ($($name:ident: $value:ty),*) => {$(
        impl $name {
            /// As the standard library's.
            pub fn fetch_add(&self, v: $value, o: Ordering) -> $value {
                self.0.fetch_add(v, order(o, true, true))
            }

            /// As the standard library's.
            pub fn fetch_sub(&self, v: $value, o: Ordering) -> $value {
                self.0.fetch_sub(v, order(o, true, true))
            }
        }
    )*};
}

number!(AtomicU32: u32, AtomicUsize: usize, AtomicI64: i64);
