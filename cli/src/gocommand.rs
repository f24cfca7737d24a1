//! What a goroot's go command is asked for: whether C code takes part, and what gort has not, found
//! before the real go command spends minutes on it, and said in one message.
//!
//! Left alone, the go command fails in ways that lead nowhere: for the race detector or shared
//! libraries it first builds package runtime/cgo, and without cgo a package that needs it has "no
//! buildable Go source files". So the script that is a goroot's `bin/go` (see [`gort_goroot`])
//! calls `gort go-check` with its arguments before a command that builds, and `gort go-failed`
//! after one that failed.
//!
//! Programs that hold no C code are static and use no C library, whatever compilers there are. So
//! unless `CGO_ENABLED` says something, C code takes part if a package that is asked for, or one
//! that it imports, has any, packages of the standard library aside.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gort_goroot::BUILDING;
use gort_goroot::compiler::Language;

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

/// A command that compiles nothing, but looks at what others have compiled.
const LISTING: &str = "list";

/// What gort makes, for the end of a message.
const MAKES: &str =
    "gort makes executables, archives and shared objects for C programs, for linux/amd64";
/// Build modes that need nothing of the linker that others do not.
const PLAIN_MODES: [&str; 3] = ["exe", "default", "archive"];
/// A build mode that Go 1.5's command does not know.
const PIE: &str = "pie";
/// Those whose programs a C library starts.
const MODES_WITH_C: [&str; 3] = [PIE, "c-archive", "c-shared"];

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
            ("buildmode", Some(mode))
                if !PLAIN_MODES.contains(&mode) && !MODES_WITH_C.contains(&mode) =>
            {
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
            "go {command} {what} is not supported: {MAKES} (-buildmode=exe, pie, c-archive, c-shared)"
        ));
    }
    None
}

/// What a command of the go command is to do about C code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum C {
    Without,
    /// With C code, and with this place for packages that were compiled for it: the tree's, or one
    /// that the user names.
    With {
        own_place: bool,
    },
}

/// Decides about C code; an error is a message.
fn decide(go: &Path, args: &[String], variables: Variables) -> Result<C, String> {
    let Some((command, rest)) = args.split_first() else {
        return Ok(C::Without);
    };
    let building = BUILDING.contains(&command.as_str());
    let own_place = flags(command, rest)
        .iter()
        .any(|(name, _)| name == "installsuffix");
    let with = Ok(C::With { own_place });
    if let Some(mode) = mode_with_c(command, rest).filter(|_| building) {
        return match variables("CGO_ENABLED").as_deref() {
            Some("0") => Err(format!(
                "go {command} -buildmode={mode} needs a C compiler, whose library starts the program, and CGO_ENABLED=0 leaves C out; unset it"
            )),
            _ if Language::C.compiler().is_none() => Err(Language::C.missing()),
            _ => with,
        };
    }
    match variables("CGO_ENABLED").as_deref() {
        Some("1") if building || command == LISTING => match Language::C.compiler() {
            None if building => Err(Language::C.missing()),
            _ => with,
        },
        None | Some("") if building => {
            let there = Language::C.compiler().is_some();
            let holds_c = || {
                c_in_files(args).is_some()
                    || may_hold_c(command, rest) && !with_c(go, args).is_empty()
            };
            match there && holds_c() {
                true => with,
                false => Ok(C::Without),
            }
        }
        _ => Ok(C::Without),
    }
}

/// The build mode that is asked for, if it is one of [`MODES_WITH_C`].
fn mode_with_c(command: &str, rest: &[String]) -> Option<&'static str> {
    let mut flags = flags(command, rest).into_iter().rev();
    let (_, mode) = flags.find(|(name, _)| name == "buildmode")?;
    let mode = mode?;
    MODES_WITH_C.into_iter().find(|known| *known == mode)
}

