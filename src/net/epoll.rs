//! epoll: one descriptor set for all, edge-triggered, and an eventfd that breaks a wait.

use super::desc::{self, Mode, PollDesc};
use crate::debug::print;
use crate::os::sys::{syscall3, syscall6};
use crate::sched::queue::GList;
use crate::sync::mutex::RawMutex;
use crate::sync::note::Note;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Events taken from the kernel at a time; the rest comes with the next call.
const EVENTS: usize = 128;

/// The epoll descriptor, -1 before its first use.
static EPOLL: AtomicI32 = AtomicI32::new(-1);
/// The eventfd. It is level-triggered, so a break is not lost between two waits, and only the waiting thread resets it.
static BREAK: AtomicI32 = AtomicI32::new(-1);
/// A break is pending already.
static BROKEN: AtomicBool = AtomicBool::new(false);
/// Breaks a wait while there is no descriptor set. Only the waiting thread resets it.
static NOTE: Note = Note::new();
/// Longest wait where the process had no descriptor left for an eventfd.
const UNBROKEN_NS: i64 = 10_000_000;
/// The kernel has no `epoll_pwait2`: waits are rounded up to milliseconds.
static NO_PWAIT2: AtomicBool = AtomicBool::new(false);
static INIT: RawMutex = RawMutex::new();

#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Event {
    events: u32,
    data: *mut PollDesc,
}

/// The descriptor set exists.
fn exists() -> bool {
    // SeqCst: see `netpoll_break`.
    EPOLL.load(Ordering::SeqCst) >= 0
}

/// Creates the descriptor set, for the first descriptor.
#[unsafe(export_name = "runtime.netpollinit")]
pub extern "C" fn init() {
    INIT.lock();
    if !exists() {
        // SAFETY: no pointers.
        let ep = unsafe { syscall3(libc::SYS_epoll_create1, libc::EPOLL_CLOEXEC as usize, 0, 0) };
        if ep < 0 {
            print::puts("netpollinit: failed to create epoll descriptor ");
            print::put_u64((-ep) as u64);
            print::puts("\n");
            print::throw("netpollinit: failed to create descriptor");
        }
        make_break(ep);
        EPOLL.store(ep as i32, Ordering::SeqCst);
        // Whoever waits for timers only waits for descriptors, too, from now on.
        NOTE.wakeup();
    }
    INIT.unlock();
}

/// Creates the eventfd of the set `ep`, if the process may have one more descriptor.
fn make_break(ep: isize) {
    // SAFETY: no pointers but the event, which lives across the call.
    unsafe {
        let flags = (libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) as usize;
        let ev = syscall3(libc::SYS_eventfd2, 0, flags, 0);
        if ev < 0 {
            return;
        }
        // A null descriptor stands for the eventfd.
        let event = Event {
            events: libc::EPOLLIN as u32,
            data: null_mut(),
        };
        let add = libc::EPOLL_CTL_ADD as usize;
        if syscall6(
            libc::SYS_epoll_ctl,
            ep as usize,
            add,
            ev as usize,
            &raw const event as usize,
            0,
            0,
        ) < 0
        {
            syscall3(libc::SYS_close, ev as usize, 0, 0);
            return;
        }
        BREAK.store(ev as i32, Ordering::SeqCst);
        BROKEN.store(false, Ordering::SeqCst);
    }
}

/// Watches `fd` on behalf of `pd`. Answers 0 or an error number.
#[unsafe(export_name = "runtime.netpollopen")]
pub extern "C" fn open(fd: usize, pd: *mut PollDesc) -> i32 {
    let events = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET;
    let event = Event {
        events: events as u32,
        data: pd,
    };
    control(libc::EPOLL_CTL_ADD, fd, event)
}

/// Stops watching `fd`.
#[unsafe(export_name = "runtime.netpollclose")]
pub extern "C" fn close(fd: usize) -> i32 {
    control(
        libc::EPOLL_CTL_DEL,
        fd,
        Event {
            events: 0,
            data: null_mut(),
        },
    )
}

fn control(op: i32, fd: usize, event: Event) -> i32 {
    let ep = EPOLL.load(Ordering::Relaxed) as usize;
    // SAFETY: the event lives across the call.
    let r = unsafe {
        syscall6(
            libc::SYS_epoll_ctl,
            ep,
            op as usize,
            fd,
            &raw const event as usize,
            0,
            0,
        )
    };
    -r as i32
}

