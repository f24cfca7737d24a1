//! Events as bytes, and the buffers that hold them.
//!
//! The format is Go 1.5's: one byte of kind and number of arguments, then numbers in base 128.
//! Every event starts with the differences of its sequence number and its time from those of the
//! event before it in the same buffer; a buffer starts with a batch event, which has them in full.

use super::kind::Kind;
use crate::mem;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of a buffer. Larger ones are handed to the reader later, smaller ones more often.
const SIZE: usize = 64 << 10;
const DATA: usize = SIZE - 32;
/// Most bytes of a number.
const NUMBER: usize = 10;
/// Most bytes of an event other than a stack: kind, length, sequence number, time, three arguments
/// and a stack.
const EVENT: usize = 2 + 6 * NUMBER;
/// Most bytes of a batch event.
const BATCH: usize = 1 + 3 * NUMBER;
/// Ticks of the processor's counter in one of a trace: keeps the numbers short, at some 20 ns.
pub const TICK_DIV: u64 = 64;

/// A piece of a trace.
#[doc(alias = "traceBuf")]
#[repr(C)]
pub struct Buffer {
    next: *mut Buffer,
    last_seq: u64,
    last_ticks: u64,
    len: usize,
    data: [u8; DATA],
}
const _: () = assert!(size_of::<Buffer>() == SIZE);

/// Number of the last event, doubled; odd while somebody takes the next number and its time.
static SEQUENCE: AtomicU64 = AtomicU64::new(0);

/// The number of a new event and its time: in the order of the numbers, times do not fall.
pub fn stamp() -> (u64, u64) {
    loop {
        let seq = SEQUENCE.load(Ordering::Relaxed);
        // Acquire pairs with the Release below: our time is taken after that of the event before.
        if seq & 1 == 0
            && SEQUENCE
                .compare_exchange_weak(seq, seq + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        {
            // SAFETY: every amd64 processor has both instructions. The fence keeps the counter from
            // being read early.
            let ticks = unsafe {
                core::arch::x86_64::_mm_lfence();
                core::arch::x86_64::_rdtsc()
            };
            SEQUENCE.store(seq + 2, Ordering::Release);
            return ((seq >> 1) + 1, ticks);
        }
        core::hint::spin_loop();
    }
}

/// Buffers that wait for the reader, and empty ones. Innermost lock but for `mem`.
struct Queue {
    pub(crate) first: *mut Buffer,
    last: *mut Buffer,
    empty: *mut Buffer,
}

static QUEUE: Mutex<Queue, { rank::TRACE_QUEUE }> = Mutex::new(Queue {
    first: null_mut(),
    last: null_mut(),
    empty: null_mut(),
});
/// A buffer waits for the reader: mirrors `Queue::first`.
static FULL: AtomicBool = AtomicBool::new(false);

/// A buffer waits for the reader.
pub fn any_full() -> bool {
    FULL.load(Ordering::Acquire)
}

impl Queue {
    fn push(&mut self, b: *mut Buffer) {
        // SAFETY: the buffer is the caller's, who gives it away; those in the queue are under its
        // lock.
        unsafe {
            (*b).next = null_mut();
            if self.first.is_null() {
                self.first = b;
            } else {
                (*self.last).next = b;
            }
        }
        self.last = b;
        FULL.store(true, Ordering::Release);
    }

    fn empty(&mut self) -> *mut Buffer {
        let mut b = self.empty;
        if b.is_null() {
            b = mem::map_for(&mem::OTHER_SYS, SIZE).cast();
            if b.is_null() {
                crate::fatal::throw("trace: out of memory");
            }
        } else {
            // SAFETY: an empty buffer is in this list only, whose lock is held.
            self.empty = unsafe { (*b).next };
        }
        // SAFETY: off the list it is ours, as is a new mapping, which is zeroed and large enough.
        unsafe { ((*b).next, (*b).len) = (null_mut(), 0) };
        b
    }
}

/// Hands a buffer, if there is one, to the reader.
pub fn finish(log: &mut Log) {
    let b = core::mem::replace(&mut log.0, null_mut());
    if !b.is_null() {
        QUEUE.lock().push(b);
    }
}

/// The next buffer for the reader, or null.
pub fn take() -> *mut Buffer {
    let mut q = QUEUE.lock();
    let b = q.first;
    if !b.is_null() {
        // SAFETY: it was in the queue, whose lock is held.
        q.first = unsafe { (*b).next };
        FULL.store(!q.first.is_null(), Ordering::Release);
    }
    b
}

/// What a buffer holds.
///
/// # Safety
/// The buffer is the caller's.
pub unsafe fn bytes(b: *mut Buffer) -> (*mut u8, usize) {
    // SAFETY: by the caller's promise the buffer is the caller's: nobody writes to it.
    unsafe { ((&raw mut (*b).data).cast(), (*b).len) }
}

/// The reader is done with a buffer.
#[expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "null, or the buffer that the reader was given"
)]
pub fn recycle(b: *mut Buffer) {
    if !b.is_null() {
        let mut q = QUEUE.lock();
        // SAFETY: the buffer was the reader's and is nobody's now.
        unsafe { (*b).next = q.empty };
        q.empty = b;
    }
}

