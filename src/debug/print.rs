//! Printing without allocation, to standard error, and the last words of a dying process.

use super::{builtins, dying};
use crate::os::sys;

/// Writes a string to standard error.
pub fn puts(s: &str) {
    sys::write(2, s.as_bytes());
}

/// Writes a number in decimal.
pub fn put_u64(mut v: u64) {
    let mut buf = [0u8; 20];
    let mut i = buf.len();
    loop {
        i -= 1;
        buf[i] = b'0' + (v % 10) as u8;
        v /= 10;
        if v == 0 {
            break;
        }
    }
    sys::write(2, &buf[i..]);
}

/// Writes a number in hexadecimal with `0x`.
pub fn put_hex(v: u64) {
    let mut buf = [0u8; 18];
    let mut i = buf.len();
    let mut v = v;
    loop {
        i -= 1;
        buf[i] = b"0123456789abcdef"[(v & 15) as usize];
        v >>= 4;
        if v == 0 {
            break;
        }
    }
    i -= 2;
    buf[i] = b'0';
    buf[i + 1] = b'x';
    sys::write(2, &buf[i..]);
}

/// `fatal error: ...`: the program cannot go on. Prints the goroutines and exits with status 2.
#[cold]
pub fn throw(msg: &str) -> ! {
    builtins::with(|out| {
        out.str("fatal error: ").str(msg).str("\n");
    });
    dying::start();
    // SAFETY: just started.
    unsafe { dying::finish(crate::sched::curg()) }
}

/// A Rust panic inside the runtime.
#[cold]
pub fn bug(file: &str, line: u32) -> ! {
    puts("gort: bug in the runtime at ");
    puts(file);
    puts(":");
    put_u64(u64::from(line));
    puts("\n");
    throw("runtime bug")
}

/// The process is dying: others keep quiet.
pub fn dying() -> bool {
    dying::is_dying()
}

/// [`throw`] that shows every goroutine.
pub fn throw_all(msg: &str) -> ! {
    throw(msg)
}
