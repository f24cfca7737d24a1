//! A package's tests, run until every function has had its turn.

use serde::{Deserialize, Serialize};

use super::transcript::Transcript;
use gort_harness::process::{Ending, Finished};
use gort_harness::verdict::{REASONS, text};

/// One run of all functions. It takes more than one process if a test ends the first.
#[derive(Debug)]
pub struct Run {
    /// What the functions did.
    pub transcript: Transcript,
    /// How processes ended that did not get to their last line.
    pub early: Vec<Early>,
    /// The last process.
    pub last: Finished,
}

/// How a test ended its binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Early {
    /// The test function, if that can be told.
    pub function: Option<String>,
    /// Exit status or signal, and the line that says why.
    pub words: String,
}

impl Run {
    /// The run that has begun with this process.
    pub fn new(done: Finished) -> Self {
        let transcript = Transcript::read(&text(&done.output));
        let early = Vec::from_iter(Early::of(&transcript, &done));
        Self {
            transcript,
            early,
            last: done,
        }
    }

    /// Adds the process that has run the [`Self::rest`].
    pub fn add(&mut self, done: Finished) {
        let transcript = Transcript::read(&text(&done.output));
        self.early.extend(Early::of(&transcript, &done));
        self.transcript.add(transcript);
        self.last = done;
    }

    /// The functions still to be run, as a regular expression; `None` when the run is over.
    pub fn rest(&self, functions: &[String]) -> Option<String> {
        // A process in which no function ends the wait will not do it the next time.
        let ended = Early::of(&self.transcript, &self.last)?;
        ended.function?;
        let rest: Vec<&str> = functions
            .iter()
            .filter(|name| !self.transcript.functions.contains_key(*name))
            .map(String::as_str)
            .collect();
        (!rest.is_empty()).then(|| format!("^({})$", rest.join("|")))
    }
}

impl Early {
    fn of(transcript: &Transcript, done: &Finished) -> Option<Self> {
        let how = match done.ending {
            _ if transcript.complete => return None,
            Ending::Exit(status) => format!("exit status {status}"),
            Ending::Signal(signal) => format!("signal {signal}"),
            Ending::TimeOut | Ending::TooMuchOutput => return None,
        };
        let output = text(&done.output);
        let why = output
            .lines()
            .find(|line| REASONS.iter().any(|mark| line.starts_with(mark)));
        Some(Self {
            function: transcript.culprit.clone(),
            words: format!("{how}: {}", why.unwrap_or("no reason given")),
        })
    }
}

/// The names of the functions that a test binary's main package lists.
pub fn functions(main: &str) -> Vec<String> {
    main.lines()
        .filter_map(|line| line.trim_start().strip_prefix("{\"")?.split_once('"'))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("Test") || name.starts_with("Example"))
        .map(str::to_string)
        .collect()
}

/// A binary's output from the line on that says why it ended; without one, its last lines, `lines`
/// of them.
pub fn tail(output: &str, lines: usize) -> String {
    let all: Vec<&str> = output.lines().collect();
    let start = all
        .iter()
        .position(|line| REASONS.iter().any(|mark| line.starts_with(mark)))
        .unwrap_or(all.len().saturating_sub(lines));
    all[start.saturating_sub(2)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn functions_are_read_from_the_main_package() {
        let main = "var tests = []testing.InternalTest{\n\n\t{\"TestA\", _test.TestA},\n\n\t{\"TestB\", _xtest.TestB},\n}\n\
            var benchmarks = []testing.InternalBenchmark{\n\t{\"BenchmarkC\", _test.BenchmarkC},\n}\n\
            var examples = []testing.InternalExample{\n\t{\"ExampleD\", _test.ExampleD, \"x\\n\"},\n}\n";
        assert_eq!(functions(main), names(&["TestA", "TestB", "ExampleD"]));
    }

    #[test]
    fn what_comes_after_a_panic_is_still_to_run() {
        let all = names(&["TestA", "TestB", "TestC", "TestD"]);
        let panics = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- FAIL: TestB (0.00s)\npanic: oops\n";
        let mut run = Run::new(Finished::at_once(Ending::Exit(2), panics));
        assert_eq!(run.rest(&all).as_deref(), Some("^(TestC|TestD)$"));
        let good = "=== RUN   TestC\n--- PASS: TestC (0.00s)\n=== RUN   TestD\n--- PASS: TestD (0.00s)\nPASS\n";
        run.add(Finished::at_once(Ending::Exit(0), good));
        assert_eq!(run.rest(&all), None);
        assert_eq!(run.transcript.functions.len(), 4);
        assert_eq!(
            run.early,
            [Early {
                function: Some("TestB".to_string()),
                words: "exit status 2: panic: oops".to_string()
            }]
        );
    }

    #[test]
    fn a_run_that_gets_no_further_is_over() {
        let all = names(&["TestA", "TestB"]);
        let run = |ending, output| Run::new(Finished::at_once(ending, output)).rest(&all);
        assert_eq!(run(Ending::Exit(2), "panic: in init\n"), None);
        assert_eq!(run(Ending::TimeOut, "=== RUN   TestA\n"), None);
        assert_eq!(run(Ending::Exit(0), "PASS\n"), None);
        assert!(run(Ending::Signal(9), "=== RUN   TestA\n").is_some());
    }
}
