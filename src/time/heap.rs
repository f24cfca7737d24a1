//! A 4-ary heap of timers.
//!
//! Every entry repeats its timer's `when`, so that sifting touches only the array; every timer
//! knows its place, so that it can be removed. Invariants, with `at(i)` the entry `i`:
//! - `at((i - 1) / 4).when <= at(i).when` for all `i > 0`;
//! - `at(i).timer.i == tag + i`, where `tag` names the heap and is never 0.

use crate::abi::RuntimeTimer;
use crate::fatal::walk::{Walk, holds, same};
use crate::mem;
use core::sync::atomic::Ordering;

/// One timer and when it is due.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Entry {
    when: i64,
    timer: *mut RuntimeTimer,
}

impl Entry {
    /// That of a timer.
    ///
    /// # Safety
    /// `t` is alive.
    #[inline(always)]
    unsafe fn of(timer: *mut RuntimeTimer) -> Self {
        // SAFETY: by the caller's promise the timer is alive; who adds or changes it holds the
        // lock.
        let when = unsafe { (*timer).when };
        Self { when, timer }
    }
}

/// Children of a node. Four lie in one cache line, and the heap is half as deep as a binary one.
const ARITY: usize = 4;
/// Entries of the first array: one page.
const FIRST: usize = 4096 / size_of::<Entry>();
/// Bits of a timer's `i` for its place in the heap; the heap's number lies above.
pub(super) const PLACE_BITS: u32 = 32;

/// The heap. All zero bytes are an empty one.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Heap {
    entries: *mut Entry,
    len: usize,
    cap: usize,
    tag: i64,
}

/// A timer's `i`, read without the heap's lock.
///
/// # Safety
/// `t` must be a live timer.
pub(super) unsafe fn place(t: *mut RuntimeTimer) -> i64 {
    // SAFETY: by the caller's promise the timer is alive, and the word is atomic.
    unsafe { (*t).i.load(Ordering::Acquire) }
}

/// Sets a timer's `i`.
///
/// # Safety
/// `t` is a live timer that was or comes to be in the caller's heap.
unsafe fn set_place(t: *mut RuntimeTimer, v: i64) {
    // SAFETY: by the caller's promise the timer is alive, and the word is atomic.
    unsafe { (*t).i.store(v, Ordering::Release) }
}

impl Heap {
    #[cfg(test)]
    const fn new(id: i64) -> Self {
        Self {
            entries: core::ptr::null_mut(),
            len: 0,
            cap: 0,
            tag: id << PLACE_BITS,
        }
    }

    /// Gives a zeroed heap its number.
    pub(super) fn set_id(&mut self, id: i64) {
        self.tag = id << PLACE_BITS;
    }

    /// Number of timers.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// No timers.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the first timer is due.
    pub(super) fn first_when(&self) -> Option<i64> {
        // SAFETY: there is an entry 0 where the heap has any.
        (self.len > 0).then(|| unsafe { (*self.entries).when })
    }

    /// Timer number `i` of the array.
    pub(super) fn get(&self, i: usize) -> *mut RuntimeTimer {
        debug_assert!(i < self.len);
        // SAFETY: callers stay below `len`, and so many entries are written.
        unsafe { (*self.entries.add(i)).timer }
    }

    /// Both invariants hold, and the entries' times are those of their timers.
    ///
    /// # Safety
    /// The heap's lock is held.
    pub(super) unsafe fn walk(&self) -> Walk {
        holds(
            "room of a timer heap",
            self.entries as usize,
            self.len <= self.cap,
        )?;
        for i in 0..self.len {
            // SAFETY: entries below `len` are written, and their timers alive.
            unsafe {
                let e = &*self.entries.add(i);
                let at = e.timer as usize;
                let (is, here) = (place(e.timer), self.tag + i as i64);
                same("place of a timer", at, is as usize, here as usize)?;
                same(
                    "time of a timer",
                    at,
                    e.when as usize,
                    (*e.timer).when as usize,
                )?;
                let above = self.entries.add(i.saturating_sub(1) / ARITY);
                holds("order of timers", at, (*above).when <= e.when)?;
            }
        }
        Ok(())
    }

