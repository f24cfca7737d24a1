//! The CPU profile: SIGPROF takes the stack of whatever runs, `runtime.CPUProfile` hands the
//! samples out.
//!
//! Samples go straight to one of two buffers, in the format that the reader passes on: {1, n,
//! pc...} words, the stack innermost first. When the reader comes it takes the filled buffer and
//! the handlers go on in the other; a sample that finds its buffer full is counted as lost. pprof
//! adds equal stacks up, so nothing is gained by doing that here. How many periods a sample stands
//! for: [`crate::probe::timers`].
//!
//! The lock is a spin lock that handlers take too: everyone else takes it with all signals blocked.

use crate::abi::{Caller, G, GoSlice, Outcome, ResumeStep, Sys, args};
use crate::mem;
use crate::probe::cpu::{PROFILE, WORDS, alone, lost_pc};
use crate::probe::timers::{self, TIMERS};
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::world::m::is_sysmon;
use core::ptr::null_mut;

/// How long the reader sleeps when there is nothing yet and the profile goes on.
const PAUSE_NS: i64 = 100_000_000;

/// `runtime.SetCPUProfileRate`.
pub fn set_rate(_: Sys<'_>, a: &mut args::runtime_SetCPUProfileRate) {
    let hz = a.hz.clamp(0, 1_000_000) as u64;
    let mut timers = TIMERS.lock();
    let busy = PROFILE.with_blocked(|p| {
        if hz == 0 {
            for (m, now) in timers.unmet() {
                // SAFETY: an M of ours, whose first function is written before its thread begins.
                let (n, first) = unsafe { (timers::take(m, now), (*m).startfn) };
                let mut record = [n, 1, lost_pc(), 0];
                if is_sysmon(m) {
                    record[1] = alone(first, &mut record[2..]);
                }
                if n > 0 {
                    let len = 2 + record[1];
                    p.sample(&record[..len]);
                }
            }
            p.end |= p.on;
            p.on = false;
            return false;
        }
        if p.on || p.end {
            return true;
        }
        for b in &mut p.buffers {
            if b.is_null() {
                *b = mem::map_for(&mem::OTHER_SYS, WORDS * 8).cast();
            }
            if b.is_null() {
                return false;
            }
        }
        (p.on, p.lost, p.len) = (true, 0, 0);
        // Header of the format: no samples, three words: version, period in microseconds, padding.
        p.add(&[0, 3, 0, (1_000_000 / hz) as usize, 0]);
        false
    });
    if hz == 0 {
        timers.stop();
    } else if !busy {
        timers.start(1_000_000 / hz);
    }
    drop(timers);
    if busy {
        crate::fatal::puts(
            "runtime: cannot set cpu profile rate until previous profile has finished.\n",
        );
        return;
    }
    if hz == 0 {
        // Who stops the profile waits for the reader's end.
        let reader = READER.lock();
        if !reader.0.is_null() {
            // SAFETY: the reader goes on only after it has had the lock.
            unsafe { crate::time::sleep::interrupt(reader.0) };
        }
    }
}

/// What the reader gets.
enum Next {
    Data(*mut usize, usize),
    End,
    Wait,
    Nothing,
}

/// The end mark.
static END: [usize; 3] = [0, 1, 0];

/// `runtime.CPUProfile`: the next piece, or nil when the profile is off and all handed out.
pub fn cpu_profile(sys: Sys<'_>, a: &mut args::runtime_CPUProfile) -> Outcome {
    let next = PROFILE.with_blocked(|p| {
        // While the profile goes on, the header alone is no news.
        if p.len > if p.on { 5 } else { 0 } {
            let (buffer, len) = p.take();
            return Next::Data(buffer, len);
        }
        if p.on {
            return Next::Wait;
        }
        if p.end {
            p.end = false;
            return Next::End;
        }
        Next::Nothing
    });
    let bytes = |p: *const usize, n: usize| GoSlice {
        ptr: p.cast_mut().cast(),
        len: n as i64 * 8,
        cap: n as i64 * 8,
    };
    a.r0 = match next {
        Next::Data(p, n) => bytes(p, n),
        Next::End => bytes(END.as_ptr(), END.len()),
        Next::Nothing => bytes(core::ptr::null(), 0),
        Next::Wait => {
            return try_later(sys.caller());
        }
    };
    Outcome::Return
}

/// The goroutine that sleeps in `runtime.CPUProfile`, or null.
struct Reader(*mut G);

// SAFETY: the G is only named here, and touched as `interrupt` says.
unsafe impl Send for Reader {}

/// Taken after no other lock, before those of the timers and of the scheduler.
static READER: Mutex<Reader, { rank::CPU_PROFILE }> = Mutex::new(Reader(null_mut()));

/// Parks the reader for a while, or until the profile ends; it then looks again.
fn try_later(caller: Caller<'_>) -> Outcome {
    // SAFETY: the goroutine that called in is stopped in this call: its resume step is ours to set.
    unsafe { (*caller.g()).resume = ResumeStep::new(resume) };
    READER.lock().0 = caller.g();
    crate::time::sleep::sleep_for(caller, PAUSE_NS)
}

/// The reader looks again.
///
/// # Safety
///
/// As a [`ResumeStep`] is called, of a goroutine that parked in [`try_later`].
unsafe extern "C" fn resume(caller: Caller<'_>, _arg: usize) -> Outcome {
    READER.lock().0 = null_mut();
    // SAFETY: the goroutine parked in `runtime.CPUProfile`, and its arguments are ours.
    let a = unsafe { &mut *(caller.arguments() as *mut args::runtime_CPUProfile) };
    cpu_profile(caller.sys(), a)
}
