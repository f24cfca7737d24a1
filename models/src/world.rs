//! Stands for the runtime's `src/world`.

#[path = "../../src/world/ranlist.rs"]
pub mod ranlist;
#[allow(dead_code, reason = "of pools of sudogs the models have none")]
#[path = "../../src/world/sudog.rs"]
pub mod sudog;

/// A sudog of `g` that waits for nothing yet.
pub fn sudog_of(g: *mut crate::abi::G, select: bool) -> sudog::Sudog {
    sudog::Sudog {
        select,
        ..sudog::Sudog::new(g)
    }
}

/// Why a goroutine waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum WaitReason {
    /// For one channel.
    ChanReceive = 1,
    /// For several.
    Select = 5,
}

pub mod g {
    //! As the runtime's `src/world/g.rs`.

    use crate::abi::G;
    use crate::sync::atomic::{
        AtomicU32,
        Ordering::{AcqRel, Relaxed, Release},
        does, spin_loop,
    };

    /// States of a goroutine.
    pub mod status {
        /// On a run queue.
        pub const RUNNABLE: u32 = 1;
        /// Runs on an M with a P.
        pub const RUNNING: u32 = 2;
        /// In a system call, with an M.
        pub const SYSCALL: u32 = 3;
        /// Parked.
        pub const WAITING: u32 = 4;
        /// Added while the stack is scanned.
        pub const SCAN: u32 = 0x1000;
    }

    /// The status word.
    ///
    /// # Safety
    /// `g` is live.
    pub unsafe fn status_of<'a>(g: *mut G) -> &'a AtomicU32 {
        // SAFETY: the caller's promise.
        unsafe { AtomicU32::from_ptr(&raw mut (*g).atomicstatus) }
    }

    /// Changes the status, once nobody scans the stack; another value than `from` is a bug.
    ///
    /// # Safety
    /// `g` is live.
    pub unsafe fn transition(g: *mut G, from: u32, to: u32) {
        // SAFETY: the caller's promise.
        let s = unsafe { status_of(g) };
        while let Err(is) = s.compare_exchange(from, to, AcqRel, Relaxed) {
            assert_eq!(is & !status::SCAN, from, "a bad transition to {to}");
            if !does("wait for the scan") {
                return s.store(to, Release);
            }
            spin_loop();
        }
    }

    /// Sets the SCAN bit of a goroutine that does not run, calls `f`, and gives it back. False: it
    /// has another status by now.
    ///
    /// # Safety
    /// `g` is live.
    pub unsafe fn hold(g: *mut G, now: u32, f: impl FnOnce()) -> bool {
        // SAFETY: the caller's promise.
        let s = unsafe { status_of(g) };
        let held = s
            .compare_exchange(now, now | status::SCAN, AcqRel, Relaxed)
            .is_ok();
        if held {
            f();
            s.store(now, Release);
        }
        held
    }
}
