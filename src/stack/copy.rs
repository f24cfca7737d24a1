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
    // SAFETY: the caller is stopped with its context saved; Gs are never freed.
    let (sp, lo, size) = unsafe { ((*g).sched.sp, (*g).stack_lo, (*g).stack_size * 2) };
    if sp < lo {
        fatal::throw("runtime: split stack overflow");
    }
    let max = MAX_STACK.load(Ordering::Relaxed);
    if size > max {
        // As its header line says.
        // SAFETY: the caller's G is this thread's to write while it is stopped.
        unsafe {
            status_of(g).park();
            (*g).waitreason = WaitReason::StackGrowth as u32;
            (*g).waitsince = 0;
        }
        let say = |out: &mut Out<'_>| {
            out.str("runtime: goroutine stack exceeds ")
                .uint(max as u64);
            out.str("-byte limit\n");
        };
        fatal::throw_saying(say, "stack overflow");
    }
    // SAFETY: the caller is stopped at a function's entry: before the function has done anything,
    // so in no system call, and nothing has the address of its stack.
    unsafe {
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
/// Marking runs: no channel is freed.
#[doc(alias = "shrinkstack")]
pub unsafe fn shrink(still: &Still) {
    let (g, state) = (still.g(), still.state());
    // SAFETY: the goroutine is at rest, so nobody writes these fields.
    let (size, used) = unsafe { ((*g).stack_size, (*g).stack_hi - (*g).sched.sp) };
    // System calls hold addresses of the stack, as do the registers of a goroutine that a signal
    // stopped.
    // SAFETY: the goroutine is at rest, so nobody writes these fields either.
    let bound = unsafe { (*g).flags & G_THROWSPLIT != 0 || !(*g).interrupted.is_null() };
    if GC_SHRINK_STACK_OFF.on()
        || !shrinkable(size, used)
        || !matches!(state, GState::Waiting | GState::Runnable)
        || bound
    {
        return;
    }
    let held = if state == GState::Waiting {
        // SAFETY: the goroutine is parked and at rest, and the caller says that marking runs.
        unsafe { waiters::hold(g) }
    } else {
        waiters::Held::Nothing
    };
    // SAFETY: the goroutine is at rest and in no system call; wakers, who have addresses of the
    // stack, use them only with the locks held that we hold.
    unsafe {
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
unsafe fn move_to(g: *mut G, size: usize) {
    // SAFETY: the caller's goroutine is stopped, so nobody writes these fields.
    let (old_lo, old_hi, old_size, sp) =
        unsafe { ((*g).stack_lo, (*g).stack_hi, (*g).stack_size, (*g).sched.sp) };
    let used = old_hi - sp + BELOW;
    debug_assert!(used <= size && used <= old_size);
    if poison::on() {
        // SAFETY: the caller's goroutine is at rest, and in no system call.
        unsafe { poison::check(g) };
    }
    let (lo, hi) = alloc(size);
    // SAFETY: what is in use of the old stack is so many bytes, and they fit into the new one, which
    // nobody else has yet.
    unsafe {
        ptr::copy_nonoverlapping((old_hi - used) as *const u8, (hi - used) as *mut u8, used);
    }
    let delta = hi.wrapping_sub(old_hi);
    let adjust = |slot: usize| {
        let slot = slot as *mut usize;
        // SAFETY: called below with words of the goroutine and of its new stack, which are ours.
        let v = unsafe { *slot };
        if v >= old_lo && v < old_hi {
            // SAFETY: the word that was read: ours, too.
            unsafe { *slot = v.wrapping_add(delta) };
        }
    };
    // SAFETY: the goroutine is stopped and nothing has the address of its stack, so both it and what
    // leads to its stack (deferred calls, panics, sudogs, frames) are ours to write.
    unsafe {
        debug_assert!(
            (*g).interrupted.is_null(),
            "its registers lead into the stack"
        );
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
    }
    // SAFETY: nothing leads to the old stack any more.
    unsafe { free(old_lo, old_size) };
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
