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
    for write in [false, true] {
        if write && n > p.len {
            break;
        }
        n = 0;
        let mut b = profile.all;
        // SAFETY: buckets are never freed, and change under the lock only.
        while let Some(bucket) = unsafe { b.as_ref() } {
            let mut c = bucket.shown;
            if never {
                c.allocs += bucket.allocs[0];
            }
            if c.allocs != 0 && (a.inuseZero || c.allocs != c.frees) {
                if write {
                    let size = bucket.size as i64;
                    let record = MemProfileRecord {
                        alloc_bytes: c.allocs * size,
                        free_bytes: c.frees * size,
                        alloc_objects: c.allocs,
                        free_objects: c.frees,
                        stack0: bucket.stack,
                    };
                    let to = p.ptr.cast::<MemProfileRecord>();
                    // SAFETY: the slice is an argument, with room for as many as were counted.
                    unsafe { to.add(n as usize).write(record) };
                }
                n += 1;
            }
            b = bucket.all_next;
        }
    }
    (a.n, a.ok) = (n, n <= p.len);
}
