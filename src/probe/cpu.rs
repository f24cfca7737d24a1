//! Samples of the CPU profile, taken in the signal handler.

use super::timers;
use crate::abi::{G, offsets};
use crate::code::asmfuncs::{self, goexit_pc};
use crate::code::{sites, symtab};
use crate::fatal::signal;
use crate::os::context::Context;
use crate::unwind::frames::{self, Frames};
use crate::unwind::walk::Walker;
use crate::world::GState;
use crate::world::g::status_of;
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

/// Words of a buffer. At 100 samples a second it lasts for a quarter of an hour without a reader.
pub(crate) const WORDS: usize = 1 << 17;
/// Deepest stack recorded.
const DEPTH: usize = 64;

/// Above the stack pointer of a leaf function's code lies its Go caller's return address, at most
/// so far: the bytes that such functions may use (proved by `gort prove`), and the trampoline's.
const LEAF_REACH: usize = offsets::LEAF_BUDGET as usize + 112;

unsafe extern "C" {
    #[link_name = "runtime._System"]
    static SYSTEM: u8;
    #[link_name = "runtime.lostProfileData"]
    static LOST: u8;
}

pub(crate) struct Profile {
    pub(crate) buffers: [*mut usize; 2],
    /// The buffer that handlers fill.
    active: usize,
    /// Words in it.
    pub(crate) len: usize,
    /// Periods whose samples found no room.
    pub(crate) lost: usize,
    pub(crate) on: bool,
    /// The end mark has to be handed out yet.
    pub(crate) end: bool,
}

pub(crate) struct Shared {
    lock: AtomicU32,
    profile: UnsafeCell<Profile>,
}

// SAFETY: `with` alone touches the profile, and takes the lock for it.
unsafe impl Sync for Shared {}

pub(crate) static PROFILE: Shared = Shared {
    lock: AtomicU32::new(0),
    profile: UnsafeCell::new(Profile {
        buffers: [null_mut(); 2],
        active: 0,
        len: 0,
        lost: 0,
        on: false,
        end: false,
    }),
};

impl Shared {
    /// Runs `f` with the lock held. Signals must be blocked, as they are in handlers.
    fn with<R>(&self, f: impl FnOnce(&mut Profile) -> R) -> R {
        while self
            .lock
            .compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            core::hint::spin_loop();
        }
        // SAFETY: this thread holds the lock, which interrupted code does not: signals are blocked.
        let r = f(unsafe { &mut *self.profile.get() });
        self.lock.store(0, Ordering::Release);
        r
    }

    /// [`Shared::with`] for the rest of the world.
    pub(crate) fn with_blocked<R>(&self, f: impl FnOnce(&mut Profile) -> R) -> R {
        let mask = signal::block_all();
        let r = self.with(f);
        signal::restore_mask(mask);
        r
    }
}

impl Profile {
    pub(crate) fn add(&mut self, record: &[usize]) -> bool {
        if self.len + record.len() > WORDS {
            return false;
        }
        // SAFETY: the buffer has WORDS words, of which so many are left, and is the profile's.
        unsafe {
            core::ptr::copy_nonoverlapping(
                record.as_ptr(),
                self.buffers[self.active].add(self.len),
                record.len(),
            )
        };
        self.len += record.len();
        true
    }

    pub(crate) fn sample(&mut self, record: &[usize]) {
        if !self.on {
            return;
        }
        if self.lost > 0 || !self.add(record) {
            // Until the reader comes: it is told of all that were lost in one place.
            self.lost += record[0];
        }
    }

    /// Hands the filled buffer out. What was lost begins the other one.
    pub(crate) fn take(&mut self) -> (*mut usize, usize) {
        let filled = (self.buffers[self.active], self.len);
        self.active ^= 1;
        self.len = 0;
        if self.lost > 0 {
            let lost = core::mem::take(&mut self.lost);
            self.add(&[lost, 1, lost_pc()]);
        }
        filled
    }
}

