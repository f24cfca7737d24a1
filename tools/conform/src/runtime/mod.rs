//! `gort conform runtime`: the tests of package runtime and of the packages around it, from the Go
//! tree.
//!
//! Those of package runtime are taken out of their files ([`gort_harness::excerpt`]) and compiled
//! as a package of their own; what the stock runtime exports to its own tests only comes from a
//! package of hooks beside it, as far as it means something on gort; it is linked with a library
//! that has what the hooks need ([`library`]). Tests that look further inside, or make no sense on
//! another runtime, are listed with the reason. The other packages are compiled by `go test` as
//! they are.

pub(super) mod library;
mod list;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::list::List;
use gort_goroot::Linker;
use gort_harness::excerpt::{self, File, Hooks};
use gort_harness::expected::Expected;
use gort_harness::process::{self, Ending, Finished, Limits};
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::toolchain::{Toolchain, copy_folder};
use gort_harness::verdict::{Cause, Verdict, judge_step, text};
use gort_link::golang::GoInstall;

/// Arguments of `gort conform runtime`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform runtime --filter TestChan --cpu 1,2,4,16 --repeat 20\n\n\
    Needs a Go 1.5 installation ($GOROOT, $GO15ROOT or $HOME/sdk/go1.5.4). Each combination of a test and a value of -cpu counts as \
    one test."
)]
pub struct Args {
    /// Run every test N times under each value of -cpu
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Values of -cpu to run under
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [1, 2, 4], value_parser = clap::value_parser!(u32).range(1..))]
    cpu: Vec<u32>,
    /// Run the tests without -short
    #[arg(long)]
    long: bool,
    /// Link package runtime's tests with FILE, a libgort.a built with the feature test-hooks
    /// [default: that of target/test-hooks, which `scripts/build --test-hooks` makes]
    #[arg(long, value_name = "FILE")]
    test_library: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// The packages whose tests are run.
const PACKAGES: [&str; 6] = [
    RUNTIME,
    "runtime/debug",
    "runtime/pprof",
    "runtime/trace",
    "sync",
    "sync/atomic",
];

/// The one whose tests are taken out of their files.
pub(super) const RUNTIME: &str = "runtime";

/// Import path of what is taken out.
pub(super) const EXCERPT: &str = "tree/runtime";

/// A package that only the Go tree itself may import, and the place of the copy for the tests.
pub(super) const INTERNAL: &str = "internal/testenv";
pub(super) const PUBLIC: &str = "tree/testenv";

/// The hooks.
const HOOKS: &str = include_str!("hooks.go");

/// `gort conform runtime`.
pub fn run(args: &Args) -> Result<bool> {
    let go = GoInstall::locate()?;
    let list = List::own()?;
    let mut tests = Vec::new();
    for package in PACKAGES {
        tests.extend(find(&go, package, &list)?);
    }
    tests.retain(|test| args.options.wants(&test.name()));

    let scratch = args.options.scratch()?;
    let mut limits = args.options.limits();
    // Some tests call the go command, many times.
    limits.time *= 6;
    let suite = Suite {
        toolchain: Toolchain::make(scratch.path(), "goroot", &go, Linker::Gort, limits)?,
        go: &go,
        scratch: scratch.path(),
        list: &list,
        args,
        limits,
    };
    let mut built = Vec::new();
    if !args.options.lists() {
        for package in PACKAGES {
            if tests.iter().any(|test| test.package == package) {
                built.push((package, suite.build(package)?));
            }
        }
    }
    let (suite, built) = (&suite, &built);
    let cases: Vec<Case<'_>> = tests
        .into_iter()
        .map(|test| Case {
            name: test.name(),
            kind: "go test",
            run: Box::new(move |work| {
                let built = built.iter().find(|(package, _)| *package == test.package);
                match (&test.left_out, built) {
                    (None, Some((_, built))) => suite.run(built, &test, work),
                    (why, _) => Attempt::only(Verdict::Skip(why.clone().unwrap_or_default())),
                }
            }),
        })
        .collect();
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    runner::run(
        "conform runtime",
        "gort",
        &cases,
        &args.options,
        &Expected::nothing(),
        scratch.path(),
    )
}