    /// Adds `t`, due at its `when`.
    ///
    /// # Safety
    /// `t` must be in no heap, and stay where it is while it is in this one.
    pub(super) unsafe fn push(&mut self, t: *mut RuntimeTimer) {
        // SAFETY: by the caller's promise the timer is alive.
        debug_assert!(unsafe { place(t) } == 0, "it is in a heap");
        debug_assert!(self.tag != 0);
        if self.len == self.cap {
            self.grow();
        }
        let i = self.len;
        self.len += 1;
        // SAFETY: there is room for entry `i`, and the timer is alive.
        unsafe { self.sift_up(i, Entry::of(t)) };
    }

    /// Removes entry `i`.
    ///
    /// # Safety
    /// `i < len`.
    pub(super) unsafe fn remove(&mut self, i: usize) {
        debug_assert!(i < self.len);
        // SAFETY: by the caller's promise there is an entry `i`, and so a last one; timers in the
        // heap are alive.
        unsafe {
            set_place((*self.entries.add(i)).timer, 0);
            self.len -= 1;
            if i < self.len {
                let last = *self.entries.add(self.len);
                self.place_anew(i, last);
            }
        }
    }

    /// The first timer got a later `when`: moves it to its new place.
    ///
    /// # Safety
    /// The heap must not be empty.
    pub(super) unsafe fn first_changed(&mut self) {
        debug_assert!(self.len > 0);
        // SAFETY: by the caller's promise there is an entry 0, whose timer is alive.
        unsafe { self.sift_down(0, Entry::of((*self.entries).timer)) };
    }

    /// Puts `e` at the free place `i`, or above or below where it belongs.
    ///
    /// # Safety
    ///
    /// `i < len`, and the timer of `e` is alive.
    unsafe fn place_anew(&mut self, i: usize, e: Entry) {
        // SAFETY: by the caller's promise `i` is below `len`, and its parent is.
        let up = i > 0 && e.when < unsafe { (*self.entries.add((i - 1) / ARITY)).when };
        // SAFETY: the same; the entry's timer is alive.
        unsafe {
            if up {
                self.sift_up(i, e);
            } else {
                self.sift_down(i, e);
            }
        }
    }

    /// Writes an entry.
    ///
    /// # Safety
    /// `i < len`, and the timer of `e` is alive.
    unsafe fn put(&mut self, i: usize, e: Entry) {
        debug_assert!(i < self.len && self.len <= self.cap);
        // SAFETY: by the caller's promise there is room for the entry, and its timer is alive.
        unsafe {
            *self.entries.add(i) = e;
            set_place(e.timer, self.tag + i as i64);
        }
    }

    /// Moves the free place `i` up to where `e` belongs, and puts it there.
    ///
    /// # Safety
    /// As [`Heap::put`].
    #[doc(alias = "siftup")]
    unsafe fn sift_up(&mut self, mut i: usize, e: Entry) {
        while i > 0 {
            let parent = (i - 1) / ARITY;
            // SAFETY: `i` starts below `len`, by the caller's promise, and only falls.
            let above = unsafe { *self.entries.add(parent) };
            let earlier = above.when < e.when;
            if earlier || (above.when == e.when && !crate::sched::perturb::chance(2)) {
                break;
            }
            // SAFETY: the same; timers in the heap are alive.
            unsafe { self.put(i, above) };
            i = parent;
        }
        // SAFETY: the same; the timer of `e` is alive, by the caller's promise.
        unsafe { self.put(i, e) };
    }

