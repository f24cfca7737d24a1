//! What came of a program that was given an error or too little of something.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::expectation::Expectation;
use gort_harness::process::{Ending, Finished};
use gort_harness::verdict::{REASONS, Verdict, died, judge, text};

/// Kinds of outcome, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Did what it does otherwise: went on.
    Same,
    /// Ended with a status that is not 0 and said why.
    Words,
    /// Said that all is well, but printed something else.
    WrongOutput,
    /// Ended with a status that is not 0 and did not say why.
    Silent,
    /// A tool that failed, but not as it should: with one line, status 2 and nothing left behind.
    Untidy,
    /// Went on, but took much more processor time than otherwise.
    Busy,
    /// Ended by a signal.
    Signal,
    /// Did not end.
    Hang,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Same => "same",
            Self::Words => "words",
            Self::WrongOutput => "wrong-output",
            Self::Silent => "silent",
            Self::Untidy => "untidy",
            Self::Busy => "busy",
            Self::Signal => "signal",
            Self::Hang => "hang",
        })
    }
}

/// An outcome with its particulars.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its kind.
    pub class: Class,
    /// One line that says more: the message, the signal.
    pub line: String,
    /// Everything that was printed.
    pub output: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.class.fmt(f)?;
        match self.line.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.line),
        }
    }
}

/// Processor time beyond that of an undisturbed run that is no busy loop: starting late, printing a
/// traceback, trying again.
const GRACE: Duration = Duration::from_millis(400);

impl Outcome {
    /// Judges a run against what the program should do and the processor time that it usually
    /// takes.
    pub fn of(done: &Finished, expectation: &Expectation, usual: Duration) -> Self {
        let right = judge(done, expectation.exit, &expectation.output) == Verdict::Pass;
        let class = match done.ending {
            Ending::TimeOut => Class::Hang,
            Ending::Signal(_) => Class::Signal,
            Ending::TooMuchOutput => Class::WrongOutput,
            _ if done.cpu > usual * 4 + GRACE => Class::Busy,
            Ending::Exit(_) if right => Class::Same,
            Ending::Exit(0) => Class::WrongOutput,
            Ending::Exit(_) if died(&done.output) => Class::Words,
            Ending::Exit(_) => Class::Silent,
        };
        let output = text(&done.output);
        let cpu = done.cpu.as_millis();
        let line = match (class, done.ending) {
            (Class::Same, _) => String::new(),
            (Class::Hang, _) => format!("{cpu} ms of processor time until killed"),
            (Class::Busy, _) => format!(
                "{cpu} ms of processor time, usually {} ms",
                usual.as_millis()
            ),
            (_, Ending::Signal(signal)) => format!("signal {signal}; {}", reason(&output)),
            (_, Ending::Exit(status)) => format!("status {status}; {}", reason(&output)),
            (_, ending) => format!("{ending:?}"),
        };
        Self {
            class,
            line,
            output,
        }
    }
}

/// What a run of the linker left in the folder that it may write to.
pub struct Made {
    /// Bytes of the executable, if there is one.
    pub executable: Option<u64>,
    /// Names of other files.
    pub others: Vec<String>,
}

impl Outcome {
    /// Judges a run of the linker, which should make an executable of `size` bytes, or none.
    pub fn of_link(done: &Finished, made: &Made, size: u64, usual: Duration) -> Self {
        let output = text(&done.output);
        let cpu = done.cpu.as_millis();
        let lines = output.lines().count();
        // The dynamic linker's own message: nothing of the tool had run.
        let loader = output.contains("error while loading shared libraries");
        let others = made.others.join(" ");
        // The folder's name may be in the debug information.
        let about = |found: u64| found.abs_diff(size) <= size / 100;
        let said = || format!("{:?}", output.lines().next().unwrap_or_default());
        let (class, line) = match done.ending {
            Ending::TimeOut => (
                Class::Hang,
                format!("{cpu} ms of processor time until killed"),
            ),
            Ending::TooMuchOutput => (Class::WrongOutput, "output without end".to_string()),
            Ending::Signal(signal) => {
                let left = match made.executable.is_some() || !made.others.is_empty() {
                    true => "; left behind: something",
                    false => "",
                };
                (Class::Signal, format!("signal {signal}; {}{left}", said()))
            }
            _ if done.cpu > usual * 4 + GRACE => (
                Class::Busy,
                format!(
                    "{cpu} ms of processor time, usually {} ms",
                    usual.as_millis()
                ),
            ),
            Ending::Exit(0) if !made.others.is_empty() => {
                (Class::WrongOutput, format!("left behind: {others}"))
            }
            Ending::Exit(0) if made.executable.is_some_and(about) => (Class::Same, String::new()),
            Ending::Exit(0) => (
                Class::WrongOutput,
                format!(
                    "an executable of {:?} bytes instead of {size}",
                    made.executable
                ),
            ),
            Ending::Exit(status) if lines == 0 => (Class::Silent, format!("status {status}")),
            Ending::Exit(status) if made.executable.is_some() || !others.is_empty() => (
                Class::Untidy,
                format!("status {status}; {}; left behind: {others}", said()),
            ),
            Ending::Exit(status) if lines > 1 || (status != 2 && !loader) => (
                Class::Untidy,
                format!("status {status}; {lines} lines: {}", said()),
            ),
            Ending::Exit(status) => (Class::Words, format!("status {status}; {}", said())),
        };
        Self {
            class,
            line,
            output,
        }
    }
}

