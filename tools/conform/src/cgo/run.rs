//! Builds a suite's programs in one mode with one compiler, runs them, judges what comes of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::read::elf::{ElfFile64, FileHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, elf};

use super::side::Side;
use super::table::{Counts, Form, How, Mode, NOT_THERE, Suite};
use crate::matrix::Matrix;
use crate::runtime::{self, INTERNAL, PUBLIC};
use crate::stdlib::transcript::{Ended, Transcript};
use gort_harness::excerpt;
use gort_harness::process::Finished;
use gort_harness::runner::Attempt;
use gort_harness::toolchain::copy_folder;
use gort_harness::verdict::{Cause, Output, Verdict, judge, judge_step, text};
use gort_link::golang::GoInstall;

/// Where the suites are in the Go tree.
const FOLDERS: &str = "misc/cgo";

/// Runs a suite, in a folder of its own: a result for each value of GOMAXPROCS.
pub fn run(
    side: &Side,
    go: &GoInstall,
    suite: &Suite,
    mode: Mode,
    matrix: &Matrix,
    work: &Path,
) -> Result<Vec<Attempt>, Verdict> {
    let job = Job {
        side,
        go,
        mode,
        matrix,
        work,
    };
    if mode.form() == Form::Static {
        job.needs_static_library()?;
    }
    let copy = |name: &str| {
        let (from, to) = (go.root.join(FOLDERS).join(name), work.join(name));
        copy_folder(&from, &to)
            .map_err(|e| setup(&format!("cannot copy {}: {e}", from.display())))?;
        Ok(to)
    };
    match suite.how {
        How::Folder(counts) => {
            let home = copy(suite.name)?;
            let exe = job.build_test(&home, None, None)?;
            job.tests(&exe, &home, &["-test.v"], false, counts)
        }
        How::Package {
            path,
            args,
            shim,
            counts,
        } => {
            let home = side.goroot().join("src").join(path);
            let exe = job.build_test(&home, Some(path), None)?;
            job.tests(&exe, &home, &[&["-test.v"], args].concat(), shim, counts)
        }
        How::Runtime(counts) => {
            let gopath = work.join("gopath");
            let home = job.runtime_tests(&gopath)?;
            let exe = job.build_test(&home, Some(runtime::EXCERPT), Some(&gopath))?;
            job.tests(&exe, &home, &["-test.v", "-test.short"], false, counts)
        }
        How::Printing(programs) => {
            let home = copy(suite.name)?;
            let programs = programs.iter().map(|name| {
                let exe = job.build(&home, &format!("{name}.go"))?;
                let output = home.join(format!("{name}.out"));
                let output = fs::read(&output)
                    .map_err(|e| setup(&format!("cannot read {}: {e}", output.display())))?;
                Ok((exe, Output::Exactly(output)))
            });
            let programs: Vec<(PathBuf, Output)> = programs.collect::<Result<_, Verdict>>()?;
            Ok(matrix.each(|procs| {
                let runs = programs.iter().map(|(exe, output)| {
                    let judge = |done: &Finished| judge(done, 0, output);
                    job.once(exe, &home, procs, |_| {}, judge)
                });
                let failed = runs.into_iter().find(|verdict| *verdict != Verdict::Pass);
                failed.unwrap_or(Verdict::Pass)
            }))
        }
        How::Program => {
            let home = copy(suite.name)?;
            let exe = job.build(&home, "main.go")?;
            Ok(job.each(&exe, &home, |_| {}, |done| succeeded(done, "")))
        }
        How::WithLibrary => {
            let home = copy(suite.name)?;
            job.library(&home)?;
            let exe = job.build(&home, "main.go")?;
            let find = |command: &mut Command| _ = command.env("LD_LIBRARY_PATH", ".");
            Ok(job.each(&exe, &home, find, |done| succeeded(done, "")))
        }
        How::Script(says) => {
            let home = copy(suite.name)?;
            let attempts = matrix.each(|procs| job.script(&home, Some(procs), says));
            Ok(skipped_once(attempts))
        }
        How::Compiles => Ok(Attempt::only(job.script(&copy(suite.name)?, None, ""))),
        How::SharedStd => job.shared_std(),
    }
}

/// What every step needs.
struct Job<'a> {
    side: &'a Side,
    go: &'a GoInstall,
    mode: Mode,
    matrix: &'a Matrix,
    work: &'a Path,
}

