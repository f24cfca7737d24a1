//! `GODEBUG=schedtrace=X,scheddetail=1`: what the scheduler is doing, on standard error, in Go
//! 1.5's words. sysmon asks every X milliseconds, a dying thread once.

use crate::abi::{G, M};
use crate::config::godebug::{SCHED_DETAIL, SCHED_TRACE};
use crate::fatal::clock::nanotime;
use crate::fatal::out::{Out, Sink};
use crate::sched::state::{SCHED, Sched, WAKE};
use crate::world::lists::{self, GOMAXPROCS};
use crate::world::p::PState;
use crate::world::phase::GCWAITING;
use crate::world::{WaitReason, g, p_of};
use core::sync::atomic::{AtomicI64, Ordering};

/// Bytes of the output's buffer.
const TEXT: usize = 1024;
/// When the first report was made: times are counted from there.
static BEGAN: AtomicI64 = AtomicI64::new(0);
/// When the last one was made.
static LAST: AtomicI64 = AtomicI64::new(0);

/// Reports are wanted.
pub fn on() -> bool {
    SCHED_TRACE.get() > 0
}

/// Reports if it is time.
pub fn tick(now: i64) {
    if on() && LAST.load(Ordering::Relaxed) + i64::from(SCHED_TRACE.get()) * 1_000_000 <= now {
        LAST.store(now, Ordering::Relaxed);
        print(SCHED_DETAIL.get() > 0, &SCHED.lock());
    }
}

/// The process dies: a last report with all details. The thread may hold the scheduler's lock.
pub(super) fn last() {
    if !on() && SCHED_DETAIL.get() <= 0 {
        return;
    }
    let guard = SCHED.try_lock();
    // SAFETY: without the lock the numbers may be torn between two changes, but each is read whole,
    // and nothing is freed.
    let s = guard.as_deref().unwrap_or_else(|| unsafe { SCHED.peek() });
    print(true, s);
}

fn print(detailed: bool, s: &Sched) {
    let now = nanotime();
    let _ = BEGAN.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    let ms = (now - BEGAN.load(Ordering::Relaxed)) / 1_000_000;
    let mut text = [0; TEXT];
    let out = &mut Out::new(&mut text, Sink::Stderr);
    out.str("SCHED ").int(ms).str("ms:");
    let procs = GOMAXPROCS.load(Ordering::Relaxed);
    field(out, " gomaxprocs=", procs.into());
    field(out, " idleprocs=", WAKE.idle().into());
    field(out, " threads=", s.mcount.into());
    field(out, " spinningthreads=", WAKE.seekers().into());
    field(out, " idlethreads=", s.nmidle.into());
    field(out, " runqueue=", (s.runq.len() + s.prompt.len()).into());
    if detailed {
        field(out, " gcwaiting=", GCWAITING.load(Ordering::Relaxed).into());
        field(out, " nmidlelocked=", s.nmidlelocked.into());
        field(out, " stopwait=", s.stopwait.into());
        field(out, " sysmonwait=", s.sysmonwait.into());
        out.str("\n");
    } else {
        out.str(" [");
    }
    for i in 0..procs {
        let p = lists::p_at(i as usize);
        // SAFETY: Ps are never freed; what is shown of one is atomic, and may change meanwhile.
        let p = unsafe { &*p };
        if detailed {
            out.str("  P").uint(i.into());
            let status = p.status.state(Ordering::Relaxed);
            field(out, ": status=", status as i64);
            let ticks = [&p.schedtick, &p.syscalltick].map(|tick| tick.load(Ordering::Relaxed));
            field(out, " schedtick=", ticks[0].into());
            field(out, " syscalltick=", ticks[1].into());
            // SAFETY: null, or one of the Ms, which are never freed.
            field(out, " m=", unsafe { thread(p.m.load(Ordering::Relaxed)) });
            field(out, " runqsize=", p.runq.len().into());
            field(out, " gfreecnt=", p.ngfree.load(Ordering::Relaxed).into());
            out.str("\n");
        } else {
            out.str(if i == 0 { "" } else { " " })
                .uint(p.runq.len().into());
        }
    }
    if detailed {
        // SAFETY: the lists hold Ms and Gs, which are never freed.
        unsafe {
            lists::all_ms().for_each(|m| show_m(out, m));
            lists::each_g_by_age(|g| show_g(out, g));
        }
    } else {
        out.str("]\n");
    }
    out.flush();
}

fn field(out: &mut Out<'_>, name: &str, value: i64) {
    out.str(name).int(value);
}

/// Its number, as shown; -1 for none.
///
/// # Safety
/// `m` is null or one of the Ms.
unsafe fn thread(m: *mut M) -> i64 {
    // SAFETY: by the caller's promise null, or one of the Ms; the number does not change.
    if m.is_null() { -1 } else { unsafe { (*m).id } }
}

/// Its number, as shown; -1 for none.
///
/// # Safety
///
/// `g` is null or one of the Gs.
unsafe fn goroutine(g: *mut G) -> i64 {
    if g.is_null() {
        return -1;
    }
    // SAFETY: by the caller's promise one of the Gs, which are never freed.
    unsafe { (*g).goid }
}

/// What gort's threads do not have is shown as if it never happened.
///
/// # Safety
///
/// `m` is one of the Ms.
unsafe fn show_m(out: &mut Out<'_>, m: *mut M) {
    // SAFETY: by the caller's promise one of the Ms, which are never freed, as are its P and
    // goroutines. Words that its thread changes are read whole.
    unsafe {
        let p = p_of(m);
        out.str("  M").int((*m).id);
        field(out, ": p=", if p.is_null() { -1 } else { (*p).id.into() });
        field(out, " curg=", goroutine((*m).curg.load(Ordering::Relaxed)));
        field(out, " mallocing=", 0);
        field(out, " throwing=", (*m).throwing.into());
        out.str(" preemptoff=");
        field(out, " locks=", (*m).locks.load(Ordering::Relaxed).into());
        field(out, " dying=", (*m).dying.into());
        field(out, " helpgc=", 0);
        out.str(" spinning=").boolean((*m).spinning != 0);
        out.str(" blocked=").boolean((*m).blocked != 0);
        let lockedg = goroutine((*m).lockedg.load(Ordering::Relaxed));
        field(out, " lockedg=", lockedg);
    }
    out.str("\n");
}

/// One line for a goroutine.
///
/// # Safety
///
/// `g` is one of the Gs.
unsafe fn show_g(out: &mut Out<'_>, g: *mut G) {
    // SAFETY: by the caller's promise one of the Gs, which are never freed, as are the Ms. Words
    // that its thread changes are read whole.
    let (id, state, reason, m, lockedm) = unsafe {
        (
            (*g).goid,
            g::status_of(g).state(Ordering::Relaxed),
            (*g).waitreason,
            thread((*g).m.load(Ordering::Relaxed)),
            thread((*g).lockedm.load(Ordering::Relaxed)),
        )
    };
    out.str("  G").int(id);
    field(out, ": status=", state as i64);
    out.str("(").str(WaitReason::text(reason)).str(")");
    field(out, " m=", m);
    field(out, " lockedm=", lockedm);
    out.str("\n");
}

const _: () = assert!(
    PState::Idle as u32 == 0
        && PState::Running as u32 == 1
        && PState::Syscall as u32 == 2
        && PState::Stopped as u32 == 3
        && PState::Dead as u32 == 4,
    "the numbers of P states are Go 1.5's"
);
