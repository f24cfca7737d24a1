//! `gort doctor`: what is on this machine, and what to do about what is missing.
//!
//! Only two things are needed to link and run the kept objects: this executable and a `libgort.a`
//! of its version. Everything else adds something, and the report says what.

use std::env;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use console::style;
use serde::Serialize;

use gort_goroot::compiler::{Language, find_program};
use gort_link::flags::{self, LINKER_VARIABLE};

use crate::golang::{self, GoError, GoInstall};

/// Arguments of `gort doctor`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  gort doctor\n\n\
    Exits with 0 if everything needed to link Go objects is there, with 1 if something is missing. A Go that is nowhere, gdb and a \
    system linker are useful but not needed for that; a Go that is named and cannot be used counts as missing.\n\n\
    --json prints one object: `gort`, the version; `ok`, whether nothing is missing; and `findings`, a list of objects with `name` (link, \
    library, go, packages, system-linker, c-compiler, gdb), `status` (ok, absent, missing), `found`, what was found or why it cannot be used, and \
    `advice`, what to do, or null.")]
pub struct Args {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// There and usable.
    Ok,
    /// Not there; linking works without.
    Absent,
    /// Not there, and what was asked for does not work without.
    Missing,
}

/// One line of the report, with what to do about it.
#[derive(Serialize)]
struct Finding {
    name: &'static str,
    #[serde(skip)]
    what: &'static str,
    status: Status,
    found: String,
    advice: Option<String>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Json<'a> {
    gort: &'static str,
    ok: bool,
    findings: &'a [Finding],
}

/// What a finding is about: its name for programs and for people.
type Subject = (&'static str, &'static str);

const LINK: Subject = ("link", "gort link");
const LIBRARY: Subject = ("library", "libgort.a");
const GO: Subject = ("go", "Go");
const PACKAGES: Subject = ("packages", "packages");
const SYSTEM_LINKER: Subject = ("system-linker", "system linker");
const C_COMPILER: Subject = ("c-compiler", "C compiler");
const GDB: Subject = ("gdb", "gdb");

/// Of a system linker that is there.
const UNUSED: &str = "used if GORT_LD or -extld names it";

