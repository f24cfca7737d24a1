//! The channel structure, and what send, receive and close do under its lock.

use super::serve::served;
use crate::abi::{G, Type};
use crate::sync::rank;
use crate::world;
use crate::world::sudog::{ChannelLock, Patience, Sudog};
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering};

/// A channel. `qcount` and `dataqsiz` are read by compiled code for `len` and `cap`; debuggers look
/// at `recvq` and `recvx`.
///
/// Under the lock, with no stale select waiters counted:
/// - `qcount <= dataqsiz`; elements are at `recvx, recvx + 1, ... (mod dataqsiz)`, `qcount` of
///   them;
/// - a waiting receiver implies `qcount == 0`, or 1 at most while one that was woken tries to get
///   an element ([`RECEIVER`]); a waiting sender implies `qcount == dataqsiz`, or one less at least
///   while one tries ([`SENDER`]); neither exists once `closed`.
///
/// The goroutine that finds a waiter completes its operation, so that the waiter has nothing left
/// to do. Only where the ring is used as a lock or a semaphore ([`LOCK`]), the same goroutines
/// sending and receiving, waiters are woken to try, like those of a semaphore and for the same
/// reason ([`crate::sema::semaphore`]): otherwise the element would be handed from one to the next,
/// a goroutine switch for each operation. A waiter in a select is always served.
///
/// All fields but those marked constant are written under the lock; the atomic ones are also read
/// without it.
///
/// It fills one cache line, and objects of its size are aligned to one: two processors that share a
/// channel share only this line and the ring's.
#[doc(alias = "hchan")]
#[derive(Debug)]
#[repr(C)]
pub struct Hchan {
    /// Elements in the ring.
    pub qcount: AtomicU64,
    /// Slots of the ring. Constant.
    pub dataqsiz: u64,
    /// The ring; the only word that the collector follows. Constant.
    pub buf: *mut u8,
    /// Bytes of an element. Constant.
    pub elemsize: u16,
    /// 1 once closed.
    pub closed: AtomicU8,
    /// [`RECEIVER`], [`SENDER`], [`LOCK`].
    pub(super) trying: AtomicU8,
    /// The lock.
    pub(super) lock: ChannelLock,
    /// Type of an element. Constant.
    pub elemtype: *const Type,
    /// Slot of the next element to take.
    pub recvx: Cell<u64>,
    /// Waiting receivers.
    pub recvq: WaitQ,
    /// Waiting senders.
    pub sendq: WaitQ,
}

const _: () = assert!(size_of::<Hchan>() == crate::mem::LINE);

/// In [`Hchan::trying`]: a receiver was woken to try, and one element in the ring is for it. In
/// [`G::met`]: a receiver was met.
pub(super) const RECEIVER: u8 = 1;
/// In [`Hchan::trying`]: a sender was woken to try, and one free slot is for it. In [`G::met`]: a
/// sender was met.
pub(super) const SENDER: u8 = 2;
/// In [`Hchan::trying`]: a goroutine that met a waiting sender when it took an element came to wait
/// as a sender itself, or the same with receivers.
const LOCK: u8 = 4;

/// A FIFO queue of waiters, under the channel's lock; `first` may be looked at without it. The
/// first waiter's `prev` is the last one.
#[doc(alias = "waitq")]
#[derive(Debug)]
#[repr(C)]
pub struct WaitQ {
    pub(crate) first: AtomicPtr<Sudog>,
}

