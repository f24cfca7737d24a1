//! What a test of `go-tests` should do, read from the files beside it.
//!
//! Two spellings of the same: `NAME/expected`, `NAME/exit`, ... in a folder of its own, and
//! `NAME.expected`, ... beside other tests.
//!
//! A program that can die in many ways has a folder `cases` instead, one file for each way. The
//! file's name is the program's argument. It begins with lines `exit STATUS` and `env KEY=VALUE`;
//! after an empty line follows the output, in the form in which crashes are compared
//! ([`gort_harness::normal`]).
//!
//! What is expected is what the stock runtime does, too, unless there is a line `differs WHY` or a
//! file `differs` with the reason.

use std::fs;
use std::io;
use std::path::Path;

use gort_harness::verdict::Output;

/// How a program is started and what should come of it.
#[derive(Debug)]
pub struct Expectation {
    /// Exit status.
    pub exit: i32,
    /// Output.
    pub output: Output,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Why the stock runtime does something else, where it does.
    pub differs: Option<String>,
}

impl Expectation {
    /// Reads the files of a test: `part` makes the name of one from `expected`, `exit`, `args`,
    /// `env`, `differs`.
    pub fn read(folder: &Path, part: impl Fn(&str) -> String) -> Result<Self, String> {
        let read = |what: &str| -> Result<Option<Vec<u8>>, String> {
            let path = folder.join(part(what));
            match fs::read(&path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(format!("cannot read {}: {e}", path.display())),
            }
        };
        let lines = |what: &str| -> Result<Vec<String>, String> {
            let text = read(what)?.unwrap_or_default();
            let text = String::from_utf8(text)
                .map_err(|_| format!("{} is not UTF-8", folder.join(part(what)).display()))?;
            Ok(text.lines().map(str::to_string).collect())
        };
        let output = match (read("expected")?, read("expected.contains")?) {
            (Some(bytes), None) => Output::Exactly(bytes),
            (None, Some(bytes)) => {
                let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                Output::Containing(text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect())
            }
            (None, None) => {
                return Err(format!(
                    "{} is missing",
                    folder.join(part("expected")).display()
                ));
            }
            (Some(_), Some(_)) => {
                let both = folder.join(part("expected"));
                return Err(format!(
                    "there are both {} and its form with .contains",
                    both.display()
                ));
            }
        };
        let exit = match lines("exit")?.first() {
            Some(line) => line.trim().parse().map_err(|_| {
                format!(
                    "{} does not hold an exit status",
                    folder.join(part("exit")).display()
                )
            })?,
            None => 0,
        };
        let mut env = Vec::new();
        for line in lines("env")? {
            let Some((key, value)) = line.split_once('=') else {
                return Err(format!(
                    "{}: {line:?} is not KEY=VALUE",
                    folder.join(part("env")).display()
                ));
            };
            env.push((key.to_string(), value.to_string()));
        }
        Ok(Self {
            exit,
            output,
            args: lines("args")?,
            env,
            differs: lines("differs")?.into_iter().next(),
        })
    }

