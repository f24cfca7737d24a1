//! What a package's tests do on the stock runtime, and whether a run on gort does as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::transcript::{Ended, Transcript};
use crate::conform::process::{Ending, Finished};
use crate::conform::verdict::{Cause, Verdict, died, text};

/// Results on the stock runtime, kept between runs of the suite.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Reference {
    /// Every test function and the best of its results.
    pub functions: BTreeMap<String, Ended>,
    /// Did some run end with status 0?
    pub success: bool,
}

/// Lines of a failed function's own output that are shown.
const LINES: usize = 30;

impl Reference {
    /// Adds a run. The best result of a function counts: one that only a busy machine made fail is not to excuse gort.
    pub fn add(&mut self, run: &Transcript, done: &Finished) {
        for (name, ended) in &run.functions {
            let best = self.functions.entry(name.clone()).or_insert(*ended);
            *best = (*ended).min(*best);
        }
        self.success |= done.success();
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

    /// Judges a run on gort: what passes here has to pass there. `selected`: only some functions were asked for.
    pub fn judge(&self, run: &Transcript, done: &Finished, selected: bool) -> Verdict {
        let mut worse = String::new();
        for (name, stock) in &self.functions {
            if *stock != Ended::Pass {
                continue;
            }
            let what = match run.functions.get(name) {
                Some(Ended::Pass) => continue,
                Some(Ended::Skip) => "skips itself",
                Some(Ended::Fail) => "fails",
                Some(Ended::Never) => "does not end",
                None if selected => continue,
                None => "does not begin",
            };
            worse.push_str(&format!("{name} {what}; it passes on the stock runtime\n"));
            for line in run.why(name).lines().take(LINES) {
                worse.push_str(line);
                worse.push('\n');
            }
        }
        // On the stock runtime the same functions may fail, and with them the binary.
        let excused = run.functions.iter().any(|(name, ended)| {
            *ended == Ended::Fail && self.functions.get(name) >= Some(&Ended::Fail)
        });
        // There the binary may end, for the same reason, before its last function does: what passed until then has to pass here.
        let stuck = self.functions.values().any(|ended| *ended == Ended::Never);
        let output = text(&done.output);
        match done.ending {
            Ending::Exit(_) if stuck && worse.is_empty() => Verdict::Pass,
            Ending::Exit(0) if worse.is_empty() && run.complete => Verdict::Pass,
            Ending::Exit(1) if worse.is_empty() && run.complete && excused => Verdict::Pass,
            // A panic in a function that fails there too is its failure, and the last of what there is to compare.
            Ending::Exit(2) if worse.is_empty() && !run.complete && excused => Verdict::Pass,
            Ending::TimeOut => Verdict::Fail(Cause::TimeOut, worse + &tail(&output)),
            Ending::TooMuchOutput => {
                Verdict::Fail(Cause::WrongOutput, worse + "output without end")
            }
            Ending::Signal(signal) => Verdict::Fail(
                Cause::Crash,
                format!("ended by signal {signal}\n{worse}{}", tail(&output)),
            ),
            Ending::Exit(2) if !run.complete && died(&done.output) => {
                Verdict::Fail(Cause::Crash, worse + &tail(&output))
            }
            Ending::Exit(_) if !worse.is_empty() && run.complete => {
                Verdict::Fail(Cause::TestFailed, worse)
            }
            Ending::Exit(code) => Verdict::Fail(
                Cause::WrongExit,
                format!("exit status {code}\n{worse}{}", tail(&output)),
            ),
        }
    }
}

/// The part of a binary's output that tells how it ended: from the panic on, or its last lines.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let start = lines
        .iter()
        .position(|line| {
            ["panic: ", "fatal error: ", "gort: ", "SIG"]
                .iter()
                .any(|mark| line.starts_with(mark))
        })
        .unwrap_or(lines.len().saturating_sub(2 * LINES));
    lines[start.saturating_sub(2)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn done(status: i32, output: &str) -> Finished {
        Finished {
            ending: Ending::Exit(status),
            output: output.as_bytes().to_vec(),
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory: 0,
        }
    }

    fn output(a: &str, b: &str, last: &str) -> String {
        format!(
            "=== RUN   TestA\n--- {a}: TestA (0.00s)\n=== RUN   TestB\n--- {b}: TestB (0.00s)\n\tb_test.go:9: why\n{last}\n"
        )
    }

    fn reference(runs: &[(i32, &str)]) -> Reference {
        let mut reference = Reference::default();
        for (status, output) in runs {
            reference.add(&Transcript::read(output), &done(*status, output));
        }
        reference
    }

    fn judge(reference: &Reference, status: i32, output: &str) -> Verdict {
        reference.judge(&Transcript::read(output), &done(status, output), false)
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
    fn what_ends_early_on_stock_may_end_early() {
        let run = |a: &str| {
            format!(
                "=== RUN   TestA\n--- {a}: TestA (0.00s)\n=== RUN   TestB\nfatal error: all goroutines are asleep - deadlock!\n"
            )
        };
        let stock = reference(&[(2, &run("PASS"))]);
        assert_eq!(judge(&stock, 2, &run("PASS")), Verdict::Pass);
        assert!(matches!(judge(&stock, 2, &run("FAIL")), Verdict::Fail(..)));
    }

    #[test]
    fn what_panics_on_stock_may_panic() {
        let run = |a: &str, b: &str| {
            format!(
                "=== RUN   TestA\n--- {a}: TestA (0.00s)\n=== RUN   TestB\n--- {b}: TestB (0.00s)\npanic: oops [recovered]\n\tpanic: oops\n\ngoroutine 1 [running]:\n"
            )
        };
        let stock = reference(&[(2, &run("PASS", "FAIL"))]);
        assert_eq!(judge(&stock, 2, &run("PASS", "FAIL")), Verdict::Pass);
        assert!(matches!(
            judge(&stock, 2, &run("FAIL", "FAIL")),
            Verdict::Fail(..)
        ));
        let good = reference(&[(0, &output("PASS", "PASS", "PASS"))]);
        assert!(matches!(
            judge(&good, 2, &run("PASS", "FAIL")),
            Verdict::Fail(Cause::Crash, _)
        ));
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