impl WaitQ {
    /// No waiters, at this moment or in the eyes of somebody without the lock.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.load(Ordering::Acquire).is_null()
    }

    /// Adds a waiter at the end.
    ///
    /// # Safety
    /// The lock is held; `s` is in no queue and lives until it is taken off.
    pub(super) unsafe fn push(&self, s: *mut Sudog) {
        let first = self.first.load(Ordering::Relaxed);
        // SAFETY: by the caller's promise `s` is alive, and under the lock nobody else changes it.
        debug_assert!(unsafe { !(*s).queued });
        // SAFETY: by the same promise each member of the queue is alive until it is taken off, and
        // the lock is held, so the links are ours.
        unsafe {
            (*s).next = null_mut();
            (*s).queued = true;
            if first.is_null() {
                (*s).prev = s;
                self.first.store(s, Ordering::Release);
            } else {
                let last = (*first).prev;
                (*s).prev = last;
                (*last).next = s;
                (*first).prev = s;
            }
        }
    }

    /// Puts back, as the first, a waiter that was taken off.
    ///
    /// # Safety
    /// As [`WaitQ::push`].
    pub(super) unsafe fn push_front(&self, s: *mut Sudog) {
        let first = self.first.load(Ordering::Relaxed);
        // SAFETY: by the caller's promise `s` is alive, and under the lock nobody else changes it.
        debug_assert!(unsafe { !(*s).queued });
        // SAFETY: the members of the queue are alive until they are taken off, and the lock is
        // held, so the links are ours.
        unsafe {
            (*s).next = first;
            (*s).queued = true;
            if first.is_null() {
                (*s).prev = s;
            } else {
                (*s).prev = (*first).prev;
                (*first).prev = s;
            }
        }
        self.first.store(s, Ordering::Release);
    }

    /// Takes `s` off, wherever it stands; nothing happens if it is not queued any more.
    ///
    /// # Safety
    /// The lock is held; `s` is this queue's or was.
    pub(super) unsafe fn remove(&self, s: *mut Sudog) {
        // SAFETY: the caller's waiter is alive, and the lock, under which this word changes, is
        // held.
        if !unsafe { core::mem::replace(&mut (*s).queued, false) } {
            return;
        }
        let first = self.first.load(Ordering::Relaxed);
        // SAFETY: it was queued, so its neighbours are members of the queue: alive, and their links
        // ours while the lock is held.
        unsafe {
            let (prev, next) = ((*s).prev, (*s).next);
            debug_assert!(!first.is_null() && !prev.is_null());
            if s == first {
                self.first.store(next, Ordering::Release);
            } else {
                (*prev).next = next;
            }
            if !next.is_null() {
                (*next).prev = prev;
            } else if s != first {
                (*first).prev = prev;
            }
        }
    }

    /// Takes the first waiter whose goroutine is still to be had; null if there is none. Those of a
    /// select whose goroutine was claimed elsewhere are dropped on the way.
    ///
    /// # Safety
    /// The lock is held.
    pub(super) unsafe fn claim(&self) -> *mut Sudog {
        loop {
            let s = self.first.load(Ordering::Relaxed);
            if s.is_null() {
                return s;
            }
            // SAFETY: members of the queue are live: to free one, its goroutine must take it off
            // under our lock first.
            unsafe {
                self.remove(s);
                if !(*s).select || claim_goroutine((*s).g) {
                    return s;
                }
            }
        }
    }
}

/// Claims a goroutine that waits in a select: true for one of all wakers.
///
/// # Safety
///
/// `g` is one of the Gs, and waits in a select or did.
unsafe fn claim_goroutine(g: *mut G) -> bool {
    // SAFETY: the caller's G, which is never freed; while it waits the word is only used
    // atomically.
    let claimed = unsafe { &(*g).selectdone };
    // Relaxed would do for the claim itself; Acquire orders the waker's writes to the goroutine's
    // slots after it.
    claimed
        .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
        .is_ok()
}

/// What became of an attempt to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// The element is in the ring.
    Stored,
    /// The element is in this receiver's slot, or it is to try for one: wake it, after unlocking.
    Met(*mut Sudog),
    /// No room and no receiver.
    Full,
    /// The channel is closed.
    Closed,
}

/// What became of an attempt to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// An element was copied. If not null, this sender got rid of its own or is to try to: wake it,
    /// after unlocking.
    Value(*mut Sudog),
    /// Nothing there, and nothing ever will: the slot was zeroed.
    Closed,
    /// Nothing there.
    Empty,
}

/// The channel at `c`, unless that is nil.
///
/// # Safety
/// `c` is an argument or a case of channel type in a call that lasts for `'a`: what called names
/// the channel, so the collector keeps it.
#[inline(always)]
pub(super) unsafe fn channel<'a>(c: *mut u8) -> Option<&'a Hchan> {
    // SAFETY: nil, or a channel that is alive during the call, by the caller's promise. What
    // changes in one is atomic, or in a cell that only who holds the lock touches.
    unsafe { c.cast::<Hchan>().as_ref() }
}

/// The channel that `s` waits for, or is to wait for.
///
/// # Safety
/// It waits for one, and does so during `'a`.
#[inline(always)]
pub(super) unsafe fn channel_of<'a>(s: *const Sudog) -> &'a Hchan {
    // SAFETY: by the caller's promise the waiter is alive.
    let lock = unsafe { (*s).lock.get() };
    debug_assert!(!lock.is_null());
    // SAFETY: the lock that a waiter names is part of a channel, which is alive as long as a
    // goroutine waits for it: the goroutine's arguments or its select object name it.
    unsafe { &*lock.byte_sub(offset_of!(Hchan, lock)).cast::<Hchan>() }
}