impl Job<'_> {
    /// Runs a step of a build. A mode that is not there skips the case.
    fn step(&self, command: Command, cause: Cause) -> Result<Finished, Verdict> {
        let done = self.side.run(command)?;
        match judge_step(&done, cause) {
            None => Ok(done),
            Some(verdict) => Err(refusal(&text(&done.output)).map_or(verdict, Verdict::Skip)),
        }
    }

    /// Without a static C library there is nothing to test.
    fn needs_static_library(&self) -> Result<(), Verdict> {
        let source = self.work.join("empty.c");
        fs::write(&source, "int main(void) { return 0; }\n")
            .map_err(|e| setup(&format!("cannot write {}: {e}", source.display())))?;
        let mut command = self.side.compiler(self.work, self.work);
        command.args(["-static", "-pthread", "-o", "empty", "empty.c"]);
        match self.side.run(command)?.success() {
            true => Ok(()),
            false => Err(Verdict::Skip(
                "the C compiler finds no static C library".to_string(),
            )),
        }
    }

    /// Builds the tests of the package in `home`, or of the one that is named.
    fn build_test(
        &self,
        home: &Path,
        package: Option<&str>,
        gopath: Option<&Path>,
    ) -> Result<PathBuf, Verdict> {
        let exe = self.work.join("program.test");
        let mut command = self.side.go(home, self.work);
        command.args(["test", "-c", "-o"]).arg(&exe);
        command.args(self.mode.flags()).args(package);
        command.envs(gopath.map(|path| ("GOPATH", path)));
        self.step(command, Cause::LinkError)?;
        self.check_form(&exe)?;
        Ok(exe)
    }

    /// Builds a program of one file.
    fn build(&self, home: &Path, file: &str) -> Result<PathBuf, Verdict> {
        let exe = self.work.join(file).with_extension("exe");
        let mut command = self.side.go(home, self.work);
        command.args(["build", "-o"]).arg(&exe);
        command.args(self.mode.flags()).arg(file);
        self.step(command, Cause::LinkError)?;
        self.check_form(&exe)?;
        Ok(exe)
    }

    /// A mode whose executables are as those of another would show nothing.
    fn check_form(&self, exe: &Path) -> Result<(), Verdict> {
        let unread =
            |e: &dyn std::fmt::Display| setup(&format!("cannot read {}: {e}", exe.display()));
        let bytes = fs::read(exe).map_err(|e| unread(&e))?;
        let file: ElfFile64<'_, Endianness> = ElfFile64::parse(&*bytes).map_err(|e| unread(&e))?;
        let moves = file.elf_header().e_type(file.endian()) == elf::ET_DYN;
        let loads = file.section_by_name(".interp").is_some();
        let wrong = match self.mode.form() {
            Form::Fixed if moves => "position-independent",
            Form::Static if loads => "not static",
            Form::Pie if !moves => "not position-independent",
            // Stock's has them: Go code in its archives is not compiled for it.
            Form::Pie if !self.side.is_stock() && has_text_relocations(&file) => {
                "relocated in its code"
            }
            _ => return Ok(()),
        };
        Err(Verdict::Fail(
            Cause::LinkError,
            format!("the executable is {wrong}"),
        ))
    }

    /// Runs an executable as often as asked for.
    fn each(
        &self,
        exe: &Path,
        cwd: &Path,
        arrange: impl Fn(&mut Command),
        judge: impl Fn(&Finished) -> Verdict,
    ) -> Vec<Attempt> {
        self.matrix
            .each(|procs| self.once(exe, cwd, procs, &arrange, &judge))
    }

    /// Runs an executable once.
    fn once(
        &self,
        exe: &Path,
        cwd: &Path,
        procs: &str,
        arrange: impl Fn(&mut Command),
        judge: impl Fn(&Finished) -> Verdict,
    ) -> Verdict {
        let mut command = self.side.command(exe, cwd, self.work);
        // Tests of the tree count on the latter.
        command.envs([("GOMAXPROCS", procs), ("GOTRACEBACK", "2")]);
        arrange(&mut command);
        match self.side.run(command) {
            Ok(done) => judge(&done),
            Err(verdict) => verdict,
        }
    }

    /// Runs test functions.
    fn tests(
        &self,
        exe: &Path,
        home: &Path,
        args: &[&str],
        shim: bool,
        counts: Counts,
    ) -> Result<Vec<Attempt>, Verdict> {
        let arrange = |command: &mut Command| {
            command.args(args);
            if shim {
                self.side.use_shims(command);
            }
        };
        let attempts = self.each(exe, home, arrange, |done| count(done, counts));
        Ok(skipped_once(attempts))
    }

    /// The tests of package runtime that build programs, as a package of their own.
    fn runtime_tests(&self, gopath: &Path) -> Result<PathBuf, Verdict> {
        let unmade = |e: &dyn std::fmt::Display| setup(&format!("package runtime's tests: {e}"));
        let mut sources = runtime::test_files(self.go, runtime::RUNTIME).map_err(|e| unmade(&e))?;
        sources.retain(|(_, text)| text.lines().any(|line| line == "package runtime_test"));
        for (_, text) in &mut sources {
            *text = text.replace(&format!("\"{INTERNAL}\""), &format!("\"{PUBLIC}\""));
        }
        // As the tree's makers choose them, but for those that look for names in this package.
        let wanted = |name: &str| {
            name.starts_with("Test") && (name.contains("Cgo") || name.contains("Crash"))
        };
        let home = gopath.join("src").join(runtime::EXCERPT);
        fs::create_dir_all(&home).map_err(|e| unmade(&e))?;
        for (name, text) in excerpt::excerpt(&sources, &wanted, None) {
            fs::write(home.join(name), text).map_err(|e| unmade(&e))?;
        }
        let (from, to) = (
            self.go.root.join("src").join(INTERNAL),
            gopath.join("src").join(PUBLIC),
        );
        copy_folder(&from, &to).map_err(|e| unmade(&e))?;
        Ok(home)
    }

    /// Makes `libcgosotest.so` as the tree's own tests do: with the flags of the go command.
    fn library(&self, home: &Path) -> Result<(), Verdict> {
        let mut ask = self.side.go(home, self.work);
        ask.args(["env", "GOGCCFLAGS"]);
        let flags = text(&self.step(ask, Cause::Setup)?.output);
        let mut command = self.side.compiler(home, self.work);
        command.args(flags.split_whitespace());
        command.args(["-shared", "-o", "libcgosotest.so", "cgoso_c.c"]);
        self.step(command, Cause::Setup).map(drop)
    }

    /// Runs `test.bash`, which has to say this at its end.
    fn script(&self, home: &Path, procs: Option<&str>, says: &str) -> Verdict {
        let mut command = self.side.command(Path::new("bash"), home, self.work);
        // testcshared counts descriptors.
        command.args(["-c", "exec 10>&-; exec bash ./test.bash"]);
        command.envs(procs.map(|procs| ("GOMAXPROCS", procs)));
        match self.side.run(command) {
            Ok(done) => match refusal(&text(&done.output)) {
                Some(refused) => Verdict::Skip(refused),
                None => succeeded(&done, says),
            },
            Err(verdict) => verdict,
        }
    }

    /// Makes a shared library of the standard library, and a program that uses it.
    fn shared_std(&self) -> Result<Vec<Attempt>, Verdict> {
        let source = self.work.join("hello.go");
        let program = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"shared\") }\n";
        fs::write(&source, program)
            .map_err(|e| setup(&format!("cannot write {}: {e}", source.display())))?;
        let exe = self.work.join("hello.exe");
        let mut install = self.side.go(self.work, self.work);
        install.args(["install", "-buildmode=shared", "std"]);
        self.step(install, Cause::LinkError)?;
        let mut build = self.side.go(self.work, self.work);
        build.args(["build", "-linkshared", "-o"]).arg(&exe);
        build.arg("hello.go");
        self.step(build, Cause::LinkError)?;
        Ok(self.each(
            &exe,
            self.work,
            |_| {},
            |done| judge(done, 0, &Output::Exactly(b"shared\n".to_vec())),
        ))
    }
}