/// SIGPROF: records the interrupted stack, if this thread owes a sample.
///
/// # Safety
/// In the handler, with the interrupted g.
#[doc(alias = "sigprof")]
pub unsafe fn sample(ctx: &Context, g: *mut G) {
    if g.is_null() {
        return;
    }
    // SAFETY: by the caller's promise g is the interrupted one.
    let m = unsafe { (*g).m.load(Ordering::Relaxed) };
    if m.is_null() {
        return;
    }
    // SAFETY: the handler runs on the thread of this M.
    let Some(now) = (unsafe { timers::now(m) }) else {
        return;
    };
    let mut record = [0usize; DEPTH + 2];
    // SAFETY: in the handler, with the interrupted g.
    let n = unsafe { stack(ctx, g, &mut record[2..]) };
    record[1] = n;
    PROFILE.with(|p| {
        // SAFETY: an M, and the profile's lock is held, with all signals blocked.
        record[0] = unsafe { timers::take(m, now) };
        if record[0] > 0 {
            p.sample(&record[..n + 2]);
        }
    });
}

/// The interrupted stack, innermost first.
///
/// # Safety
///
/// In the handler, with the interrupted g, which has its M.
unsafe fn stack(ctx: &Context, g: *mut G, pcs: &mut [usize]) -> usize {
    let (pc, sp) = (ctx.pc(), ctx.sp());
    // SAFETY: by the caller's promise g is the interrupted one, and has its M.
    let (on_g0, curg) = unsafe {
        let m = (*g).m.load(Ordering::Relaxed);
        (g == (*m).g0, (*m).curg.load(Ordering::Relaxed))
    };
    if on_g0 {
        // SAFETY: null, or the goroutine that this thread serves: its saved context was complete
        // before FS named g0.
        return unsafe { served(curg, g, pc, pcs) };
    }
    // SAFETY: the thread runs g, whose stack does not move while the handler runs.
    let bounds = unsafe { (*g).stack_lo..(*g).stack_hi - 8 };
    if !bounds.contains(&sp) {
        return alone(pc, pcs);
    }
    // SAFETY: asked for frames of g alone, on whose stack the thread stands in its code, or in a
    // call from it.
    let frames_from = |walker, call| unsafe { Frames::from(g, walker, call) };
    // SAFETY: asked for addresses on the stack of g alone, which the thread is on.
    let word = |at: usize| unsafe { *(at as *const usize) };
    if sites::in_go_text(pc) {
        let n = frames::record(frames_from(Walker::at_fault(pc, sp), 0), 0, pcs);
        return if n == 0 { alone(pc, pcs) } else { n };
    }
    if symtab::is_duff(pc) {
        // Inside the call instruction.
        let walker = Walker::at_fault(word(sp) - 1, sp + 8);
        return in_the_runtime(pc, frames_from(walker, 0), pcs);
    }
    // Our own code on the goroutine's stack: its Go caller's return address is at the top, or
    // where the trampoline left it.
    for at in [sp, ctx.bp()] {
        if bounds.contains(&at) && sites::find_site(word(at)).is_some() {
            let ret = word(at);
            let call = called(ret).unwrap_or(0);
            return in_the_runtime(pc, frames_from(Walker::new(ret, at + 8), call), pcs);
        }
    }
    // Or below, where functions of ours have used the register and hold other words. What looks
    // like it is it if the walk from there ends where stacks do.
    let end = (sp + LEAF_REACH).min(bounds.end);
    for at in (sp..end).step_by(8) {
        let ret = word(at);
        if let Some(call) = called(ret) {
            let n = frames::record(frames_from(Walker::new(ret, at + 8), call), 0, pcs);
            if n == pcs.len() || (n > 0 && pcs[n - 1] == goexit_pc()) {
                return n;
            }
        }
    }
    alone(pc, pcs)
}

