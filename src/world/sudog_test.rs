//! [`super::sudog`]: apart from the file, which `models/` includes.

use super::sudog::*;
use core::ptr::null_mut;

fn sudog(lock: usize) -> Sudog {
    let s = Sudog::new(null_mut());
    s.lock.set(lock as *const ChannelLock);
    s
}

#[test]
fn sort_orders_any_list_by_lock() {
    let mut seed = 7_u64;
    for n in [0, 1, 2, 3, 7, 8, 100, 1025] {
        let mut all: Vec<Sudog> = (0..n)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                sudog((seed >> 50) as usize)
            })
            .collect();
        let mut list = null_mut();
        for s in &mut all {
            s.waitlink = list;
            list = s;
        }
        // SAFETY: the list is made of `all`.
        let mut s = unsafe { sort_by_lock(list) };
        let mut seen = Vec::new();
        while !s.is_null() {
            // SAFETY: as above.
            unsafe {
                seen.push((*s).lock.get() as usize);
                s = (*s).waitlink;
            }
        }
        let mut expected: Vec<usize> = all.iter().map(|s| s.lock.get() as usize).collect();
        expected.sort_unstable();
        assert_eq!(seen, expected);
    }
}
