//! A function that a room further up fills in: the last resort where a lower room must call a
//! higher one (CONTRIBUTING.md, the law of rooms).

use core::cell::UnsafeCell;

/// Set once, at boot, before there is a second thread; calling through it costs a plain load. Only
/// for system mode: `gort prove` refuses indirect calls on goroutine stacks.
#[derive(Debug)]
pub struct Hook<F>(UnsafeCell<Option<F>>);

// SAFETY: written once, while there is one thread, and only read afterwards.
unsafe impl<F> Sync for Hook<F> {}

impl<F: Copy> Hook<F> {
    /// Nothing to call yet.
    #[expect(clippy::new_without_default, reason = "statics only")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// Fills it in.
    ///
    /// # Safety
    /// At boot, while there is one thread.
    pub unsafe fn set(&self, f: F) {
        // SAFETY: by the caller's promise no other thread reads it yet.
        unsafe { *self.0.get() = Some(f) }
    }

    /// What to call; none before boot has set it.
    #[inline]
    pub fn get(&self) -> Option<F> {
        // SAFETY: it was written while there was one thread, and is only read since then.
        unsafe { *self.0.get() }
    }
}
