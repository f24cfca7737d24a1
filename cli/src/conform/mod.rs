//! `gort conform`: suites of Go programs that show whether gort behaves like the runtime it replaces.
//!
//! | suite | programs | needs Go 1.5 |
//! |---|---|---|
//! | `test` | the Go tree's own tests that run a program | yes |
//! | `kept` | `go-tests`, from their kept objects | no |
//! | `objects` | the sources of `go-tests`, compiled again | yes |
//! | `runtime` | the Go tree's tests of package runtime and of those around it | yes |
//! | `programs` | programs of ours that use the standard library, against the stock runtime | yes |
//!
//! A suite makes [`runner::Case`]s; [`runner`] runs them in parallel and reports; [`process`] keeps each program within
//! limits; [`verdict`] judges what came of it.

mod expectation;
mod expected;
mod header;
mod kept;
mod matrix;
mod normal;
pub mod process;
mod programs;
mod runner;
mod runtime;
pub mod toolchain;
mod tree;
pub mod verdict;

use anyhow::Result;

/// Arguments of `gort conform`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform kept go-tests\n  gort conform test --filter chan/"
)]
pub struct Args {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(clap::Subcommand, Debug)]
enum Suite {
    /// Run the programs in the Go tree's folder `test`
    Test(tree::Args),
    /// Run the Go tree's tests of package runtime and of the packages around it
    Runtime(runtime::Args),
    /// Link and run the tests of go-tests from their kept objects; needs no Go
    Kept(kept::KeptArgs),
    /// Compile the tests of go-tests again and compare with the kept objects
    Objects(kept::ObjectsArgs),
    /// Run programs that use the standard library, on gort and on the stock runtime
    Programs(programs::Args),
}

/// `gort conform SUITE`: true if nothing failed that was not expected to.
pub fn run(args: &Args) -> Result<bool> {
    match &args.suite {
        Suite::Test(args) => tree::run(args),
        Suite::Runtime(args) => runtime::run(args),
        Suite::Kept(args) => kept::run(args),
        Suite::Objects(args) => kept::run_objects(args),
        Suite::Programs(args) => programs::run(args),
    }
}
