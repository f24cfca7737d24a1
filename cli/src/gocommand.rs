//! What a goroot's go command is asked for that gort has not: found before the real go command
//! spends minutes on it, and said in one message.
//!
//! Left alone, the go command fails in ways that lead nowhere: for the race detector or shared
//! libraries it first builds package runtime/cgo with whatever C compiler there is, and without cgo
//! a package that needs it has "no buildable Go source files". So the script that is a goroot's
//! `bin/go` (see [`gort_goroot`]) calls `gort go-check` with its arguments before a command that
//! links, and `gort go-failed` after one that failed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use gort_goroot::BUILDING;

/// Flags of those commands that take no value. All others take one, in the same word or in the
/// next.
const SWITCHES: &[&str] = &[
    "a",
    "benchmem",
    "c",
    "cover",
    "d",
    "f",
    "fix",
    "i",
    "insecure",
    "linkshared",
    "n",
    "race",
    "short",
    "t",
    "u",
    "v",
    "work",
    "x",
];

/// What gort makes, for the end of a message.
const MAKES: &str = "gort makes static executables for linux/amd64 without C code";

/// A variable of the environment.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why the go command's arguments ask for what gort has not, if they do.
pub fn refusal(args: &[String], variables: Variables) -> Option<String> {
    let (command, rest) = args.split_first()?;
    if !BUILDING.contains(&command.as_str()) {
        return None;
    }
    for (name, only) in [("GOOS", "linux"), ("GOARCH", "amd64")] {
        if let Some(value) = variables(name).filter(|v| !v.is_empty() && v != only) {
            return Some(format!(
                "{name}={value} is not supported: {MAKES}; set GOOS=linux GOARCH=amd64 or leave them unset"
            ));
        }
    }
    for (name, value) in flags(command, rest) {
        let value = value.as_deref();
        let on = !matches!(value, Some("false" | "0" | "f" | "F" | "FALSE" | "False"));
        let what = match (name.as_str(), value) {
            ("race", _) if on => {
                return Some(format!(
                    "go {command} -race is not supported: gort has no race detector; leave -race out"
                ));
            }
            ("linkshared", _) if on => "-linkshared".to_string(),
            ("buildmode", Some(mode)) if !["exe", "default", "archive"].contains(&mode) => {
                format!("-buildmode={mode}")
            }
            ("compiler", Some(compiler)) if compiler != "gc" => {
                return Some(format!(
                    "go {command} -compiler={compiler} is not supported: gort links what Go 1.5's own compiler makes (gc)"
                ));
            }
            _ => continue,
        };
        return Some(format!(
            "go {command} {what} is not supported: {MAKES} (-buildmode=exe)"
        ));
    }
    if variables("CGO_ENABLED").is_some_and(|v| v == "1") {
        return Some(format!(
            "CGO_ENABLED=1 is not supported: {MAKES}; set CGO_ENABLED=0 or leave it unset"
        ));
    }
    None
}

/// The flags among the arguments of a command, with their values, as the go command would find
/// them.
fn flags(command: &str, args: &[String]) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(text) = arg.strip_prefix('-').filter(|text| !text.is_empty()) else {
            // go test takes flags after the packages, too.
            if command == "test" {
                continue;
            }
            break;
        };
        let text = text.strip_prefix('-').unwrap_or(text);
        if text.is_empty() || text == "args" {
            break;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None if SWITCHES.contains(&text) || text.starts_with("test.") => (text, None),
            None => (text, args.next().cloned()),
        };
        found.push((name.to_string(), value));
    }
    found
}

/// The arguments of a command that are no flags: packages or files, and what follows them.
fn operands<'a>(command: &str, args: &'a [String]) -> &'a [String] {
    let mut rest = args;
    while let Some((first, after)) = rest.split_first() {
        let Some(text) = first.strip_prefix('-') else {
            break;
        };
        let text = text.trim_start_matches('-');
        rest = after;
        if !text.contains('=') && !SWITCHES.contains(&text) {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    let end = rest.iter().position(|arg| {
        // The program's own arguments, or flags after the packages.
        arg.starts_with('-') || (command == "run" && !arg.ends_with(".go"))
    });
    &rest[..end.unwrap_or(rest.len())]
}

/// The message about Go files named to `go run` that hold C, if any does. `go run` becomes the
/// program, so nothing can be said after it.
pub fn c_in_files(args: &[String]) -> Option<String> {
    let (command, rest) = args.split_first()?;
    if command != "run" {
        return None;
    }
    let file = operands(command, rest)
        .iter()
        .find(|file| std::fs::read_to_string(file).is_ok_and(|text| imports_c(&text)))?;
    Some(no_cgo(&[file.as_str()]))
}

/// Does a Go file say `import "C"`? Inside of a list of imports, too.
fn imports_c(text: &str) -> bool {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim())
        .take_while(|line| {
            !["func ", "type ", "var ", "const "]
                .iter()
                .any(|w| line.starts_with(w))
        })
        .any(|line| line == "import \"C\"" || line == "\"C\"")
}

fn no_cgo(what: &[&str]) -> String {
    let verb = if what.len() == 1 { "imports" } else { "import" };
    format!(
        "{} {verb} \"C\", which is not supported: {MAKES}",
        what.join(", ")
    )
}

