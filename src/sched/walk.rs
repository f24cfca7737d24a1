//! A walk through the scheduler's queues and lists ([`crate::fatal::walk`]): no goroutine is in two
//! of them, each is in the state that its place says, and the counts are those of what is there.

use super::state::{GLOBAL_RUNQ, PROMPT, SCHED, Sched, WAKE};
use crate::fatal::walk::{Walk, holds, same};
use crate::mem::seen::Seen;
use crate::world::glist::met;
use crate::world::{GState, P, PState, lists, p_of, walk};
use core::sync::atomic::Ordering;

/// All of them, with the lists of all Gs, Ms and Ps.
///
/// # Safety
/// This thread has stopped the world.
pub(crate) unsafe fn all() -> Walk {
    let s = SCHED.lock();
    // SAFETY: by the caller's promise the world is stopped, and the lock is held: nothing changes.
    unsafe {
        walk::gs(lists::all_gs(), lists::GS.load(Ordering::Relaxed))?;
        walk::ps()?;
        let threads = walk::ms(lists::all_ms())?;
        same("number of threads", 0, threads, s.mcount as usize)?;
        let mut seen = Seen::new();
        shared(&s, &mut seen)?;
        for p in lists::existing_ps() {
            own(p, &mut seen)?;
        }
        idle_ps(&s, WAKE.idle())?;
        idle_ms(&s)
    }
}

/// What no P has.
///
/// # Safety
/// The lock of `s` is held.
unsafe fn shared(s: &Sched, seen: &mut Seen) -> Walk {
    // SAFETY: by the caller's promise the lock is held, which protects these lists.
    unsafe {
        s.runq.walk(GState::Runnable, seen)?;
        s.prompt.walk(GState::Runnable, seen)?;
        s.gfree.walk(GState::Dead, seen)?;
    }
    let (queued, prompt) = (s.runq.len() + s.prompt.len(), s.prompt.len());
    let found = |hint: &core::sync::atomic::AtomicU32| hint.load(Ordering::Relaxed) as usize;
    same(
        "published length of the global queue",
        0,
        found(&GLOBAL_RUNQ),
        queued as usize,
    )?;
    same(
        "published length of the urgent list",
        0,
        found(&PROMPT),
        prompt as usize,
    )
}

/// What `p` has: its run queue, its dead goroutines.
///
/// # Safety
/// Nobody uses the P.
unsafe fn own(p: *mut P, seen: &mut Seen) -> Walk {
    // SAFETY: Ps are never freed, and by the caller's promise nobody uses this one.
    let held = unsafe { &*p };
    let mut walk = Ok(());
    let counts = held.runq.each(|g| {
        if walk.is_ok() {
            let g = core::ptr::with_exposed_provenance_mut(g);
            // SAFETY: what is in a run queue is a G, and Gs are never freed.
            walk = unsafe { met(g, GState::Runnable, seen) };
        }
    });
    holds("counts of a run queue", p as usize, counts)?;
    walk?;
    let (mut n, mut g) = (0, held.gfree);
    while !g.is_null() {
        // SAFETY: a G of the P's list, which nobody uses.
        unsafe {
            met(g, GState::Dead, seen)?;
            (n, g) = (n + 1, (*g).schedlink);
        }
    }
    let ngfree = held.ngfree.load(Ordering::Relaxed);
    same(
        "number of a P's dead goroutines",
        p as usize,
        n,
        ngfree as usize,
    )
}

/// Idle Ps are in that state, without thread and work, and `count` of them.
///
/// # Safety
/// The lock of `s` is held.
unsafe fn idle_ps(s: &Sched, count: u32) -> Walk {
    let (mut seen, mut p) = (Seen::new(), s.pidle);
    while !p.is_null() {
        let at = p as usize;
        holds("a P is idle once", at, seen.add(at))?;
        // SAFETY: Ps are never freed; an idle one belongs to the list, whose lock is held.
        unsafe {
            let state = (*p).status.state(Ordering::Relaxed);
            same(
                "state of an idle P",
                at,
                state as usize,
                PState::Idle as usize,
            )?;
            holds(
                "thread of an idle P",
                at,
                (*p).m.load(Ordering::Relaxed).is_null(),
            )?;
            p = (*p).link;
        }
    }
    same("number of idle Ps", 0, seen.len(), count as usize)
}

