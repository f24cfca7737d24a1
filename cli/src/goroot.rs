//! `gort goroot DIR`: a GOROOT whose linker is gort's ([`gort_goroot`]).

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use gort_goroot::{Linker, Outcome, make};
use gort_link::golang::GoInstall;

/// Arguments of `gort goroot`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort goroot ~/go-on-gort\n  GOROOT=~/go-on-gort ~/go-on-gort/bin/go run hello.go\n\n\
    Calling it again brings the tree up to date; one that is current is left as it is. Updating replaces the whole \
    tree, and with it whatever `go install` put there."
)]
pub struct Args {
    /// Folder to make. It must not exist, be empty, or be an earlier goroot of gort.
    dir: PathBuf,
}

/// `gort goroot DIR`.
pub fn run(args: &Args) -> Result<()> {
    let go = GoInstall::locate()?;
    let outcome = make(&args.dir, &go, Linker::Gort)?;
    let dir = fs::canonicalize(&args.dir).unwrap_or_else(|_| args.dir.clone());
    let origin = format!("{} from {}", go.version, go.root.display());
    match outcome {
        Outcome::Made => println!("made {} ({origin})", dir.display()),
        Outcome::Updated => println!("updated {} ({origin})", dir.display()),
        Outcome::Current => println!("{} is up to date ({origin})", dir.display()),
    }
    println!("use it: GOROOT={0} {0}/bin/go run hello.go", dir.display());
    Ok(())
}