/// After a failed command: the message about packages that need cgo, if any of those asked for
/// does.
pub fn needs_cgo(go: &Path, args: &[String]) -> Option<String> {
    let (command, rest) = args.split_first()?;
    if !BUILDING.contains(&command.as_str()) {
        return None;
    }
    let tags = flags(command, rest)
        .into_iter()
        .filter(|(name, _)| name == "tags")
        .filter_map(|(_, value)| Some(format!("-tags={}", value?)));
    let options: Vec<String> = tags.collect();
    let list = |format: &str, packages: &[String]| -> Option<String> {
        let mut list = Command::new(go);
        list.args(["list", "-e", "-f", format])
            .args(&options)
            .args(packages);
        // With cgo the go command says which files would have been for cgo.
        let done = list
            .env("CGO_ENABLED", "1")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(done.stdout).ok()
    };
    let own = "{{if and .CgoFiles (not .Standard)}}cgo {{.ImportPath}}{{end}}\n{{range .Deps}}{{.}}\n{{end}}";
    let asked = list(own, operands(command, rest))?;
    let (mut found, mut imported) = (BTreeSet::new(), BTreeSet::new());
    for line in asked.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("cgo ") {
            Some(package) => found.insert(package.to_string()),
            None => imported.insert(line.to_string()),
        };
    }
    let imported: Vec<String> = imported.into_iter().filter(|p| p != "C").collect();
    if !imported.is_empty() {
        let theirs = "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}";
        let text = list(theirs, &imported)?;
        found.extend(text.lines().filter(|l| !l.is_empty()).map(str::to_string));
    }
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    (!found.is_empty()).then(|| no_cgo(&found))
}

/// `gort go-check ARGUMENTS`: false, after a message, if the go command need not start.
pub fn check(args: &[OsString]) -> bool {
    let args = text(args);
    let variable = |name: &str| std::env::var(name).ok();
    report(refusal(&args, &variable).or_else(|| c_in_files(&args)))
}

/// `gort go-failed GO ARGUMENTS`: says what may be behind a failure.
pub fn failed(args: &[OsString]) {
    if let Some((go, args)) = args.split_first() {
        report(needs_cgo(Path::new(go), &text(args)));
    }
}

fn report(message: Option<String>) -> bool {
    if let Some(message) = &message {
        eprintln!("gort: {message}");
    }
    message.is_none()
}

fn text(args: &[OsString]) -> Vec<String> {
    args.iter()
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(command: &str, environment: &str) -> Option<String> {
        let args: Vec<String> = command.split(' ').map(str::to_string).collect();
        let variables = |name: &str| {
            let of = |pair: &str| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_string());
            environment.split(' ').find_map(of)
        };
        refusal(&args, &variables)
    }

    #[test]
    fn what_gort_has_not_is_refused_by_name() {
        for (command, environment, named) in [
            ("build -race", "", "go build -race is"),
            ("test fmt -race", "", "go test -race is"),
            ("test -v --race=true fmt", "", "go test -race is"),
            ("install -o x -linkshared std", "", "-linkshared is"),
            (
                "build -buildmode=c-archive x",
                "",
                "-buildmode=c-archive is",
            ),
            (
                "build -v -buildmode c-shared x",
                "",
                "-buildmode=c-shared is",
            ),
            ("install -buildmode=shared std", "", "-buildmode=shared is"),
            ("build -buildmode=pie", "", "-buildmode=pie is"),
            ("build -compiler gccgo x", "", "-compiler=gccgo is"),
            ("build x", "GOARCH=386", "GOARCH=386 is"),
            ("get x", "GOOS=darwin GOARCH=amd64", "GOOS=darwin is"),
            ("run x.go", "CGO_ENABLED=1", "CGO_ENABLED=1 is"),
        ] {
            let message = refused(command, environment).unwrap_or_default();
            assert!(message.contains(named), "{command}: {message}");
            assert!(message.contains("not supported: gort "), "{message}");
        }
    }

    #[test]
    fn what_gort_has_is_not() {
        for (command, environment) in [
            ("build", "GOOS=linux GOARCH=amd64 CGO_ENABLED=0"),
            ("build -race=false -buildmode=exe x", ""),
            ("run x.go -race", ""),
            ("build -ldflags -race x", ""),
            ("test x -args -race", ""),
            ("test -run -race x", ""),
            ("build -buildmode default", "GOARCH="),
            ("list -race x", "GOARCH=386 CGO_ENABLED=1"),
            ("env", "GOOS=windows"),
            ("version", "CGO_ENABLED=1"),
        ] {
            assert_eq!(refused(command, environment), None, "{command}");
        }
    }

    #[test]
    fn operands_end_where_others_begin() {
        for (command, expected) in [
            ("run -v -tags x a.go b.go c -race", "a.go b.go"),
            ("build -o=x a b", "a b"),
            ("test -v a -run b", "a"),
            ("build", ""),
        ] {
            let args: Vec<String> = command.split(' ').map(str::to_string).collect();
            assert_eq!(operands(&args[0], &args[1..]).join(" "), expected);
        }
    }

    #[test]
    fn imports_of_c() {
        assert!(imports_c("package p\n\n// int x;\nimport \"C\" // yes\n"));
        assert!(imports_c("package p\nimport (\n\t\"fmt\"\n\t\"C\"\n)\n"));
        assert!(!imports_c("package p\n// import \"C\"\nimport \"fmt\"\n"));
        assert!(!imports_c("package p\nvar x = `\nimport \"C\"\n`\n"));
    }
}