/// Makes the wait that is under way, or the next one, end at once. Callable from a signal handler.
pub fn netpoll_break() {
    // First the note, then whether the set exists, both sequentially consistent; who waits asks whether the set exists and then looks at the note: a break that takes a set
    // for missing that was just made is seen there.
    NOTE.wakeup();
    // Pairs with the waiter's, which resets the flag before the caller of `netpoll` looks at what the break was for.
    if !exists() || BROKEN.swap(true, Ordering::SeqCst) {
        return;
    }
    let one = 1u64;
    // SAFETY: eight readable bytes. It cannot fail: the counter is at most 1. Without an eventfd waits are short.
    unsafe {
        syscall3(
            libc::SYS_write,
            BREAK.load(Ordering::SeqCst) as usize,
            &raw const one as usize,
            8,
        )
    };
}

/// How long to wait in the kernel for descriptors, of `ns`.
fn limit(ns: i64) -> i64 {
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
    if NOTE.is_set() {
        NOTE.clear();
        0
    } else if BREAK.load(Ordering::SeqCst) >= 0 {
        ns
    } else if ns < 0 {
        UNBROKEN_NS
    } else {
        ns.min(UNBROKEN_NS)
    }
}

/// Goroutines that became ready, still parked in the scheduler's eyes. Waits up to `ns` nanoseconds, negative for ever, or until something
/// happens. System mode, with or without P.
#[unsafe(export_name = "runtime.netpoll")]
pub fn netpoll(ns: i64) -> GList {
    let mut list = GList::new();
    let mut events = [Event {
        events: 0,
        data: null_mut(),
    }; EVENTS];
    let n = if exists() {
        wait(&mut events, limit(ns))
    } else {
        // No descriptor was ever opened: timers need none, and the process may have no more to give.
        if ns != 0 {
            NOTE.sleep_for(if ns < 0 { i64::MAX } else { ns });
            NOTE.clear();
        }
        0
    };
    for ev in events.iter().take(n) {
        let (bits, pd) = (ev.events as i32, ev.data);
        if pd.is_null() {
            // Others only look: the break is for the thread that waits.
            if ns != 0 {
                let mut count = 0u64;
                // SAFETY: eight writable bytes.
                unsafe {
                    syscall3(
                        libc::SYS_read,
                        BREAK.load(Ordering::Relaxed) as usize,
                        &raw mut count as usize,
                        8,
                    )
                };
                NOTE.clear();
                BROKEN.swap(false, Ordering::SeqCst);
            }
            continue;
        }
        let failed = libc::EPOLLHUP | libc::EPOLLERR;
        if bits & (libc::EPOLLIN | libc::EPOLLRDHUP | failed) != 0 {
            // SAFETY: descriptors are never freed; a stale event makes somebody look once in vain.
            unsafe { desc::push_ready(&mut list, pd, Mode::Read) };
        }
        if bits & (libc::EPOLLOUT | failed) != 0 {
            // SAFETY: as above.
            unsafe { desc::push_ready(&mut list, pd, Mode::Write) };
        }
    }
    let g = crate::signal::queue::take_receiver();
    if !g.is_null() {
        // SAFETY: parked, and claimed by us.
        unsafe { list.push(g) };
    }
    list
}

/// One call of the kernel; answers the number of events.
fn wait(events: &mut [Event; EVENTS], ns: i64) -> usize {
    let (ep, at) = (
        EPOLL.load(Ordering::Relaxed) as usize,
        events.as_mut_ptr() as usize,
    );
    let ns = ns.max(-1);
    let mut n = -(libc::ENOSYS as isize);
    if ns > 0 && !NO_PWAIT2.load(Ordering::Relaxed) {
        let ts = libc::timespec {
            tv_sec: ns / 1_000_000_000,
            tv_nsec: ns % 1_000_000_000,
        };
        // SAFETY: room for EVENTS events, and a timespec that lives across the call.
        n = unsafe {
            syscall6(
                libc::SYS_epoll_pwait2,
                ep,
                at,
                EVENTS,
                &raw const ts as usize,
                0,
                0,
            )
        };
        if n == -(libc::ENOSYS as isize) {
            NO_PWAIT2.store(true, Ordering::Relaxed);
        }
    }
    if n == -(libc::ENOSYS as isize) {
        // Rounded up: waking early would only mean waiting again.
        let ms = if ns < 0 {
            -1
        } else {
            (ns / 1_000_000 + i64::from(ns % 1_000_000 != 0)).min(i64::from(i32::MAX))
        };
        // SAFETY: room for EVENTS events.
        n = unsafe { syscall6(libc::SYS_epoll_pwait, ep, at, EVENTS, ms as usize, 0, 0) };
    }
    // An interrupted wait is one that nothing came of.
    n.max(0) as usize
}