impl Hchan {
    /// Slot `i` of the ring.
    #[inline]
    pub(super) fn slot(&self, i: u64) -> *mut u8 {
        self.buf.wrapping_add(i as usize * self.elemsize as usize)
    }

    /// The slot for the next element, which then counts as stored. The lock is held and there is
    /// room.
    #[inline]
    pub(super) fn next_free(&self) -> *mut u8 {
        let count = self.qcount.load(Ordering::Relaxed);
        let end = self.recvx.get() + count;
        debug_assert!(count < self.dataqsiz && rank::is_held(rank::CHANNEL));
        let slot = self.slot(if end < self.dataqsiz {
            end
        } else {
            end - self.dataqsiz
        });
        self.qcount.store(count + 1, Ordering::Release);
        slot
    }

    /// The slot of the oldest element, which then counts as taken. The lock is held and the ring is
    /// not empty.
    #[inline]
    pub(super) fn next_used(&self) -> *mut u8 {
        let (count, at) = (self.qcount.load(Ordering::Relaxed), self.recvx.get());
        debug_assert!(count > 0 && at < self.dataqsiz);
        debug_assert!(rank::is_held(rank::CHANNEL));
        let slot = self.slot(at);
        self.recvx
            .set(if at + 1 == self.dataqsiz { 0 } else { at + 1 });
        self.qcount.store(count - 1, Ordering::Release);
        slot
    }

    /// Looks as if a send would not block; exact under the lock but for stale select waiters.
    #[inline]
    pub(super) fn may_send(&self) -> bool {
        self.closed.load(Ordering::Acquire) != 0
            || !self.recvq.is_empty()
            || self.qcount.load(Ordering::Acquire) < self.dataqsiz
    }

    /// Looks as if a receive would not block; exact under the lock but for stale select waiters.
    #[inline]
    pub(super) fn may_recv(&self) -> bool {
        // Last of all `closed`: a channel that is open after it was empty was empty and open at
        // that moment.
        self.qcount.load(Ordering::Acquire) > 0
            || !self.sendq.is_empty()
            || self.closed.load(Ordering::Acquire) != 0
    }

    /// Elements hold no pointers, or marking does not run: copies need no barrier.
    #[inline]
    pub(super) fn plain(&self) -> bool {
        // SAFETY: type descriptors are never freed, nor do they change.
        !crate::world::phase::enabled() || unsafe { (*self.elemtype).no_pointers() }
    }

    /// Copies an element without barrier.
    ///
    /// # Safety
    /// [`Hchan::plain`] holds, or the caller does the barrier; both slots are valid and do not
    /// overlap.
    #[inline]
    pub(super) unsafe fn copy_plain(&self, dst: *mut u8, src: *const u8) {
        // SAFETY: the caller's promise. Words are copied whole, by the general case too. Only three
        // sizes are picked out: more would become a jump table, and where that leads the proof of
        // leaf functions cannot see.
        unsafe {
            match self.elemsize {
                8 => dst
                    .cast::<u64>()
                    .write_unaligned(src.cast::<u64>().read_unaligned()),
                0 => {}
                1 => *dst = *src,
                n => core::ptr::copy(src, dst, n as usize),
            }
        }
    }

    /// Copies an element. System mode.
    ///
    /// # Safety
    ///
    /// Both are slots of elements of this channel, `src` holds one, and they do not overlap.
    unsafe fn copy(&self, dst: *mut u8, src: *const u8) {
        if self.plain() {
            // SAFETY: no barrier is due; the caller promises slots of elements that do not overlap.
            unsafe { self.copy_plain(dst, src) };
        } else {
            // SAFETY: both slots are of elements of this type, by the caller's promise.
            unsafe { crate::gc::barrier::typed_memmove(self.elemtype, dst, src) };
        }
    }

    /// In [`G::met`]: this channel, as far as a part of its address names it, and whether `who` was
    /// met there.
    fn encounter(&self, who: u8) -> u32 {
        ((&raw const *self).addr() >> 2) as u32 & !3 | u32::from(who)
    }

    /// The running goroutine has met a waiting `who` here.
    fn meets(&self, who: u8) {
        let g = world::curg();
        if !g.is_null() {
            // SAFETY: the goroutine that called in on this thread; nobody else touches the word.
            unsafe { (*g).met = self.encounter(who) };
        }
    }

