//! What a package's tests do on the stock runtime, and whether a run on gort does as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::run::{Early, Run, tail};
use super::transcript::Ended;
use gort_harness::process::Ending;
use gort_harness::verdict::{Cause, Verdict, text};

/// Results on the stock runtime, kept between runs of the suite.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Reference {
    /// Every test function and the best of its results.
    pub functions: BTreeMap<String, Ended>,
    /// How functions ended the binary.
    pub early: Vec<Early>,
    /// Did some run end with status 0?
    pub success: bool,
}

/// Lines of a failed function's own output that are shown.
const LINES: usize = 30;

impl Reference {
    /// Adds a run. The best result of a function counts: one that only a busy machine made fail is
    /// not to excuse gort.
    pub fn add(&mut self, run: &Run) {
        for (name, ended) in &run.transcript.functions {
            let best = self.functions.entry(name.clone()).or_insert(*ended);
            *best = (*ended).min(*best);
        }
        for early in &run.early {
            if !self.early.contains(early) {
                self.early.push(early.clone());
            }
        }
        self.success |= run.early.is_empty() && run.last.success();
    }

    /// Does every function pass or say why it does not run?
    pub fn clean(&self) -> bool {
        self.success && self.functions.values().all(|ended| *ended <= Ended::Skip)
    }

    /// What the stock runtime itself deserves.
    pub fn verdict(&self) -> Verdict {
        if self.clean() {
            return Verdict::Pass;
        }
        let failing = self.functions.iter().filter(|(_, e)| **e > Ended::Skip);
        let names: Vec<&str> = failing.map(|(name, _)| name.as_str()).collect();
        Verdict::Fail(
            Cause::TestFailed,
            format!("on the stock runtime: {}", names.join(", ")),
        )
    }

    /// Judges a run on gort: what passes here has to pass there. `selected`: only some functions
    /// were asked for.
    pub fn judge(&self, run: &Run, selected: bool) -> Verdict {
        let transcript = &run.transcript;
        let mut worse = String::new();
        for (name, stock) in &self.functions {
            if *stock != Ended::Pass {
                continue;
            }
            let what = match transcript.functions.get(name) {
                Some(Ended::Pass) => continue,
                Some(Ended::Skip) => "skips itself",
                Some(Ended::Fail) => "fails",
                Some(Ended::Never) => "does not end",
                None if selected => continue,
                None => "does not begin",
            };
            worse.push_str(&format!("{name} {what}; it passes on the stock runtime\n"));
            for line in transcript.why(name).lines().take(LINES) {
                worse.push_str(line);
                worse.push('\n');
            }
        }
        let output = text(&run.last.output);
        match run.last.ending {
            Ending::TimeOut => {
                return Verdict::Fail(Cause::TimeOut, worse + &tail(&output, LINES));
            }
            Ending::TooMuchOutput => {
                return Verdict::Fail(Cause::WrongOutput, worse + "output without end");
            }
            Ending::Exit(_) | Ending::Signal(_) => {}
        }
        if let Some(early) = run.early.iter().find(|early| !self.excuses(early)) {
            let who = early.function.as_deref().unwrap_or("the binary");
            return Verdict::Fail(
                Cause::Crash,
                format!("{who}: {}\n{worse}{}", early.words, tail(&output, LINES)),
            );
        }
        if !worse.is_empty() {
            return Verdict::Fail(Cause::TestFailed, worse);
        }
        // Functions that fail on the stock runtime, too, may be why a complete binary reports a
        // failure.
        let excused = transcript.functions.iter().any(|(name, ended)| {
            *ended == Ended::Fail && self.functions.get(name) >= Some(&Ended::Fail)
        });
        match run.last.ending {
            Ending::Exit(0) => Verdict::Pass,
            Ending::Exit(1) if excused => Verdict::Pass,
            // Its early end is excused, and there was nothing left to run.
            _ if !transcript.complete => Verdict::Pass,
            ending => Verdict::Fail(
                Cause::WrongExit,
                format!("{ending:?}\n{}", tail(&output, LINES)),
            ),
        }
    }