/// Gives the memory of empty buffers back.
pub fn release_empty() {
    let mut q = QUEUE.lock();
    while !q.empty.is_null() {
        let b = q.empty;
        // SAFETY: an empty buffer is in this list only, whose lock is held, and is one mapping.
        unsafe {
            q.empty = (*b).next;
            mem::unmap_for(&mem::OTHER_SYS, b.cast(), SIZE);
        }
    }
}

/// Appends numbers to bytes that have room for them.
pub struct Encoder<'a> {
    /// Where.
    pub to: &'a mut [u8],
    /// Bytes written.
    pub len: usize,
}

impl Encoder<'_> {
    /// One byte.
    fn byte(&mut self, b: u8) {
        self.to[self.len] = b;
        self.len += 1;
    }

    /// A number, seven bits a byte, the low ones first.
    pub fn number(&mut self, mut v: u64) {
        while v >= 0x80 {
            self.byte(v as u8 | 0x80);
            v >>= 7;
        }
        self.byte(v as u8);
    }

    /// The first byte of an event with so many arguments besides sequence number and time. 3 stands
    /// for "as many as fit into the length that follows".
    pub fn kind(&mut self, kind: Kind, args: usize) {
        self.byte(kind as u8 | (args.min(3) as u8) << 6);
    }
}

