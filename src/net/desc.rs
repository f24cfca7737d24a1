//! A descriptor in the poller: who waits to read or write, and until when.
//!
//! Each direction has a [`Waiter`].
//!
//! Everything else is under `lock`. Descriptors come from a pool and are never unmapped, so a stale
//! event or timer finds one, if perhaps a different one: it makes somebody look in vain.

use super::waiter::Waiter;
use crate::abi::{RuntimeTimer, args};
use crate::sync::mutex::{Mutex, RawMutex};
use crate::sync::rank;
use crate::world::glist::GList;
use crate::world::{Parked, Right};
use crate::{fatal, sched};
use core::cell::{Cell, UnsafeCell};
use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Mode {
    /// Reading, accepting.
    Read = 0,
    /// Writing, connecting.
    Write = 1,
}

/// What package net passes for reading.
pub(super) const MODE_READ: i64 = b'r' as i64;
/// What package net passes for writing.
pub(super) const MODE_WRITE: i64 = b'w' as i64;

/// Results of waiting.
pub(super) const OK: i64 = 0;
/// The descriptor is being closed.
const CLOSING: i64 = 1;
/// The deadline is over.
const TIMEOUT: i64 = 2;

/// A deadline that is over.
pub(super) const EXPIRED: i64 = -1;

/// A descriptor. Off-heap, zeroed at first, never freed.
#[doc(alias = "pollDesc")]
#[derive(Debug)]
#[repr(C)]
pub(super) struct PollDesc {
    /// Next in the pool, under its lock.
    pub(super) link: Cell<*mut PollDesc>,
    /// Taken before the lock of a timer heap.
    pub(super) lock: RawMutex<{ rank::DESCRIPTOR }>,
    pub(super) closing: AtomicBool,
    pub(super) fd: Cell<usize>,
    /// Waiters: by mode.
    pub(super) wait: [Waiter; 2],
    /// Deadlines: 0 none, [`EXPIRED`], or when. Written under the lock.
    pub(super) deadline: [AtomicI64; 2],
    /// Fires when the first deadline is over, or earlier ([`super::deadline`]).
    pub(super) timer: UnsafeCell<RuntimeTimer>,
}

pub(super) static POOL: Mutex<Pool, { rank::DESCRIPTOR_POOL }> =
    Mutex::new(Pool { free: null_mut() });
pub(crate) struct Pool {
    pub(super) free: *mut PollDesc,
}

/// Goroutines that wait for the poller.
pub(super) static WAITERS: AtomicU32 = AtomicU32::new(0);

pub(super) fn mode(m: i64) -> Mode {
    match m {
        MODE_READ => Mode::Read,
        MODE_WRITE => Mode::Write,
        _ => fatal::throw("netpoll: bad mode"),
    }
}

/// The descriptor behind package net's handle.
///
/// # Safety
/// `ctx` is a handle: what `open` answered.
pub(super) unsafe fn desc(ctx: usize) -> &'static PollDesc {
    // SAFETY: by the caller's promise the address of a descriptor, and these are never freed. What
    // changes in one is atomic, or in a cell that a lock protects.
    unsafe { &*core::ptr::with_exposed_provenance(ctx) }
}

impl PollDesc {
    #[doc(alias = "netpollcheckerr")]
    pub(super) fn error(&self, mode: Mode) -> i64 {
        if self.closing.load(Ordering::SeqCst) {
            CLOSING
        } else if self.deadline[mode as usize].load(Ordering::SeqCst) < 0 {
            TIMEOUT
        } else {
            OK
        }
    }

    /// Takes a waiter off, or leaves a note for the next.
    #[doc(alias = "netpollunblock")]
    pub(super) fn unblock(&self, mode: Mode, ready: bool) -> Option<Parked> {
        let g = self.wait[mode as usize].unblock(ready);
        if g != 0 {
            let waited = WAITERS.fetch_sub(1, Ordering::SeqCst);
            debug_assert!(waited > 0);
        }
        // SAFETY: `keep` put the right into the word, which gives it out once.
        unsafe { Parked::from_word(core::ptr::with_exposed_provenance_mut(g)) }
    }
}

/// Has `word` keep a goroutine until [`PollDesc::unblock`]. Not if it is too late: nobody saw it.
pub(super) fn keep(word: &Waiter, parked: Parked) -> Result<(), Parked> {
    let g = parked.into_raw();
    if word.park(g.expose_provenance()) {
        return Ok(());
    }
    // SAFETY: the right that was taken apart above; the word has refused to keep it.
    Err(unsafe { Parked::from_raw(g) })
}

/// Readies goroutines that `unblock` answered. The caller holds no lock.
pub(super) fn ready_all(waiters: [Option<Parked>; 2]) {
    waiters.into_iter().flatten().for_each(sched::ready);
}

/// The kernel says that `pd` is ready: adds its waiter to `list`.
#[doc(alias = "netpollready")]
pub(super) fn push_ready(list: &mut GList<Parked>, pd: &PollDesc, mode: Mode) {
    if let Some(parked) = pd.unblock(mode, true) {
        list.push(parked);
    }
}

const _: () = assert!(
    offset_of!(args::net_runtime_pollWait, r0)
        == offset_of!(args::net_runtime_pollWaitCanceled, r0)
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::G;
    use crate::net::calls::has_waiters;
    use crate::net::waiter::Begin;

    fn new() -> Box<PollDesc> {
        // SAFETY: a descriptor of zeroes is valid.
        Box::new(unsafe { core::mem::zeroed() })
    }

    #[test]
    fn readiness_is_kept_for_the_next_and_deadlines_are_not() {
        let pd = new();
        assert!(pd.unblock(Mode::Read, false).is_none());
        assert!(pd.unblock(Mode::Read, true).is_none());
        assert!(pd.wait[0].end());
        assert!(!pd.wait[1].end(), "the directions are independent");
        assert!(!pd.wait[0].end(), "it is taken notice of once");
    }

    #[test]
    fn a_goroutine_about_to_park_is_not_readied_by_others() {
        let pd = new();
        assert_eq!(pd.wait[1].begin(), Begin::Waits);
        assert_eq!(pd.wait[1].begin(), Begin::Taken);
        assert!(pd.unblock(Mode::Write, true).is_none());
        assert!(!pd.wait[1].park(0x1000), "its attempt to park must fail");
        assert!(pd.wait[1].end());
    }

    #[test]
    fn a_parked_goroutine_is_taken_off_once() {
        let pd = new();
        let g = 0x1000 as *mut G;
        for ready in [true, false] {
            assert_eq!(pd.wait[0].begin(), Begin::Waits);
            assert!(pd.wait[0].park(g as usize));
            assert!(pd.wait[0].blocked());
            WAITERS.fetch_add(1, Ordering::SeqCst);
            let parked = pd.unblock(Mode::Read, ready).map(Right::into_raw);
            assert_eq!(parked, Some(g));
            assert!(pd.unblock(Mode::Read, ready).is_none());
            assert_eq!(pd.wait[0].end(), ready);
        }
        assert!(!has_waiters(Ordering::SeqCst));
    }

    #[test]
    fn closing_comes_before_timeout() {
        let pd = new();
        assert_eq!(pd.error(Mode::Read), OK);
        pd.deadline[0].store(EXPIRED, Ordering::SeqCst);
        assert_eq!((pd.error(Mode::Read), pd.error(Mode::Write)), (TIMEOUT, OK));
        pd.closing.store(true, Ordering::SeqCst);
        assert_eq!(
            (pd.error(Mode::Read), pd.error(Mode::Write)),
            (CLOSING, CLOSING)
        );
    }
}
