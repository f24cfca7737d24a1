//! Printing without allocation, to standard error, and the last words of a dying process.

use super::hook::Hook;
use super::out::{self, Out, Sink};
use crate::os::sys;
use core::sync::atomic::{AtomicU32, Ordering};

/// Bytes of the longest number.
const NUMBER: usize = 24;
/// Bytes of the buffer for an error that nobody else says.
const LINE: usize = 256;

/// Said by who dies while the program was dying already.
pub const PANIC_DURING_PANIC: &str = "panic during panic\n";

/// What a message begins with, before the error.
pub type Say<'a> = &'a mut dyn FnMut(&mut Out<'_>);

/// Whose mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The runtime's: the goroutine that met it is shown with all details.
    Runtime,
    /// The program's.
    Program,
}

/// Says the error, shows the goroutines and ends the process (`debug::dying`).
pub static LAST_WORDS: Hook<fn(Say<'_>, &str, Blame) -> !> = Hook::new();

/// Threads that are dying, printing or waiting to print: `debug::dying` counts them.
#[doc(alias = "panicking")]
pub(crate) static DYING: AtomicU32 = AtomicU32::new(0);

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

/// `fatal error: ...`: the runtime cannot go on. Shows the goroutines, the running one with all
/// details, and exits with status 2.
#[cold]
#[inline(never)]
pub fn throw(msg: &str) -> ! {
    throw_saying(|_| (), msg)
}

/// [`throw`] with lines before the error, which no other thread's come between.
#[cold]
#[inline(never)]
pub fn throw_saying(say: impl FnOnce(&mut Out<'_>), msg: &str) -> ! {
    last_words(say, msg, Blame::Runtime)
}

/// `fatal error: ...`: the program cannot go on, by a mistake of its own. Shows the goroutines and
/// exits with status 2.
#[cold]
#[inline(never)]
pub fn fatal(msg: &str) -> ! {
    last_words(|_| (), msg, Blame::Program)
}

fn last_words(say: impl FnOnce(&mut Out<'_>), msg: &str, blame: Blame) -> ! {
    let mut say = Some(say);
    let mut once = |out: &mut Out<'_>| {
        if let Some(say) = say.take() {
            say(out);
        }
    };
    end(&mut once, msg, blame)
}

/// One copy for all errors.
fn end(say: Say<'_>, msg: &str, blame: Blame) -> ! {
    if let Some(last_words) = LAST_WORDS.get() {
        last_words(say, msg, blame);
    }
    // Before boot has come that far there is nothing to show.
    let mut text = [0; LINE];
    let mut out = Out::new(&mut text, Sink::Stderr);
    say(&mut out);
    out.str("fatal error: ").str(msg).str("\n");
    drop(out);
    sys::exit(2)
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
    DYING.load(Ordering::Acquire) != 0
}

/// [`fatal`] for the whole program: no goroutine is to blame.
pub fn throw_all(msg: &str) -> ! {
    fatal(msg)
}
