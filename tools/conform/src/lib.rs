//! `gort conform`: suites of Go programs that show whether gort behaves like the runtime it
//! replaces.
//!
//! | suite | programs | needs Go 1.5 |
//! |---|---|---|
//! | `test` | the Go tree's own tests that run a program | yes |
//! | `driver` | all of the Go tree's tests, by the tree's own driver | yes |
//! | `kept` | `go-tests`, from their kept objects | no |
//! | `objects` | the sources of `go-tests`, compiled again | yes |
//! | `runtime` | the Go tree's tests of package runtime and of those around it | yes |
//! | `programs` | programs of ours that use the standard library, against the stock runtime | yes |
//! | `std` | the standard library's own tests, against the stock runtime | yes |
//! | `cgo` | the Go tree's programs of Go and C, with each C compiler in each link mode | yes |
//! | `damaged` | links of objects, archives and libraries that are damaged | no |
//! | `faults` | programs whose system calls fail, beside the stock runtime | no |
//!
//! `all` runs them one after the other, but for the last two, and prints one table.
//!
//! A suite makes [`gort_harness::runner::Case`]s and judges what came of its programs; the rest is
//! [`gort_harness`]'s.

mod all;
mod cgo;
mod damage;
mod damaged;
mod driver;
mod expectation;
mod faults;
mod header;
mod kept;
mod matrix;
mod programs;
mod runtime;
mod stdlib;
mod tree;

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
    /// Run every suite and print one table
    All(all::Args),
    /// Run the programs in the Go tree's folder `test`
    Test(tree::Args),
    /// Run the Go tree's tests of package runtime and of the packages around it
    Runtime(runtime::Args),
    /// Run everything in the Go tree's folder `test` with the tree's own driver
    Driver(driver::Args),
    /// Link and run the tests of go-tests from their kept objects; needs no Go
    Kept(kept::KeptArgs),
    /// Compile the tests of go-tests again and compare with the kept objects
    Objects(kept::ObjectsArgs),
    /// Run programs that use the standard library, on gort and on the stock runtime
    Programs(programs::Args),
    /// Run the standard library's own tests, on gort and on the stock runtime
    Std(stdlib::Args),
    /// Run the Go tree's programs of Go and C, with each C compiler in each link mode
    Cgo(cgo::Args),
    /// Link objects, archives and libraries that are damaged; needs no Go
    Damaged(damaged::Args),
    /// Run programs whose system calls fail, on gort and on the stock runtime
    Faults(faults::Args),
}

/// `gort conform SUITE`: true if nothing failed that was not expected to.
pub fn run(args: &Args) -> Result<bool> {
    match &args.suite {
        Suite::All(args) => all::run(args),
        Suite::Test(args) => tree::run(args),
        Suite::Runtime(args) => runtime::run(args),
        Suite::Driver(args) => driver::run(args),
        Suite::Kept(args) => kept::run(args),
        Suite::Objects(args) => kept::run_objects(args),
        Suite::Programs(args) => programs::run(args),
        Suite::Std(args) => stdlib::run(args),
        Suite::Cgo(args) => cgo::run(args),
        Suite::Damaged(args) => damaged::run(args),
        Suite::Faults(args) => faults::run(args),
    }
}
