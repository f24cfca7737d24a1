//! Runs the benchmarks of one unit: the sides take turns, and every round starts with another side,
//! so that what changes on the machine meanwhile meets all sides alike.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use console::style;
use indicatif::ProgressBar;
use rustix::time::{ClockId, clock_gettime};

use super::build::Side;
use super::catalog::Benchmark;
use super::machine::Reading as Counters;
use super::measure::{self, Reading};
use super::quiet::{self, Seen};
use super::report::{self, Failure, Ran, Report, Row};
use super::{Args, FAST_ROUNDS, ROUNDS};
use gort_harness::process::Limits;

/// What runs benchmarks of one unit.
pub struct Session<'a> {
    /// Options.
    pub args: &'a Args,
    /// Of each program.
    pub limits: Limits,
    /// Shows what runs.
    pub bar: &'a ProgressBar,
    /// Those that were built, with their executables.
    pub sides: Vec<(Side, PathBuf)>,
}

/// With `--check`, so many times a benchmark is given as many rounds again whose rows are not as
/// they should be, by a little: five runs of one side may all have met worse luck than the best of
/// the other's.
const CLOSER_LOOKS: u32 = 2;

/// One run of one side.
struct Run {
    side: Side,
    readings: Vec<Reading>,
    seen: Seen,
}

impl Session<'_> {
    /// Runs one benchmark in turns, with each number of Ps, and adds its rows.
    pub fn run(&self, benchmark: &Benchmark, report: &mut Report) -> Result<()> {
        let missing: Vec<u32> = missing(self.args, benchmark, report).collect();
        for procs in missing {
            self.rounds(benchmark, procs, report)?;
        }
        Ok(())
    }

    fn rounds(&self, benchmark: &Benchmark, procs: u32, report: &mut Report) -> Result<()> {
        let stated = benchmark.directives.rounds.unwrap_or(ROUNDS);
        let usual = if self.args.fast {
            stated.min(FAST_ROUNDS)
        } else {
            stated
        };
        let rounds = self.args.rounds.unwrap_or(usual);
        if !console::user_attended_stderr() {
            eprintln!("{}, {procs} P, {rounds} rounds", benchmark.name);
        }
        let mut runs = Vec::new();
        let mut order: Vec<&(Side, PathBuf)> = self.sides.iter().collect();
        let careful = self.args.check || self.args.wait.is_some();
        let (mut wanted, mut closer_looks) = (rounds, 0);
        for round in 1.. {
            if round > wanted {
                let enough = !careful || quiet_runs(&runs, &order) >= wanted;
                if enough || round > 2 * wanted {
                    let (_, rows) = self.rows(benchmark, procs, wanted, &runs);
                    if !self.args.check
                        || closer_looks == CLOSER_LOOKS
                        || !rows.iter().any(|row| row.is_close(self.args.limit))
                    {
                        break;
                    }
                    closer_looks += 1;
                    wanted = round - 1 + rounds;
                }
                if let Some(patience) = self.args.wait {
                    quiet::wait(&self.args.proc, Duration::from_secs(patience))?;
                }
            }
            order.retain(|(side, executable)| {
                let name = &benchmark.name;
                self.bar.set_message(format!(
                    "{name} {procs} P {round}/{wanted}, {}",
                    side.name()
                ));
                match self.once(benchmark, procs, *side, executable) {
                    Ok(run) => {
                        runs.push(run);
                        true
                    }
                    Err(why) => {
                        self.fail(report, name, *side, why);
                        false
                    }
                }
            });
            if !order.is_empty() {
                order.rotate_left(1);
            }
        }
        let (judged, rows) = self.rows(benchmark, procs, wanted, &runs);
        for (run, disturbed) in runs.iter().zip(judged) {
            report.runs.push(Ran {
                benchmark: benchmark.name.clone(),
                procs,
                side: run.side.name().to_string(),
                seen: run.seen,
                disturbed,
            });
        }
        report.rows.extend(rows);
        Ok(())
    }

    /// Which of the runs were disturbed, and the rows of those that count: of each side as many
    /// undisturbed ones as were wanted, or all.
    fn rows(
        &self,
        benchmark: &Benchmark,
        procs: u32,
        wanted: u32,
        runs: &[Run],
    ) -> (Vec<bool>, Vec<Row>) {
        let judged: Vec<bool> = runs.iter().map(|run| disturbed(run, runs)).collect();
        // A side that has enough runs without is told by those alone.
        let counts = |run: &Run, disturbed: bool| {
            let quiet = runs
                .iter()
                .zip(&judged)
                .filter(|(other, disturbed)| other.side == run.side && !**disturbed);
            !disturbed || (quiet.count() as u64) < u64::from(wanted)
        };
        let kept = || {
            let all = runs.iter().zip(&judged);
            all.filter(|(run, disturbed)| counts(run, **disturbed))
        };
        let readings: Vec<(Side, Reading)> = kept()
            .flat_map(|(run, _)| run.readings.iter().map(|r| (run.side, r.clone())))
            .collect();
        let (short, most) = (
            kept().filter(|(_, disturbed)| **disturbed).count(),
            kept().count(),
        );
        let disturbed = Seen::sum(kept().map(|(run, _)| &run.seen))
            .and_then(|seen| seen.blame())
            .or_else(|| (short > 0).then(|| format!("{short} of {most} runs")));
        let mut rows = report::rows(
            &benchmark.name,
            procs,
            &benchmark.directives.targets,
            &readings,
            disturbed.as_deref(),
        );
        let shown = |metric: &str| self.args.metric.as_ref().is_none_or(|r| r.is_match(metric));
        rows.retain(|row| shown(&row.metric));
        (judged, rows)
    }

    fn once(
        &self,
        benchmark: &Benchmark,
        procs: u32,
        side: Side,
        executable: &Path,
    ) -> Result<Run, String> {
        let mut command = Command::new(executable);
        command
            .args(&benchmark.args)
            .env("GOMAXPROCS", procs.to_string());
        let look = || Counters::take(&self.args.proc).map_err(|e| format!("{e:#}"));
        let (before, mine) = (look()?, own_time());
        let measured = measure::measure(command, benchmark.clock, self.limits)?;
        let (passed, mine) = (look()?.since(&before), own_time().saturating_sub(mine));
        Ok(Run {
            side,
            readings: measured.readings,
            seen: Seen::new(&passed, measured.cpu + mine, measured.preempted),
        })
    }

    /// Reports a failure, at once and at the end. The other Go may lack a row: that takes one line.
    pub fn fail(&self, report: &mut Report, benchmark: &str, side: Side, why: String) {
        self.bar.suspend(|| match side {
            Side::Current => {
                let line = why.lines().next().unwrap_or_default();
                eprintln!(
                    "{} {benchmark} on {}: {line}",
                    style("none").dim(),
                    report.column(side.name())
                );
            }
            Side::Stock | Side::Gort | Side::Against => {
                eprintln!(
                    "{} {benchmark} on {}: {why}",
                    style("FAIL").red(),
                    side.name()
                );
            }
        });
        let known =
            |failure: &Failure| failure.benchmark == benchmark && failure.side == side.name();
        report.failures.retain(|failure| !known(failure));
        report.failures.push(Failure {
            benchmark: benchmark.to_string(),
            side: side.name().to_string(),
            why,
        });
    }
}

