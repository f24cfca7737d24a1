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
pub fn last() {
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
        // SAFETY: Ps and Ms are never freed; the words are read whole, and may change from one to
        // the next.
        unsafe {
            if detailed {
                let m = (*p).m.load(Ordering::Relaxed);
                out.str("  P").uint(i.into());
                let status = (*p).status.state(Ordering::Relaxed);
                field(out, ": status=", status as i64);
                field(
                    out,
                    " schedtick=",
                    (*p).schedtick.load(Ordering::Relaxed).into(),
                );
                field(
                    out,
                    " syscalltick=",
                    (*p).syscalltick.load(Ordering::Relaxed).into(),
                );
                field(out, " m=", thread(m));
                field(out, " runqsize=", (*p).runq.len().into());
                field(
                    out,
                    " gfreecnt=",
                    (*p).ngfree.load(Ordering::Relaxed).into(),
                );
                out.str("\n");
            } else {
                out.str(if i == 0 { "" } else { " " })
                    .uint((*p).runq.len().into());
            }
        }
    }
    if detailed {
        // SAFETY: Ms and Gs are never freed.
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

unsafe fn thread(m: *mut M) -> i64 {
    // SAFETY: null, or one of the Ms.
    if m.is_null() { -1 } else { unsafe { (*m).id } }
}

unsafe fn goroutine(g: *mut G) -> i64 {
    if g.is_null() {
        return -1;
    }
    // SAFETY: one of the Gs.
    unsafe { (*g).goid }
}

/// What gort's threads do not have is shown as if it never happened.
unsafe fn show_m(out: &mut Out<'_>, m: *mut M) {
    // SAFETY: one of the Ms; its words are read whole.
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
        field(
            out,
            " lockedg=",
            goroutine((*m).lockedg.load(Ordering::Relaxed)),
        );
        out.str("\n");
    }
}

unsafe fn show_g(out: &mut Out<'_>, g: *mut G) {
    // SAFETY: one of the Gs; its words are read whole.
    unsafe {
        out.str("  G").int((*g).goid);
        field(
            out,
            ": status=",
            g::status_of(g).state(Ordering::Relaxed) as i64,
        );
        out.str("(").str(WaitReason::text((*g).waitreason)).str(")");
        field(out, " m=", thread((*g).m.load(Ordering::Relaxed)));
        field(
            out,
            " lockedm=",
            thread((*g).lockedm.load(Ordering::Relaxed)),
        );
        out.str("\n");
    }
}

const _: () = assert!(
    PState::Idle as u32 == 0
        && PState::Running as u32 == 1
        && PState::Syscall as u32 == 2
        && PState::Stopped as u32 == 3
        && PState::Dead as u32 == 4,
    "the numbers of P states are Go 1.5's"
);
