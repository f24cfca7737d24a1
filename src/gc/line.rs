//! The line of `GODEBUG=gctrace=1`: what Go 1.5 documents, then what allocation had to wait for.
//!
//! It is formatted while the world is stopped, from the figures of the cycle that ends, and written
//! after the world is started: the reader of standard error may be slow.

use super::times::Stalled;
use crate::config::godebug;
use crate::fatal::out::{Out, Sink, write};
use crate::sync::mutex::Mutex;
use crate::sync::rank;

/// Bytes of lines that wait to be written: a few.
const ROOM: usize = 1024;

/// The figures of a cycle, times in nanoseconds.
pub(super) struct Line {
    /// Number of the cycle.
    pub(super) number: u32,
    /// Time since the process started.
    pub(super) since_start: i64,
    /// Share of the processors' time that collecting took so far.
    pub(super) cpu_share: f64,
    /// The five clocks: first stop; marking until all roots were handed out; stops that had to be
    /// given up; the rest of marking; last stop.
    pub(super) clocks: [i64; 5],
    /// Time spent marking: assists, workers, idle Ps.
    pub(super) marking: [u64; 3],
    /// Bytes of heap at the start, at the end, of what lives; the goal.
    pub(super) heap: [usize; 4],
    /// GOMAXPROCS.
    pub(super) procs: u64,
    /// Somebody called `runtime.GC`.
    pub(super) forced: bool,
    /// What allocations waited.
    pub(super) stalls: Stalled,
}

struct Pending {
    text: [u8; ROOM],
    len: usize,
}

static PENDING: Mutex<Pending, { rank::GC_LINE }> = Mutex::new(Pending {
    text: [0; ROOM],
    len: 0,
});

/// Makes the line, to be written by [`write_pending`].
pub(super) fn put(line: &Line) {
    let mut pending = PENDING.lock();
    let pending = &mut *pending;
    let mut out = Out::resume(&mut pending.text, pending.len, Sink::Cut);
    line.print(&mut out);
    let len = out.filled();
    drop(out);
    pending.len = len;
}

/// Writes what [`put`] made. The world goes on.
pub(super) fn write_pending() {
    if !godebug::GC_TRACE.on() {
        return;
    }
    let mut text = [0; ROOM];
    let len = {
        let mut pending = PENDING.lock();
        text[..pending.len].copy_from_slice(&pending.text[..pending.len]);
        core::mem::take(&mut pending.len)
    };
    if len != 0 {
        write(&text[..len]);
    }
}

impl Line {
    fn print(&self, out: &mut Out<'_>) {
        let procs = self.procs as i64;
        out.str("gc ").uint(self.number.into()).str(" @");
        seconds(out, self.since_start.max(0) as u64 / 1_000_000);
        out.str("s ")
            .uint((self.cpu_share * 100.0) as u64)
            .str("%: ");
        plus(out, &self.clocks);
        out.str(" ms clock, ");
        let [first, _, given_up, _, last] = self.clocks;
        plus(out, &[first * procs, 0, given_up * procs]);
        for (i, &ns) in self.marking.iter().enumerate() {
            out.str(if i == 0 { "+" } else { "/" });
            millis(out, ns);
        }
        out.str("+");
        plus(out, &[last * procs]);
        let mb = |i: usize| self.heap[i] as u64 >> 20;
        out.str(" ms cpu, ").uint(mb(0));
        out.str("->").uint(mb(1)).str("->").uint(mb(2));
        out.str(" MB, ").uint(mb(3));
        out.str(" MB goal, ").uint(self.procs).str(" P");
        if self.forced {
            out.str(" (forced)");
        }
        let stalls = &self.stalls;
        out.str(", ").uint(stalls.count).str(" stalls ");
        millis(out, stalls.ns);
        out.str(" ms, longest ");
        millis(out, stalls.longest);
        out.str(" ms\n");
    }
}

/// Prints times with plus signs between.
fn plus(out: &mut Out<'_>, values: &[i64]) {
    for (i, &v) in values.iter().enumerate() {
        if i > 0 {
            out.str("+");
        }
        millis(out, v.max(0) as u64);
    }
}

/// Prints milliseconds as seconds with three decimals.
fn seconds(out: &mut Out<'_>, ms: u64) {
    out.uint(ms / 1000).str(".");
    for d in [100, 10, 1] {
        out.uint(ms / d % 10);
    }
}

/// Prints nanoseconds as milliseconds with two significant digits, or whole ones.
fn millis(out: &mut Out<'_>, ns: u64) {
    if ns >= 10_000_000 {
        out.uint(ns / 1_000_000);
        return;
    }
    let mut value = ns / 1000;
    if value == 0 {
        out.str("0");
        return;
    }
    let mut decimals = 3;
    while value >= 100 {
        value /= 10;
        decimals -= 1;
    }
    let scale = 10u64.pow(decimals);
    out.uint(value / scale).str(".");
    let mut d = scale / 10;
    while d > 0 {
        out.uint(value / d % 10);
        d /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_gos_with_the_stalls_behind() {
        let mut line = Line {
            number: 7,
            since_start: 1_234_567_890,
            cpu_share: 0.25,
            clocks: [12_345, 2_000_000, 0, 223_000_000, 9_876],
            marking: [250_000_000, 1_500_000, 0],
            heap: [2050 << 20, 2100 << 20, 1077 << 20, 2051 << 20],
            procs: 2,
            forced: false,
            stalls: Stalled {
                count: 42,
                ns: 251_000_000,
                longest: 310_000,
            },
        };
        let printed = |line: &Line| {
            let mut text = [0; 256];
            let mut out = Out::new(&mut text, Sink::Cut);
            line.print(&mut out);
            let len = out.filled();
            drop(out);
            String::from_utf8(text[..len].to_vec()).unwrap()
        };
        let go = "gc 7 @1.234s 25%: 0.012+2.0+0+223+0.009 ms clock, 0.024+0+0+250/1.5/0+0.019 ms cpu, 2050->2100->1077 MB, 2051 MB goal, 2 P";
        let ours = ", 42 stalls 251 ms, longest 0.31 ms\n";
        assert_eq!(printed(&line), format!("{go}{ours}"));
        line.forced = true;
        assert_eq!(printed(&line), format!("{go} (forced){ours}"));
    }
}