/// What a command with C code gets as arguments before its own, and which of its own, counted from
/// the command's name, says [`PIE`] and has to say something else.
fn arrangement(args: &[String], own_place: bool) -> (Vec<&'static str>, Option<usize>) {
    let Some((command, rest)) = args.split_first() else {
        return (Vec::new(), None);
    };
    let given = flags(command, rest);
    let has = |flag: &str| given.iter().any(|(name, _)| name == flag);
    let mut before = Vec::new();
    match mode_with_c(command, rest) {
        // The go command says this to the compiler for shared objects only, and an archive may
        // become part of one.
        Some("c-archive") if !own_place && !has("gcflags") && !has("asmflags") => {
            before.extend([
                "-installsuffix=cgo_shared",
                "-gcflags=-shared",
                "-asmflags=-shared",
            ]);
        }
        _ if !own_place => before.push("-installsuffix=cgo"),
        _ => {}
    }
    let says_pie = |&at: &usize| {
        let flag = |at: usize| args[at].trim_start_matches('-');
        args[at].starts_with('-') && flag(at) == "buildmode=pie"
            || args[at] == PIE && flag(at - 1) == "buildmode"
    };
    let pie = match mode_with_c(command, rest) {
        Some(PIE) => (1..args.len()).find(says_pie),
        _ => None,
    };
    (before, pie)
}

/// A quick look at what is asked for: false if it is Go files, or the packages of folders, that
/// import nothing but the standard library.
fn may_hold_c(command: &str, rest: &[String]) -> bool {
    let std = std::env::var_os("GOROOT").map(|root| PathBuf::from(root).join("src"));
    let Some(std) = std else { return true };
    let asked = operands(command, rest);
    let here = [".".to_string()];
    let asked = if asked.is_empty() { &here[..] } else { asked };
    let mut files = Vec::new();
    for name in asked {
        let path = Path::new(name);
        if name.ends_with(".go") {
            files.push(path.to_path_buf());
        } else if matches!(name.as_str(), "." | "..") || name.starts_with("./") {
            let Ok(entries) = std::fs::read_dir(path) else {
                return true;
            };
            let paths = entries.flatten().map(|e| e.path());
            files.extend(paths.filter(|p| p.extension().is_some_and(|e| e == "go")));
        } else {
            return true;
        }
    }
    files.iter().any(|file| {
        let Ok(text) = std::fs::read_to_string(file) else {
            return true;
        };
        let mut imports = imports(&text).into_iter();
        imports.any(|path| !is_std(&std, &path))
    })
}

/// Whether an import path is of the standard library, whose sources these are. Others may be
/// relative.
fn is_std(sources: &Path, path: &str) -> bool {
    !path.starts_with('.') && sources.join(path).is_dir()
}

