//! A descriptor in the poller: who waits to read or write, and until when.
//!
//! Each direction has a [`Waiter`].
//!
//! Everything else is under `lock`. Descriptors come from a pool and are never unmapped, so a stale event or timer finds one, if perhaps a different one: it
//! makes somebody look in vain.

use super::deadline;
use super::waiter::{Begin, Waiter};
use crate::abi::{G, RuntimeTimer, Status, args};
use crate::sched::{self, epoll};
use crate::sync::mutex::{Mutex, RawMutex};
use crate::world::glist::GList;
use crate::world::{self, WaitReason};
use crate::{fatal, mem};
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
const MODE_READ: i64 = b'r' as i64;
/// What package net passes for writing.
const MODE_WRITE: i64 = b'w' as i64;

/// Results of waiting.
const OK: i64 = 0;
/// The descriptor is being closed.
const CLOSING: i64 = 1;
/// The deadline is over.
const TIMEOUT: i64 = 2;

/// A deadline that is over.
pub(super) const EXPIRED: i64 = -1;

/// A descriptor. Off-heap, zeroed at first, never freed.
#[derive(Debug)]
#[repr(C)]
pub struct PollDesc {
    /// Next in the pool.
    link: *mut PollDesc,
    /// Taken before the lock of a timer heap.
    pub(super) lock: RawMutex,
    closing: AtomicBool,
    fd: usize,
    /// Waiters: by mode.
    wait: [Waiter; 2],
    /// Deadlines: 0 none, [`EXPIRED`], or when. Written under the lock.
    pub(super) deadline: [AtomicI64; 2],
    /// Fires when the first deadline is over, or earlier ([`deadline`]).
    pub(super) timer: RuntimeTimer,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: null_mut() });
struct Pool {
    free: *mut PollDesc,
}

/// Goroutines that wait for the poller.
static WAITERS: AtomicU32 = AtomicU32::new(0);

/// The poller may have something for somebody: it is worth asking.
pub fn active() -> bool {
    WAITERS.load(Ordering::Acquire) != 0 || crate::signal::queue::deliverable()
}

/// Somebody waits for the poller, so an idle thread must wait in it.
pub fn has_waiters() -> bool {
    WAITERS.load(Ordering::SeqCst) != 0 || crate::signal::queue::receiver_waits()
}

fn mode(m: i64) -> Mode {
    match m {
        MODE_READ => Mode::Read,
        MODE_WRITE => Mode::Write,
        _ => fatal::throw("netpoll: bad mode"),
    }
}

/// The descriptor behind package net's handle.
fn desc(ctx: usize) -> *mut PollDesc {
    core::ptr::with_exposed_provenance_mut(ctx)
}

impl PollDesc {
    fn error(&self, mode: Mode) -> i64 {
        if self.closing.load(Ordering::SeqCst) {
            CLOSING
        } else if self.deadline[mode as usize].load(Ordering::SeqCst) < 0 {
            TIMEOUT
        } else {
            OK
        }
    }

    /// Takes a waiter off, or leaves a note for the next. Null: nobody is to be readied.
    pub(super) fn unblock(&self, mode: Mode, ready: bool) -> *mut G {
        let g = self.wait[mode as usize].unblock(ready);
        if g != 0 {
            WAITERS.fetch_sub(1, Ordering::SeqCst);
        }
        core::ptr::with_exposed_provenance_mut(g)
    }
}

/// Readies goroutines that `unblock` answered.
///
/// # Safety
/// Each is null or was taken off its descriptor by the caller, who holds no lock.
pub(super) unsafe fn ready_all(gs: [*mut G; 2]) {
    for g in gs {
        if !g.is_null() {
            // SAFETY: whoever takes a goroutine off a descriptor readies it, once.
            unsafe { sched::ready(g) };
        }
    }
}

/// The kernel says that `pd` is ready: adds its waiter to `list`.
///
/// # Safety
/// `pd` is a descriptor.
pub(crate) unsafe fn push_ready(list: &mut GList, pd: *mut PollDesc, mode: Mode) {
    // SAFETY: descriptors live for ever; a goroutine that was taken off is in no list.
    unsafe {
        let g = (*pd).unblock(mode, true);
        if !g.is_null() {
            list.push(g);
        }
    }
}

