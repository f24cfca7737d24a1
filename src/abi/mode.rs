//! Where Rust code runs, as types: [`Leaf`] on a goroutine's stack, [`Sys`] on g0.
//!
//! The wrapper that the build makes for each entry (build/surface.rs) makes the token of its mode
//! and passes it with the argument area. What must not happen in leaf mode asks for a `Sys`; no
//! `Leaf` becomes one, so a leaf function that would park or raise a panic does not compile. Tokens
//! have no size. They end with the call that they were made for: their lifetime keeps them out of
//! everything that outlives it.
//!
//! # The argument area
//!
//! An entry is not `unsafe`: wrapper and token make the promise of the calling convention in its
//! place. The structure `args::X` that comes with a token is the area of a call that compiled code
//! makes right now. It is laid out as the signature in `abi/surface.toml` says; every argument is a
//! value of its Go type, so a pointer is nil or the address of a live value of that type, a
//! descriptor describes, a slice or string has its elements; nobody else writes there until the
//! call returns. Safe code outside of `abi` cannot make such a structure, and code that writes to
//! one leaves values of the field's Go type.
//!
//! ```compile_fail,E0451
//! fn area() -> gort::abi::args::time_Sleep {
//!     gort::abi::args::time_Sleep { d: 1, _private: () }
//! }
//! ```

use super::outcome::Outcome;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// The thread is on a goroutine's stack, in a call within the depth that `gort prove` has proven:
/// no wait, no growth of the stack, no slow allocation, no panic. It holds a P, but for entries
/// that stand around system calls.
///
/// ```compile_fail,E0308
/// fn entry(leaf: gort::abi::Leaf<'_>) {
///     gort::panic::raise_str(leaf, "not from here");
/// }
/// ```
///
/// ```compile_fail,E0599
/// fn entry(leaf: gort::abi::Leaf<'_>) -> gort::abi::Outcome {
///     gort::sched::park_for_good(leaf.caller(), gort::world::WaitReason::Sleep)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'c>(PhantomData<(&'c (), *mut ())>);

/// The thread is on its g0: it may lock, allocate, wake others and raise panics. The goroutine that
/// called in, if any, is stopped at its call.
///
/// ```no_run
/// fn entry(sys: gort::abi::Sys<'_>) -> gort::abi::Outcome {
///     gort::sched::park_for_good(sys.caller(), gort::world::WaitReason::Sleep)
/// }
/// ```
///
/// It cannot be kept:
///
/// ```compile_fail,E0521
/// fn keeps(_: gort::abi::Sys<'static>) {}
/// fn entry(sys: gort::abi::Sys<'_>) {
///     keeps(sys);
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sys<'c>(PhantomData<(&'c (), *mut ())>);

/// Leaf mode cannot finish, system mode has to. Nothing was done, unless the function says what.
///
/// A leaf function passes it on with `?`; the entry's wrapper turns it into the flag that the
/// trampoline looks at. A `Result<NonNull<T>, Slow>` is null for `Err`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow;

impl Slow {
    /// [`Slow`] if that was not it.
    #[inline(always)]
    pub const fn unless(done: bool) -> Result<(), Self> {
        if done { Ok(()) } else { Err(Self) }
    }
}

impl Leaf<'_> {
    /// For the wrappers of entries.
    ///
    /// # Safety
    /// The thread runs on a goroutine's stack, in a leaf function that a trampoline has called and
    /// that does not return before the token's lifetime ends.
    #[inline(always)]
    pub const unsafe fn new() -> Self {
        Self(PhantomData)
    }
}

impl Sys<'_> {
    /// For the wrappers of entries, and where the scheduler's loop or a new thread begins.
    ///
    /// # Safety
    /// The thread runs on its g0 until the token's lifetime ends.
    #[inline(always)]
    pub const unsafe fn new() -> Self {
        Self(PhantomData)
    }
}

/// The goroutine that called in and is stopped at that call: it may be parked, and its saved context
/// and its results are ours. Not `Copy`: who parks it gives it away. `Sys::caller` makes it
/// (src/world/caller.rs, with what can be done with one).
///
/// ```compile_fail,E0382
/// fn twice(caller: gort::abi::Caller<'_>) -> gort::abi::Outcome {
///     gort::sched::park_for_good(caller, gort::world::WaitReason::Sleep);
///     gort::sched::park_for_good(caller, gort::world::WaitReason::Sleep)
/// }
/// ```
#[derive(Debug)]
#[repr(transparent)]
pub struct Caller<'c> {
    /// The G. Opaque: a G has a [`ResumeStep`], which is of this file.
    g: NonNull<u8>,
    sys: Sys<'c>,
}

impl<'c> Caller<'c> {
    /// For `world::caller`.
    ///
    /// # Safety
    /// `g` is the G that runs on this thread, with its context saved.
    #[inline(always)]
    pub const unsafe fn new(sys: Sys<'c>, g: NonNull<u8>) -> Self {
        Self { g, sys }
    }

    /// The G, opaque.
    #[inline(always)]
    pub const fn raw(&self) -> *mut u8 {
        self.g.as_ptr()
    }

    /// What system mode may.
    #[inline(always)]
    pub const fn sys(&self) -> Sys<'c> {
        self.sys
    }
}

/// What runs on g0 before the Go code of a parked goroutine goes on: the field `resume` of a G. The
/// function gets the field `resumearg` and answers what the entry may that parked.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct ResumeStep(Option<Step>);

type Step = unsafe extern "C" fn(Caller<'_>, usize) -> Outcome;

impl ResumeStep {
    /// Go code goes on at once.
    pub const NONE: Self = Self(None);

    /// A step.
    #[inline(always)]
    pub const fn new(step: Step) -> Self {
        Self(Some(step))
    }

    /// There is one.
    #[inline(always)]
    pub(crate) const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The step, if there is one; there is none from then on.
    #[inline(always)]
    pub const fn take(&mut self) -> Option<Step> {
        self.0.take()
    }
}

/// The token of either mode, for bodies that serve both.
pub trait Mode: Copy {
    /// System mode.
    const SYSTEM: bool;
    /// The right to do what leaf mode may not, in system mode.
    fn system(&self) -> Option<Sys<'_>>;
}

impl Mode for Leaf<'_> {
    const SYSTEM: bool = false;
    #[inline(always)]
    fn system(&self) -> Option<Sys<'_>> {
        None
    }
}

impl Mode for Sys<'_> {
    const SYSTEM: bool = true;
    #[inline(always)]
    fn system(&self) -> Option<Sys<'_>> {
        Some(*self)
    }
}
