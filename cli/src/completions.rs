//! `gort completions SHELL`: what a shell needs to complete command lines of gort.

use std::io::{self, Write};

use anyhow::{Context, Result};
use clap_complete::Shell;

/// Arguments of `gort completions`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort completions bash > ~/.local/share/bash-completion/completions/gort\n  \
    gort completions zsh > ~/.zfunc/_gort\n  gort completions fish > ~/.config/fish/completions/gort.fish"
)]
pub struct Args {
    /// The shell
    #[arg(value_parser = shells())]
    shell: Shell,
}

/// Those that the scripts are tried in.
fn shells() -> impl clap::builder::TypedValueParser<Value = Shell> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(["bash", "zsh", "fish"]).try_map(|name| name.parse::<Shell>())
}

/// Prints the script that completes `command`.
pub fn run(args: &Args, mut command: clap::Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "gort", &mut script);
    io::stdout()
        .write_all(&script)
        .context("cannot write the script")
}
