//! Where the registers of goroutines lie that a signal preempted.
//!
//! The signal handler may not allocate, so every M has a record in reserve (`M::registers`). A
//! goroutine that is preempted keeps it (`G::interrupted`); before the M runs the next goroutine it
//! gets another. The M that runs the goroutine again makes its record the reserve of that M: no
//! other thread can use it while the registers are loaded from it. Records are never freed, and a
//! list of all leads the collector to the goroutines that a signal has preempted.
//!
//! There are at most as many as there were threads and goroutines preempted by a signal at a time.

use super::Stopped;
use crate::abi::{G, M, offsets};
use crate::mem;
use crate::os::context::GENERAL;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use core::mem::offset_of;
use core::ptr::{self, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// Bytes of the FXSAVE area.
const FXSAVE: usize = 512;
/// Bytes of the XSAVE header behind it.
const HEADER: usize = 64;
/// State components that Go code can use: x87, SSE, AVX, AVX-512. Others stay as the thread has
/// them.
const WANTED: u64 = 0b1110_0111;

/// The registers of one goroutine. The vector state follows.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Registers {
    general: [usize; GENERAL],
    /// What `iretq` loads (asm/switch.S).
    iret: [usize; 5],
    /// Components of the vector state to load; 0: it is an FXSAVE area.
    components: u64,
    /// The goroutine stopped with these registers, or null.
    g: AtomicPtr<G>,
    /// Collector: cycle in which they were marked from.
    pub scanned: AtomicUsize,
    /// Next of all records.
    all: *mut Registers,
    /// Next free record.
    free: *mut Registers,
}

// What asm/switch.S reads.
const _: () = {
    assert!(offset_of!(Registers, general) == 0);
    assert!(offset_of!(Registers, iret) == offsets::REGISTERS_IRET as usize);
    assert!(offset_of!(Registers, components) == offsets::REGISTERS_COMPONENTS as usize);
    assert!(size_of::<Registers>() == offsets::REGISTERS_VECTOR as usize);
};

/// Components that a record has room for.
static COMPONENTS: AtomicU64 = AtomicU64::new(0);
/// Bytes of vector state of a record.
static VECTOR: AtomicUsize = AtomicUsize::new(FXSAVE);
/// All records, linked by `all`.
static ALL: AtomicPtr<Registers> = AtomicPtr::new(null_mut());
/// Free records, linked by `free`.
static FREE: Mutex<Free, { rank::REGISTERS }> = Mutex::new(Free(null_mut()));

struct Free(*mut Registers);
// SAFETY: the list is behind a lock, and records are never freed.
unsafe impl Send for Free {}

/// Asks the processor how large the vector state is. At boot.
pub fn init() {
    const OSXSAVE: u32 = 1 << 27;
    if __cpuid(1).ecx & OSXSAVE == 0 {
        return;
    }
    let mut size = FXSAVE + HEADER;
    for i in (2..8).filter(|i| WANTED >> i & 1 != 0) {
        // Size and offset of the component in the standard format, which is the kernel's on the
        // stack.
        let c = __cpuid_count(0xd, i);
        size = size.max((c.eax + c.ebx) as usize);
    }
    VECTOR.store(size, Ordering::Relaxed);
    COMPONENTS.store(WANTED, Ordering::Relaxed);
}

impl Registers {
    /// The general registers.
    pub fn general(&self) -> &[usize; GENERAL] {
        &self.general
    }

    /// Saves the registers of `g`, which a signal stops: in the handler.
    ///
    /// # Safety
    /// The record is the M's reserve; `vector` is the kernel's copy of the vector state.
    pub unsafe fn save(&mut self, g: *mut G, general: &[usize; GENERAL], vector: *const u8) {
        /// Where the kernel describes what follows the FXSAVE area: a mark, its size, components,
        /// size without the mark at the end.
        const SOFTWARE: usize = 464;
        const MARK: u32 = 0x4650_5853;
        self.general = *general;
        // SAFETY: the caller's promise; the record has room for the components that it takes.
        unsafe {
            let software = vector.add(SOFTWARE);
            let mark = software.cast::<u32>().read_unaligned();
            let (mut bytes, mut components) = (FXSAVE, 0);
            if mark == MARK {
                components = software.add(8).cast::<u64>().read_unaligned()
                    & COMPONENTS.load(Ordering::Relaxed);
            }
            if components != 0 {
                let has = software.add(16).cast::<u32>().read_unaligned() as usize;
                bytes = VECTOR.load(Ordering::Relaxed).min(has);
            }
            let to = (&raw mut *self).add(1).cast::<u8>();
            ptr::copy_nonoverlapping(vector, to, bytes);
            self.components = components;
        }
        self.scanned.store(0, Ordering::Relaxed);
        // Release: a thread that sees the goroutine sees its registers. Only stoppers of the world
        // look.
        self.g.store(g, Ordering::Release);
    }
}