/// The lines in which a dying program says why, on one.
fn reason(output: &str) -> String {
    let lines: Vec<&str> = output
        .lines()
        .filter(|line| {
            line.starts_with("runtime: ") || REASONS.iter().any(|start| line.starts_with(start))
        })
        .take(3)
        .collect();
    match lines.is_empty() {
        true => format!("{:?}", output.lines().next_back().unwrap_or_default()),
        false => lines.join(" / "),
    }
}

/// Is what gort did worse than it may be? `stock` is what the stock runtime did, if that is known.
pub fn is_fault(gort: Class, stock: Option<Class>) -> bool {
    match gort {
        Class::Same => false,
        Class::Words => stock == Some(Class::Same),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gort_harness::verdict::Output;

    fn class(ending: Ending, output: &str, cpu: u64) -> Class {
        let expectation = Expectation {
            exit: 0,
            output: Output::Exactly(b"x\n".to_vec()),
            args: Vec::new(),
            env: Vec::new(),
            differs: None,
        };
        let mut done = Finished::at_once(ending, output);
        done.cpu = Duration::from_millis(cpu);
        Outcome::of(&done, &expectation, Duration::from_millis(10)).class
    }

    #[test]
    fn every_way_to_end_has_its_class() {
        let fatal = "x\nfatal error: no memory\n";
        assert_eq!(class(Ending::Exit(0), "x\n", 20), Class::Same);
        assert_eq!(class(Ending::Exit(0), "", 20), Class::WrongOutput);
        assert_eq!(class(Ending::Exit(2), fatal, 20), Class::Words);
        assert_eq!(class(Ending::Exit(2), "x\n", 20), Class::Silent);
        assert_eq!(class(Ending::Exit(0), "x\n", 900), Class::Busy);
        assert_eq!(class(Ending::Signal(11), fatal, 20), Class::Signal);
        assert_eq!(class(Ending::TimeOut, "x\n", 20), Class::Hang);
    }

    #[test]
    fn to_end_with_words_is_a_fault_only_where_stock_goes_on() {
        assert!(!is_fault(Class::Same, Some(Class::Same)));
        assert!(is_fault(Class::Words, Some(Class::Same)));
        assert!(!is_fault(Class::Words, Some(Class::Hang)));
        assert!(!is_fault(Class::Words, None));
        assert!(is_fault(Class::Hang, Some(Class::Hang)));
    }

    #[test]
    fn a_linker_fails_with_one_line_and_leaves_nothing() {
        let class = |ending, output: &str, executable, others: &[&str]| {
            let made = Made {
                executable,
                others: others.iter().map(|name| (*name).to_string()).collect(),
            };
            let done = Finished::at_once(ending, output);
            Outcome::of_link(&done, &made, 100, Duration::ZERO).class
        };
        let line = "link: disk full\n";
        assert_eq!(class(Ending::Exit(0), "", Some(100), &[]), Class::Same);
        assert_eq!(
            class(Ending::Exit(0), "", Some(50), &[]),
            Class::WrongOutput
        );
        assert_eq!(
            class(Ending::Exit(0), "", Some(100), &["tmp"]),
            Class::WrongOutput
        );
        assert_eq!(class(Ending::Exit(2), line, None, &[]), Class::Words);
        assert_eq!(class(Ending::Exit(2), "", None, &[]), Class::Silent);
        assert_eq!(class(Ending::Exit(1), line, None, &[]), Class::Untidy);
        assert_eq!(class(Ending::Exit(2), "a\nb\n", None, &[]), Class::Untidy);
        assert_eq!(class(Ending::Exit(2), line, Some(50), &[]), Class::Untidy);
        assert_eq!(class(Ending::Exit(2), line, None, &["tmp"]), Class::Untidy);
        assert_eq!(class(Ending::Signal(7), "", None, &[]), Class::Signal);
    }

    #[test]
    fn the_reason_is_on_one_line() {
        let output = "x\nruntime: failed to create new OS thread (errno=11)\nfatal error: newosproc\n\ngoroutine 1:\n";
        let expected =
            "runtime: failed to create new OS thread (errno=11) / fatal error: newosproc";
        assert_eq!(reason(output), expected);
        assert_eq!(reason("a\nb\n"), "\"b\"");
    }
}
