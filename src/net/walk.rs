//! A walk through the descriptors that goroutines wait for, and through the pool of those that are
//! not in use ([`crate::fatal::walk`]).

use super::calls::waits_for;
use super::desc::{POOL, PollDesc, WAITERS};
use crate::abi::G;
use crate::fatal::walk::{Broken, Walk, holds, same};
use crate::mem::seen::Seen;
use crate::time::timers::is_armed;
use crate::world::g::{GState, status_of};
use crate::world::{WaitReason, lists};
use core::sync::atomic::Ordering;

/// All of them.
///
/// # Safety
/// The world is stopped. Threads without P may find that descriptors are ready meanwhile.
pub(crate) unsafe fn all() -> Walk {
    // Goroutines are taken off from now on, none is added.
    let most = WAITERS.load(Ordering::SeqCst) as usize;
    let mut blocked = 0;
    for g in lists::all_gs() {
        // SAFETY: Gs are never freed; one that waits for the network is parked in `wait`, and no
        // goroutine runs while the world is stopped.
        unsafe {
            let state = status_of(g).state(Ordering::Acquire);
            if state == GState::Waiting && (*g).waitreason == WaitReason::IoWait as u32 {
                let (pd, mode) = waits_for(g);
                blocked += usize::from(waiter(pd, mode as usize, g)?);
            }
        }
    }
    holds(
        "number of goroutines that wait for the network",
        blocked,
        blocked <= most,
    )?;
    pool()
}

/// `g` waits for `pd`: the descriptor says so, unless it is ready already, and its timer fires when
/// the first deadline is over, or earlier. Answers whether the descriptor says so.
///
/// # Safety
///
/// The world is stopped; `pd` is a descriptor or null.
unsafe fn waiter(pd: *const PollDesc, mode: usize, g: *mut G) -> Result<bool, Broken> {
    let at = pd as usize;
    holds("descriptor of a goroutine", g as usize, !pd.is_null())?;
    // SAFETY: by the caller's promise a descriptor, and these are never freed.
    let pd = unsafe { &*pd };
    let parked = pd.wait[mode].parked();
    if let Some(other) = parked {
        same("who waits for a descriptor", at, other, g as usize)?;
    }
    let deadlines = pd.deadline.iter().map(|d| d.load(Ordering::SeqCst));
    if let Some(first) = deadlines.filter(|&d| d > 0).min() {
        let t = pd.timer.get();
        // SAFETY: the timer is the descriptor's; it changes with a P only, and the world is
        // stopped.
        let (armed, when) = unsafe { (is_armed(t), (*t).when) };
        holds("timer of a deadline", at, armed)?;
        holds("time of a deadline's timer", at, when <= first)?;
    }
    Ok(parked.is_some())
}

/// Free descriptors: nobody waits for them, and each is free once.
fn pool() -> Walk {
    let pool = POOL.lock();
    let (mut seen, mut pd) = (Seen::new(), pool.free.cast_const());
    while !pd.is_null() {
        let at = pd as usize;
        holds("a descriptor is free once", at, seen.add(at))?;
        // SAFETY: descriptors are never freed, and the pool's lock, under which their links are, is
        // held.
        let free = unsafe { &*pd };
        let parked = free.wait.iter().any(|w| w.parked().is_some());
        holds("nobody waits for a free descriptor", at, !parked)?;
        pd = free.link.get();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::waiter::Begin;

    fn what<T>(walk: Result<T, Broken>) -> &'static str {
        walk.err().map_or("", |broken| broken.what)
    }

    fn zeroed<T>() -> *mut T {
        // SAFETY: descriptors and Gs of zeroes are valid; the tests never free them.
        Box::into_raw(unsafe { Box::<T>::new_zeroed().assume_init() })
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_a_descriptor() {
        let (pd, g): (*mut PollDesc, *mut G) = (zeroed(), zeroed());
        // SAFETY: both are the test's own.
        unsafe {
            assert_eq!(waiter(pd, 0, g), Ok(false));
            assert_eq!((*pd).wait[0].begin(), Begin::Waits);
            assert!((*pd).wait[0].park(g as usize));
            assert_eq!(waiter(pd, 0, g), Ok(true));
            assert_eq!(what(waiter(pd, 0, zeroed())), "who waits for a descriptor");
            (*pd).deadline[1].store(100, Ordering::Relaxed);
            assert_eq!(what(waiter(pd, 0, g)), "timer of a deadline");
            let timer = (*pd).timer.get_mut();
            timer.i.store(1 << 32, Ordering::Relaxed);
            timer.when = 101;
            assert_eq!(what(waiter(pd, 0, g)), "time of a deadline's timer");
            (*pd).timer.get_mut().when = 100;
            assert_eq!(waiter(pd, 0, g), Ok(true));
            POOL.lock().free = pd;
            assert_eq!(what(pool()), "nobody waits for a free descriptor");
            (*pd).wait[0].reset();
            assert_eq!(what(pool()), "");
            (*pd).link.set(pd);
            assert_eq!(what(pool()), "a descriptor is free once");
            POOL.lock().free = core::ptr::null_mut();
        }
    }
}
