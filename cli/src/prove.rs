//! `gort prove`: checks that what libgort.a runs on goroutine stacks fits there ([`gort_prove`]).

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use gort_link::host;

/// Arguments of `gort prove`.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  gort prove target/release/libgort.a")]
pub struct Args {
    /// The runtime library; the one that `gort link` would use if not given
    library: Option<PathBuf>,
    /// Print every function with its depth, not only the deepest
    #[arg(long)]
    all: bool,
}

/// Prints the deepest functions; an error names every function that is over the budget or has no
/// bound.
pub fn run(args: &Args) -> Result<()> {
    let library = match &args.library {
        Some(path) => path.clone(),
        None => host::find().map_err(|e| anyhow!("{e}"))?,
    };
    let file = host::HostFile::open(&library).map_err(|e| anyhow!("{e}"))?;
    let proof = gort_prove::prove(&file).map_err(|e| anyhow!("{e}"))?;
    let shown = if args.all { proof.depths.len() } else { 10 };
    print!("{}", proof.report(&library, shown));
    Ok(())
}