    /// Reads the files in a folder `cases`: their names and what they say. `None` without such a
    /// folder.
    pub fn cases(folder: &Path) -> Result<Option<Vec<(String, Self)>>, String> {
        let folder = folder.join("cases");
        let cannot = |e: io::Error| format!("cannot read {}: {e}", folder.display());
        let entries = match fs::read_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries.map_err(cannot)?,
        };
        let mut cases = Vec::new();
        for entry in entries {
            let path = entry.map_err(cannot)?.path();
            let text = fs::read(&path).map_err(cannot)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let case =
                Self::case(&name, &text).map_err(|why| format!("{}: {why}", path.display()))?;
            cases.push((name.into_owned(), case));
        }
        cases.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Some(cases))
    }

    fn case(name: &str, text: &[u8]) -> Result<Self, String> {
        let end = text.windows(2).position(|two| two == b"\n\n");
        let (head, output) = text.split_at(end.ok_or("there is no empty line after the head")?);
        let (mut exit, mut env, mut differs) = (None, Vec::new(), None);
        for line in String::from_utf8_lossy(head).lines() {
            let wrong =
                || format!("{line:?} is none of `exit STATUS`, `env KEY=VALUE`, `differs WHY`");
            match line.split_once(' ') {
                Some(("exit", status)) => exit = Some(status.parse().map_err(|_| wrong())?),
                Some(("env", set)) => {
                    let (key, value) = set.split_once('=').ok_or_else(wrong)?;
                    env.push((key.to_string(), value.to_string()));
                }
                Some(("differs", why)) => differs = Some(why.to_string()),
                _ => return Err(wrong()),
            }
        }
        Ok(Self {
            exit: exit.ok_or("there is no line `exit STATUS`")?,
            output: Output::Normally(output[2..].to_vec()),
            // `name@variant`: the same case in another environment.
            args: vec![name.split('@').next().unwrap_or(name).to_string()],
            env,
            differs,
        })
    }

    /// The text of a case's file that would have expected `exit` and `output`.
    pub fn case_text(&self, exit: i32, output: &[u8]) -> Vec<u8> {
        let mut text = format!("exit {exit}\n");
        for (key, value) in &self.env {
            text += &format!("env {key}={value}\n");
        }
        if let Some(why) = &self.differs {
            text += &format!("differs {why}\n");
        }
        text.push('\n');
        [text.as_bytes(), &gort_harness::normal::normal(output)].concat()
    }

    /// Does the test set this variable itself?
    pub fn sets(&self, variable: &str) -> bool {
        self.env.iter().any(|(key, _)| key == variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn defaults_are_success_without_arguments() {
        let dir = folder(&[("expected", "x\n")]);
        let test = Expectation::read(dir.path(), str::to_string).unwrap();
        assert_eq!((test.exit, test.args.len(), test.env.len()), (0, 0, 0));
        assert_eq!(test.differs, None);
        assert_eq!(test.output, Output::Exactly(b"x\n".to_vec()));
    }

    #[test]
    fn every_file_counts() {
        let dir = folder(&[
            ("t.expected.contains", "a\nb\n"),
            ("t.exit", "2\n"),
            ("t.args", "one\ntwo words\n"),
            ("t.env", "GOMAXPROCS=3\nX=a=b\n"),
            ("t.differs", "there it hangs\n"),
        ]);
        let test = Expectation::read(dir.path(), |what| format!("t.{what}")).unwrap();
        assert_eq!(test.exit, 2);
        assert_eq!(test.args, ["one", "two words"]);
        assert_eq!(test.differs.as_deref(), Some("there it hangs"));
        assert!(test.sets("GOMAXPROCS") && test.sets("X") && !test.sets("Y"));
        assert_eq!(
            test.output,
            Output::Containing(vec![b"a".to_vec(), b"b".to_vec()])
        );
    }

    #[test]
    fn cases_are_files_with_a_head() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Expectation::cases(dir.path()).unwrap().is_none());
        let folder = dir.path().join("cases");
        fs::create_dir(&folder).unwrap();
        let text = "exit 2\nenv GOTRACEBACK=2\n\npanic: x\n\nmore\n";
        fs::write(folder.join("b@all"), text).unwrap();
        fs::write(folder.join("a"), "exit 0\ndiffers it hangs\n\n").unwrap();
        let cases = Expectation::cases(dir.path()).unwrap().unwrap();
        let [(a, first), (b, second)] = &cases[..] else {
            panic!("{cases:?}")
        };
        assert_eq!((a.as_str(), b.as_str()), ("a", "b@all"));
        assert_eq!(
            (first.exit, &first.output),
            (0, &Output::Normally(Vec::new()))
        );
        assert_eq!(second.args, ["b"]);
        assert_eq!(first.differs.as_deref(), Some("it hangs"));
        assert!(second.sets("GOTRACEBACK"));
        let output = b"panic: x\n\nmore\n";
        assert_eq!(second.output, Output::Normally(output.to_vec()));
        assert_eq!(second.case_text(2, output), text.as_bytes());
        for bad in [
            "",
            "exit 2\n",
            "exit two\n\n",
            "env X=1\n\n",
            "exit 1\nother\n\n",
        ] {
            fs::write(folder.join("a"), bad).unwrap();
            assert!(Expectation::cases(dir.path()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_test_without_expectation_is_refused() {
        assert!(Expectation::read(folder(&[]).path(), str::to_string).is_err());
        let both = folder(&[("expected", ""), ("expected.contains", "")]);
        assert!(Expectation::read(both.path(), str::to_string).is_err());
        let bad = folder(&[("expected", ""), ("exit", "two")]);
        assert!(Expectation::read(bad.path(), str::to_string).is_err());
    }
}
