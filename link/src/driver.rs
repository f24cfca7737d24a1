//! The command: arguments in, exit status out.
//!
//! Promise: whatever goes wrong is printed, one line for each problem, and the status is [`FAILED`]; an output file
//! is then absent, as after the stock linker.

use crate::flags::{self, Request};
use std::ffi::OsString;

/// Exit status of a failed link, as of every Go tool.
pub const FAILED: i32 = 2;
/// What `-V` calls itself: scripts compare it with the release that they expect.
const VERSION: &str = "link: version go1.5.4";

/// Runs the linker with the arguments that follow the program's name. Prints errors; returns the exit status.
pub fn run(args: impl Iterator<Item = OsString>) -> i32 {
    let request = flags::parse(args, &mut |w| eprintln!("gort link: warning: {w}"));
    let options = match request {
        Ok(Request::Link(o)) => o,
        Ok(Request::Version) => {
            eprintln!("{VERSION}");
            return FAILED;
        }
        Ok(Request::Help) => {
            print!(
                "usage: gort link [flags] main.a\n\nExample: gort link -o hello hello.o\n\n{}",
                flags::help()
            );
            return 0;
        }
        Err(e) => return failed(&e),
    };
    match crate::link(&options) {
        Ok(()) => 0,
        Err(e) => {
            // Only a file of an earlier link can be there: a new one gets its name when it is complete.
            if options.output.is_file() {
                let _ = std::fs::remove_file(&options.output);
            }
            failed(&e)
        }
    }
}

fn failed(error: &crate::Error) -> i32 {
    for m in error.messages() {
        eprintln!("gort link: {m}");
    }
    FAILED
}
