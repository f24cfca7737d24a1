//! Waiters by address: for each address a queue in order of arrival; its first waiter is a node of
//! a treap, ordered by address.
//!
//! A treap is a search tree by address and a heap by a random number, so it is balanced well enough
//! whatever is added and removed. Links of a waiter: `prev` and `next` to the subtrees of smaller
//! and larger addresses, `index` its random number, `waitlink` to the one that came after it, and
//! `tail`, in the first, to the last.

use crate::fatal::walk::{Broken, Walk, holds, same};
use crate::mem::seen::Seen;
use crate::world::sudog::Sudog;
use core::ptr::null_mut;

/// Waiters of many addresses. All zero bytes are none.
#[derive(Debug)]
pub(super) struct Queue {
    root: *mut Sudog,
}

impl Queue {
    /// Nobody waits.
    pub(super) const fn new() -> Self {
        Self { root: null_mut() }
    }

    /// Where the first waiter for `addr` is linked, or would be at the bottom of the tree.
    ///
    /// # Safety
    /// As [`Queue::first`].
    unsafe fn link_of(&mut self, addr: *mut u8) -> *mut *mut Sudog {
        let mut link = &raw mut self.root;
        // SAFETY: by the caller's promise queued sudogs are alive, and ours.
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
    pub(super) unsafe fn first(&mut self, addr: *mut u32) -> *mut Sudog {
        // SAFETY: by the caller's promise queued sudogs are alive, and ours: the link is one of
        // theirs, or the root.
        unsafe { *self.link_of(addr.cast()) }
    }

    /// Adds a waiter for the address in its `elem`.
    ///
    /// # Safety
    /// As [`Queue::first`]; `s` is in no queue.
    pub(super) unsafe fn push(&mut self, s: *mut Sudog) {
        // SAFETY: by the caller's promise s and queued sudogs are alive, and ours.
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
        }
        // SAFETY: the same; nobody waits for its address yet.
        unsafe { self.add_node(s) };
    }