/// Gives `m` a record in reserve.
///
/// # Safety
/// On the thread of `m`, which has none.
#[cold]
#[inline(never)]
pub unsafe fn refill(m: *mut M) {
    let mut free = FREE.lock();
    let mut r = free.0;
    if r.is_null() {
        drop(free);
        r = make();
    } else {
        // SAFETY: a free record is ours while we hold the lock.
        free.0 = unsafe { (*r).free };
    }
    // SAFETY: the caller's M is this thread's, and only that touches its reserve.
    unsafe {
        debug_assert!((*m).registers.is_null());
        (*m).registers = r.cast();
    }
}

/// A new record.
fn make() -> *mut Registers {
    let bytes = size_of::<Registers>() + VECTOR.load(Ordering::Relaxed);
    let r: *mut Registers =
        mem::persistent_for(&mem::OTHER_SYS, bytes, align_of::<Registers>()).cast();
    let mut first = ALL.load(Ordering::Relaxed);
    loop {
        // SAFETY: the record is new and ours. Zeroes are valid.
        unsafe { (*r).all = first };
        // Release: pairs with the Acquire of `each_stopped`.
        match ALL.compare_exchange_weak(first, r, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return r,
            Err(now) => first = now,
        }
    }
}

/// `g` runs again on the thread of `m`: its record becomes the reserve there, and is no longer its
/// own.
///
/// # Safety
/// `g` was stopped by a signal; the caller has taken it to run it.
pub unsafe fn take_back(g: *mut G, m: *mut M) -> *mut Registers {
    // SAFETY: the caller's goroutine was stopped by a signal, so it has a record: its own.
    let r = unsafe {
        let r: *mut Registers = (*g).interrupted.cast();
        (*r).g.store(null_mut(), Ordering::Relaxed);
        r
    };
    // SAFETY: the caller's M is this thread's, and only that touches its reserve, which nobody
    // else knows.
    unsafe {
        let reserve: *mut Registers = (*m).registers.cast();
        if !reserve.is_null() {
            let mut free = FREE.lock();
            (*reserve).free = free.0;
            free.0 = reserve;
        }
        (*m).registers = r.cast();
    }
    r
}

/// Calls `f` with every goroutine that a signal stopped, and its registers.
pub fn each_stopped(_: &Stopped, mut f: impl FnMut(*mut G, &Registers)) {
    let mut r = ALL.load(Ordering::Acquire);
    while !r.is_null() {
        // SAFETY: records are never freed; with the world stopped no thread writes to one that has
        // a goroutine.
        unsafe {
            let g = (*r).g.load(Ordering::Acquire);
            if !g.is_null() {
                f(g, &*r);
            }
            r = (*r).all;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_saved_is_kept() {
        init();
        let bytes = VECTOR.load(Ordering::Relaxed);
        let r = make();
        let general = core::array::from_fn(|i| i + 1);
        let mut area = vec![0xa5u8; bytes.max(1024)];
        // SAFETY: a record and an area of our own.
        unsafe {
            let g: *mut G = ptr::without_provenance_mut(8);
            let kept = core::slice::from_raw_parts(r.add(1).cast::<u8>(), bytes);
            area[511] = 1;
            (*r).save(g, &general, area.as_ptr());
            assert_eq!(((*r).components, kept[511]), (0, 1), "no mark: FXSAVE");
            assert_eq!(*(*r).general(), general);
            let mut stopped = 0;
            let world = Stopped::new();
            each_stopped(&world, |found, _| stopped += usize::from(found == g));
            world.end();
            assert_eq!(stopped, 1);
            area[464..468].copy_from_slice(&0x4650_5853u32.to_le_bytes());
            area[472..480].copy_from_slice(&0b10_0000_0111u64.to_le_bytes());
            area[480..484].copy_from_slice(&832u32.to_le_bytes());
            area[831.min(bytes - 1)] = 2;
            (*r).save(g, &general, area.as_ptr());
            let all = COMPONENTS.load(Ordering::Relaxed);
            assert_eq!((*r).components, 0b111 & all, "only what Go code can use");
            assert!(all == 0 || kept[831.min(bytes - 1)] == 2);
            (*r).g.store(null_mut(), Ordering::Relaxed);
        }
    }
}
