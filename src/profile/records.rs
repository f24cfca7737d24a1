//! Profiles of goroutines and threads, and the records that all profiles are made of; allocations
//! are `heap::sample`'s.

use crate::abi::{
    BlockProfileRecord, G_SYSTEM, GoSlice, Leaf, MemProfileRecord, Outcome, StackRecord, Sys, args,
};
use crate::probe::rates::ticks_per_second;
use crate::sched::stop_the_world;
use crate::unwind::frames::{self, Frames};
use crate::unwind::walk::Walker;
use crate::world::g::status_of;
use crate::world::{self, lists};
use core::sync::atomic::Ordering;

fn fill(record: &mut StackRecord, frames: Frames) {
    let n = frames::record(frames, 0, &mut record.stack0);
    if let Some(end) = record.stack0.get_mut(n) {
        *end = 0;
    }
}

/// `runtime.GoroutineProfile`.
pub fn goroutine_profile(sys: Sys<'_>, a: &mut args::runtime_GoroutineProfile) -> Outcome {
    // SAFETY: system mode at a runtime call: a goroutine that has to try again makes the call
    // again.
    let Some(stopped) = (unsafe { stop_the_world(sys) }) else {
        return Outcome::Again;
    };
    let me = world::curg();
    // SAFETY: Gs are never freed, and do not run while the world is stopped.
    let shown = |g: *mut crate::abi::G| unsafe {
        let state = status_of(g).state(Ordering::Relaxed);
        !state.is_dead() && (*g).flags & G_SYSTEM == 0
    };
    let n = lists::all_gs().filter(|&g| shown(g)).count();
    (a.n, a.ok) = (n as i64, n as i64 <= a.p.len);
    if a.ok && n > 0 {
        // SAFETY: the slice is an argument, with room for n records.
        let records = unsafe { core::slice::from_raw_parts_mut(a.p.ptr.cast::<StackRecord>(), n) };
        let others = lists::all_gs().filter(|&g| g != me && shown(g));
        for (record, g) in records.iter_mut().zip(core::iter::once(me).chain(others)) {
            // SAFETY: the world is stopped: every goroutine is at rest.
            let frames = unsafe {
                // Our own stack starts at the caller of this function.
                if g == me {
                    Frames::from(g, Walker::of(g), 0)
                } else {
                    Frames::of(g)
                }
            };
            fill(record, frames);
        }
    }
    stopped.start();
    Outcome::Return
}

unsafe extern "C" {
    #[link_name = "runtime.rt0_go"]
    static FIRST_THREAD: u8;
    #[link_name = "runtime.mstart"]
    static THREAD: u8;
}

/// `runtime.ThreadCreateProfile`: one record for each thread, with the function that it began in:
/// threads are made by the scheduler, not by a goroutine's call. (Go 1.5's records are empty, which
/// its pprof refuses.)
pub fn thread_create_profile(_: Sys<'_>, a: &mut args::runtime_ThreadCreateProfile) {
    let n = lists::all_ms().count() as i64;
    (a.n, a.ok) = (n, n <= a.p.len);
    if a.ok {
        for (i, m) in lists::all_ms().take(n as usize).enumerate() {
            // SAFETY: Ms are never freed, and their numbers do not change.
            let began = match unsafe { (*m).id } {
                0 => &raw const FIRST_THREAD,
                _ => &raw const THREAD,
            };
            let mut record = StackRecord { stack0: [0; 32] };
            // Like a return address in that function.
            record.stack0[0] = began as usize + 1;
            // SAFETY: the slice is an argument with room for n records.
            unsafe { a.p.ptr.cast::<StackRecord>().add(i).write(record) };
        }
    }
}

/// `runtime/pprof.runtime_cyclesPerSecond`: the rate of the clock in which blocking is counted.
pub fn cycles_per_second(_: Sys<'_>, a: &mut args::runtime_pprof_runtime_cyclesPerSecond) {
    a.r0 = ticks_per_second();
}

/// The used part of a record's stack.
///
/// # Safety
/// `stack` is that of a record.
unsafe fn stack_of(stack: *mut [usize; 32]) -> GoSlice {
    // SAFETY: by the caller's promise it has its 32 words.
    let n = unsafe { (*stack).iter().position(|&pc| pc == 0).unwrap_or(32) };
    GoSlice {
        ptr: stack.cast(),
        len: n as i64,
        cap: 32,
    }
}

/// `(*StackRecord).Stack`.
pub fn stack_record_stack(_: Leaf<'_>, a: &mut args::runtime___StackRecord__Stack) {
    // SAFETY: compiled code passes a StackRecord as receiver.
    a.r0 = unsafe { stack_of(&raw mut (*a.recv.cast::<StackRecord>()).stack0) };
}

/// `(*MemProfileRecord).Stack`.
pub fn mem_record_stack(_: Leaf<'_>, a: &mut args::runtime___MemProfileRecord__Stack) {
    // SAFETY: compiled code passes a MemProfileRecord as receiver.
    a.r0 = unsafe { stack_of(&raw mut (*a.recv.cast::<MemProfileRecord>()).stack0) };
}

/// `(*BlockProfileRecord).Stack`.
pub fn block_record_stack(_: Leaf<'_>, a: &mut args::runtime___BlockProfileRecord__Stack) {
    // SAFETY: compiled code passes a BlockProfileRecord as receiver.
    a.r0 = unsafe { stack_of(&raw mut (*a.recv.cast::<BlockProfileRecord>()).stack.stack0) };
}

/// `(*MemProfileRecord).InUseBytes`.
pub fn in_use_bytes(_: Leaf<'_>, a: &mut args::runtime___MemProfileRecord__InUseBytes) {
    // SAFETY: compiled code passes a MemProfileRecord as receiver.
    let record = unsafe { &*a.recv.cast::<MemProfileRecord>() };
    a.r0 = record.alloc_bytes - record.free_bytes;
}

/// `(*MemProfileRecord).InUseObjects`.
pub fn in_use_objects(_: Leaf<'_>, a: &mut args::runtime___MemProfileRecord__InUseObjects) {
    // SAFETY: compiled code passes a MemProfileRecord as receiver.
    let record = unsafe { &*a.recv.cast::<MemProfileRecord>() };
    a.r0 = record.alloc_objects - record.free_objects;
}
