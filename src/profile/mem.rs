//! The heap profile as the program asks for it.

use crate::abi::{GoSlice, MemProfileRecord, Sys, args};
use crate::heap::sample::{PROFILE, publish};
use crate::heap::{central, trigger};

/// `runtime.MemProfile`: how many records there are, and the records if `p` has room for all.
pub fn mem_profile(_: Sys<'_>, a: &mut args::runtime_MemProfile) {
    if central::all_swept() {
        publish();
    }
    // Programs that never collect see what there is so far.
    let never = trigger::cycle() == 0;
    let profile = PROFILE.lock();
    let p: GoSlice = a.p;
    let mut n = 0;
    // SAFETY: buckets are valid under the lock; the slice is an argument.
    unsafe {
        for write in [false, true] {
            if write && n > p.len {
                break;
            }
            n = 0;
            let mut b = profile.all;
            while !b.is_null() {
                let mut c = (*b).shown;
                if never {
                    c.allocs += (*b).allocs[0];
                }
                if c.allocs != 0 && (a.inuseZero || c.allocs != c.frees) {
                    if write {
                        let size = (*b).size as i64;
                        p.ptr
                            .cast::<MemProfileRecord>()
                            .add(n as usize)
                            .write(MemProfileRecord {
                                alloc_bytes: c.allocs * size,
                                free_bytes: c.frees * size,
                                alloc_objects: c.allocs,
                                free_objects: c.frees,
                                stack0: (*b).stack,
                            });
                    }
                    n += 1;
                }
                b = (*b).all_next;
            }
        }
    }
    (a.n, a.ok) = (n, n <= p.len);
}
