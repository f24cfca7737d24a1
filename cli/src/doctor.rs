//! `gort doctor`: what is on this machine, and what to do about what is missing.
//!
//! Only two things are needed to link and run the kept objects: this executable and a `libgort.a` of its version. Everything else
//! adds something, and the report says what.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use console::style;

use crate::golang::{self, GoInstall};

/// Arguments of `gort doctor`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  gort doctor\n\n\
    Exits with 0 if everything needed to link Go objects is there, with 1 otherwise. Go itself, gdb and a system linker \
    are useful but not needed for that.")]
pub struct Args {}

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// There and usable.
    Ok,
    /// Not there; linking works without.
    Absent,
    /// Not there, and nothing works without.
    Missing,
}

/// One line of the report, with what to do about it.
struct Finding {
    status: Status,
    what: &'static str,
    found: String,
    advice: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            status: Status::Ok,
            what,
            found: found.into(),
            advice: None,
        }
    }

    fn bad(
        status: Status,
        what: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            status,
            what,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }
}

/// `gort doctor`: true if objects can be linked.
pub fn run(_: &Args) -> bool {
    let findings = [linker(), library(), go(), system_linker(), gdb()];
    let can_link = findings
        .iter()
        .all(|finding| finding.status != Status::Missing);
    print!("{}", report(&findings));
    println!();
    if can_link {
        println!("Everything needed to link Go objects is here.");
    } else {
        println!("Go objects cannot be linked yet: see what is missing above.");
    }
    can_link
}

/// The report as text; colours appear only if standard output is a terminal.
fn report(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let status = match finding.status {
            Status::Ok => style("ok     ").green(),
            Status::Absent => style("absent ").yellow(),
            Status::Missing => style("MISSING").red(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{status}  {:<14} {}", finding.what, finding.found);
        for line in finding.advice.iter().flat_map(|advice| advice.lines()) {
            let _ = writeln!(text, "{:24} {line}", "");
        }
    }
    text
}

/// The linker is this program.
fn linker() -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    match env::current_exe().and_then(|exe| exe.canonicalize()) {
        Ok(exe) => Finding::ok("gort link", format!("version {version}, {}", exe.display())),
        Err(e) => Finding::bad(
            Status::Missing,
            "gort link",
            format!("cannot find its own executable: {e}"),
            "run gort by a path that exists",
        ),
    }
}

/// The runtime library.
fn library() -> Finding {
    let checked = gort_link::host::find().and_then(|path| {
        gort_link::host::HostFile::open(&path)?.read()?;
        Ok(path)
    });
    match checked {
        Ok(path) => Finding::ok(
            "libgort.a",
            format!(
                "{} (tables version {})",
                path.display(),
                gort_tables::VERSION
            ),
        ),
        Err(e) => Finding::bad(
            Status::Missing,
            "libgort.a",
            e.to_string(),
            "build it together with this command: cargo build --release\nor set GORT_LIB to where it is",
        ),
    }
}

/// The Go installation.
fn go() -> Finding {
    match GoInstall::locate() {
        Ok(go) => {
            let mut finding = Finding::ok("Go", format!("{}, {}", go.version, go.root.display()));
            if go.version != golang::REFERENCE {
                finding.advice = Some(format!(
                    "{} is the release that gort is tested with",
                    golang::REFERENCE
                ));
            }
            finding
        }
        Err(e) => {
            let advice = format!(
                "needed to compile Go programs; to have it, {}",
                golang::how_to_get()
            );
            Finding::bad(Status::Absent, "Go", e.to_string(), advice)
        }
    }
}

/// The linker that `-extld` can choose for the last step.
fn system_linker() -> Finding {
    let advice = "only for `gort link -extld`; on Debian: apt-get install gcc";
    match (
        find_program("ld"),
        find_program("gcc").or_else(|| find_program("cc")),
    ) {
        (Some(ld), _) => Finding::ok("system linker", first_line(&ld)),
        (None, Some(cc)) => Finding::ok("system linker", format!("through {}", first_line(&cc))),
        (None, None) => Finding::bad(
            Status::Absent,
            "system linker",
            "neither ld nor gcc in PATH",
            advice,
        ),
    }
}

/// The debugger.
fn gdb() -> Finding {
    match find_program("gdb") {
        Some(gdb) => Finding::ok("gdb", first_line(&gdb)),
        None => Finding::bad(
            Status::Absent,
            "gdb",
            "not in PATH",
            "only for debugging; on Debian: apt-get install gdb",
        ),
    }
}

/// Looks a program up in PATH.
fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// A program's path and what it says first about its version.
fn first_line(program: &Path) -> String {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    let version = output.ok().and_then(|o| {
        String::from_utf8_lossy(&o.stdout)
            .lines()
            .next()
            .map(str::to_string)
    });
    match version {
        Some(version) if !version.is_empty() => format!("{version}, {}", program.display()),
        _ => program.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_stands_below_its_finding() {
        let findings = [
            Finding::ok("a", "here"),
            Finding::bad(Status::Missing, "b", "nowhere", "do this\nthen that"),
        ];
        let text = console::strip_ansi_codes(&report(&findings)).into_owned();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], "ok       a              here");
        assert_eq!(lines[1], "MISSING  b              nowhere");
        assert_eq!(lines[2].trim(), "do this");
        assert_eq!(lines[3].trim(), "then that");
    }
}
