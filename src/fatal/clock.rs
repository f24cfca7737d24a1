//! What time it is, or the end of the process. No leaf function may ask: see [`crate::os::clock`].

use super::out::Out;
use super::print::{dying, throw_saying};
use crate::os::clock::read;

fn clock(id: i32) -> libc::timespec {
    let mut ts = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let ret = read(id, &mut ts);
    if ret != 0 && !dying() {
        stopped(ret);
    }
    ts
}

/// No kernel lacks the call, but a filter may refuse it where the vDSO knows no better than to make
/// it. Without time every sleep would last for ever.
#[cold]
fn stopped(ret: isize) -> ! {
    let say = |out: &mut Out<'_>| {
        out.str("runtime: clock_gettime failed with ");
        out.uint(ret.unsigned_abs() as u64).str("\n");
    };
    throw_saying(say, "no clock")
}

/// Monotonic nanoseconds: the time base of timers and deadlines.
pub fn nanotime() -> i64 {
    let ts = clock(libc::CLOCK_MONOTONIC);
    ts.tv_sec * 1_000_000_000 + ts.tv_nsec
}

/// Wall clock: seconds since 1970 and nanoseconds.
pub fn walltime() -> (i64, i32) {
    let ts = clock(libc::CLOCK_REALTIME);
    (ts.tv_sec, ts.tv_nsec as i32)
}