/// A test function.
struct Test {
    package: &'static str,
    function: String,
    /// Why it is not run.
    left_out: Option<String>,
}

impl Test {
    /// `runtime.TestChan`.
    fn name(&self) -> String {
        format!("{}.{}", self.package, self.function)
    }
}

/// A test executable.
struct Built {
    exe: PathBuf,
    /// The folder that its tests expect to be in.
    home: PathBuf,
}

/// Finds the tests of a package, in the order of files.
fn find(go: &GoInstall, package: &'static str, list: &List) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for (file, text) in test_files(go, package)? {
        for function in File::parse(&text).functions("Test") {
            let reason = if package == RUNTIME {
                list.file(&file).or(list.test(function))
            } else {
                None
            };
            tests.push(Test {
                package,
                function: function.to_string(),
                left_out: reason.map(str::to_string),
            });
        }
    }
    if tests.is_empty() {
        bail!(
            "there are no tests of package {package} in {}",
            go.root.display()
        );
    }
    Ok(tests)
}

/// Names and contents of a package's test files.
pub(super) fn test_files(go: &GoInstall, package: &str) -> Result<Vec<(String, String)>> {
    let folder = go.root.join("src").join(package);
    let mut files = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && name.ends_with("_test.go")
            && !for_another_processor(name)
        {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name.to_string(), text));
        }
    }
    files.sort();
    Ok(files)
}

/// The name says that the go command compiles the file for another processor only.
fn for_another_processor(file: &str) -> bool {
    ["386", "arm", "arm64", "ppc64", "ppc64le"]
        .iter()
        .any(|arch| file.ends_with(&format!("_{arch}_test.go")))
}

/// What building and running need.
struct Suite<'a> {
    toolchain: Toolchain,
    go: &'a GoInstall,
    scratch: &'a Path,
    list: &'a List,
    args: &'a Args,
    limits: Limits,
}

impl Suite<'_> {
    /// Makes the test executable of a package.
    fn build(&self, package: &str) -> Result<Built> {
        let gopath = self.scratch.join("gopath");
        let (import, home) = if package == RUNTIME {
            let home = gopath.join("src").join(EXCERPT);
            fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
            for (name, text) in self.excerpt()? {
                let file = home.join(name);
                fs::write(&file, text)
                    .with_context(|| format!("cannot write {}", file.display()))?;
            }
            let (from, to) = (
                self.go.root.join("src").join(INTERNAL),
                gopath.join("src").join(PUBLIC),
            );
            copy_folder(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            (EXCERPT, home)
        } else {
            (package, self.go.root.join("src").join(package))
        };
        let exe = self
            .scratch
            .join(format!("{}.exe", package.replace('/', "-")));
        let mut command = self.toolchain.go_command(&home, self.scratch);
        command
            .env("GOPATH", &gopath)
            .args(["test", "-c", "-o"])
            .arg(&exe)
            .arg(import);
        if package == RUNTIME {
            let library = match &self.args.test_library {
                Some(file) => file.clone(),
                None => library::find()?,
            };
            let library = fs::canonicalize(&library)
                .with_context(|| format!("there is no library {}", library.display()))?;
            println!(
                "tests of package runtime are linked with {}",
                library.display()
            );
            command.env("GORT_LIB", library);
        }
        let done = process::run(command, self.limits).context("cannot run the go command")?;
        if let Some(Verdict::Fail(_, why)) = judge_step(&done, Cause::LinkError) {
            bail!("the tests of package {package} cannot be built: {why}");
        }
        Ok(Built { exe, home })
    }

    /// The files of the package that package runtime's tests become.
    fn excerpt(&self) -> Result<Vec<(String, String)>> {
        let mut sources = test_files(self.go, RUNTIME)?;
        // Those of package runtime itself are what exports its insides.
        sources.retain(|(name, text)| {
            self.list.file(name).is_none() && text.lines().any(|l| l == "package runtime_test")
        });
        for (_, text) in &mut sources {
            *text = text.replace(&format!("\"{INTERNAL}\""), &format!("\"{PUBLIC}\""));
        }
        let hooks = [("hooks.go", HOOKS)];
        let hooked = Hooks::new(RUNTIME, EXCERPT, [HOOKS]);
        let wanted = |name: &str| name.starts_with("Test") && self.list.test(name).is_none();
        let mut files = excerpt::excerpt(&sources, &wanted, Some(&hooked));
        files.extend(hooks.map(|(name, text)| (name.to_string(), text.to_string())));
        // Functions without a body need an assembly file beside them.
        files.push(("empty.s".to_string(), String::new()));
        Ok(files)
    }

    /// Runs one test. One result for each value of -cpu; the first failure ends its repetitions.
    fn run(&self, built: &Built, test: &Test, work: &Path) -> Vec<Attempt> {
        let cpus = self.args.cpu.iter();
        cpus.map(|cpu| Attempt {
            label: format!("cpu={cpu}"),
            verdict: self.repeat(built, test, *cpu, work),
        })
        .collect()
    }

    fn repeat(&self, built: &Built, test: &Test, cpu: u32, work: &Path) -> Verdict {
        let mut functions = test.function.clone();
        if let Some(first) = self.list.first(&test.function) {
            functions = format!("({first}|{functions})");
        }
        for round in 1..=self.args.repeat {
            let mut command = self.toolchain.command(&built.exe, &built.home, work);
            command
                .arg(format!("-test.run=^{functions}$"))
                .arg(format!("-test.cpu={cpu}"))
                .args(["-test.v", "-test.timeout=0"]);
            if !self.args.long {
                command.arg("-test.short");
            }
            let verdict = match self.toolchain.run(command) {
                Ok(done) => judge(&done, &test.function),
                Err(verdict) => verdict,
            };
            match verdict {
                Verdict::Pass => {}
                Verdict::Fail(cause, detail) if self.args.repeat > 1 => {
                    let which = format!("in run {round} of {}", self.args.repeat);
                    return Verdict::Fail(cause, format!("{which}\n{detail}"));
                }
                other => return other,
            }
        }
        Verdict::Pass
    }
}

