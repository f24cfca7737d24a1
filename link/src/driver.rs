//! The command: flags in, exit status out.

use crate::error::Error;
use crate::flags::Options;
use std::ffi::OsString;

/// Exit status of a failed link, as of every Go tool.
pub const FAILED: i32 = 2;

/// Runs the linker with the arguments that follow the program's name. Prints errors; returns the exit status.
pub fn run(args: impl Iterator<Item = OsString>) -> i32 {
    let args: Vec<String> = args.map(|a| a.to_string_lossy().into_owned()).collect();
    let mut options = Options::new("");
    options.goroot = std::env::var_os("GOROOT")
        .filter(|g| !g.is_empty())
        .map(Into::into);
    let mut i = 0;
    while i < args.len() {
        match args[i].as_str() {
            "-o" => {
                i += 1;
                options.output = args[i].clone().into();
            }
            "-L" => {
                i += 1;
                options.lib_dirs.push(args[i].clone().into());
            }
            "-v" => options.verbose = true,
            "-s" => options.strip_all = true,
            "-w" => options.strip_debug = true,
            a if a.starts_with("-buildid=") => options.build_id = Some(a[9..].to_string()),
            a if a.starts_with('-') => {}
            a => options.input = a.into(),
        }
        i += 1;
    }
    match crate::link(&options) {
        Ok(()) => 0,
        Err(e) => {
            report(&e);
            FAILED
        }
    }
}

fn report(error: &Error) {
    for m in error.messages() {
        eprintln!("gort link: {m}");
    }
}
