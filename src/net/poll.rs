//! From the kernel's events to goroutines that may run.

use super::desc::{self, Mode};
use crate::sched::epoll::{EVENTS, Event, exists, limit, take_break, wait, wait_for_break};
use crate::world::Parked;
use crate::world::glist::GList;

/// Goroutines that became ready, still parked in the scheduler's eyes. Waits up to `ns`
/// nanoseconds, negative for ever, or until something happens. System mode, with or without P.
#[unsafe(export_name = "runtime.netpoll")]
pub fn netpoll(ns: i64) -> GList<Parked> {
    let mut list = GList::new();
    let mut events = [Event { events: 0, data: 0 }; EVENTS];
    let n = if exists() {
        wait(&mut events, limit(ns))
    } else {
        if ns != 0 {
            wait_for_break(ns);
        }
        0
    };
    for ev in events.iter().take(n) {
        let bits = ev.events as i32;
        if ev.data == 0 {
            // Others only look: the break is for the thread that waits.
            if ns != 0 {
                take_break();
            }
            continue;
        }
        // SAFETY: `open` registered the descriptor's address with the set; a stale event makes
        // somebody look once in vain.
        let pd = unsafe { desc::desc(ev.data as usize) };
        let failed = libc::EPOLLHUP | libc::EPOLLERR;
        if bits & (libc::EPOLLIN | libc::EPOLLRDHUP | failed) != 0 {
            desc::push_ready(&mut list, pd, Mode::Read);
        }
        if bits & (libc::EPOLLOUT | failed) != 0 {
            desc::push_ready(&mut list, pd, Mode::Write);
        }
    }
    list
}
