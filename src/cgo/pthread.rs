//! What the C library knows of its threads: a word for each, whose destructor runs when the thread
//! ends, and the bounds of its stack. Only code that runs with a C library calls any of this.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

/// A word of each thread, null at first. When a thread ends the destructor is called with the word
/// if it is not null, and the word is null from then on.
#[derive(Debug)]
pub struct Key(AtomicU32);

/// There is none: the process has as many keys as the C library allows.
const NONE: u32 = u32::MAX;

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

impl Key {
    /// Not made yet.
    pub const fn new() -> Self {
        Self(AtomicU32::new(NONE))
    }

    /// Makes it, once.
    pub fn make(&self, destructor: unsafe extern "C" fn(*mut c_void)) {
        let mut key = NONE;
        // SAFETY: the C library writes the key.
        if unsafe { libc::pthread_key_create(&raw mut key, Some(destructor)) } == 0 {
            self.0.store(key, Ordering::Release);
        }
    }

    /// This thread's word.
    #[inline(always)]
    pub fn get(&self) -> *mut c_void {
        match self.0.load(Ordering::Relaxed) {
            NONE => null_mut(),
            // SAFETY: the key was made, and is never deleted.
            key => unsafe { libc::pthread_getspecific(key) },
        }
    }

    /// Sets this thread's word; false: that was not possible.
    #[expect(
        clippy::not_unsafe_ptr_arg_deref,
        reason = "the C library keeps the word and does not follow it"
    )]
    pub fn set(&self, to: *mut c_void) -> bool {
        let key = self.0.load(Ordering::Relaxed);
        // SAFETY: as above.
        key != NONE && unsafe { libc::pthread_setspecific(key, to) } == 0
    }
}

/// Bounds of this thread's stack; empty if the C library does not know. Takes long: for the first
/// thread it reads the process's mappings.
pub fn stack() -> Range<usize> {
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut lo, mut size) = (null_mut(), 0);
    // SAFETY: the first call initialises what the others take.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attr.as_mut_ptr()) != 0 {
            return 0..0;
        }
        let known = libc::pthread_attr_getstack(attr.as_ptr(), &raw mut lo, &raw mut size) == 0;
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        if !known {
            return 0..0;
        }
    }
    lo.addr()..lo.addr() + size
}

/// C's `errno` of this thread, which C code finds as it was when it comes back from Go.
pub fn errno() -> i32 {
    // SAFETY: the C library's address of it.
    unsafe { *libc::__errno_location() }
}

/// Sets it.
pub fn set_errno(errno: i32) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// The thread `tid` of this process is gone.
pub fn ended(tid: i32) -> bool {
    crate::os::signal::pid() != 0
        && crate::os::signal::send(crate::os::signal::pid(), tid, 0) == -(libc::ESRCH as isize)
}
