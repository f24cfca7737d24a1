//! Where a heap dump goes: numbers in base 128 and bytes, through a buffer, to a file descriptor.

use crate::os::sys;
use crate::{mem, world};

/// Bytes of the buffer: a write for each record would take longer than anything else.
const SIZE: usize = 64 << 10;

/// Writes to a file descriptor. Errors are not reported: `WriteHeapDump` has no result.
pub(in crate::profile) struct Out {
    fd: i32,
    buffer: *mut u8,
    len: usize,
}

impl Out {
    /// To `fd`; `None` without memory for the buffer.
    pub(in crate::profile) fn new(fd: i32) -> Option<Self> {
        let buffer = mem::map_for(&mem::OTHER_SYS, SIZE);
        (!buffer.is_null()).then_some(Self { fd, buffer, len: 0 })
    }

    fn flush(&mut self) {
        // SAFETY: the buffer is ours, and `len` bytes of it were written.
        sys::write(self.fd, unsafe {
            core::slice::from_raw_parts(self.buffer, self.len)
        });
        self.len = 0;
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.len + bytes.len() > SIZE {
            self.flush();
            if bytes.len() > SIZE {
                sys::write(self.fd, bytes);
                return;
            }
        }
        // SAFETY: they fit behind what the buffer holds, and come from elsewhere.
        unsafe {
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.buffer.add(self.len), bytes.len());
        }
        self.len += bytes.len();
    }

    /// A number, seven bits a byte, the low ones first.
    pub(in crate::profile) fn number(&mut self, mut v: u64) {
        let mut bytes = [0; 10];
        let mut n = 0;
        while v >= 0x80 {
            bytes[n] = v as u8 | 0x80;
            v >>= 7;
            n += 1;
        }
        bytes[n] = v as u8;
        self.bytes(&bytes[..=n]);
    }

    /// Several numbers.
    pub(in crate::profile) fn numbers(&mut self, numbers: &[u64]) {
        for &v in numbers {
            self.number(v);
        }
    }

    /// Length and bytes.
    pub(in crate::profile) fn string(&mut self, s: &[u8]) {
        self.number(s.len() as u64);
        self.bytes(s);
    }

    /// Length and contents of memory.
    ///
    /// # Safety
    /// The range is readable and nobody writes to it.
    pub(in crate::profile) unsafe fn memory(&mut self, start: usize, end: usize) {
        // SAFETY: by the caller's promise the range is readable, and does not change.
        self.string(unsafe { core::slice::from_raw_parts(start as *const u8, end - start) });
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
        // SAFETY: the buffer is a mapping of our own, and is not used again.
        unsafe { mem::unmap_for(&mem::OTHER_SYS, self.buffer, SIZE) };
    }
}

/// Kinds of records.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(super) enum Tag {
    End = 0,
    Object = 1,
    OtherRoot = 2,
    Type = 3,
    Goroutine = 4,
    Frame = 5,
    Params = 6,
    Finalizer = 7,
    Itab = 8,
    Thread = 9,
    MemStats = 10,
    QueuedFinalizer = 11,
    Data = 12,
    Bss = 13,
    Defer = 14,
    Panic = 15,
    AllocSite = 16,
    AllocSample = 17,
}

/// In a list of pointers: the offset of one follows.
const POINTER: u64 = 1;
/// In a list of pointers: its end.
pub(super) const NO_MORE: u64 = 0;

impl Out {
    pub(super) fn tag(&mut self, tag: Tag) {
        self.number(tag as u64);
    }

    /// One pointer of a list.
    pub(crate) fn pointer(&mut self, offset: usize) {
        self.numbers(&[POINTER, offset as u64]);
    }
}

/// The goroutine that writes the dump.
pub(super) fn writer() -> *mut crate::abi::G {
    world::curg()
}
