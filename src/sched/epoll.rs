//! epoll: one descriptor set for all, edge-triggered, and an eventfd that breaks a wait.
//!
//! For each newer system call there is an older one that serves where a kernel or a filter refuses
//! it ([`Ways`]); where all fail the process dies, for it would spin or sleep for ever.

use super::breaks::{Breaks, Set};
use crate::fatal;
use crate::fatal::out::Out;
use crate::os::PATIENCE;
use crate::os::epoll as kernel;
use crate::os::ways::Ways;
use crate::sync::mutex::RawMutex;
use crate::sync::rank;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Events taken from the kernel at a time; the rest comes with the next call.
pub(crate) const EVENTS: usize = 128;

/// The epoll descriptor, -1 before its first use.
static EPOLL: AtomicI32 = AtomicI32::new(-1);
/// Where a break is written: the eventfd, or where there is none the end of a pipe. It is
/// level-triggered, so a break is not lost between two waits; of the threads that wait each one
/// that finds it may reset it (see `breaks`).
static BREAK: AtomicI32 = AtomicI32::new(-1);
/// Where it is read: the eventfd, or the pipe's other end.
static BREAK_READ: AtomicI32 = AtomicI32::new(-1);
/// Breaks that nobody has taken.
static BREAKS: Breaks = Breaks::new();
/// Longest wait where the process had no descriptor left for an eventfd.
const UNBROKEN_NS: i64 = 10_000_000;

/// Breaks in a row that could not be reset, whichever threads tried. Two that fail at once may
/// count as one: the number only has to grow while nobody succeeds.
static FAILED_READS: AtomicU32 = AtomicU32::new(0);

/// The calls that wait, the finest first.
static WAITS: Ways = Ways::new();
mod waits {
    /// Up to a nanosecond. Linux 5.11.
    pub(super) const PWAIT2: usize = 0;
    /// Rounded up to milliseconds.
    pub(super) const PWAIT: usize = 1;
    /// The oldest, which is what Go 1.5 calls.
    pub(super) const WAIT: usize = 2;
}

static INIT: RawMutex<{ rank::POLLER_INIT }> = RawMutex::new();

#[repr(C, packed)]
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) events: u32,
    /// What [`open`] was given; 0: a break.
    pub(crate) data: u64,
}

/// The descriptor set exists.
pub(crate) fn exists() -> bool {
    // SeqCst: see `breaks`.
    EPOLL.load(Ordering::SeqCst) >= 0
}

/// Creates the descriptor set, for the first descriptor.
#[doc(alias = "netpollinit")]
#[unsafe(export_name = "runtime.netpollinit")]
pub extern "C" fn init() {
    INIT.lock();
    if !exists() {
        let ep = create();
        if ep < 0 {
            fatal::puts("netpollinit: failed to create epoll descriptor ");
            fatal::put_u64((-ep) as u64);
            fatal::puts("\n");
            fatal::throw("netpollinit: failed to create descriptor");
        }
        make_break(ep);
        EPOLL.store(ep as i32, Ordering::SeqCst);
        // The thread that has waited for timers alone waits for descriptors, too, from now on.
        BREAKS.set_made();
    }
    INIT.unlock();
}

/// A new descriptor set that no program started by this one inherits, or an error.
fn create() -> isize {
    Ways::new().call(0, 1, |way| {
        if way == 0 {
            return kernel::create1();
        }
        let ep = kernel::create();
        if ep >= 0 {
            // Where it fails other programs inherit a descriptor of which they know nothing.
            kernel::close_on_exec(ep as i32);
        }
        ep
    })
}

/// The descriptors for a break: where it is read and where it is written.
fn break_descriptors() -> Option<[i32; 2]> {
    let mut ends = [-1i32; 2];
    let ret = Ways::new().call(0, 1, |way| {
        if way != 0 {
            return kernel::pipe(&mut ends);
        }
        let ev = kernel::eventfd();
        if ev >= 0 {
            ends = [ev as i32; 2];
        }
        ev
    });
    (ret >= 0).then_some(ends)
}

/// Creates what breaks a wait of the set `ep`, if the process may have the descriptors.
fn make_break(ep: isize) {
    let Some([read, write]) = break_descriptors() else {
        return;
    };
    let event = Event {
        events: libc::EPOLLIN as u32,
        data: 0,
    };
    let (add, at) = (libc::EPOLL_CTL_ADD, (&raw const event).cast());
    // SAFETY: `at` is an event, which lives across the call.
    if unsafe { kernel::control(ep as i32, add, read as usize, at) } < 0 {
        kernel::close(read);
        if write != read {
            kernel::close(write);
        }
        return;
    }
    BREAK_READ.store(read, Ordering::SeqCst);
    BREAK.store(write, Ordering::SeqCst);
    BREAKS.descriptor_made();
}

/// Watches `fd`; its events say `data`, which is not 0. Answers 0 or an error number.
#[unsafe(export_name = "runtime.netpollopen")]
#[doc(alias = "netpollopen")]
pub extern "C" fn open(fd: usize, data: u64) -> i32 {
    let events = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET;
    let event = Event {
        events: events as u32,
        data,
    };
    control(libc::EPOLL_CTL_ADD, fd, event)
}

/// Stops watching `fd`.
#[unsafe(export_name = "runtime.netpollclose")]
pub extern "C" fn close(fd: usize) -> i32 {
    control(libc::EPOLL_CTL_DEL, fd, Event { events: 0, data: 0 })
}

fn control(op: i32, fd: usize, event: Event) -> i32 {
    let ep = EPOLL.load(Ordering::Relaxed);
    // SAFETY: the argument is an event, which lives across the call.
    let r = unsafe { kernel::control(ep, op, fd, (&raw const event).cast()) };
    -r as i32
}