    /// Does this function end the binary on the stock runtime, always and in the same way?
    fn excuses(&self, early: &Early) -> bool {
        let fails = early
            .function
            .as_ref()
            .is_none_or(|name| self.functions.get(name) >= Some(&Ended::Fail));
        fails && self.early.contains(early)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gort_harness::process::Finished;

    fn run(status: i32, output: &str) -> Run {
        Run::new(Finished::at_once(Ending::Exit(status), output))
    }

    fn output(a: &str, b: &str, last: &str) -> String {
        format!(
            "=== RUN   TestA\n--- {a}: TestA (0.00s)\n=== RUN   TestB\n--- {b}: TestB (0.00s)\n\tb_test.go:9: why\n{last}\n"
        )
    }

    fn reference(runs: &[(i32, &str)]) -> Reference {
        let mut reference = Reference::default();
        for (status, output) in runs {
            reference.add(&run(*status, output));
        }
        reference
    }

    fn judge(reference: &Reference, status: i32, output: &str) -> Verdict {
        reference.judge(&run(status, output), false)
    }

    #[test]
    fn what_passes_on_stock_has_to_pass() {
        let good = output("PASS", "PASS", "PASS");
        let stock = reference(&[(0, &good)]);
        assert!(stock.clean());
        assert_eq!(judge(&stock, 0, &good), Verdict::Pass);
        let Verdict::Fail(Cause::TestFailed, why) =
            judge(&stock, 1, &output("PASS", "FAIL", "FAIL"))
        else {
            panic!("no failed test");
        };
        assert!(why.starts_with("TestB fails"), "{why}");
        assert!(why.contains("b_test.go:9: why"), "{why}");
        assert!(matches!(
            judge(&stock, 0, &output("PASS", "SKIP", "PASS")),
            Verdict::Fail(Cause::TestFailed, _)
        ));
        assert!(matches!(
            judge(&stock, 0, "PASS\n"),
            Verdict::Fail(Cause::TestFailed, _)
        ));
    }

    #[test]
    fn what_fails_on_stock_may_fail() {
        let bad = output("PASS", "FAIL", "FAIL");
        let stock = reference(&[(1, &bad)]);
        assert!(matches!(stock.verdict(), Verdict::Fail(_, why) if why.ends_with(": TestB")));
        assert_eq!(judge(&stock, 1, &bad), Verdict::Pass);
        assert_eq!(
            judge(&stock, 0, &output("PASS", "PASS", "PASS")),
            Verdict::Pass
        );
        assert!(matches!(
            judge(&stock, 1, &output("FAIL", "FAIL", "FAIL")),
            Verdict::Fail(..)
        ));
    }

    #[test]
    fn a_status_that_no_function_explains_is_a_failure() {
        let good = output("PASS", "PASS", "PASS");
        let stock = reference(&[(0, &good)]);
        assert!(matches!(
            judge(&stock, 3, &good),
            Verdict::Fail(Cause::WrongExit, _)
        ));
    }

    #[test]
    fn a_crash_is_told_with_its_functions() {
        let stock = reference(&[(0, &output("PASS", "PASS", "PASS"))]);
        let crash = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\npanic: oops\n\ngoroutine 1 [running]:\n";
        let Verdict::Fail(Cause::Crash, why) = judge(&stock, 2, crash) else {
            panic!("no crash");
        };
        assert!(
            why.contains("TestB does not end") && why.contains("goroutine 1"),
            "{why}"
        );
    }

    #[test]
    fn what_ends_early_on_stock_may_end_early_for_the_same_reason() {
        let stuck = |a: &str, why: &str| {
            format!("=== RUN   TestA\n--- {a}: TestA (0.00s)\n=== RUN   TestB\n{why}\n")
        };
        let deadlock = "fatal error: all goroutines are asleep - deadlock!";
        let stock = reference(&[(2, &stuck("PASS", deadlock))]);
        assert_eq!(judge(&stock, 2, &stuck("PASS", deadlock)), Verdict::Pass);
        // A function that gets further here is no failure.
        assert_eq!(
            judge(&stock, 0, &output("PASS", "PASS", "PASS")),
            Verdict::Pass
        );
        let fails = |status, output: &str| {
            assert!(matches!(judge(&stock, status, output), Verdict::Fail(..)));
        };
        fails(2, &stuck("FAIL", deadlock));
        fails(2, &stuck("PASS", "panic: something else"));
        fails(3, &stuck("PASS", deadlock));
    }

    #[test]
    fn what_panics_on_stock_may_panic() {
        let panics = |a: &str, b: &str| {
            format!(
                "=== RUN   TestA\n--- {a}: TestA (0.00s)\n=== RUN   TestB\n--- {b}: TestB (0.00s)\npanic: oops [recovered]\n\tpanic: oops\n\ngoroutine 1 [running]:\n"
            )
        };
        let stock = reference(&[(2, &panics("PASS", "FAIL"))]);
        assert!(!stock.clean());
        assert_eq!(judge(&stock, 2, &panics("PASS", "FAIL")), Verdict::Pass);
        assert!(matches!(
            judge(&stock, 2, &panics("FAIL", "FAIL")),
            Verdict::Fail(..)
        ));
        let good = output("PASS", "PASS", "PASS");
        // One good run is enough to know that the panic is not the test's own.
        for runs in [
            &[(0, good.as_str())][..],
            &[(2, &panics("PASS", "FAIL")), (0, &good)],
        ] {
            assert!(matches!(
                judge(&reference(runs), 2, &panics("PASS", "FAIL")),
                Verdict::Fail(Cause::Crash, _)
            ));
        }
    }

    #[test]
    fn the_best_of_several_stock_runs_counts() {
        let stock = reference(&[
            (1, &output("PASS", "FAIL", "FAIL")),
            (0, &output("PASS", "PASS", "PASS")),
        ]);
        assert!(stock.clean());
        assert_eq!(stock.verdict(), Verdict::Pass);
    }
}
