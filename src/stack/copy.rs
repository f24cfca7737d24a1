//! Moves: a goroutine that finds no room goes to a stack of twice the size, one that uses little of
//! its own to one of half the size.

use super::{
    alloc, free, poison,
    size::{BELOW, MIN_STACK},
    waiters,
};
use crate::abi::{Caller, G, G_THROWSPLIT, STACK_GUARD, Sys, args};
use crate::config::godebug::GC_SHRINK_STACK_OFF;
use crate::fatal;
use crate::fatal::out::Out;
use crate::unwind::pointers;
use crate::world::g::{Still, set_stack, status_of};
use crate::world::{GState, WaitReason};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Largest stack of a goroutine (debug.SetMaxStack).
#[doc(alias = "maxstacksize")]
static MAX_STACK: AtomicUsize = AtomicUsize::new(1_000_000_000);

/// Smaller words than this are no pointers: nothing lies on the first page.
const NO_POINTER: usize = 4096;

/// Gives the running goroutine, stopped at a function's entry, a stack of twice the size.
pub fn grow(caller: &Caller<'_>) {
    let g = caller.g();
    // SAFETY: it is stopped with its context saved, before the function has done anything.
    unsafe {
        let sp = (*g).sched.sp;
        if sp < (*g).stack_lo {
            fatal::throw("runtime: split stack overflow");
        }
        let size = (*g).stack_size * 2;
        let max = MAX_STACK.load(Ordering::Relaxed);
        if size > max {
            // As its header line says.
            status_of(g).park();
            (*g).waitreason = WaitReason::StackGrowth as u32;
            (*g).waitsince = 0;
            let say = |out: &mut Out<'_>| {
                out.str("runtime: goroutine stack exceeds ")
                    .uint(max as u64);
                out.str("-byte limit\n");
            };
            fatal::throw_saying(say, "stack overflow");
        }
        status_of(g).copy_stack();
        move_to(g, size);
        status_of(g).stack_copied();
    }
}

/// Moves `g` to a stack of half the size if it uses little of the one it has: on the new one at
/// least as much is free as is used, beside what nosplit functions may take, so that it does not
/// grow back at the next call.
///
/// # Safety
/// While marking.
#[doc(alias = "shrinkstack")]
pub unsafe fn shrink(still: &Still) {
    // SAFETY: the caller's promise. System calls hold addresses of the stack, as do the registers
    // of a goroutine that a signal stopped; wakers only under the locks of channels.
    unsafe {
        let (g, state) = (still.g(), still.state());
        let (size, used) = ((*g).stack_size, (*g).stack_hi - (*g).sched.sp);
        if GC_SHRINK_STACK_OFF.on()
            || !shrinkable(size, used)
            || !matches!(state, GState::Waiting | GState::Runnable)
            || (*g).flags & G_THROWSPLIT != 0
            || !(*g).interrupted.is_null()
        {
            return;
        }
        let held = if state == GState::Waiting {
            waiters::hold(g)
        } else {
            waiters::Held::Nothing
        };
        move_to(g, size / 2);
        waiters::release(held);
    }
}

/// A stack of `size` bytes, `used` of them in use, is better halved.
fn shrinkable(size: usize, used: usize) -> bool {
    size > MIN_STACK && used * 2 <= (size / 2).saturating_sub(STACK_GUARD)
}

/// Moves a stopped goroutine to a new stack of `size` bytes and adjusts everything that points into
/// the old one.
///
/// # Safety
/// `g` is stopped, and no system call or Rust frame has the address of its stack.
#[doc(alias = "copystack")]
pub unsafe fn move_to(g: *mut G, size: usize) {
    // SAFETY: the caller's promise; the new stack is ours, and what is in use of the old one fits.
    unsafe {
        let (old_lo, old_hi, old_size) = ((*g).stack_lo, (*g).stack_hi, (*g).stack_size);
        let used = old_hi - (*g).sched.sp + BELOW;
        debug_assert!(used <= size && used <= old_size);
        debug_assert!(
            (*g).interrupted.is_null(),
            "its registers lead into the stack"
        );
        if poison::on() {
            poison::check(g);
        }
        let (lo, hi) = alloc(size);
        ptr::copy_nonoverlapping((old_hi - used) as *const u8, (hi - used) as *mut u8, used);
        let delta = hi.wrapping_sub(old_hi);
        let adjust = |slot: usize| {
            let slot = slot as *mut usize;
            let v = *slot;
            if v >= old_lo && v < old_hi {
                *slot = v.wrapping_add(delta);
            }
        };
        adjust(&raw mut (*g).sched.sp as usize);
        adjust(&raw mut (*g).sched.ctxt as usize);
        // Deferred calls and panics first: a frame that faulted is looked up by its new addresses.
        crate::unwind::deferred::adjust(g, old_lo, old_hi, delta);
        crate::stack::waiters::adjust_sudogs(g, old_lo, old_hi, delta);
        set_stack(g, lo, hi);
        pointers::each_stack_pointer(g, &mut |slot| {
            let v = *(slot as *const usize);
            if v.wrapping_sub(1) < NO_POINTER - 1 {
                poison::suspect(g, slot, v);
            }
            adjust(slot);
        });
        free(old_lo, old_size);
    }
}

/// `runtime.setMaxStack`.
pub fn set_max_stack(_: Sys<'_>, a: &mut args::runtime_setMaxStack) {
    a.out = MAX_STACK.swap(a.in_ as usize, Ordering::Relaxed) as i64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halved_stack_has_room() {
        assert!(!shrinkable(MIN_STACK, 0), "the least size stays");
        let mut size = 2 * MIN_STACK;
        while size <= 1 << 26 {
            assert!(shrinkable(size, 100));
            for used in (0..size).step_by(size / 512) {
                let fits = used + used + STACK_GUARD <= size / 2;
                assert_eq!(shrinkable(size, used), fits, "{used} of {size}");
            }
            assert!(!shrinkable(size, size / 4), "a quarter is too much");
            size *= 2;
        }
    }
}