/// Makes the wait that is under way, or the next one, end at once. Callable from a signal handler.
#[doc(alias = "netpollBreak")]
pub fn netpoll_break() {
    BREAKS.request(&Epoll);
}

/// The descriptor set, as far as breaks go.
struct Epoll;

impl Set for Epoll {
    fn exists(&self) -> bool {
        exists()
    }

    fn write(&self) {
        write_break();
    }

    fn read(&self) {
        read_break();
    }
}

/// Makes the descriptor for breaks readable, if there is one.
fn write_break() {
    let fd = BREAK.load(Ordering::SeqCst);
    if fd < 0 {
        // Waits are short.
        return;
    }
    for tries in 1.. {
        let n = kernel::write(fd, 1);
        // EAGAIN: there is more than one to be read already.
        if n >= 0 || n == -(libc::EAGAIN as isize) {
            return;
        }
        if tries >= PATIENCE {
            if fatal::dying() {
                return;
            }
            failed("write to eventfd", fd, n);
        }
    }
}

/// The poller no longer works: the program has closed its descriptors, or a seccomp filter refuses
/// every call that would serve.
#[cold]
fn failed(what: &str, fd: i32, ret: isize) -> ! {
    let say = |out: &mut Out<'_>| {
        out.str("runtime: ").str(what).str(" ").int(fd.into());
        out.str(" failed with ").int(-ret as i64).str("\n");
    };
    fatal::throw_saying(say, "runtime: netpoll failed")
}

/// How long to wait in the kernel for descriptors, of `ns`.
pub(crate) fn limit(ns: i64) -> i64 {
    if ns == 0 {
        return 0;
    }
    if BREAK.load(Ordering::SeqCst) < 0 {
        INIT.lock();
        if BREAK.load(Ordering::SeqCst) < 0 {
            make_break(EPOLL.load(Ordering::SeqCst) as isize);
        }
        INIT.unlock();
    }
    if BREAKS.early() {
        0
    } else if BREAK.load(Ordering::SeqCst) >= 0 {
        ns
    } else if ns < 0 {
        UNBROKEN_NS
    } else {
        ns.min(UNBROKEN_NS)
    }
}

/// The wait found a break: resets what breaks it.
pub(crate) fn take_break() {
    BREAKS.take(&Epoll);
}

/// Waits for a break where no descriptor was ever opened, up to `ns`, negative for ever: timers
/// need no set, and the process may have no more descriptors to give.
pub(crate) fn wait_for_break(ns: i64) {
    BREAKS.sleep_for(if ns < 0 { i64::MAX } else { ns });
}

/// Makes the descriptor for breaks unreadable.
fn read_break() {
    // An eventfd gives all breaks as one number, a pipe gives one after the other.
    let mut breaks = [0u64; 8];
    let fd = BREAK_READ.load(Ordering::Relaxed);
    let n = kernel::read(fd, &mut breaks);
    // EAGAIN: it has been taken already. After another error it is still there, and the next wait
    // ends at once.
    let failures = if n >= 0 || n == -(libc::EAGAIN as isize) {
        0
    } else {
        FAILED_READS.load(Ordering::Relaxed) + 1
    };
    FAILED_READS.store(failures, Ordering::Relaxed);
    if failures >= PATIENCE {
        failed("read from eventfd", fd, n);
    }
}

/// Waits for events up to `ns`, negative for ever; answers their number.
pub(crate) fn wait(events: &mut [Event; EVENTS], ns: i64) -> usize {
    let ep = EPOLL.load(Ordering::Relaxed);
    let at = events.as_mut_ptr().cast();
    let ts = libc::timespec {
        tv_sec: ns / 1_000_000_000,
        tv_nsec: ns % 1_000_000_000,
    };
    // Where there is nothing to round all calls are the same.
    let first = if ns > 0 { waits::PWAIT2 } else { waits::PWAIT };
    // SAFETY: there is room for EVENTS events, and the time lives across the call.
    let n = WAITS.call(first, waits::WAIT, |way| unsafe {
        match way {
            waits::PWAIT2 => kernel::pwait2(ep, at, EVENTS, &ts),
            waits::PWAIT => kernel::pwait(ep, at, EVENTS, milliseconds(ns)),
            _ => kernel::wait(ep, at, EVENTS, milliseconds(ns)),
        }
    });
    if n < 0 && n != -(libc::EINTR as isize) {
        failed("epollwait on fd", ep, n);
    }
    // An interrupted wait counts as one without events.
    n.max(0) as usize
}

/// Rounded up, since to wake early would only mean to wait again; negative stays for ever.
fn milliseconds(ns: i64) -> i32 {
    if ns < 0 {
        return -1;
    }
    (ns / 1_000_000 + i64::from(ns % 1_000_000 != 0)).min(i64::from(i32::MAX)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up() {
        let max = i64::from(i32::MAX);
        for (ns, ms) in [
            (-1, -1),
            (i64::MIN, -1),
            (0, 0),
            (1, 1),
            (1_000_000, 1),
            (1_000_001, 2),
            (max * 1_000_000 + 1, max),
            (i64::MAX, max),
        ] {
            assert_eq!(i64::from(milliseconds(ns)), ms, "{ns}");
        }
    }

    #[test]
    fn a_break_ends_a_wait() {
        // All ways to wait, with whatever this kernel has for breaks.
        init();
        for _ in 0..2 {
            netpoll_break();
            let mut events = [Event { events: 0, data: 0 }; EVENTS];
            for ns in [-1, 0, 60_000_000_000] {
                assert_eq!(wait(&mut events, ns), 1, "{ns}");
                assert!(events.iter().take(1).all(|e| { e.data } == 0));
            }
            take_break();
            assert_eq!(wait(&mut events, 1_500_000), 0);
        }
    }
}