    /// `g` is going to wait here, as `who`.
    ///
    /// # Safety
    /// The lock is held; `g` runs.
    pub(super) unsafe fn waits(&self, g: *mut G, who: u8) {
        debug_assert!(who == RECEIVER || who == SENDER);
        // SAFETY: by the caller's promise `g` runs on this thread: the word is its own.
        if unsafe { (*g).met } == self.encounter(who) {
            let trying = self.trying.load(Ordering::Relaxed);
            self.trying.store(trying | LOCK, Ordering::Relaxed);
        }
    }

    /// `who` was woken to try and has not done so yet.
    #[inline]
    pub(super) fn tries(&self, who: u8) -> bool {
        self.trying.load(Ordering::Relaxed) & who != 0
    }

    /// Who was taken off its queue and can have what it waits for: true: it is to try, as `who`,
    /// once it is woken (`ops::wake`); false: the caller serves it.
    ///
    /// # Safety
    ///
    /// The lock is held, and the caller has just claimed `s` from a queue of this channel.
    unsafe fn let_try(&self, s: *mut Sudog, who: u8) -> bool {
        if !self.tries(LOCK) || self.tries(who) {
            return false;
        }
        // SAFETY: by the caller's promise the waiter is off its queue: it is ours until it is
        // woken.
        unsafe {
            if (*s).select || (*s).patience == Patience::Lost {
                return false;
            }
            (*s).patience = Patience::Tries;
        }
        self.trying
            .store(self.trying.load(Ordering::Relaxed) | who, Ordering::Relaxed);
        true
    }

    /// Sends `*elem` if that is possible now. System mode.
    ///
    /// # Safety
    /// The lock is held; `elem` holds an element.
    pub(super) unsafe fn send_locked(&self, elem: *const u8) -> Sent {
        debug_assert!(rank::is_held(rank::CHANNEL));
        if self.closed.load(Ordering::Relaxed) != 0 {
            return Sent::Closed;
        }
        let count = self.qcount.load(Ordering::Relaxed);
        // The first element is for a receiver that tries, if there is one.
        let spoken_for = count == 0 && self.dataqsiz > 0 && self.tries(RECEIVER);
        let receiver = if spoken_for {
            null_mut()
        } else {
            // SAFETY: by the caller's promise the lock is held.
            unsafe { self.recvq.claim() }
        };
        if !receiver.is_null() {
            // SAFETY: it was claimed just now, under the lock; `elem` by the caller's promise.
            unsafe { self.pass(receiver, elem, count) };
            return Sent::Met(receiver);
        }
        if count < self.dataqsiz {
            // SAFETY: the lock is held, there is room, and `elem` by the caller's promise.
            unsafe { self.store(elem) };
            return Sent::Stored;
        }
        Sent::Full
    }

    /// Stores `*elem` as the last element of the ring.
    ///
    /// # Safety
    /// The lock is held and there is room; `elem` holds an element.
    #[inline(always)]
    unsafe fn store(&self, elem: *const u8) {
        let slot = self.next_free();
        // SAFETY: the slot is one of the ring, which only who holds the lock writes.
        unsafe { self.copy(slot, elem) };
    }

    /// Passes `*elem` to a receiver, or the oldest of `count` elements in its place, or lets the
    /// receiver try for it.
    ///
    /// # Safety
    /// The lock is held; the receiver was claimed under it; `elem` holds an element.
    #[inline(always)]
    unsafe fn pass(&self, receiver: *mut Sudog, elem: *const u8, count: u64) {
        self.meets(RECEIVER);
        // SAFETY: just claimed, as the caller says.
        if self.dataqsiz > 0 && unsafe { self.let_try(receiver, RECEIVER) } {
            // SAFETY: a ring with a receiver to be met is not full.
            unsafe { self.store(elem) };
            return;
        }
        // SAFETY: a claimed receiver cannot run before it is woken, and its stack stays in place
        // while the lock is held: its slot is ours to write. One element less leaves room for
        // another.
        unsafe {
            let to = (*receiver).elem;
            if count == 0 {
                if !to.is_null() {
                    self.copy(to, elem);
                }
            } else {
                // Elements keep their order: it gets the oldest.
                self.take(to);
                self.store(elem);
            }
            served(receiver, true);
        }
    }

