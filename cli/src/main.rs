//! `gort`: the command of the gort runtime.
//!
//! Exit status of every subcommand but `link`: 0 done and good, 1 done and not good (a test failed,
//! something is missing), 2 could not be done. `link` behaves as Go's own linker does, under the
//! name `gort link` and under the name `link`, by which the go command calls it in a goroot (see
//! [`goroot`]).

mod cc;
mod completions;
mod doctor;
mod gocommand;
mod goroot;
mod prove;
mod version;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use gort_link::golang;

/// The system's allocator, but that a link without memory ends with words.
#[global_allocator]
static ALLOCATOR: gort_link::emergency::Allocator = gort_link::emergency::Allocator;

/// Link Go 1.5 programs with the gort runtime, and look after what that needs
#[derive(Parser)]
#[command(name = "gort", version)]
#[command(
    after_help = "Example:\n  gort goroot ~/go-on-gort\n  GOROOT=~/go-on-gort ~/go-on-gort/bin/go run hello.go"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Link Go objects; takes the flags of Go 1.5's `link` tool (`gort link --help`)
    // Handled before the command line is parsed.
    #[command(disable_help_flag = true)]
    Link {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Make a GOROOT of symbolic links to Go 1.5 whose linker is gort's
    Goroot(goroot::Args),
    /// Say what is on this machine and what to do about what is missing
    Doctor(doctor::Args),
    /// Run suites of Go programs on gort
    Conform(gort_conform::Args),
    /// Compare gort with the stock runtime, benchmark by benchmark
    Bench(gort_bench::Args),
    /// Say which gort this is, which Go it serves, and which library it links with
    #[command(after_help = "Example:\n  gort version")]
    Version,
    /// Print what a shell needs to complete command lines of gort
    Completions(completions::Args),
    /// Prove that the runtime library fits on goroutine stacks
    Prove(prove::Args),
}

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().collect();
    if called_as_link(&args) {
        return link(&args[1..]);
    }
    if let Some(language) = gort_goroot::compiler::Language::called(args.first()) {
        return ExitCode::from(cc::run(language, &args[1..]));
    }
    // Go's flags are not spelt as clap spells them, so the linker reads its own command line and
    // knows its own help.
    let words: Vec<Option<&str>> = args.iter().skip(1).map(|arg| arg.to_str()).collect();
    match words[..] {
        [Some("link"), ..] => return link(&args[2..]),
        [Some("cc"), ..] => {
            return ExitCode::from(cc::run(gort_goroot::compiler::Language::C, &args[2..]));
        }
        [Some("c++"), ..] => {
            return ExitCode::from(cc::run(gort_goroot::compiler::Language::Cxx, &args[2..]));
        }
        [Some("help"), Some("link"), ..] => return link(&["-help".into()]),
        [Some("-V" | "--version")] => {
            version::print();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    // `gort ... | head` ends as other programs do. Not so a link, which has a folder to remove.
    // SAFETY: there is one thread, and no handler that this would replace.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    // Nor is a full disk behind standard output a bug of ours, for which a panic is.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload_as_str().unwrap_or_default();
        match text.strip_prefix("failed printing to stdout: ") {
            Some(why) => {
                eprintln!("gort: cannot write to standard output: {why}");
                std::process::exit(2);
            }
            None => usual(info),
        }
    }));
    // What a goroot's go command asks; no commands for people, so they are in no help.
    match args.get(1).and_then(|first| first.to_str()) {
        Some("go-check") => {
            return match gocommand::check(&args[2..]) {
                Some(words) => {
                    println!("{words}");
                    ExitCode::SUCCESS
                }
                None => ExitCode::from(2),
            };
        }
        Some("go-failed") => {
            gocommand::failed(&args[2..]);
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let done = match Cli::parse().command {
        Command::Link { args } => return link(&args),
        Command::Goroot(args) => goroot::run(&args).map(|()| true),
        Command::Doctor(args) => doctor::run(&args),
        Command::Conform(args) => gort_conform::run(&args),
        Command::Bench(args) => gort_bench::run(&args),
        Command::Version => {
            version::print();
            Ok(true)
        }
        Command::Completions(args) => completions::run(&args, Cli::command()).map(|()| true),
        Command::Prove(args) => prove::run(&args).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("gort: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Was the program called by the name of Go's linker?
fn called_as_link(args: &[OsString]) -> bool {
    args.first()
        .is_some_and(|name| Path::new(name).file_name() == Some(OsStr::new("link")))
}

/// Links; the exit status is the linker's own.
fn link(args: &[OsString]) -> ExitCode {
    let status = gort_link::driver::run(args.iter().cloned());
    ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX))
}
