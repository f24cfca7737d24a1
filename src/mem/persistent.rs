//! Memory from the kernel, and the off-heap bump allocator for the runtime's own structures.

use crate::os::sys;
use crate::sync::mutex::Mutex;
use core::sync::atomic::{AtomicU64, Ordering};

/// Bytes obtained for the collector and what is known about arenas (`MemStats.GCSys`).
pub static GC_SYS: AtomicU64 = AtomicU64::new(0);
/// For span records (`MemStats.MSpanSys`).
pub static MSPAN_SYS: AtomicU64 = AtomicU64::new(0);
/// For Ps with their caches (`MemStats.MCacheSys`).
pub static MCACHE_SYS: AtomicU64 = AtomicU64::new(0);
/// For tables of profiles (`MemStats.BuckHashSys`).
pub static BUCK_HASH_SYS: AtomicU64 = AtomicU64::new(0);
/// For everything else that is neither heap nor stack (`MemStats.OtherSys`).
pub static OTHER_SYS: AtomicU64 = AtomicU64::new(0);

/// Maps `size` bytes of zeroed memory near `hint` (0 = anywhere), or answers null.
pub fn map(hint: usize, size: usize) -> *mut u8 {
    // SAFETY: a fresh anonymous mapping without MAP_FIXED touches no existing one.
    let p = unsafe {
        sys::syscall6(
            libc::SYS_mmap,
            hint,
            size,
            (libc::PROT_READ | libc::PROT_WRITE) as usize,
            (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as usize,
            usize::MAX,
            0,
        )
    };
    if (-4095..0).contains(&p) {
        core::ptr::null_mut()
    } else {
        p as *mut u8
    }
}

/// [`map`] anywhere, counted in `sys`.
pub fn map_for(sys: &AtomicU64, size: usize) -> *mut u8 {
    let p = map(0, size);
    if !p.is_null() {
        sys.fetch_add(size as u64, Ordering::Relaxed);
    }
    p
}

/// Gives a mapping of [`map_for`] back.
///
/// # Safety
/// As [`unmap`].
pub unsafe fn unmap_for(sys: &AtomicU64, p: *mut u8, size: usize) {
    sys.fetch_sub(size as u64, Ordering::Relaxed);
    // SAFETY: passed on to the caller.
    unsafe { unmap(p, size) };
}

/// Makes a range fault on access (guard pages). False where the system refuses: the process has as many different ranges as it may have, say.
///
/// # Safety
/// The range must be ours and unused.
#[must_use]
pub unsafe fn protect(p: *mut u8, size: usize) -> bool {
    let (none, new) = (
        libc::PROT_NONE as usize,
        (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED) as usize,
    );
    // SAFETY: the caller owns the range. Where a filter does not allow protections to change, a new mapping in its place does the same.
    unsafe {
        sys::syscall3(libc::SYS_mprotect, p as usize, size, none) == 0
            || sys::syscall6(libc::SYS_mmap, p as usize, size, none, new, usize::MAX, 0)
                == p as isize
    }
}

/// Gives a mapping back. Where the system refuses (to cut a range in two it may need one more than the process may have) at least the memory behind it goes; the
/// addresses are lost.
///
/// # Safety
/// The range must be a mapping of ours that nothing refers to any more.
pub unsafe fn unmap(p: *mut u8, size: usize) {
    // SAFETY: the caller owns the range.
    unsafe {
        if sys::syscall3(libc::SYS_munmap, p as usize, size, 0) != 0 {
            release(p, size);
        }
    }
}

/// Lets the system take the pages back; they read as zero afterwards. False if it did not: locked memory, say.
///
/// # Safety
/// The range must be ours and its contents dead.
pub unsafe fn release(p: *mut u8, size: usize) -> bool {
    // SAFETY: the caller owns the range.
    unsafe {
        sys::syscall3(
            libc::SYS_madvise,
            p as usize,
            size,
            libc::MADV_DONTNEED as usize,
        ) == 0
    }
}

/// Puts memory behind a range that is about to be used as a whole, which takes the system less time than as many page faults. Nothing happens where it cannot (before
/// Linux 5.14) or there is none.
///
/// # Safety
/// The range must be whole pages of ours.
pub unsafe fn populate(p: *mut u8, size: usize) {
    // SAFETY: the caller owns the range; what is in it stays.
    unsafe {
        sys::syscall3(
            libc::SYS_madvise,
            p as usize,
            size,
            libc::MADV_POPULATE_WRITE as usize,
        )
    };
}

/// A range that is used up from its start on, for one purpose: of many such, the next bytes are [`populate`]d, some at a time.
#[derive(Debug)]
pub struct Ahead {
    /// Ranges so far.
    ranges: usize,
    /// Up to here there is memory.
    ready: usize,
}

/// Bytes that are populated at a time: more takes less time for each but the caller waits for it, about 20 us, and what it has not used when it stops asking is
/// resident for nothing.
const STEP: usize = 64 << 10;
/// Ranges of a purpose that get their memory by page faults. So a program that needs little has no page that it does not touch.
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
    /// The range must be whole pages of ours.
    pub unsafe fn reach(&mut self, to: usize, end: usize) {
        while to > self.ready {
            let n = STEP.min(end - self.ready);
            // SAFETY: the caller's promise.
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

/// Bytes mapped at a time for small structures.
const CHUNK: usize = 256 << 10;

struct Bump {
    at: usize,
    end: usize,
    ahead: Ahead,
}

static BUMP: Mutex<Bump> = Mutex::new(Bump {
    at: 0,
    end: 0,
    ahead: Ahead::new(),
});

/// Zeroed memory for a structure of the runtime that is never freed, counted in `sys`. Dies with a message when the system has none.
pub fn persistent_for(sys: &AtomicU64, size: usize, align: usize) -> *mut u8 {
    let none = || crate::fatal::throw("runtime: cannot allocate memory");
    if size >= CHUNK / 4 {
        let p = map_for(sys, size.next_multiple_of(4096));
        if p.is_null() {
            none();
        }
        return p;
    }
    let mut b = BUMP.lock();
    let mut start = b.at.next_multiple_of(align);
    if b.at == 0 || start + size > b.end {
        start = map_for(&OTHER_SYS, CHUNK) as usize;
        if start == 0 {
            none();
        }
        b.end = start + CHUNK;
        b.ahead.begin(start);
    }
    b.at = start + size;
    let (at, end) = (b.at, b.end);
    // SAFETY: the chunk is ours.
    unsafe { b.ahead.reach(at, end) };
    drop(b);
    // What is left of the chunk stays with the others.
    if !core::ptr::eq(sys, &raw const OTHER_SYS) {
        OTHER_SYS.fetch_sub(size as u64, Ordering::Relaxed);
        sys.fetch_add(size as u64, Ordering::Relaxed);
    }
    start as *mut u8
}

/// [`persistent_for`] `OTHER_SYS`.
pub fn persistent_alloc(size: usize, align: usize) -> *mut u8 {
    persistent_for(&OTHER_SYS, size, align)
}

/// Bytes of a cache line.
pub const LINE: usize = 64;

/// A zeroed `T` that lives for ever.
pub fn persistent<T>() -> *mut T {
    persistent_in(&OTHER_SYS)
}

/// A zeroed `T` that lives for ever, counted in `sys`. One of a cache line's size or more has its lines to itself: each of two goroutines, threads or Ps is at
/// work on another processor, and would wait for the line that holds the end of one and the beginning of the next.
pub fn persistent_in<T>(sys: &AtomicU64) -> *mut T {
    let (size, align) = (size_of::<T>(), align_of::<T>());
    if size < LINE {
        return persistent_for(sys, size, align).cast();
    }
    persistent_for(sys, size.next_multiple_of(LINE), align.max(LINE)).cast()
}
