//! Printing without allocation, to standard error, and the last words of a dying process.

use super::out::{self, Out, Sink};
use crate::debug::{builtins, dying};

/// Bytes of the longest number.
const NUMBER: usize = 24;

/// Said by who dies while the program was dying already.
pub const PANIC_DURING_PANIC: &str = "panic during panic\n";

/// Writes a string to standard error.
pub fn puts(s: &str) {
    out::write(s.as_bytes());
}

/// Writes a number in decimal.
pub fn put_u64(v: u64) {
    Out::new(&mut [0; NUMBER], Sink::Stderr).uint(v);
}

/// Writes a number in hexadecimal with `0x`.
pub fn put_hex(v: u64) {
    Out::new(&mut [0; NUMBER], Sink::Stderr).hex(v);
}

/// `fatal error: ...`: the runtime cannot go on. Shows the goroutines, the running one with all details, and exits with status 2.
#[cold]
pub fn throw(msg: &str) -> ! {
    throw_saying(|_| (), msg)
}

/// [`throw`] with lines before the error, which no other thread's come between.
#[cold]
pub fn throw_saying(say: impl FnOnce(&mut Out<'_>), msg: &str) -> ! {
    dying::blame_runtime();
    fatal_saying(say, msg)
}

/// `fatal error: ...`: the program cannot go on, by a mistake of its own. Shows the goroutines and exits with status 2.
#[cold]
pub fn fatal(msg: &str) -> ! {
    fatal_saying(|_| (), msg)
}

fn fatal_saying(say: impl FnOnce(&mut Out<'_>), msg: &str) -> ! {
    let first = !dying::is_dying();
    if first {
        dying::start();
    }
    builtins::with(|out| {
        say(out);
        out.str("fatal error: ").str(msg).str("\n");
    });
    if !first {
        dying::start();
    } else if dying::telling() {
        puts(PANIC_DURING_PANIC);
    }
    // SAFETY: just started; the caller runs on g0 for the goroutine that called into the runtime.
    unsafe { dying::finish(crate::world::curg()) }
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

/// [`fatal`] for the whole program: no goroutine is to blame.
pub fn throw_all(msg: &str) -> ! {
    fatal(msg)
}
