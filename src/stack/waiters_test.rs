//! [`super::waiters`]: apart from the file, which `models/` includes.

use super::waiters::adjust_sudogs;
use crate::abi::G;
use crate::world::sudog::Sudog;
use core::sync::atomic::AtomicPtr;

fn sudog() -> Sudog {
    // SAFETY: a Sudog of zeroes is valid.
    unsafe { core::mem::zeroed() }
}

#[test]
fn moving_a_stack_moves_only_slots_on_it() {
    // SAFETY: a G of zeroes is valid.
    let mut g: Box<G> = Box::new(unsafe { core::mem::zeroed() });
    let (mut a, mut b) = (sudog(), sudog());
    a.elem = 0x1008 as *mut u8;
    b.elem = 0x2000 as *mut u8;
    a.waitlink = &raw mut b;
    g.waiting = AtomicPtr::new((&raw mut a).cast());
    // SAFETY: the list is ours.
    unsafe { adjust_sudogs(&raw mut *g, 0x1000, 0x2000, 0x100) };
    assert_eq!((a.elem as usize, b.elem as usize), (0x1108, 0x2000));
}