/// What is refused once is refused under every value of GOMAXPROCS.
fn skipped_once(attempts: Vec<Attempt>) -> Vec<Attempt> {
    match attempts
        .into_iter()
        .try_fold(Vec::new(), |mut run, attempt| {
            match attempt.verdict {
                Verdict::Skip(_) => return Err(attempt.verdict),
                _ => run.push(attempt),
            }
            Ok(run)
        }) {
        Ok(attempts) => attempts,
        Err(skipped) => Attempt::only(skipped),
    }
}

fn setup(why: &str) -> Verdict {
    Verdict::Fail(Cause::Setup, why.to_string())
}

/// Whether the dynamic linker would have to write into code or constants.
fn has_text_relocations(file: &ElfFile64<'_, Endianness>) -> bool {
    let Some(section) = file.section_by_name(".dynamic") else {
        return false;
    };
    let entries = section.data().unwrap_or_default().as_chunks::<16>().0;
    entries.iter().any(|entry| {
        let tag = entry
            .first_chunk()
            .map_or(0, |tag| u64::from_le_bytes(*tag));
        tag == elf::DT_TEXTREL.0 as u64
    })
}

/// The words in which gort says that it has not what was asked for, if a build said so.
fn refusal(output: &str) -> Option<String> {
    let of_gort = |line: &&str| line.contains("gort: ") || line.contains("gort link: ");
    let line = output.lines().filter(of_gort).find(|line| {
        line.contains("not supported") && NOT_THERE.iter().any(|mode| line.contains(mode))
    })?;
    let at = line.find("gort").unwrap_or(0);
    Some(line[at..].to_string())
}

