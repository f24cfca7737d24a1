//! What came of a test, and why it failed.

use std::fmt;

use serde::Serialize;

use crate::difference::difference;
use crate::normal::normal;
use crate::process::{Ending, Finished};

/// Result of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail(Cause, String),
    /// Not run, for this reason.
    Skip(String),
}

/// Kinds of failure, in the order of a test's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The test or its surroundings could not be set up.
    Setup,
    /// The Go compiler refused it.
    CompileError,
    /// The compiler's output is not the kept object.
    DifferentObject,
    /// The linker refused it.
    LinkError,
    /// Ended by a signal, or by a panic or fatal error of the runtime.
    Crash,
    /// Ended by itself, with a status that is not the expected one.
    WrongExit,
    /// The right status but other output.
    WrongOutput,
    /// A test function failed, by its own account.
    TestFailed,
    /// Killed at the time limit.
    TimeOut,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Setup => "setup",
            Self::CompileError => "compile error",
            Self::DifferentObject => "different object",
            Self::LinkError => "link error",
            Self::Crash => "crash",
            Self::WrongExit => "wrong exit",
            Self::WrongOutput => "wrong output",
            Self::TestFailed => "test failed",
            Self::TimeOut => "time-out",
        })
    }
}

/// What a program should print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Exactly this.
    Exactly(Vec<u8>),
    /// Exactly this, in the form in which crashes are compared ([`normal`]).
    Normally(Vec<u8>),
    /// These texts, one after the other, with anything between them.
    Containing(Vec<Vec<u8>>),
}

impl Output {
    /// Says where `found` is not what it should be.
    fn refuse(&self, found: &[u8]) -> Option<String> {
        match self {
            Self::Exactly(output) if output == found => None,
            Self::Exactly(output) => Some(parted(output, found)),
            Self::Normally(output) => {
                let normal = normal(found);
                (*output != normal).then(|| {
                    let where_ = parted(output, &normal);
                    format!("{where_}\nin\n{}", text(found))
                })
            }
            Self::Containing(parts) => {
                let mut rest = found;
                for part in parts {
                    match rest
                        .windows(part.len().max(1))
                        .position(|window| window.starts_with(part))
                    {
                        Some(at) => rest = &rest[at + part.len()..],
                        None if part.is_empty() => {}
                        None => {
                            return Some(format!(
                                "expected, but not there: {:?}; the output is\n{}",
                                text(part),
                                text(found)
                            ));
                        }
                    }
                }
                None
            }
        }
    }
}

/// Judges a program that should end with `exit` and print `output`.
pub fn judge(done: &Finished, exit: i32, output: &Output) -> Verdict {
    match done.ending {
        Ending::Exit(code) if code == exit => match output.refuse(&done.output) {
            None => Verdict::Pass,
            Some(why) => Verdict::Fail(Cause::WrongOutput, why),
        },
        Ending::Exit(code) if code == 2 && died(&done.output) => {
            Verdict::Fail(Cause::Crash, text(&done.output))
        }
        Ending::Exit(code) => Verdict::Fail(
            Cause::WrongExit,
            format!("exit status {code}, not {exit}\n{}", text(&done.output)),
        ),
        Ending::Signal(signal) => Verdict::Fail(
            Cause::Crash,
            format!("ended by signal {signal}\n{}", text(&done.output)),
        ),
        Ending::TimeOut => Verdict::Fail(Cause::TimeOut, text(&done.output)),
        Ending::TooMuchOutput => {
            let start = &done.output[..done.output.len().min(4096)];
            Verdict::Fail(
                Cause::WrongOutput,
                format!("output without end, starting with\n{}", text(start)),
            )
        }
    }
}

/// Judges a step that has to succeed, such as compiling; `None` when it did.
pub fn judge_step(done: &Finished, cause: Cause) -> Option<Verdict> {
    match done.ending {
        Ending::Exit(0) => None,
        Ending::TimeOut => Some(Verdict::Fail(
            Cause::TimeOut,
            format!("{cause}: took too long\n{}", text(&done.output)),
        )),
        Ending::Exit(code) => Some(Verdict::Fail(
            cause,
            format!("exit status {code}\n{}", text(&done.output)),
        )),
        Ending::Signal(signal) => Some(Verdict::Fail(
            cause,
            format!("ended by signal {signal}\n{}", text(&done.output)),
        )),
        Ending::TooMuchOutput => Some(Verdict::Fail(cause, "output without end".to_string())),
    }
}

