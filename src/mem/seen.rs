//! A set of addresses in memory of its own, for walks through structures (`fatal::walk`): whether a
//! record was met before.

use crate::os;
use core::ptr::null_mut;

/// Addresses, none of which is 0. Open addressing: a slot is 0 or an address.
#[derive(Debug)]
pub(crate) struct Seen {
    slots: *mut usize,
    /// Slots: a power of two.
    room: usize,
    len: usize,
}

impl Seen {
    /// Nothing seen yet, and no memory taken.
    pub(crate) const fn new() -> Self {
        Self {
            slots: null_mut(),
            room: 0,
            len: 0,
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn slot(&self, p: usize) -> *mut usize {
        // Records are aligned: mix all bits into the top ones.
        let hash = (p as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut i = hash as usize;
        loop {
            i &= self.room - 1;
            // SAFETY: `room` slots are ours, some of which are 0.
            let at = unsafe { self.slots.add(i) };
            // SAFETY: the slot is one of the `room` that are ours.
            let is = unsafe { *at };
            if is == 0 || is == p {
                return at;
            }
            i += 1;
        }
    }

    /// `p` was seen.
    pub(crate) fn contains(&self, p: usize) -> bool {
        // SAFETY: there is a table, and `slot` answers one of its slots.
        self.room > 0 && unsafe { *self.slot(p) } != 0
    }

    /// Adds `p`; true if it was not there. With no memory left it says true.
    pub(crate) fn add(&mut self, p: usize) -> bool {
        if self.len * 2 >= self.room && !self.grow() {
            return true;
        }
        let at = self.slot(p);
        // SAFETY: there is room, and `slot` answers one of the table's slots.
        unsafe {
            if *at != 0 {
                return false;
            }
            *at = p;
        }
        self.len += 1;
        true
    }

    fn grow(&mut self) -> bool {
        let room = (self.room * 2).max(512);
        let new = os::map(0, room * size_of::<usize>()).cast::<usize>();
        if new.is_null() {
            return false;
        }
        let old = core::mem::replace(
            self,
            Self {
                slots: new,
                room,
                len: 0,
            },
        );
        for i in 0..old.room {
            // SAFETY: the old table has `room` slots, and nobody else has it.
            let p = unsafe { *old.slots.add(i) };
            if p != 0 {
                self.add(p);
            }
        }
        true
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        if self.room > 0 {
            // SAFETY: a mapping of ours that nothing refers to any more.
            unsafe { os::unmap(self.slots.cast(), self.room * size_of::<usize>()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_once() {
        let mut seen = Seen::new();
        assert!(!seen.contains(8));
        for p in 1..5000 {
            assert!(seen.add(p * 8));
            assert!(!seen.add(p * 8));
        }
        assert_eq!(seen.len(), 4999);
        assert!((1..5000).all(|p| seen.contains(p * 8)) && !seen.contains(4));
    }
}
