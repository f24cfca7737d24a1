//! The command: arguments in, exit status out.
//!
//! Promise: whatever goes wrong is printed, one line of printable text for each problem, and the
//! status is [`FAILED`]; an output file is then absent, as after the stock linker.

use crate::error::{Error, Printable};
use crate::flags::{self, Request};
use crate::{emergency, output};
use rustix::process::{Resource, getrlimit};
use std::ffi::OsString;
use std::io::Write as _;

/// Exit status of a failed link, as of every Go tool.
pub const FAILED: i32 = 2;
/// What `-V` calls itself: scripts compare it with the release that they expect.
const VERSION: &str = "link: version go1.5.4";

/// Stack of a thread that links.
const STACK: usize = 4 << 20;
/// Address space that a thread may take, most of it the reserve of its allocator.
const THREAD_SPACE: u64 = 256 << 20;

/// Runs the linker with the arguments that follow the program's name. Prints errors; returns the
/// exit status. The process is the linker's from here on: its signals, panics and failed
/// allocations are handled ([`emergency`]).
pub fn run(args: impl Iterator<Item = OsString>) -> i32 {
    emergency::arm();
    let request = flags::parse(args, &mut |w| say(&format!("warning: {w}")));
    let options = match request {
        Ok(Request::Link(o)) => o,
        Ok(Request::Version) => {
            let _ = writeln!(std::io::stderr(), "{VERSION}");
            return FAILED;
        }
        Ok(Request::Help) => {
            let _ = write!(
                std::io::stdout(),
                "usage: gort link [flags] main.a\n\nExample: gort link -o hello hello.o\n\n{}",
                flags::help()
            );
            return 0;
        }
        Err(e) => return failed(&e),
    };
    if let Some(earlier) = output::earlier(&options.output) {
        emergency::note_earlier(&earlier);
    }
    match with_threads(|| crate::link(&options, &mut |w| say(&format!("warning: {w}")))) {
        Ok(()) => 0,
        Err(e) => {
            output::remove_earlier(&options.output);
            failed(&e)
        }
    }
}

fn failed(error: &Error) -> i32 {
    error.messages().iter().for_each(|m| say(m));
    FAILED
}

/// Prints one line. If standard error takes none, the status has to say it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "gort link: {}", Printable(line));
}

/// Runs a link on threads of its own: one for each processor, fewer if the address space or the
/// number of threads is limited.
fn with_threads(link: impl FnOnce() -> crate::Result<()> + Send) -> crate::Result<()> {
    let mut threads = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = [Resource::As, Resource::Data].map(|r| getrlimit(r).current);
    if let Some(limit) = limits.into_iter().flatten().min() {
        threads = threads.min((limit / THREAD_SPACE) as usize).max(1);
        emergency::share_one_heap();
    }
    while threads > 0 {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK)
            .build();
        if let Ok(pool) = pool {
            return pool.install(link);
        }
        threads /= 2;
    }
    // Not one thread more is to be had: this one does it.
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build();
    match alone {
        Ok(pool) => pool.install(link),
        Err(e) => Err(Error::new(format!("cannot start: {e}"))),
    }
}