/// The values of GOMAXPROCS with which a benchmark has not been measured yet.
pub fn missing<'a>(
    args: &Args,
    benchmark: &'a Benchmark,
    report: &'a Report,
) -> impl Iterator<Item = u32> + 'a {
    let machine = std::thread::available_parallelism()
        .map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
    let environment = std::env::var("GOMAXPROCS").ok();
    let all = procs(
        &args.gomaxprocs,
        environment.and_then(|text| text.parse().ok()),
        benchmark.threads,
        machine,
    );
    all.into_iter()
        .filter(|procs| !report.has(&benchmark.name, *procs))
}

/// The values of GOMAXPROCS for a benchmark: what was asked for, else what the environment says,
/// else for one that starts goroutines 1, 2 and as many as there are processors.
fn procs(asked: &[u32], environment: Option<u32>, threads: bool, machine: u32) -> Vec<u32> {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    if let Some(procs) = environment {
        return vec![procs];
    }
    if !threads {
        return vec![machine];
    }
    let mut procs = vec![1, 2.min(machine), machine];
    procs.dedup();
    procs
}

/// Was the run disturbed, by what its peers of the same side tell?
fn disturbed(run: &Run, runs: &[Run]) -> bool {
    let peers: Vec<Seen> = runs
        .iter()
        .filter(|other| other.side == run.side)
        .map(|other| other.seen)
        .collect();
    run.seen.disturbed(&peers)
}

/// The fewest undisturbed runs of a side.
fn quiet_runs(runs: &[Run], sides: &[&(Side, PathBuf)]) -> u32 {
    let of = |side: Side| {
        let quiet = runs
            .iter()
            .filter(|run| run.side == side && !disturbed(run, runs));
        u32::try_from(quiet.count()).unwrap_or(u32::MAX)
    };
    sides
        .iter()
        .map(|(side, _)| of(*side))
        .min()
        .unwrap_or(u32::MAX)
}

/// Processor time of this process so far.
fn own_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_goroutines_runs_on_one_two_and_all_processors() {
        assert_eq!(procs(&[], None, true, 16), [1, 2, 16]);
        assert_eq!(procs(&[], None, true, 2), [1, 2]);
        assert_eq!(procs(&[], None, true, 1), [1]);
        assert_eq!(procs(&[], None, false, 16), [16]);
        assert_eq!(procs(&[], Some(3), true, 16), [3]);
        assert_eq!(procs(&[4, 1], Some(3), false, 16), [4, 1]);
    }

    fn run(side: Side, others: u64) -> Run {
        Run {
            side,
            readings: Vec::new(),
            seen: Seen {
                wall: Duration::from_secs(1),
                processors: 2,
                others: Duration::from_millis(others),
                stolen: Duration::ZERO,
                waited: None,
                preempted: 0,
            },
        }
    }

    #[test]
    fn the_side_with_the_fewest_undisturbed_runs_counts() {
        let runs = [
            run(Side::Stock, 0),
            run(Side::Gort, 500),
            run(Side::Stock, 0),
            run(Side::Gort, 0),
        ];
        let sides = [
            &(Side::Stock, PathBuf::new()),
            &(Side::Gort, PathBuf::new()),
        ];
        assert_eq!(quiet_runs(&runs, &sides), 1);
        assert_eq!(quiet_runs(&runs, &sides[..1]), 2);
        assert_eq!(quiet_runs(&runs, &[]), u32::MAX);
    }
}
