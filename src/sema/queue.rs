//! Waiters by address: for each address a queue in order of arrival; its first waiter is a node of
//! a treap, ordered by address.
//!
//! A treap is a search tree by address and a heap by a random number, so it is balanced well enough
//! whatever is added and removed. Links of a waiter: `prev` and `next` to the subtrees of smaller
//! and larger addresses, `index` its random number, `waitlink` to the one that came after it, and
//! `tail`, in the first, to the last.

use crate::world::sudog::Sudog;
use core::ptr::null_mut;

/// Waiters of many addresses. All zero bytes are none.
#[derive(Debug)]
pub struct Queue {
    root: *mut Sudog,
}

impl Queue {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self { root: null_mut() }
    }

    /// Where the first waiter for `addr` is linked, or would be at the bottom of the tree.
    unsafe fn link_of(&mut self, addr: *mut u8) -> *mut *mut Sudog {
        let mut link = &raw mut self.root;
        // SAFETY: queued sudogs are live and ours.
        unsafe {
            while !(*link).is_null() && (**link).elem != addr {
                link = if addr < (**link).elem {
                    &raw mut (**link).prev
                } else {
                    &raw mut (**link).next
                };
            }
        }
        link
    }

    /// Who has waited longest for `addr`; null: nobody waits.
    ///
    /// # Safety
    /// What was pushed and not popped is live, and touched by nobody else.
    pub unsafe fn first(&mut self, addr: *mut u32) -> *mut Sudog {
        // SAFETY: the caller's promise.
        unsafe { *self.link_of(addr.cast()) }
    }

    /// Adds a waiter for the address in its `elem`.
    ///
    /// # Safety
    /// As [`Queue::first`]; `s` is in no queue.
    pub unsafe fn push(&mut self, s: *mut Sudog) {
        // SAFETY: the caller's promise.
        unsafe {
            (*s).waitlink = null_mut();
            let first = *self.link_of((*s).elem);
            if !first.is_null() {
                (*(*first).tail).waitlink = s;
                (*first).tail = s;
                return;
            }
            (*s).tail = s;
            (*s).index = crate::world::fastrand() as i32;
            // Down to the first node with a smaller number, whose subtree is split by address into
            // the two of the new node.
            let mut link = &raw mut self.root;
            while !(*link).is_null() && (**link).index >= (*s).index {
                link = if (*s).elem < (**link).elem {
                    &raw mut (**link).prev
                } else {
                    &raw mut (**link).next
                };
            }
            let mut t = *link;
            *link = s;
            let (mut smaller, mut larger) = (&raw mut (*s).prev, &raw mut (*s).next);
            while !t.is_null() {
                if (*t).elem < (*s).elem {
                    *smaller = t;
                    smaller = &raw mut (*t).next;
                    t = *smaller;
                } else {
                    *larger = t;
                    larger = &raw mut (*t).prev;
                    t = *larger;
                }
            }
            *smaller = null_mut();
            *larger = null_mut();
        }
    }

    /// Takes off who came after `first`; null: nobody.
    ///
    /// # Safety
    /// As for [`Queue::first`], which answered `first`.
    pub unsafe fn pop_after(&mut self, first: *mut Sudog) -> *mut Sudog {
        // SAFETY: the caller's promise.
        unsafe {
            let second = (*first).waitlink;
            if !second.is_null() {
                (*first).waitlink = (*second).waitlink;
                (*second).waitlink = null_mut();
                if (*first).tail == second {
                    (*first).tail = first;
                }
            }
            second
        }
    }

    /// Takes off who has waited longest for `addr`; somebody does.
    ///
    /// # Safety
    /// As for [`Queue::first`], which answered somebody.
    pub unsafe fn pop(&mut self, addr: *mut u32) -> *mut Sudog {
        // SAFETY: the caller's promise.
        unsafe {
            let mut link = self.link_of(addr.cast());
            let first = *link;
            let heir = (*first).waitlink;
            if !heir.is_null() {
                (*heir).tail = (*first).tail;
                (*heir).index = (*first).index;
                (*heir).prev = (*first).prev;
                (*heir).next = (*first).next;
                *link = heir;
                (*first).waitlink = null_mut();
                return first;
            }
            // Its subtrees become one, the larger number above.
            let (mut a, mut b) = ((*first).prev, (*first).next);
            while !a.is_null() && !b.is_null() {
                if (*a).index >= (*b).index {
                    *link = a;
                    link = &raw mut (*a).next;
                    a = *link;
                } else {
                    *link = b;
                    link = &raw mut (*b).prev;
                    b = *link;
                }
            }
            *link = if a.is_null() { b } else { a };
            first
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, VecDeque};

    /// Checks order and heap of the tree below `t`; answers its nodes and its depth.
    fn check(t: *mut Sudog, low: usize, high: usize) -> (usize, usize) {
        if t.is_null() {
            return (0, 0);
        }
        // SAFETY: the tests' sudogs are live while they are queued.
        unsafe {
            let addr = (*t).elem as usize;
            assert!(low <= addr && addr < high, "order of addresses");
            for child in [(*t).prev, (*t).next] {
                assert!(child.is_null() || (*child).index <= (*t).index, "heap");
            }
            let (n, d) = check((*t).prev, low, addr);
            let (m, e) = check((*t).next, addr + 1, high);
            (n + m + 1, d.max(e) + 1)
        }
    }

    fn waiter(addr: usize) -> *mut Sudog {
        // SAFETY: a sudog of zeroes is valid.
        let mut s: Box<Sudog> = Box::new(unsafe { core::mem::zeroed() });
        s.elem = addr as *mut u8;
        Box::into_raw(s)
    }

    /// Random pushes and pops on some addresses against a FIFO for each.
    #[test]
    fn waiters_of_an_address_come_out_in_order() {
        for addresses in [1, 7, 400] {
            let mut q = Queue::new();
            let mut model: BTreeMap<usize, VecDeque<*mut Sudog>> = BTreeMap::new();
            let mut seed = 99_u64;
            for step in 0..20_000 {
                seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                let addr = ((seed >> 40) % addresses + 1) as usize * 4;
                // SAFETY: sudogs live from push to pop.
                unsafe {
                    let waiters = model.entry(addr).or_default();
                    let first = waiters.front().copied().unwrap_or(null_mut());
                    assert_eq!(q.first(addr as *mut u32), first);
                    match seed >> 60 {
                        0..8 => {
                            let s = waiter(addr);
                            q.push(s);
                            waiters.push_back(s);
                        }
                        8..12 if !first.is_null() => {
                            let second = waiters.remove(1).unwrap_or(null_mut());
                            assert_eq!(q.pop_after(first), second);
                            if !second.is_null() {
                                drop(Box::from_raw(second));
                            }
                        }
                        _ => {
                            if let Some(s) = waiters.pop_front() {
                                assert_eq!(q.pop(addr as *mut u32), s);
                                drop(Box::from_raw(s));
                            }
                        }
                    }
                }
                if step % 500 == 0 {
                    let nodes = model.values().filter(|w| !w.is_empty()).count();
                    assert_eq!(check(q.root, 0, usize::MAX).0, nodes);
                }
            }
            for (addr, waiters) in model {
                for s in waiters {
                    // SAFETY: as above.
                    unsafe {
                        assert_eq!(q.pop(addr as *mut u32), s);
                        drop(Box::from_raw(s));
                    }
                }
            }
            assert!(q.root.is_null());
        }
    }

    #[test]
    fn many_addresses_in_order_do_not_make_a_deep_tree() {
        const N: usize = 10_000;
        let mut q = Queue::new();
        for i in 1..=N {
            // SAFETY: live until popped below.
            unsafe { q.push(waiter(i * 8)) };
        }
        let (nodes, depth) = check(q.root, 0, usize::MAX);
        // A random search tree of 10,000 nodes is about 30 deep; one of 100 is next to impossible.
        assert!(nodes == N && depth < 100, "{nodes} nodes, {depth} deep");
        for i in 1..=N {
            // SAFETY: pushed above.
            unsafe { drop(Box::from_raw(q.pop((i * 8) as *mut u32))) };
        }
        assert!(q.root.is_null());
    }
}