/// Waits until `pd` is ready, or (unless `canceled`) closed or late; the result goes to the goroutine's arguments. Also the
/// second half of the step after waking up, when that was in vain.
unsafe fn wait(
    g: *mut G,
    pd: *mut PollDesc,
    mode: Mode,
    canceled: bool,
    result: *mut i64,
) -> Status {
    // SAFETY: system mode for g; descriptors live for ever; `result` is in the goroutine's arguments.
    unsafe {
        let word = &(*pd).wait[mode as usize];
        match word.begin() {
            Begin::Waits => {}
            Begin::Happened => {
                *result = OK;
                return Status::Done;
            }
            Begin::Taken => fatal::throw("netpoll: double wait"),
        }
        // A deadline or close from now on finds us waiting; one from before shows here.
        let error = if canceled { OK } else { (*pd).error(mode) };
        if error != OK {
            *result = if word.end() { OK } else { error };
            return Status::Done;
        }
        WAITERS.fetch_add(1, Ordering::SeqCst);
        (*g).resume = resume as *const () as usize;
        (*g).resumearg = pd.expose_provenance() | (mode as usize) | (usize::from(canceled) << 1);
        let status = sched::park(g, WaitReason::IoWait);
        if !word.park(g.expose_provenance()) {
            // It happened meanwhile, and nobody saw us: the resume step finds out what.
            WAITERS.fetch_sub(1, Ordering::SeqCst);
            sched::ready(g);
        }
        status
    }
}

/// After waking up: what was it?
unsafe extern "C" fn resume(g: *mut G, arg: usize) -> Status {
    let pd: *mut PollDesc = core::ptr::with_exposed_provenance_mut(arg & !7);
    let mode = if arg & 1 == 0 {
        Mode::Read
    } else {
        Mode::Write
    };
    let canceled = arg & 2 != 0;
    // SAFETY: g parked in `wait`, on behalf of one of the two calls, whose arguments are laid out alike; its saved stack pointer is their address.
    unsafe {
        let result = ((*g).sched.sp + offset_of!(args::net_runtime_pollWait, r0)) as *mut i64;
        if (*pd).wait[mode as usize].end() {
            *result = OK;
            return Status::Done;
        }
        let error = (*pd).error(mode);
        if error != OK && !canceled {
            *result = error;
            return Status::Done;
        }
        // A deadline was over when it woke us, and has been set anew.
        wait(g, pd, mode, canceled, result)
    }
}

/// `net.runtime_pollServerInit`.
pub unsafe fn server_init(_a: &mut args::net_runtime_pollServerInit) {
    epoll::init();
}

/// `net.runtime_pollOpen`.
pub unsafe fn open(a: &mut args::net_runtime_pollOpen) {
    let mut pool = POOL.lock();
    let mut pd = pool.free;
    if pd.is_null() {
        pd = mem::persistent();
    } else {
        // SAFETY: a pooled descriptor is nobody's.
        pool.free = unsafe { (*pd).link };
    }
    drop(pool);
    // SAFETY: the descriptor is ours now; late timers and events of its former life only touch what is atomic or locked.
    unsafe {
        (*pd).lock.lock();
        (*pd).fd = a.fd;
        (*pd).closing.store(false, Ordering::SeqCst);
        for i in 0..2 {
            (*pd).wait[i].reset();
            (*pd).deadline[i].store(0, Ordering::SeqCst);
        }
        (*pd).lock.unlock();
        let errno = epoll::open(a.fd, pd);
        a.r1 = i64::from(errno);
        if errno != 0 {
            recycle(pd);
            pd = null_mut();
        }
    }
    a.r0 = pd.expose_provenance();
}

unsafe fn recycle(pd: *mut PollDesc) {
    let mut pool = POOL.lock();
    // SAFETY: nobody uses the descriptor any more.
    unsafe { (*pd).link = pool.free };
    pool.free = pd;
}

/// `net.runtime_pollClose`: after `pollUnblock`, with nobody using the descriptor any more.
pub unsafe fn close(a: &mut args::net_runtime_pollClose) {
    let pd = desc(a.ctx);
    // SAFETY: package net's handle.
    unsafe {
        if !(*pd).closing.load(Ordering::SeqCst) {
            fatal::throw("netpollClose w/o unblock");
        }
        if (*pd).wait.iter().any(Waiter::blocked) {
            fatal::throw("netpollClose: blocked goroutine");
        }
        epoll::close((*pd).fd);
        recycle(pd);
    }
}