    /// Moves the free place `i` down to where `e` belongs, and puts it there.
    ///
    /// # Safety
    /// As [`Heap::put`].
    #[doc(alias = "siftdown")]
    unsafe fn sift_down(&mut self, mut i: usize, e: Entry) {
        let n = self.len;
        // SAFETY: `i` starts below `len`, by the caller's promise, and children are looked at only
        // below it; timers in the heap are alive, and so is that of `e`.
        unsafe {
            loop {
                let first = i * ARITY + 1;
                if first >= n {
                    break;
                }
                let end = (first + ARITY).min(n);
                let mut least = first;
                for c in first + 1..end {
                    if (*self.entries.add(c)).when < (*self.entries.add(least)).when {
                        least = c;
                    }
                }
                let child = *self.entries.add(least);
                if child.when >= e.when {
                    break;
                }
                self.put(i, child);
                i = least;
            }
            self.put(i, e);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let cap = if self.cap == 0 { FIRST } else { self.cap * 2 };
        let new = mem::map_for(&mem::OTHER_SYS, cap * size_of::<Entry>()).cast::<Entry>();
        if new.is_null() {
            crate::fatal::throw("runtime: cannot allocate memory");
        }
        // SAFETY: the new array is larger; the old one, if any, is a mapping of ours that nothing
        // else refers to.
        unsafe {
            if self.cap > 0 {
                core::ptr::copy_nonoverlapping(self.entries, new, self.len);
                mem::unmap_for(
                    &mem::OTHER_SYS,
                    self.entries.cast(),
                    self.cap * size_of::<Entry>(),
                );
            }
        }
        (self.entries, self.cap) = (new, cap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(when: i64) -> *mut RuntimeTimer {
        // SAFETY: a RuntimeTimer of zeroes is valid.
        let mut t: Box<RuntimeTimer> = Box::new(unsafe { core::mem::zeroed() });
        t.when = when;
        Box::into_raw(t)
    }

    fn check(h: &Heap) {
        // SAFETY: the heap is the test's own.
        assert_eq!(unsafe { h.walk() }, Ok(()));
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_a_heap() {
        let mut h = Heap::new(3);
        // SAFETY: timers are live while they are in the heap, which is the test's own.
        unsafe {
            let what = |h: &Heap| h.walk().err().map_or("", |broken| broken.what);
            assert_eq!(what(&h), "");
            (1..=9).for_each(|when| h.push(timer(when)));
            assert_eq!(what(&h), "");
            set_place(h.get(7), h.tag + 6);
            assert_eq!(what(&h), "place of a timer");
            set_place(h.get(7), h.tag + 7);
            (*h.get(7)).when += 1;
            assert_eq!(what(&h), "time of a timer");
            (*h.get(7)).when = -1;
            (*h.entries.add(7)).when = -1;
            assert_eq!(what(&h), "order of timers");
            h.len = h.cap + 1;
            assert_eq!(what(&h), "room of a timer heap");
        }
    }

    /// Random pushes, removals and pops against a sorted list, over several growths of the array.
    #[test]
    fn behaves_like_a_sorted_list() {
        let mut seed = 0x1234_5678_9abc_def1_u64;
        let mut rand = move |n: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % n
        };
        let mut h = Heap::new(3);
        let mut model: Vec<(i64, *mut RuntimeTimer)> = Vec::new();
        for step in 0..20_000 {
            let grow = if step < 10_000 { 6 } else { 3 };
            // SAFETY: timers are live while they are in the heap, places come from the heap.
            unsafe {
                match rand(10) {
                    n if n < grow => {
                        let t = timer(rand(1000) as i64 + 1);
                        h.push(t);
                        model.push(((*t).when, t));
                    }
                    n if n < 8 && !model.is_empty() => {
                        let (_, t) = model.swap_remove(rand(model.len() as u64) as usize);
                        h.remove((place(t) & 0xffff_ffff) as usize);
                        assert_eq!(place(t), 0);
                        drop(Box::from_raw(t));
                    }
                    8 if !model.is_empty() => {
                        let t = h.get(0);
                        (*t).when += rand(500) as i64;
                        h.first_changed();
                        model.iter_mut().find(|m| m.1 == t).unwrap().0 = (*t).when;
                    }
                    _ if !model.is_empty() => {
                        let t = h.get(0);
                        assert_eq!((*t).when, model.iter().map(|m| m.0).min().unwrap());
                        h.remove(0);
                        model.retain(|m| m.1 != t);
                        drop(Box::from_raw(t));
                    }
                    _ => {}
                }
            }
            assert_eq!(h.len(), model.len());
            assert_eq!(h.first_when(), model.iter().map(|m| m.0).min());
            if step % 100 == 0 {
                check(&h);
            }
        }
        assert!(h.cap > FIRST, "the test must cover growth");
        let mut last = 0;
        while let Some(when) = h.first_when() {
            assert!(when >= last);
            last = when;
            let t = h.get(0);
            // SAFETY: entry 0 exists; its timer is ours.
            unsafe {
                h.remove(0);
                drop(Box::from_raw(t));
            }
        }
    }
}
