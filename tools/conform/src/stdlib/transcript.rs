//! What a test binary prints under `-test.v`, read back: which test functions ran and how each
//! ended.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// How a test function ended. The order is from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It passed.
    Pass,
    /// It found a reason not to run.
    Skip,
    /// It failed.
    Fail,
    /// It began, and the process ended before it did.
    Never,
}

/// One run of a test binary.
#[derive(Debug, Default)]
pub struct Transcript {
    /// Every function that began, with its worst result: `-test.cpu` runs each of them several
    /// times.
    pub functions: BTreeMap<String, Ended>,
    /// What the functions that failed printed.
    failures: BTreeMap<String, String>,
    /// Did the binary get to its last line, `PASS` or `FAIL`?
    pub complete: bool,
    /// If not: the function that ended it, where that can be told.
    pub culprit: Option<String>,
}

/// Results as `--- PASS: TestName (0.00s)` shows them, without the name.
const RESULTS: [(&str, Ended); 3] = [
    ("--- PASS: ", Ended::Pass),
    ("--- FAIL: ", Ended::Fail),
    ("--- SKIP: ", Ended::Skip),
];

impl Transcript {
    /// Reads a binary's output.
    pub fn read(output: &str) -> Self {
        let mut this = Self::default();
        let mut running = BTreeSet::new();
        // The failed function whose output the next lines are.
        let mut failed: Option<String> = None;
        for line in output.lines() {
            // A test may print without ending its line, so that a result does not begin one.
            if let Some((_, name)) = line.split_once("=== RUN   ") {
                running.insert(name.to_string());
                failed = None;
            } else if let Some((name, ended)) = result(line).filter(|(n, _)| running.contains(*n)) {
                let worst = this.functions.entry(name.to_string()).or_insert(ended);
                *worst = ended.max(*worst);
                failed = (ended == Ended::Fail).then(|| name.to_string());
            } else if line == "PASS" || line == "FAIL" {
                this.complete = true;
                failed = None;
            } else if let Some(name) = &failed {
                let text = this.failures.entry(name.clone()).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
        if !this.complete {
            // Under -test.cpu an earlier round may have passed; which of them was the last to begin
            // cannot be told.
            let mut never = Vec::new();
            for name in running {
                this.functions.entry(name.clone()).or_insert_with(|| {
                    never.push(name);
                    Ended::Never
                });
            }
            // A function that panics is reported, and the panic goes on.
            this.culprit = failed.or_else(|| never.pop().filter(|_| never.is_empty()));
        }
        this
    }

    /// Adds what functions of a later run did.
    pub fn add(&mut self, later: Self) {
        self.functions.extend(later.functions);
        self.failures.extend(later.failures);
        self.complete = later.complete;
        self.culprit = later.culprit;
    }

    /// What a failed function printed after its result.
    pub fn why(&self, function: &str) -> &str {
        self.failures.get(function).map_or("", String::as_str)
    }
}

/// The name and the result in a line that reports one.
fn result(line: &str) -> Option<(&str, Ended)> {
    RESULTS.iter().find_map(|(mark, ended)| {
        let (_, rest) = line.split_once(mark)?;
        let (name, time) = rest.split_once(" (")?;
        time.ends_with("s)").then_some((name, *ended))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_result() {
        let transcript = Transcript::read(
            "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n=== RUN   TestC\n\
             noise--- SKIP: TestC (0.01s)\n\tc_test.go:1: not here\n--- FAIL: TestB (1.20s)\n\tb_test.go:3: wrong\n\
             \tb_test.go:4: too\n=== RUN   ExampleD\n--- PASS: ExampleD (0.00s)\nFAIL\n",
        );
        let expected = [
            ("ExampleD", Ended::Pass),
            ("TestA", Ended::Pass),
            ("TestB", Ended::Fail),
            ("TestC", Ended::Skip),
        ]
        .map(|(name, ended)| (name.to_string(), ended));
        assert_eq!(transcript.functions, BTreeMap::from(expected));
        assert!(transcript.complete);
        assert_eq!(
            transcript.why("TestB"),
            "\tb_test.go:3: wrong\n\tb_test.go:4: too\n"
        );
    }

    #[test]
    fn a_function_that_never_ended_is_told() {
        let transcript = Transcript::read("=== RUN   TestA\npanic: oops\n");
        assert_eq!(transcript.functions["TestA"], Ended::Never);
        assert!(!transcript.complete);
        assert_eq!(transcript.culprit.as_deref(), Some("TestA"));
    }

    #[test]
    fn who_ended_the_binary_is_told_if_that_is_sure() {
        let panics = "=== RUN   TestA\n=== RUN   TestB\n--- FAIL: TestB (0.00s)\npanic: oops\n";
        assert_eq!(Transcript::read(panics).culprit.as_deref(), Some("TestB"));
        let parallel = "=== RUN   TestA\n=== RUN   TestB\npanic: oops\n";
        assert_eq!(Transcript::read(parallel).culprit, None);
        let fails = "=== RUN   TestA\n--- FAIL: TestA (0.00s)\nFAIL\n";
        assert_eq!(Transcript::read(fails).culprit, None);
    }

    #[test]
    fn the_worst_of_several_rounds_counts() {
        let round = |ended: &str| format!("=== RUN   TestA\n--- {ended}: TestA (0.00s)\n");
        let output = format!("{}{}{}PASS\n", round("PASS"), round("FAIL"), round("PASS"));
        assert_eq!(Transcript::read(&output).functions["TestA"], Ended::Fail);
    }

    #[test]
    fn what_tests_print_about_other_tests_is_no_result() {
        let transcript = Transcript::read(
            "=== RUN   TestA\n--- FAIL: TestB (0.00s)\n--- PASS: TestA (0.00s)\nPASS\n",
        );
        assert_eq!(transcript.functions.len(), 1);
    }
}