    /// Adds a node for an address that has none.
    ///
    /// # Safety
    /// As [`Queue::push`]; the number of `s` is set.
    #[inline(always)]
    unsafe fn add_node(&mut self, s: *mut Sudog) {
        let mut link = &raw mut self.root;
        // SAFETY: by the caller's promise s and queued sudogs are alive, and ours: links are
        // theirs, or the root.
        unsafe {
            // Down to the first node with a smaller number, whose subtree is split by address into
            // the two of the new node.
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

    /// The tree is a search tree and a heap, no waiter is in it twice, and of each `of` says that
    /// it may wait here.
    ///
    /// # Safety
    /// As [`Queue::first`].
    pub(super) unsafe fn walk(&self, of: &mut dyn FnMut(*mut Sudog) -> Walk) -> Walk {
        // SAFETY: by the caller's promise queued sudogs are alive, and do not change.
        unsafe { walk(self.root, 0..=usize::MAX, 0, &mut Seen::new(), of) }.map(|_| ())
    }

    /// Takes off who came after `first`; null: nobody.
    ///
    /// # Safety
    /// As for [`Queue::first`], which answered `first`.
    pub(super) unsafe fn pop_after(&mut self, first: *mut Sudog) -> *mut Sudog {
        debug_assert!(!first.is_null());
        // SAFETY: by the caller's promise queued sudogs are alive, and ours; `first` is one.
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
    pub(super) unsafe fn pop(&mut self, addr: *mut u32) -> *mut Sudog {
        // SAFETY: by the caller's promise queued sudogs are alive, and ours, and somebody waits for
        // the address.
        let (mut link, first) = unsafe {
            let link = self.link_of(addr.cast());
            (link, *link)
        };
        debug_assert!(!first.is_null(), "somebody waits");
        // SAFETY: the same, and there is a first waiter.
        unsafe {
            debug_assert!(!(*first).tail.is_null());
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
        }
        first
    }
}

/// Deeper than any tree is by chance.
const DEEPEST: usize = 256;

/// The tree below `t`, whose addresses are among `range`. Answers its nodes and its depth.
///
/// # Safety
/// The sudogs of the tree are alive, and do not change.
unsafe fn walk(
    t: *mut Sudog,
    range: core::ops::RangeInclusive<usize>,
    depth: usize,
    seen: &mut Seen,
    of: &mut dyn FnMut(*mut Sudog) -> Walk,
) -> Result<(usize, usize), Broken> {
    if t.is_null() {
        return Ok((0, 0));
    }
    let at = t as usize;
    holds("depth of a tree of waiters", at, depth < DEEPEST)?;
    // SAFETY: by the caller's promise queued sudogs are alive, and do not change.
    unsafe {
        let addr = (*t).elem as usize;
        holds("order of addresses", at, range.contains(&addr))?;
        let (mut s, mut last) = (t, null_mut::<Sudog>());
        while !s.is_null() {
            let at = s as usize;
            holds("a waiter waits once", at, seen.add(at))?;
            same("address of a waiter", at, (*s).elem as usize, addr)?;
            of(s)?;
            (last, s) = (s, (*s).waitlink);
        }
        same(
            "last waiter for an address",
            at,
            (*t).tail as usize,
            last as usize,
        )?;
        for child in [(*t).prev, (*t).next] {
            let above = child.is_null() || (*child).index <= (*t).index;
            holds("order of the numbers in a tree of waiters", at, above)?;
        }
        // Of nothing below address 0 there is no range.
        let smaller = *range.start()..=addr.saturating_sub(1);
        let (n, d) = walk((*t).prev, smaller, depth + 1, seen, of)?;
        let (m, e) = walk((*t).next, addr + 1..=*range.end(), depth + 1, seen, of)?;
        Ok((n + m + 1, d.max(e) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, VecDeque};

    /// Checks the tree below `t`; answers its nodes and its depth.
    fn check(t: *mut Sudog) -> (usize, usize) {
        // SAFETY: the tests' sudogs are live while they are queued.
        unsafe { walk(t, 0..=usize::MAX, 0, &mut Seen::new(), &mut |_| Ok(())) }.unwrap()
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_a_tree() {
        let mut q = Queue::new();
        let w: [*mut Sudog; 4] = [8, 16, 24, 24].map(waiter);
        // SAFETY: the waiters are the test's own, and live for ever.
        unsafe {
            w.iter().for_each(|&s| q.push(s));
            let says = |q: &Queue| {
                let walk = q.walk(&mut |s| holds("odd", s as usize, (*s).index != 77));
                walk.err().map_or("", |broken| broken.what)
            };
            assert_eq!(says(&q), "");
            (*w[3]).index = 77;
            assert_eq!(says(&q), "odd");
            (*w[3]).index = 0;
            (*w[2]).tail = w[2];
            assert_eq!(says(&q), "last waiter for an address");
            (*w[3]).elem = 32 as *mut u8;
            assert_eq!(says(&q), "address of a waiter");
            (*w[3]).elem = 24 as *mut u8;
            (*w[3]).waitlink = w[3];
            assert_eq!(says(&q), "a waiter waits once");
            (*w[3]).waitlink = null_mut();
            (*w[2]).tail = w[3];
            assert_eq!(says(&q), "");
            (*q.root).index = i32::MIN;
            assert_eq!(says(&q), "order of the numbers in a tree of waiters");
            (*q.root).index = i32::MAX;
            let child = [(*q.root).prev, (*q.root).next]
                .into_iter()
                .find(|c| !c.is_null());
            let child = child.unwrap();
            let elem = (*child).elem;
            let far = if elem < (*q.root).elem { 800 } else { 0 };
            (*child).elem = far as *mut u8;
            assert_eq!(says(&q), "order of addresses");
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
                    assert_eq!(check(q.root).0, nodes);
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
        let (nodes, depth) = check(q.root);
        // A random search tree of 10,000 nodes is about 30 deep; one of 100 is next to impossible.
        assert!(nodes == N && depth < 100, "{nodes} nodes, {depth} deep");
        for i in 1..=N {
            // SAFETY: pushed above.
            unsafe { drop(Box::from_raw(q.pop((i * 8) as *mut u32))) };
        }
        assert!(q.root.is_null());
    }
}