/// Where a P's events go, or those of threads without P. Zeroed: no buffer.
#[derive(Debug)]
pub struct Log(*mut Buffer);

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    /// Without buffer.
    pub(super) const fn new() -> Self {
        Self(null_mut())
    }

    /// The buffer, with room for `size` more bytes. True: it is a new one.
    fn room(&mut self, size: usize) -> (&mut Buffer, bool) {
        debug_assert!(size <= DATA);
        // SAFETY: the buffer of a log is its own until it is given to the reader.
        let fits = !self.0.is_null() && unsafe { (*self.0).len + size <= DATA };
        if !fits {
            let mut q = QUEUE.lock();
            if !self.0.is_null() {
                q.push(self.0);
            }
            self.0 = q.empty();
        }
        // SAFETY: the same, and it has one now.
        (unsafe { &mut *self.0 }, !fits)
    }

    /// Writes an event of the P with this number; `stack`: the event has one.
    pub(super) fn event(&mut self, p: i64, kind: Kind, args: &[u64], stack: Option<u32>) {
        let (b, new) = self.room(EVENT + BATCH);
        let (seq, ticks) = stamp();
        let ticks = ticks / TICK_DIV;
        let mut e = Encoder {
            to: &mut b.data,
            len: b.len,
        };
        if new {
            e.kind(Kind::Batch, 1);
            e.number(p as u64);
            e.number(seq);
            e.number(ticks);
            (b.last_seq, b.last_ticks) = (seq, ticks);
        }
        let n = args.len() + usize::from(stack.is_some());
        e.kind(kind, n);
        let length = e.len;
        if n >= 3 {
            e.byte(0);
        }
        e.number(seq - b.last_seq);
        e.number(ticks.wrapping_sub(b.last_ticks));
        for &a in args {
            e.number(a);
        }
        if let Some(stack) = stack {
            e.number(u64::from(stack));
        }
        if n >= 3 {
            e.to[length] = (e.len - length - 1) as u8;
        }
        debug_assert!(e.len - b.len <= EVENT + BATCH);
        b.len = e.len;
        (b.last_seq, b.last_ticks) = (seq, ticks);
    }

    /// Writes the stack with number `id`.
    pub(super) fn stack(&mut self, id: u32, pcs: &[usize]) {
        let size = |v: u64| (64 - (v | 1).leading_zeros()).div_ceil(7) as usize;
        let numbers = || {
            [u64::from(id), pcs.len() as u64]
                .into_iter()
                .chain(pcs.iter().map(|&pc| pc as u64))
        };
        let len: usize = numbers().map(size).sum();
        let (b, _) = self.room(1 + NUMBER + len);
        let mut e = Encoder {
            to: &mut b.data,
            len: b.len,
        };
        e.kind(Kind::Stack, 3);
        e.number(len as u64);
        let before = e.len;
        numbers().for_each(|v| e.number(v));
        debug_assert!(e.len - before == len);
        b.len = e.len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads numbers back.
    fn numbers(mut bytes: &[u8]) -> Vec<u64> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let (mut v, mut shift) = (0, 0);
            loop {
                let b = bytes[0];
                bytes = &bytes[1..];
                v |= u64::from(b & 0x7f) << shift;
                shift += 7;
                if b & 0x80 == 0 {
                    break;
                }
            }
            all.push(v);
        }
        all
    }

    fn content(log: &Log) -> Vec<u8> {
        // SAFETY: the log's own buffer.
        unsafe { (&(*log.0).data)[..(*log.0).len].to_vec() }
    }

    #[test]
    fn numbers_are_encoded_seven_bits_a_byte() {
        let mut to = [0; 64];
        let mut e = Encoder {
            to: &mut to,
            len: 0,
        };
        let values = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        values.iter().for_each(|&v| e.number(v));
        let len = e.len;
        assert_eq!(len, 1 + 1 + 1 + 2 + 2 + 5 + 10);
        assert_eq!(numbers(&to[..len]), values);
    }

    #[test]
    fn the_first_event_of_a_buffer_follows_a_batch_event() {
        let mut log = Log::new();
        log.event(3, Kind::GoStart, &[77], None);
        log.event(3, Kind::GoEnd, &[], None);
        log.event(3, Kind::GoSysExit, &[77, 1000, 5], None);
        let all = content(&log);
        finish(&mut log);
        assert_eq!(all[0], Kind::Batch as u8 | 1 << 6);
        // P, sequence number and time, then the first event, as long after its batch as it is: not
        // at all.
        let ends: Vec<usize> = (1..all.len()).filter(|&i| all[i] & 0x80 == 0).collect();
        assert_eq!(numbers(&all[1..=ends[0]]), [3]);
        let start = ends[2] + 1;
        assert_eq!(
            all[start..start + 4],
            [Kind::GoStart as u8 | 1 << 6, 0, 0, 77]
        );
        // The next has a sequence number and a time.
        let end = start + 4;
        assert_eq!(all[end], Kind::GoEnd as u8);
        let ends: Vec<usize> = (end + 1..all.len())
            .filter(|&i| all[i] & 0x80 == 0)
            .collect();
        // The last one has three arguments: its length follows its kind.
        let exit = ends[1] + 1;
        assert_eq!(all[exit], Kind::GoSysExit as u8 | 3 << 6);
        assert_eq!(all[exit + 1] as usize, all.len() - exit - 2);
        assert_eq!(numbers(&all[exit + 2..])[2..], [77, 1000, 5]);
    }

    #[test]
    fn full_buffers_go_to_the_reader() {
        let mut log = Log::new();
        let pcs: Vec<usize> = (0..128).map(|i| usize::MAX - i).collect();
        for id in 0..200 {
            log.stack(id, &pcs);
        }
        assert!(any_full());
        finish(&mut log);
        let mut total = 0;
        loop {
            let b = take();
            if b.is_null() {
                break;
            }
            // SAFETY: the buffer is ours until it is recycled.
            total += unsafe { bytes(b) }.1;
            recycle(b);
        }
        assert!(total > 200 * 128 * 10);
        release_empty();
    }

    #[test]
    fn stamps_rise() {
        std::thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    let mut last = (0, 0);
                    for _ in 0..10_000 {
                        let now = stamp();
                        assert!(now.0 > last.0 && now.1 >= last.1);
                        last = now;
                    }
                });
            }
        });
    }
}
