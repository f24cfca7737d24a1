//! What a test of `go-tests` should do, read from the files beside it.
//!
//! Two spellings of the same: `NAME/expected`, `NAME/exit`, ... in a folder of its own, and `NAME.expected`, ... beside other tests.

use std::fs;
use std::io;
use std::path::Path;

use super::verdict::Output;

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
}

impl Expectation {
    /// Reads the files of a test: `part` makes the name of one from `expected`, `exit`, `args`, `env`.
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
        })
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
        assert_eq!(test.output, Output::Exactly(b"x\n".to_vec()));
    }

    #[test]
    fn every_file_counts() {
        let dir = folder(&[
            ("t.expected.contains", "a\nb\n"),
            ("t.exit", "2\n"),
            ("t.args", "one\ntwo words\n"),
            ("t.env", "GOMAXPROCS=3\nX=a=b\n"),
        ]);
        let test = Expectation::read(dir.path(), |what| format!("t.{what}")).unwrap();
        assert_eq!(test.exit, 2);
        assert_eq!(test.args, ["one", "two words"]);
        assert!(test.sets("GOMAXPROCS") && test.sets("X") && !test.sets("Y"));
        assert_eq!(
            test.output,
            Output::Containing(vec![b"a".to_vec(), b"b".to_vec()])
        );
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
