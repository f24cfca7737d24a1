//! Memory that is never freed (`GODEBUG=sbrk=1`), and the end where there is none left.

use crate::heap::geometry::PAGE;
use crate::heap::pages;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use crate::{fatal, mem, os};
use core::sync::atomic::Ordering;

#[cold]
pub(super) fn out_of_memory(size: usize) -> ! {
    fatal::puts("runtime: out of memory: cannot allocate ");
    fatal::put_u64(size as u64);
    fatal::puts("-byte block (");
    fatal::put_u64((pages::OBJECT_PAGES.load(Ordering::Relaxed) * PAGE) as u64);
    fatal::puts(" in use)\n");
    fatal::throw("runtime: out of memory")
}

/// Bytes that *sbrk* takes from the system at a time.
const CHUNK: usize = 1 << 20;

/// What is left of a chunk.
static BREAK: Mutex<[usize; 2], { rank::BREAK }> = Mutex::new([0; 2]);

/// Zeroed memory for ever.
pub(super) fn break_alloc(size: usize) -> *mut u8 {
    let Some(size) = size.checked_next_multiple_of(16) else {
        out_of_memory(size)
    };
    let map = |n: usize| {
        let p = os::map(0, n);
        if p.is_null() {
            out_of_memory(size);
        }
        mem::OTHER_SYS.fetch_add(n as u64, Ordering::Relaxed);
        p
    };
    if size >= CHUNK / 4 {
        return map(size.next_multiple_of(PAGE));
    }
    let mut b = BREAK.lock();
    if b[0] + size > b[1] {
        let p = map(CHUNK) as usize;
        *b = [p, p + CHUNK];
    }
    let p = b[0];
    b[0] += size;
    p as *mut u8
}