/// What names a package that the go command calls by its folder, `_/home/x/p`, in its arguments:
/// the folder, from here.
fn as_argument(path: &str) -> String {
    let (Some(folder), Ok(here)) = (path.strip_prefix("_/"), std::env::current_dir()) else {
        return path.to_string();
    };
    "../".repeat(here.components().count().saturating_sub(1).max(1)) + folder
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

/// The Go file named to `go run` that holds C, if one does.
fn c_in_files(args: &[String]) -> Option<&str> {
    let (command, rest) = args.split_first()?;
    if command != "run" {
        return None;
    }
    let file = operands(command, rest).iter().find(|file| {
        let text = std::fs::read_to_string(file);
        text.is_ok_and(|text| imports(&text).iter().any(|path| path == "C"))
    });
    file.map(String::as_str)
}

/// Import paths in a Go file. Strings of comments and others may be among them, but none is
/// missing.
fn imports(text: &str) -> Vec<String> {
    let (mut paths, mut in_comment) = (Vec::new(), false);
    for line in text.lines() {
        let mut code = String::new();
        let mut rest = line;
        loop {
            let mark = if in_comment { "*/" } else { "/*" };
            let Some((before, after)) = rest.split_once(mark) else {
                break;
            };
            // A comment to the end of the line may hold any mark.
            if !in_comment && before.contains("//") {
                break;
            }
            if !in_comment {
                code.push_str(before);
            }
            (in_comment, rest) = (!in_comment, after);
        }
        if !in_comment {
            code.push_str(rest.split("//").next().unwrap_or_default());
        }
        let code = code.trim();
        let declares = |word: &&str| code.starts_with(*word);
        if ["func ", "type ", "var ", "const "].iter().any(declares) {
            break;
        }
        paths.extend(code.split('"').skip(1).step_by(2).map(str::to_string));
    }
    paths
}

/// Why a package that holds C code was built without.
fn no_cgo(what: &[&str]) -> String {
    let verb = if what.len() == 1 { "imports" } else { "import" };
    let why = match Language::C.compiler() {
        Some(_) => "CGO_ENABLED=0 leaves C code out; unset it, or set it to 1".to_string(),
        None => Language::C.missing(),
    };
    format!("{} {verb} \"C\": {why}", what.join(", "))
}

/// The packages that hold C code among those that a command asks for and those that they import,
/// the standard library aside.
fn with_c(go: &Path, args: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some((command, rest)) = args.split_first() else {
        return found;
    };
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
    let of_tests = "{{range .TestImports}}{{.}}\n{{end}}{{range .XTestImports}}{{.}}\n{{end}}";
    let first = match command.as_str() {
        "test" => format!("{own}{of_tests}"),
        _ => own.to_string(),
    };
    let std = std::env::var_os("GOROOT").map(|root| PathBuf::from(root).join("src"));
    let of_std = |path: &str| std.as_ref().is_some_and(|std| is_std(std, path));
    let mut seen = BTreeSet::new();
    let mut text = list(&first, operands(command, rest));
    while let Some(lines) = text.take() {
        let mut next = Vec::new();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("cgo ") {
                Some(package) => drop(found.insert(package.to_string())),
                None if line == "C" || of_std(line) => {}
                None if seen.insert(line.to_string()) => next.push(as_argument(line)),
                None => {}
            }
        }
        if !next.is_empty() {
            text = list(own, &next);
        }
    }
    found
}

/// `gort go-check GO ARGUMENTS`: what the script is to do, as words for it; none, after a message,
/// if the go command need not start. With C code they are `cgo`, `pie=N` if argument N says
/// [`PIE`], and arguments to put before those that there are.
pub fn check(args: &[OsString]) -> Option<String> {
    let (go, args) = args.split_first()?;
    let args = text(args);
    let variable = |name: &str| std::env::var(name).ok();
    let refused = |message: String| {
        eprintln!("gort: {message}");
    };
    if let Some(message) = refusal(&args, &variable) {
        refused(message);
        return None;
    }
    match decide(Path::new(go), &args, &variable) {
        Err(message) => refused(message),
        // `go run` becomes the program, so nothing can be said after it.
        Ok(C::Without) => match c_in_files(&args) {
            Some(file) => refused(no_cgo(&[file])),
            None => return Some(String::new()),
        },
        Ok(C::With { own_place }) => {
            let (before, pie) = arrangement(&args, own_place);
            let prepared = match own_place {
                true => Ok(()),
                false => gort_goroot::prepare_c(Path::new(go)),
            };
            match prepared {
                Ok(()) => {
                    let pie = pie.map(|at| format!("pie={at}"));
                    let words = ["cgo"].into_iter().chain(pie.as_deref()).chain(before);
                    return Some(words.collect::<Vec<_>>().join(" "));
                }
                Err(error) => refused(format!("{error:#}")),
            }
        }
    }
    None
}

