//! Walks through the lists of all Gs, Ms and Ps ([`crate::fatal::walk`]).

use super::current::{getm, getp};
use super::g::{GState, status_of};
use super::p::PState;
use super::{P, lists};
use crate::abi::{G, M};
use crate::fatal::walk::{Broken, Walk, holds, same};
use crate::mem::seen::Seen;
use core::sync::atomic::Ordering;

/// All Gs: listed once, counted, in a state that they may have now, with a stack that holds what
/// they have saved of it.
///
/// # Safety
/// The world is stopped.
pub(crate) unsafe fn gs(all: impl Iterator<Item = *mut G>, made: u64) -> Walk {
    let mut seen = Seen::new();
    for g in all {
        holds(
            "a goroutine is listed once",
            g as usize,
            seen.add(g as usize),
        )?;
        // SAFETY: what is listed is a G of ours: they are never freed.
        unsafe { one_g(g) }?;
    }
    same("number of goroutines", 0, seen.len(), made as usize)
}

/// # Safety
/// `g` is a G; the world is stopped.
unsafe fn one_g(g: *mut G) -> Walk {
    let at = g as usize;
    // SAFETY: the caller's promise. Threads without P change only the states of goroutines that
    // come back from system calls or that the network readied.
    unsafe {
        let state = status_of(g).state(Ordering::Relaxed);
        let (lo, hi) = ((*g).stack_lo, (*g).stack_hi);
        holds(
            "a goroutine's stack",
            at,
            lo <= hi && (*g).stack_size.is_power_of_two(),
        )?;
        match state {
            GState::Dead => return holds("stack of a dead goroutine", at, (lo == 0) == (hi == 0)),
            GState::Runnable | GState::Waiting | GState::Syscall => {}
            // The one that stops the world, if a goroutine does.
            GState::Running => {
                let here = (*g).m.load(Ordering::Relaxed) == getm();
                holds("who runs while the world is stopped", at, here)?;
            }
            _ => {
                return same(
                    "state of a goroutine",
                    at,
                    state as usize,
                    GState::Waiting as usize,
                );
            }
        }
        same("size of a goroutine's stack", at, hi - lo, (*g).stack_size)?;
        let sp = (*g).sched.sp;
        if matches!(state, GState::Waiting | GState::Runnable) {
            holds("saved stack pointer", at, lo < sp && sp < hi)?;
        }
        Ok(())
    }
}

/// All Ms: listed once, each with a g0 that leads back to it. Answers how many.
///
/// # Safety
/// The Ms of `all` are never freed.
pub(crate) unsafe fn ms(all: impl Iterator<Item = *mut M>) -> Result<usize, Broken> {
    let mut seen = Seen::new();
    for m in all {
        holds("a thread is listed once", m as usize, seen.add(m as usize))?;
        // SAFETY: the caller's promise; an M has its g0 before it is listed.
        unsafe {
            holds("g0 of a thread", m as usize, !(*m).g0.is_null())?;
            same(
                "thread of a g0",
                m as usize,
                (*(*m).g0).m.load(Ordering::Relaxed) as usize,
                m as usize,
            )?;
        }
    }
    Ok(seen.len())
}

/// All Ps: in their place, stopped, and held by nobody but this thread.
///
/// # Safety
/// This thread has stopped the world.
pub(crate) unsafe fn ps() -> Walk {
    let procs = lists::GOMAXPROCS.load(Ordering::Relaxed) as usize;
    for (i, p) in lists::existing_ps().enumerate() {
        let state = if i < procs {
            PState::Stopped
        } else {
            PState::Dead
        };
        // SAFETY: what is listed is a P of ours: they are never freed.
        unsafe { one_p(p, i, state) }?;
    }
    let p = getp();
    // SAFETY: the thread that stops the world has a P.
    let m = unsafe { &(*p).m };
    same(
        "thread of this P",
        p as usize,
        m.load(Ordering::Relaxed) as usize,
        getm() as usize,
    )
}

/// # Safety
/// `p` is a P.
unsafe fn one_p(p: *mut P, i: usize, state: PState) -> Walk {
    // SAFETY: the caller's P is one of ours: they are never freed. The number does not change.
    let (id, status) = unsafe { ((*p).id, &(*p).status) };
    same("number of a P", p as usize, id as usize, i)?;
    let now = status.state(Ordering::Relaxed);
    same("state of a P", p as usize, now as usize, state as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeroed<T>() -> *mut T {
        // SAFETY: Gs, Ms and Ps of zeroes are valid; the tests never free them.
        Box::into_raw(unsafe { Box::<T>::new_zeroed().assume_init() })
    }

    fn what(walk: Walk) -> &'static str {
        walk.err().map_or("", |Broken { what, .. }| what)
    }

    fn parked() -> *mut G {
        let g = zeroed::<G>();
        // SAFETY: the test has just made it, and nobody else knows it.
        unsafe {
            ((*g).stack_lo, (*g).stack_hi, (*g).stack_size) = (0x1000, 0x1800, 0x800);
            (*g).sched.sp = 0x1700;
            (*g).atomicstatus
                .store(GState::Waiting as u32, Ordering::Relaxed);
        }
        g
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_goroutines() {
        let all = [parked(), parked()];
        // SAFETY: the Gs are the test's own.
        unsafe {
            let walk = move |made| what(gs(all.into_iter(), made));
            assert_eq!(walk(2), "");
            assert_eq!(walk(3), "number of goroutines");
            assert_eq!(
                what(gs([all[0], all[0]].into_iter(), 2)),
                "a goroutine is listed once"
            );
            (*all[1]).sched.sp = 0x2000;
            assert_eq!(walk(2), "saved stack pointer");
            (*all[1]).sched.sp = 0x1700;
            (*all[1]).stack_hi = 0x1900;
            assert_eq!(walk(2), "size of a goroutine's stack");
            (*all[1]).stack_hi = 0x800;
            assert_eq!(walk(2), "a goroutine's stack");
            (*all[1]).stack_hi = 0x1800;
            (*all[1])
                .atomicstatus
                .store(GState::CopyStack as u32, Ordering::Relaxed);
            assert_eq!(walk(2), "state of a goroutine");
        }
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_threads_and_processors() {
        let (m, g0, p) = (zeroed::<M>(), zeroed::<G>(), zeroed::<P>());
        // SAFETY: the records are the test's own, and never freed.
        unsafe {
            let walk = move || what(ms([m].into_iter()).map(|_| ()));
            assert_eq!(walk(), "g0 of a thread");
            (*m).g0 = g0;
            assert_eq!(walk(), "thread of a g0");
            (*g0).m.store(m, Ordering::Relaxed);
            assert_eq!(walk(), "");
            assert_eq!(
                what(ms([m, m].into_iter()).map(|_| ())),
                "a thread is listed once"
            );
            assert_eq!(what(one_p(p, 1, PState::Idle)), "number of a P");
            assert_eq!(what(one_p(p, 0, PState::Stopped)), "state of a P");
            assert_eq!(what(one_p(p, 0, PState::Idle)), "");
        }
    }
}
