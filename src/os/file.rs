//! Files that the kernel makes about this process.

use super::{map, sys};
use core::ffi::CStr;

/// Bytes that are looked for first.
const FIRST: usize = 64 << 10;

/// What a file holds, in memory of its own that is never given back; nothing if it cannot be read.
pub fn read(path: &CStr) -> &'static [u8] {
    let mut size = FIRST;
    loop {
        let memory = map::map(0, size);
        if memory.is_null() {
            return &[];
        }
        let n = read_into(path, memory, size);
        if n < size {
            // SAFETY: so many bytes have been written, and nobody else knows the mapping.
            return unsafe { core::slice::from_raw_parts(memory, n) };
        }
        // SAFETY: the mapping is ours, and nobody else knows it.
        unsafe { map::unmap(memory, size) };
        size *= 2;
    }
}

/// Reads up to `size` bytes to `memory`; answers how many there were.
fn read_into(path: &CStr, memory: *mut u8, size: usize) -> usize {
    let flags = (libc::O_RDONLY | libc::O_CLOEXEC) as usize;
    let mut n = 0;
    // SAFETY: a path that ends in zero, and a mapping of that size.
    unsafe {
        let fd = sys::syscall3(libc::SYS_open, path.as_ptr() as usize, flags, 0);
        if fd < 0 {
            return 0;
        }
        while n < size {
            let to = memory.add(n) as usize;
            let got = sys::syscall3(libc::SYS_read, fd as usize, to, size - n);
            if got == -(libc::EINTR as isize) {
                continue;
            }
            if got <= 0 {
                break;
            }
            n += got as usize;
        }
        sys::syscall3(libc::SYS_close, fd as usize, 0, 0);
    }
    n
}