/// Beginnings of the line in which a program that the runtime ends says why.
pub const REASONS: [&str; 4] = ["panic: ", "fatal error: ", "gort: ", "SIG"];
/// And of lines that may come before it.
const DETAILS: [&str; 2] = ["runtime: ", "unexpected fault address"];

/// Does the output end in the way of a Go program that the runtime ended?
pub fn died(output: &[u8]) -> bool {
    let text = String::from_utf8_lossy(output);
    // The program may have been in the middle of a line of its own: a traceback tells that from
    // text which only says so.
    let traceback = text.lines().any(|line| line.starts_with("goroutine "));
    text.lines().any(|line| {
        let mut starts = REASONS.iter().chain(&DETAILS);
        starts.any(|start| line.starts_with(start)) || traceback && line.contains("fatal error: ")
    })
}

/// Output for a person to read.
pub fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Says where two outputs part.
fn parted(expected: &[u8], found: &[u8]) -> String {
    match (text(expected), text(found)) {
        (old, new) if old == new => "differs in bytes that are no text".to_string(),
        (old, new) => difference(&old, &new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(output: &str) -> Output {
        Output::Exactly(output.as_bytes().to_vec())
    }

    fn cause(verdict: Verdict) -> Cause {
        match verdict {
            Verdict::Fail(cause, _) => cause,
            other => panic!("{other:?} is no failure"),
        }
    }

    #[test]
    fn a_program_may_die_in_the_middle_of_a_line() {
        assert!(died(b"fatal error: no memory\n"));
        assert!(died(
            b"12 fatal error: no memory\n\ngoroutine 1 [running]:\n"
        ));
        assert!(!died(b"12 fatal error: no memory\n"));
        assert!(!died(b"no memory\n\ngoroutine 1 [running]:\n"));
    }

    #[test]
    fn status_and_output_both_count() {
        assert_eq!(
            judge(
                &Finished::at_once(Ending::Exit(2), "x\n"),
                2,
                &exactly("x\n")
            ),
            Verdict::Pass
        );
        assert_eq!(
            cause(judge(
                &Finished::at_once(Ending::Exit(0), "x\n"),
                0,
                &exactly("y\n")
            )),
            Cause::WrongOutput
        );
        assert_eq!(
            cause(judge(
                &Finished::at_once(Ending::Exit(1), "x\n"),
                0,
                &exactly("x\n")
            )),
            Cause::WrongExit
        );
    }

    #[test]
    fn a_panic_is_a_crash_and_a_plain_exit_is_not() {
        let panic = "panic: oops\n\ngoroutine 1 [running]:\n";
        assert_eq!(
            cause(judge(
                &Finished::at_once(Ending::Exit(2), panic),
                0,
                &exactly("")
            )),
            Cause::Crash
        );
        assert_eq!(
            cause(judge(
                &Finished::at_once(Ending::Exit(2), "usage\n"),
                0,
                &exactly("")
            )),
            Cause::WrongExit
        );
        assert_eq!(
            cause(judge(
                &Finished::at_once(Ending::Signal(11), ""),
                0,
                &exactly("")
            )),
            Cause::Crash
        );
        assert_eq!(
            cause(judge(
                &Finished::at_once(Ending::TimeOut, ""),
                0,
                &exactly("")
            )),
            Cause::TimeOut
        );
    }

    #[test]
    fn parts_must_come_in_order_without_overlap() {
        let parts = |texts: &[&str]| {
            Output::Containing(texts.iter().map(|t| t.as_bytes().to_vec()).collect())
        };
        assert_eq!(parts(&["ab", "", "d"]).refuse(b"xabcd"), None);
        assert_eq!(parts(&[]).refuse(b""), None);
        assert!(parts(&["d", "ab"]).refuse(b"xabcd").is_some());
        assert!(parts(&["ab", "b"]).refuse(b"xabcd").is_some());
        assert!(parts(&["a"]).refuse(b"").is_some());
    }

    #[test]
    fn differences_are_pointed_out() {
        let why = |found: &str| exactly("a\nb\n").refuse(found.as_bytes()).unwrap();
        assert_eq!(why("a\nc\n"), difference("a\nb\n", "a\nc\n"));
        assert!(why("a\n").ends_with("\n a\n-b"), "{}", why("a\n"));
        let bytes = Output::Exactly(vec![0xff]).refuse(&[0xfe]);
        assert_eq!(bytes.unwrap(), "differs in bytes that are no text");
    }
}