/// The stack of a thread that was interrupted on `g0`: that of `curg`, whose call it serves.
///
/// # Safety
/// In the handler; `curg` is the thread's goroutine, or null.
#[inline(always)]
unsafe fn served(curg: *mut G, g0: *mut G, pc: usize, pcs: &mut [usize]) -> usize {
    if curg.is_null() || curg == g0 {
        return alone(pc, pcs);
    }
    // SAFETY: by the caller's promise a goroutine that this thread serves. Its stack is at rest,
    // unless it is being moved.
    let (frames, stopped) = unsafe {
        if status_of(curg).is(GState::CopyStack, Ordering::Relaxed) {
            return alone(pc, pcs);
        }
        (Frames::of(curg), !(*curg).interrupted.is_null())
    };
    if stopped {
        // Another signal, that stopped the goroutine, came first.
        return frames::record(frames, 0, pcs);
    }
    in_the_runtime(pc, frames, pcs)
}

/// The function of the library that the call before the return address `ret` enters, if Go code has
/// made a call there.
fn called(ret: usize) -> Option<usize> {
    const CALL: u8 = 0xe8;
    sites::find_site(ret)?;
    let bytes = (ret - 5) as *const u8;
    // SAFETY: a call site follows a call, which is not at the first bytes of the text.
    let (opcode, distance) = unsafe { (*bytes, bytes.add(1).cast::<i32>().read_unaligned()) };
    let target = ret.wrapping_add_signed(distance as isize);
    asmfuncs::find(target).filter(|f| opcode == CALL && f.entry == target as u64)?;
    Some(target)
}

/// A pc of the library, of a goroutine with these frames. They begin with the function that Go code
/// has called, if it is known: people and tools know that one, the pc has a name for debuggers
/// only.
fn in_the_runtime(pc: usize, frames: Frames, pcs: &mut [usize]) -> usize {
    let n = frames::record(frames, 0, &mut pcs[1..]);
    if n > 0 && asmfuncs::find(pcs[1] - 1).is_some() {
        pcs.copy_within(1..=n, 0);
        return n;
    }
    pcs[0] = pc;
    n + 1
}

/// What samples show whose stacks are not known.
pub(crate) fn lost_pc() -> usize {
    &raw const LOST as usize + 1
}

/// A pc without a stack: under the name of what the thread does.
pub(crate) fn alone(pc: usize, pcs: &mut [usize]) -> usize {
    pcs[0] = pc;
    pcs[1] = &raw const SYSTEM as usize + 1;
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods that the records of a filled buffer stand for.
    fn periods((buffer, len): (*mut usize, usize)) -> usize {
        // SAFETY: as `Profile::take` answers it, until the next call.
        let mut words = unsafe { core::slice::from_raw_parts(buffer, len) };
        let mut sum = 0;
        while let [n, pcs, rest @ ..] = words {
            (sum, words) = (sum + n, &rest[*pcs..]);
        }
        sum
    }

    #[test]
    fn every_period_is_in_a_sample_or_told_as_lost() {
        let mut buffers = [vec![0usize; WORDS], vec![0usize; WORDS]];
        let mut p = Profile {
            buffers: [buffers[0].as_mut_ptr(), buffers[1].as_mut_ptr()],
            active: 0,
            len: 0,
            lost: 0,
            on: true,
            end: false,
        };
        let mut deep = [1usize; DEPTH + 2];
        (deep[0], deep[1]) = (3, DEPTH);
        let full = WORDS / deep.len();
        for _ in 0..full + 5 {
            p.sample(&deep);
        }
        p.sample(&[2, 1, 1]);
        assert_eq!(periods(p.take()), 3 * full);
        p.sample(&[4, 1, 1]);
        assert_eq!(periods(p.take()), 15 + 2 + 4);
        assert_eq!(periods(p.take()), 0, "told once");
        p.on = false;
        p.sample(&deep);
        assert_eq!(periods(p.take()), 0, "off");
    }
}