    /// Takes the oldest element of the ring, into `*elem` unless that is null. System mode.
    ///
    /// # Safety
    /// The lock is held and the ring not empty; `elem` is null or has room for an element.
    pub(super) unsafe fn take(&self, elem: *mut u8) {
        let slot = self.next_used();
        if !elem.is_null() {
            // SAFETY: the slot holds an element; `elem` has room for one, by the caller's promise.
            unsafe { self.copy(elem, slot) };
        }
        // Do not keep alive what the element referred to.
        // SAFETY: the slot is one of the ring, and free now: the lock is held.
        unsafe { core::ptr::write_bytes(slot, 0, self.elemsize as usize) };
    }

    /// Receives into `*elem` (null: discards) if that is possible now. System mode.
    ///
    /// # Safety
    /// The lock is held; `elem` has room for an element.
    pub(super) unsafe fn recv_locked(&self, elem: *mut u8) -> Received {
        debug_assert!(rank::is_held(rank::CHANNEL));
        let count = self.qcount.load(Ordering::Relaxed);
        if count > 0 {
            // SAFETY: the lock is held and the ring not empty; `elem` by the caller's promise.
            unsafe { self.take(elem) };
            // The first free slot is for a sender that tries, if there is one.
            let spoken_for = count == self.dataqsiz && self.tries(SENDER);
            let sender = if spoken_for {
                null_mut()
            } else {
                // SAFETY: by the caller's promise the lock is held.
                unsafe { self.sendq.claim() }
            };
            if !sender.is_null() {
                self.meets(SENDER);
                // SAFETY: a claimed sender cannot run before it is woken: its slot holds its
                // element. The one that was taken left room for it.
                unsafe {
                    if !self.let_try(sender, SENDER) {
                        self.store((*sender).elem);
                        served(sender, true);
                    }
                }
            }
            return Received::Value(sender);
        }
        // SAFETY: by the caller's promise the lock is held.
        let sender = unsafe { self.sendq.claim() };
        if !sender.is_null() {
            // SAFETY: a claimed sender cannot run before it is woken: its slot holds its element.
            unsafe {
                if !elem.is_null() {
                    self.copy(elem, (*sender).elem);
                }
                served(sender, true);
            }
            return Received::Value(sender);
        }
        if self.closed.load(Ordering::Relaxed) == 0 {
            return Received::Empty;
        }
        if !elem.is_null() {
            // SAFETY: `elem` has room for an element, by the caller's promise.
            unsafe { core::ptr::write_bytes(elem, 0, self.elemsize as usize) };
        }
        Received::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(g: *mut G, select: bool) -> Sudog {
        // SAFETY: a Sudog of zeroes is valid.
        let mut s: Sudog = unsafe { core::mem::zeroed() };
        s.g = g;
        s.select = select;
        s
    }

    #[test]
    fn queue_is_first_in_first_out_and_removes_anywhere() {
        // SAFETY: zeroes are an empty queue; the waiters outlive it.
        unsafe {
            let q: WaitQ = core::mem::zeroed();
            let mut w: Vec<Sudog> = (0..5).map(|_| waiter(null_mut(), false)).collect();
            let p: Vec<*mut Sudog> = w.iter_mut().map(|s| &raw mut *s).collect();
            for &s in &p {
                q.push(s);
            }
            q.remove(p[2]);
            q.remove(p[2]);
            q.remove(p[4]);
            assert_eq!(q.claim(), p[0]);
            q.remove(p[0]);
            q.push(p[2]);
            assert_eq!(
                [q.claim(), q.claim(), q.claim(), q.claim()],
                [p[1], p[3], p[2], null_mut()]
            );
            assert!(q.is_empty());
        }
    }

    #[test]
    fn a_select_is_claimed_once() {
        // SAFETY: zeroes are an empty queue and a valid G; the waiters outlive the queues.
        unsafe {
            let mut g: Box<G> = Box::new(core::mem::zeroed());
            let g = &raw mut *g;
            let (q, r): (WaitQ, WaitQ) = (core::mem::zeroed(), core::mem::zeroed());
            let (mut a, mut b, mut c) =
                (waiter(g, true), waiter(g, true), waiter(null_mut(), false));
            q.push(&raw mut a);
            r.push(&raw mut b);
            r.push(&raw mut c);
            assert_eq!(q.claim(), &raw mut a);
            assert_eq!(r.claim(), &raw mut c, "the stale waiter is passed over");
            assert!(!b.queued && r.is_empty());
        }
    }
}