/// Idle Ms have no P, and there are as many as counted.
///
/// # Safety
/// The lock of `s` is held.
unsafe fn idle_ms(s: &Sched) -> Walk {
    let (mut seen, mut m) = (Seen::new(), s.midle);
    while !m.is_null() {
        let at = m as usize;
        holds("a thread is idle once", at, seen.add(at))?;
        // SAFETY: Ms are never freed; an idle one belongs to the list, whose lock is held.
        unsafe {
            holds(
                "P of an idle thread",
                at,
                p_of(m).is_null() && (*m).nextp.is_null(),
            )?;
            holds(
                "goroutine of an idle thread",
                at,
                (*m).curg.load(Ordering::Relaxed).is_null(),
            )?;
            m = (*m).schedlink;
        }
    }
    same("number of idle threads", 0, seen.len(), s.nmidle as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{G, M};
    use crate::world::glist::GList;
    use crate::world::{Right, Runnable};
    use core::ptr::null_mut;

    fn zeroed<T>() -> *mut T {
        // SAFETY: Gs, Ms and Ps of zeroes are valid; the tests never free them.
        Box::into_raw(unsafe { Box::<T>::new_zeroed().assume_init() })
    }

    fn goroutine(state: GState) -> *mut G {
        let g = zeroed::<G>();
        // SAFETY: ours.
        unsafe { (*g).atomicstatus.store(state as u32, Ordering::Relaxed) };
        g
    }

    fn what(walk: Walk) -> &'static str {
        walk.err().map_or("", |broken| broken.what)
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_run_queues() {
        let (p, g, dead) = (
            zeroed::<P>(),
            goroutine(GState::Runnable),
            goroutine(GState::Dead),
        );
        let mut overflow = GList::new();
        // SAFETY: all are the test's own.
        unsafe {
            let walk = move |seen: &mut Seen| what(own(p, seen));
            assert_eq!(walk(&mut Seen::new()), "");
            let own_p = crate::world::OwnP::new(core::ptr::NonNull::new_unchecked(p));
            own_p.runq_put(Runnable::from_raw(g), false, &mut overflow);
            (*p).gfree = dead;
            assert_eq!(walk(&mut Seen::new()), "number of a P's dead goroutines");
            (*p).ngfree.store(1, Ordering::Relaxed);
            let mut seen = Seen::new();
            assert_eq!(walk(&mut seen), "");
            assert_eq!(walk(&mut seen), "a goroutine is on one queue, once");
            (*dead)
                .atomicstatus
                .store(GState::Runnable as u32, Ordering::Relaxed);
            assert_eq!(walk(&mut Seen::new()), "state of a goroutine on a queue");
            (*p).gfree = null_mut();
            (*g).atomicstatus
                .store(GState::Waiting as u32, Ordering::Relaxed);
            assert_eq!(walk(&mut Seen::new()), "state of a goroutine on a queue");
            // The first word is the ring's head.
            (&raw mut (*p).runq).cast::<u32>().write(2);
            assert_eq!(walk(&mut Seen::new()), "counts of a run queue");
        }
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_idle_threads_and_processors() {
        let (p, m) = (zeroed::<P>(), zeroed::<M>());
        let mut s = Sched::new();
        s.pidle = p;
        s.midle = m;
        // SAFETY: all are the test's own.
        unsafe {
            assert_eq!(what(idle_ps(&s, 1)), "");
            assert_eq!(what(idle_ps(&s, 0)), "number of idle Ps");
            (*p).link = p;
            assert_eq!(what(idle_ps(&s, 1)), "a P is idle once");
            (*p).m.store(m, Ordering::Relaxed);
            assert_eq!(what(idle_ps(&s, 1)), "thread of an idle P");
            (*p).status.run();
            assert_eq!(what(idle_ps(&s, 1)), "state of an idle P");
            assert_eq!(what(idle_ms(&s)), "number of idle threads");
            s.nmidle = 1;
            assert_eq!(what(idle_ms(&s)), "");
            (*m).p.store(p.cast(), Ordering::Relaxed);
            assert_eq!(what(idle_ms(&s)), "P of an idle thread");
        }
    }
}
