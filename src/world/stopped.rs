//! The world stopped, as a value.

use core::marker::PhantomData;

/// No other thread holds a P: this one has stopped them all (`sched::stw`), or there is no other
/// yet. Until the world starts no Go code runs, no Rust code runs for a goroutine, and what is local
/// to any P is this thread's. Threads come out of system calls meanwhile, and find no P.
///
/// It has no size and stays on its thread, and it ends by starting the world: to drop it is a
/// mistake, which debug assertions find.
///
/// ```compile_fail,E0382
/// fn twice(stopped: gort::world::Stopped) {
///     stopped.start();
///     stopped.start();
/// }
/// ```
#[derive(Debug)]
#[must_use = "the world stays stopped until `start`"]
pub struct Stopped(PhantomData<*mut ()>);

impl Stopped {
    /// For the code that stops the world.
    ///
    /// # Safety
    /// It is stopped by this thread, or this thread is the only one. No other such value is left.
    pub const unsafe fn new() -> Self {
        Self(PhantomData)
    }

    /// For the code that starts the world.
    pub const fn end(self) {
        core::mem::forget(self);
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        debug_assert!(false, "the world stays stopped");
    }
}
