//! Pages that are populated before they are used, some at a time, which takes the system less time
//! than a page fault for each.

use crate::os::populate;

/// A range that is used up from its start on, for one purpose: of many such, the next bytes are
/// [`populate`]d, some at a time.
#[derive(Debug)]
pub struct Ahead {
    /// Ranges so far.
    ranges: usize,
    /// Up to here there is memory.
    ready: usize,
}

/// Bytes that are populated at a time: more takes less time for each but the caller waits for it,
/// about 20 us, and what it has not used when it stops asking is resident for nothing.
const STEP: usize = 64 << 10;
/// Ranges of a purpose that get their memory by page faults. So a program that needs little has no
/// page that it does not touch.
const BY_FAULTS: usize = 16;

impl Ahead {
    /// No range yet.
    pub const fn new() -> Self {
        Self {
            ranges: 0,
            ready: 0,
        }
    }

    /// Goes on with a fresh range from `start` on.
    pub fn begin(&mut self, start: usize) {
        self.ranges += 1;
        self.ready = if self.ranges <= BY_FAULTS {
            usize::MAX
        } else {
            start
        };
    }

    /// Bytes of the range up to `to` are about to be used; it ends at `end`.
    ///
    /// # Safety
    /// `end` is that of the range that was begun last, which is whole pages that nobody but the
    /// caller uses.
    pub unsafe fn reach(&mut self, to: usize, end: usize) {
        debug_assert!(to <= end);
        while to > self.ready {
            let n = STEP.min(end - self.ready);
            // SAFETY: these are whole pages of the caller's range, before its end.
            unsafe { populate(self.ready as *mut u8, n) };
            self.ready += n;
        }
    }
}

impl Default for Ahead {
    fn default() -> Self {
        Self::new()
    }
}
