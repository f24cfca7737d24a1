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
//! call returns. Safe code outside of `abi` cannot make such a structure, and whoever writes to one
//! leaves values of the field's Go type.

use core::marker::PhantomData;

/// The thread is on a goroutine's stack, in a call within the depth that `gort prove` has proven:
/// no wait, no growth of the stack, no slow allocation, no panic. It holds a P, but for entries
/// that stand around system calls.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'c>(PhantomData<(&'c (), *mut ())>);

/// The thread is on its g0: it may lock, allocate, wake others and raise panics. The goroutine that
/// called in, if any, is stopped at its call.
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