/// `gort go-failed GO ARGUMENTS`: says what may be behind a failure of a command without C code.
pub fn failed(args: &[OsString]) {
    let Some((go, args)) = args.split_first() else {
        return;
    };
    let args = text(args);
    if args
        .first()
        .is_none_or(|command| !BUILDING.contains(&command.as_str()))
    {
        return;
    }
    let found = with_c(Path::new(go), &args);
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    if !found.is_empty() {
        eprintln!("gort: {}", no_cgo(&found));
    }
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
            ("install -buildmode=shared std", "", "-buildmode=shared is"),
            ("build -v -buildmode plugin x", "", "-buildmode=plugin is"),
            ("build -compiler gccgo x", "", "-compiler=gccgo is"),
            ("build x", "GOARCH=386", "GOARCH=386 is"),
            ("get x", "GOOS=darwin GOARCH=amd64", "GOOS=darwin is"),
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
            ("build", "CGO_ENABLED=1"),
            ("build -race=false -buildmode=exe x", ""),
            ("run x.go -race", ""),
            ("build -ldflags -race x", ""),
            ("test x -args -race", ""),
            ("test -run -race x", ""),
            ("build -buildmode default", "GOARCH="),
            ("build -buildmode=c-archive x", ""),
            ("build -v -buildmode c-shared x", ""),
            ("build -buildmode=pie", ""),
            ("list -race x", "GOARCH=386 CGO_ENABLED=1"),
            ("env", "GOOS=windows"),
            ("version", "CGO_ENABLED=1"),
        ] {
            assert_eq!(refused(command, environment), None, "{command}");
        }
    }

    #[test]
    fn modes_that_the_go_command_does_not_know() {
        for (command, own_place, expected, at) in [
            ("build x", false, "-installsuffix=cgo", None),
            ("build -installsuffix=s x", true, "", None),
            (
                "build -v -buildmode=pie x",
                false,
                "-installsuffix=cgo",
                Some(2),
            ),
            (
                "run --buildmode pie x.go pie",
                false,
                "-installsuffix=cgo",
                Some(2),
            ),
            (
                "build -o pie -buildmode pie",
                false,
                "-installsuffix=cgo",
                Some(4),
            ),
            ("run x.go -buildmode=pie", false, "-installsuffix=cgo", None),
            (
                "build -buildmode=pie -buildmode=exe x",
                false,
                "-installsuffix=cgo",
                None,
            ),
            (
                "build -buildmode=c-shared x",
                false,
                "-installsuffix=cgo",
                None,
            ),
            (
                "build -buildmode=c-archive x",
                false,
                "-installsuffix=cgo_shared -gcflags=-shared -asmflags=-shared",
                None,
            ),
            (
                "build -buildmode=c-archive -gcflags=-N x",
                false,
                "-installsuffix=cgo",
                None,
            ),
        ] {
            let args: Vec<String> = command.split(' ').map(str::to_string).collect();
            let (before, pie) = arrangement(&args, own_place);
            assert_eq!((&*before.join(" "), pie), (expected, at), "{command}");
        }
        let decided = |command: &str| {
            let args: Vec<String> = command.split(' ').map(str::to_string).collect();
            decide(Path::new("go"), &args, &|_| Some("0".to_string()))
        };
        let refused = decided("build -buildmode=pie x").unwrap_err();
        assert!(
            refused.starts_with("go build -buildmode=pie needs a C compiler"),
            "{refused}"
        );
        assert_eq!(decided("build x"), Ok(C::Without));
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
    fn packages_by_folder() {
        let here = std::env::current_dir().unwrap();
        let argument = as_argument("_/usr/lib");
        assert_eq!(
            here.join(&argument).canonicalize().unwrap(),
            Path::new("/usr/lib").canonicalize().unwrap()
        );
        assert_eq!(as_argument("a/b"), "a/b");
        assert!(!is_std(Path::new("/usr/lib"), "."));
    }

    #[test]
    fn imports_of_a_file() {
        for (text, paths) in [
            ("package p\n\n// int x;\nimport \"C\" // yes\n", "C"),
            ("package p\nimport (\n\t\"fmt\"; \"C\"\n)\n", "fmt C"),
            ("package p\n// import \"C\"\nimport x \"a/b\"\n", "a/b"),
            ("package p\nvar x = `\nimport \"C\"\n`\n", ""),
            (
                "package p\n/*\nconst char *a = \"b\"; */ import \"C\"\nimport \"x\"\nfunc f() { g(\"no\") }",
                "C x",
            ),
            ("package p // /*\nimport \"a\"", "a"),
        ] {
            assert_eq!(imports(text).join(" "), paths, "{text}");
        }
    }
}
