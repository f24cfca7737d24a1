//! The first lines of a test of the Go tree: what to do with the file, and where.
//!
//! The recipe is the text up to the first empty line: the kind of test, then arguments. A first
//! line with a build constraint comes before it. Constraints are looked for up to the package
//! clause; only the names of the system and the processor can satisfy one.

/// What a test's first lines ask for.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    /// A program to run.
    Run {
        /// How.
        kind: Kind,
        /// The words after the kind.
        args: Vec<String>,
        /// The build constraint that keeps it off this platform.
        elsewhere: Option<String>,
    },
    /// Something that no program is run for: errorcheck, compile, skip, ...
    Other,
}

/// Kinds of tests that run programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Run it; without a file of output beside it, it must print nothing.
    Run,
    /// Run it and compare its output.
    CmpOut,
    /// Build it into the work folder and run it there.
    BuildRun,
    /// Run it; its output is a program, to be run in turn.
    RunOutput,
    /// The folder `NAME.dir` holds several packages; link and run the last.
    RunDir,
}

impl Kind {
    /// Its word in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::CmpOut => "cmpout",
            Self::BuildRun => "buildrun",
            Self::RunOutput => "runoutput",
            Self::RunDir => "rundir",
        }
    }
}

/// Reads the first lines of a test.
pub fn parse(source: &str) -> Header {
    let Some((mut recipe, _)) = source.split_once("\n\n") else {
        return Header::Other;
    };
    if source.starts_with('\n') {
        return Header::Other;
    }
    if let Some((first, rest)) = recipe.split_once('\n')
        && first.contains("+build")
    {
        recipe = rest;
    }
    let mut words = recipe
        .strip_prefix("//")
        .unwrap_or(recipe)
        .split_whitespace();
    let kind = match words.next() {
        Some("run") => Kind::Run,
        Some("cmpout") => Kind::CmpOut,
        Some("buildrun") => Kind::BuildRun,
        Some("runoutput") => Kind::RunOutput,
        Some("rundir" | "rundircmpout") => Kind::RunDir,
        _ => return Header::Other,
    };
    // Without a package clause the file is malformed on purpose; the recipe is all there is to look
    // at.
    let head = source
        .find("\npackage")
        .unwrap_or(source.len() - source.trim_start_matches(recipe).len());
    let elsewhere = refused(&source[..head]).map(str::to_string);
    Header::Run {
        kind,
        args: words.map(str::to_string).collect(),
        elsewhere,
    }
}

/// The first build constraint that linux/amd64 does not satisfy. All lines must hold; of the words
/// in a line, one.
fn refused(head: &str) -> Option<&str> {
    head.lines()
        .filter_map(|line| line.trim().strip_prefix("//"))
        .map(str::trim)
        .find(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("+build") && !words.any(satisfied)
        })
}

/// Does this platform satisfy one word of a constraint? A comma joins parts that must all hold.
fn satisfied(word: &str) -> bool {
    word.split(',').all(|part| match part.strip_prefix('!') {
        Some(name) => !name.is_empty() && !name.starts_with('!') && !here(name),
        None => here(part),
    })
}

/// Is `name` this system or processor?
fn here(name: &str) -> bool {
    name == "linux" || name == "amd64"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(kind: Kind, args: &[&str]) -> Header {
        Header::Run {
            kind,
            args: args.iter().map(|s| s.to_string()).collect(),
            elsewhere: None,
        }
    }

    fn elsewhere(constraint: &str) -> Header {
        Header::Run {
            kind: Kind::Run,
            args: Vec::new(),
            elsewhere: Some(constraint.to_string()),
        }
    }

    #[test]
    fn kinds_and_arguments() {
        assert_eq!(parse("// run\n\npackage main\n"), run(Kind::Run, &[]));
        assert_eq!(
            parse("// run other.go arg\n\npackage main\n"),
            run(Kind::Run, &["other.go", "arg"])
        );
        assert_eq!(
            parse("// runoutput ./rotate.go\n\npackage main\n"),
            run(Kind::RunOutput, &["./rotate.go"])
        );
        assert_eq!(
            parse("// rundircmpout\n\npackage ignored\n"),
            run(Kind::RunDir, &[])
        );
        assert_eq!(parse("// cmpout\n\npackage main\n"), run(Kind::CmpOut, &[]));
        assert_eq!(
            parse("// buildrun\n\npackage main\n"),
            run(Kind::BuildRun, &[])
        );
    }

    #[test]
    fn what_runs_no_program_is_left_out() {
        for other in [
            "// errorcheck\n\npackage p\n",
            "// compile\n\npackage p\n",
            "// skip\n\n",
            "\n// run\n\n",
            "// run\n",
        ] {
            assert_eq!(parse(other), Header::Other, "{other:?}");
        }
    }

    #[test]
    fn constraints_decide_by_platform() {
        assert_eq!(
            parse("// +build !windows\n// run\n\npackage main\n"),
            run(Kind::Run, &[])
        );
        assert_eq!(
            parse("// run\n\n// +build linux,amd64 darwin\n\npackage main\n"),
            run(Kind::Run, &[])
        );
        for constraint in [
            "+build windows",
            "+build linux,386",
            "+build !amd64",
            "+build cgo",
            "+build !!linux",
            "+build",
        ] {
            let source = format!("// run\n\n// {constraint}\n\npackage main\n");
            assert_eq!(parse(&source), elsewhere(constraint));
        }
        let two = "// run\n\n// +build linux\n// +build ppc64\n\npackage main\n";
        assert_eq!(parse(two), elsewhere("+build ppc64"));
    }

    #[test]
    fn a_constraint_below_the_package_clause_is_a_comment() {
        assert_eq!(
            parse("// run\n\npackage main\n\n// +build windows\n"),
            run(Kind::Run, &[])
        );
    }
}