/// Judges a program that should end with status 0 and have this as its last line.
fn succeeded(done: &Finished, says: &str) -> Verdict {
    let output = text(&done.output);
    match judge(done, 0, &Output::Containing(Vec::new())) {
        Verdict::Pass if says.is_empty() || output.lines().last() == Some(says) => Verdict::Pass,
        Verdict::Pass => Verdict::Fail(Cause::WrongOutput, output),
        other => other,
    }
}

/// Judges a run of test functions.
fn count(done: &Finished, counts: Counts) -> Verdict {
    let output = text(&done.output);
    if let Some(refused) = refusal(&output) {
        return Verdict::Skip(refused);
    }
    match judge(done, 0, &Output::Containing(Vec::new())) {
        Verdict::Pass => {}
        Verdict::Fail(Cause::WrongExit, detail) => return Verdict::Fail(Cause::TestFailed, detail),
        other => return other,
    }
    let transcript = Transcript::read(&output);
    let of = |ended: Ended| -> Vec<&str> {
        let functions = transcript.functions.iter();
        let those = functions.filter(|(_, e)| **e == ended);
        those.map(|(name, _)| name.as_str()).collect()
    };
    let (passed, skipped) = (of(Ended::Pass), of(Ended::Skip));
    let good = transcript.complete
        && passed.len() + skipped.len() == transcript.functions.len()
        && match counts {
            Counts::Are {
                passed: p,
                skipped: s,
            } => (p, s) == (passed.len(), skipped.len()),
            Counts::NoneFails => !passed.is_empty(),
        };
    if good {
        return Verdict::Pass;
    }
    let why = format!(
        "{} passed, {} skipped ({}), not {counts:?}\n{output}",
        passed.len(),
        skipped.len(),
        skipped.join(", ")
    );
    Verdict::Fail(Cause::TestFailed, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gort_harness::process::Ending;

    #[test]
    fn only_what_is_known_to_be_missing_is_skipped() {
        let words = "# x\ngort: go build -linkshared is not supported: gort makes executables";
        assert!(refusal(words).unwrap().starts_with("gort: go build"));
        for other in [
            "gort: go build -race is not supported: leave it out",
            "gort: go build -buildmode=pie is not supported: gort makes executables",
            "main.go:5: -linkshared is not supported",
            "gort link: undefined: f",
        ] {
            assert_eq!(refusal(other), None, "{other}");
        }
    }

    #[test]
    fn as_many_tests_pass_as_on_stock() {
        let run = |output: &str, passed, skipped| {
            let done = Finished::at_once(Ending::Exit(0), output);
            count(&done, Counts::Are { passed, skipped })
        };
        let said = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- SKIP: TestB (0.00s)\nPASS\n";
        assert_eq!(run(said, 1, 1), Verdict::Pass);
        for (passed, skipped) in [(2, 0), (1, 0), (0, 1)] {
            assert!(matches!(run(said, passed, skipped), Verdict::Fail(..)));
        }
        let unfinished = said.trim_end_matches("PASS\n");
        assert!(matches!(run(unfinished, 1, 1), Verdict::Fail(..)));
        let none = Finished::at_once(Ending::Exit(0), "PASS\n");
        assert!(matches!(count(&none, Counts::NoneFails), Verdict::Fail(..)));
    }

    #[test]
    fn a_script_says_so_at_its_end() {
        let run = |output: &str| succeeded(&Finished::at_once(Ending::Exit(0), output), "ok");
        assert_eq!(run("building\nok\n"), Verdict::Pass);
        assert!(matches!(run("ok\nFAIL\n"), Verdict::Fail(..)));
    }
}