/// Judges a run of one test by what package testing prints with -v.
fn judge(done: &Finished, function: &str) -> Verdict {
    let output = text(&done.output);
    let said = |result: &str| output.contains(&format!("--- {result}: {function} "));
    match done.ending {
        Ending::Exit(0) if said("PASS") => Verdict::Pass,
        Ending::Exit(0) if said("SKIP") => {
            let why = output
                .lines()
                .skip_while(|line| !line.starts_with("--- SKIP"));
            let why = why.skip(1).take_while(|line| line.starts_with('\t'));
            Verdict::Skip(why.map(str::trim).collect::<Vec<_>>().join(" "))
        }
        Ending::Exit(0) => Verdict::Fail(Cause::WrongOutput, output),
        Ending::Exit(1) => Verdict::Fail(Cause::WrongExit, output),
        Ending::Exit(code) => Verdict::Fail(Cause::Crash, format!("exit status {code}\n{output}")),
        Ending::Signal(signal) => {
            Verdict::Fail(Cause::Crash, format!("ended by signal {signal}\n{output}"))
        }
        Ending::TimeOut => Verdict::Fail(Cause::TimeOut, output),
        Ending::TooMuchOutput => Verdict::Fail(Cause::WrongOutput, "output without end".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ending: Ending, output: &str) -> Verdict {
        judge(&Finished::at_once(ending, output), "TestA")
    }

    #[test]
    fn a_test_passes_when_it_says_so_itself() {
        let said = "=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\n";
        assert_eq!(judged(Ending::Exit(0), said), Verdict::Pass);
        assert!(matches!(judged(Ending::Exit(1), said), Verdict::Fail(..)));
        let other = said.replace("TestA", "TestAB");
        assert!(matches!(judged(Ending::Exit(0), &other), Verdict::Fail(..)));
        assert!(matches!(
            judged(Ending::Exit(0), "PASS\n"),
            Verdict::Fail(..)
        ));
    }

    #[test]
    fn a_skipped_test_gives_its_reason() {
        let said = "=== RUN   TestA\n--- SKIP: TestA (0.00s)\n\ta_test.go:5: no gdb\nPASS\n";
        assert_eq!(
            judged(Ending::Exit(0), said),
            Verdict::Skip("a_test.go:5: no gdb".to_string())
        );
    }
}