impl Finding {
    fn ok((name, what): Subject, found: impl Into<String>) -> Self {
        Self {
            name,
            what,
            status: Status::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn bad(
        status: Status,
        (name, what): Subject,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            name,
            what,
            status,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }
}

/// `gort doctor`: true if nothing is missing.
pub fn run(args: &Args) -> Result<bool> {
    let findings = [
        linker(),
        library(),
        go(),
        packages(),
        system_linker(),
        c_compiler(),
        gdb(),
    ];
    let ok = findings
        .iter()
        .all(|finding| finding.status != Status::Missing);
    if args.json {
        let json = Json {
            gort: env!("CARGO_PKG_VERSION"),
            ok,
            findings: &findings,
        };
        let text = serde_json::to_string_pretty(&json).context("cannot describe the findings")?;
        println!("{text}");
        return Ok(ok);
    }
    print!("{}", report(&findings));
    let packages = findings
        .iter()
        .any(|f| f.name == PACKAGES.0 && f.status == Status::Ok);
    let all = match (ok, packages) {
        (true, true) => "Everything needed to link Go objects is here.",
        (true, false) => {
            "Go objects that import nothing can be linked; others need the packages of a Go 1.5."
        }
        (false, _) => "Go objects cannot be linked yet: see what is missing above.",
    };
    println!("\n{all}");
    Ok(ok)
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
        Ok(exe) => Finding::ok(LINK, format!("version {version}, {}", exe.display())),
        Err(e) => Finding::bad(
            Status::Missing,
            LINK,
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
            LIBRARY,
            format!(
                "{} (tables version {})",
                path.display(),
                gort_tables::VERSION
            ),
        ),
        Err(e) => Finding::bad(
            Status::Missing,
            LIBRARY,
            e.to_string(),
            format!(
                "build it together with this command: cargo build --release\nor set {} to where it is",
                gort_link::host::LIBRARY_VARIABLE
            ),
        ),
    }
}

/// The Go installation.
fn go() -> Finding {
    match GoInstall::locate() {
        Ok(go) => {
            let source = golang::tree().map_or(String::new(), |tree| format!(" ({})", tree.source));
            let found = format!("{}, {}{source}", go.version, go.root.display());
            let mut finding = Finding::ok(GO, found);
            if go.version != golang::REFERENCE {
                finding.advice = Some(format!(
                    "{} is the release that gort is tested with",
                    golang::REFERENCE
                ));
            }
            finding
        }
        Err(e) => {
            let (status, how) = match e {
                GoError::NotFound => (Status::Absent, golang::how_to_get()),
                _ if golang::goroot_wins() => (Status::Missing, golang::what_to_set()),
                _ => (Status::Missing, golang::how_to_get()),
            };
            let advice = format!("needed to compile Go programs; to have it, {how}");
            Finding::bad(status, GO, e.why(), advice)
        }
    }
}

/// The packages that `gort link` would link.
fn packages() -> Finding {
    let Some(tree) = golang::tree() else {
        return Finding::bad(
            Status::Absent,
            PACKAGES,
            golang::looked(),
            "needed to link objects that import packages: have Go, see above",
        );
    };
    let folder = golang::packages(&tree.root, "");
    let found = format!("{} ({})", folder.display(), tree.source);
    if !folder.join("runtime.a").is_file() {
        let advice = format!(
            "`gort link` looks there for what objects import; {}",
            golang::what_to_set()
        );
        let found = format!("there are none in {found}");
        return Finding::bad(Status::Missing, PACKAGES, found, advice);
    }
    let mut finding = Finding::ok(PACKAGES, found);
    if !tree.root.join(golang::MARKER).is_file() && folder.join("runtime/cgo.a").is_file() {
        finding.advice = Some(
            "package net and what imports it hold C code here: programs with them are linked by the C compiler and need its library; those of a goroot hold none: gort goroot DIR"
                .into(),
        );
    }
    finding
}

/// The linker of the last step, where it is not libwild, which is built in: the one that is named,
/// or that could be.
fn system_linker() -> Finding {
    if let Some(named) = flags::linker_variable() {
        let from = format!("from {LINKER_VARIABLE}");
        if named == flags::WILD {
            return Finding::ok(SYSTEM_LINKER, format!("libwild, built in ({from})"));
        }
        return match find_program(&named) {
            Some(program) => {
                Finding::ok(SYSTEM_LINKER, format!("{} ({from})", first_line(&program)))
            }
            None => Finding::bad(
                Status::Missing,
                SYSTEM_LINKER,
                format!("there is no {} ({from})", named.display()),
                format!(
                    "name another in {LINKER_VARIABLE}, or unset it to link with the built-in libwild"
                ),
            ),
        };
    }
    let advice = format!(
        "only for {LINKER_VARIABLE} and `gort link -extld`: libwild, built in, links else; on Debian: apt-get install gcc"
    );
    match (
        find_program("ld".as_ref()),
        find_program("gcc".as_ref()).or_else(|| find_program("cc".as_ref())),
    ) {
        (Some(ld), _) => Finding::ok(SYSTEM_LINKER, format!("{}; {UNUSED}", first_line(&ld))),
        (None, Some(cc)) => Finding::ok(
            SYSTEM_LINKER,
            format!("through {}; {UNUSED}", first_line(&cc)),
        ),
        (None, None) => Finding::bad(
            Status::Absent,
            SYSTEM_LINKER,
            "neither ld nor gcc in PATH",
            advice,
        ),
    }
}

/// What compiles and links C code.
fn c_compiler() -> Finding {
    let language = Language::C;
    if let Some(program) = language
        .compiler()
        .and_then(|words| find_program(&words[0]))
    {
        let found = format!(
            "{}; used for packages that import \"C\"",
            first_line(&program)
        );
        return Finding::ok(C_COMPILER, found);
    }
    let (status, found) = match language.named() {
        Some(named) => (Status::Missing, format!("there is no {}", named.display())),
        None => (Status::Absent, "none in PATH".to_string()),
    };
    Finding::bad(status, C_COMPILER, found, language.missing())
}

/// The debugger.
fn gdb() -> Finding {
    match find_program("gdb".as_ref()) {
        Some(gdb) => Finding::ok(GDB, first_line(&gdb)),
        None => Finding::bad(
            Status::Absent,
            GDB,
            "not in PATH",
            "only for debugging; on Debian: apt-get install gdb",
        ),
    }
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
            Finding::ok(("a", "a"), "here"),
            Finding::bad(Status::Missing, ("b", "b"), "nowhere", "do this\nthen that"),
        ];
        let text = console::strip_ansi_codes(&report(&findings)).into_owned();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], "ok       a              here");
        assert_eq!(lines[1], "MISSING  b              nowhere");
        assert_eq!(lines[2].trim(), "do this");
        assert_eq!(lines[3].trim(), "then that");
    }
}