/// `net.runtime_pollReset`: before an attempt to read or write, forgets what happened before.
pub unsafe fn reset(a: &mut args::net_runtime_pollReset) {
    let (pd, mode) = (desc(a.ctx), mode(a.mode));
    // SAFETY: package net's handle; it allows one reader and one writer at a time.
    unsafe {
        a.r0 = (*pd).error(mode);
        if a.r0 == OK {
            (*pd).wait[mode as usize].reset();
        }
    }
}

/// `net.runtime_pollWait`.
pub unsafe fn poll_wait(a: &mut args::net_runtime_pollWait) -> Status {
    let (pd, mode) = (desc(a.ctx), mode(a.mode));
    // SAFETY: package net's handle; the goroutine that called in.
    unsafe {
        a.r0 = (*pd).error(mode);
        if a.r0 != OK {
            return Status::Done;
        }
        wait(world::curg(), pd, mode, false, &raw mut a.r0)
    }
}

const _: () = assert!(
    offset_of!(args::net_runtime_pollWait, r0)
        == offset_of!(args::net_runtime_pollWaitCanceled, r0)
);

/// `net.runtime_pollWaitCanceled`: waits for an operation that the kernel was asked to cancel, whatever the deadline.
pub unsafe fn poll_wait_canceled(a: &mut args::net_runtime_pollWaitCanceled) -> Status {
    // SAFETY: as in `poll_wait`.
    unsafe {
        wait(
            world::curg(),
            desc(a.ctx),
            mode(a.mode),
            true,
            &raw mut a.r0,
        )
    }
}

/// `net.runtime_pollSetDeadline`.
pub unsafe fn set_deadline(a: &mut args::net_runtime_pollSetDeadline) {
    let (read, write) = match a.mode {
        MODE_READ => (true, false),
        MODE_WRITE => (false, true),
        _ => (true, true),
    };
    // SAFETY: package net's handle.
    unsafe {
        let pd = desc(a.ctx);
        (*pd).lock.lock();
        let gs = if (*pd).closing.load(Ordering::SeqCst) {
            [null_mut(); 2]
        } else {
            deadline::set(pd, a.d, [read, write])
        };
        (*pd).lock.unlock();
        ready_all(gs);
    }
}

/// `net.runtime_pollUnblock`: the descriptor is about to be closed.
pub unsafe fn unblock(a: &mut args::net_runtime_pollUnblock) {
    // SAFETY: package net's handle.
    unsafe {
        let pd = desc(a.ctx);
        (*pd).lock.lock();
        if (*pd).closing.swap(true, Ordering::SeqCst) {
            fatal::throw("netpollUnblock: already closing");
        }
        deadline::clear(pd);
        let gs = [
            (*pd).unblock(Mode::Read, false),
            (*pd).unblock(Mode::Write, false),
        ];
        (*pd).lock.unlock();
        ready_all(gs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> Box<PollDesc> {
        // SAFETY: a descriptor of zeroes is valid.
        Box::new(unsafe { core::mem::zeroed() })
    }

    #[test]
    fn readiness_is_kept_for_the_next_and_deadlines_are_not() {
        let pd = new();
        assert!(pd.unblock(Mode::Read, false).is_null());
        assert!(pd.unblock(Mode::Read, true).is_null());
        assert!(pd.wait[0].end());
        assert!(!pd.wait[1].end(), "the directions are independent");
        assert!(!pd.wait[0].end(), "it is taken notice of once");
    }

    #[test]
    fn a_goroutine_about_to_park_is_not_readied_by_others() {
        let pd = new();
        assert_eq!(pd.wait[1].begin(), Begin::Waits);
        assert_eq!(pd.wait[1].begin(), Begin::Taken);
        assert!(pd.unblock(Mode::Write, true).is_null());
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
            assert_eq!(pd.unblock(Mode::Read, ready), g);
            assert!(pd.unblock(Mode::Read, ready).is_null());
            assert_eq!(pd.wait[0].end(), ready);
        }
        assert!(!has_waiters());
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
