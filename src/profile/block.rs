//! The blocking profile as the program asks for it.

use crate::abi::{BlockProfileRecord, Sys, args};
use crate::probe::block::{RATE, TABLE};
use crate::probe::rates;
use core::sync::atomic::Ordering;

/// `runtime.SetBlockProfileRate`: nanoseconds of waiting for each sample on average.
pub fn set_rate(_: Sys<'_>, a: &mut args::runtime_SetBlockProfileRate) {
    let rate = match a.rate {
        ..=0 => 0,
        1 => 1,
        ns => {
            (i128::from(ns) * i128::from(rates::ticks_per_second()) / 1_000_000_000).max(1) as i64
        }
    };
    RATE.store(rate, Ordering::Relaxed);
}

/// `runtime.BlockProfile`.
pub fn block_profile(_: Sys<'_>, a: &mut args::runtime_BlockProfile) {
    let table = TABLE.lock();
    (a.n, a.ok) = (table.len as i64, table.len as i64 <= a.p.len);
    if !a.ok {
        return;
    }
    let mut to: *mut BlockProfileRecord = a.p.ptr.cast();
    for &head in &table.chains {
        let mut b = head;
        // SAFETY: buckets are never freed, and change under the lock only.
        while let Some(bucket) = unsafe { b.as_ref() } {
            // SAFETY: the slice is an argument, with room for every bucket.
            unsafe {
                (*to).count = bucket.count;
                (*to).cycles = bucket.cycles;
                (*to).stack.stack0 = bucket.pcs;
                to = to.add(1);
            }
            b = bucket.next;
        }
    }
}
