//! The runs: which errors and amounts, when, on both runtimes, and what is made of it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use syscalls::Sysno;

use super::beside::{Beside, Stock, Wait};
use super::inject::{self, Plan};
use super::outcome::{Class, Outcome, is_fault};
use super::programs::{Exe, Program};
use super::report::Row;
use super::resources::Resource;
use super::table::{Error, Run, Table};
use gort_harness::process::{Finished, Limits};
use gort_harness::runner::Attempt;
use gort_harness::verdict::{Cause, Verdict};

/// Which of a program's calls get the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The first.
    First,
    /// A later one, past the start of the program where it makes many.
    Later,
    /// All.
    Always,
    /// All from the later one on.
    FromLater,
    /// This one: each is made from another place.
    Nth(u32),
}

/// The later call.
const LATER: u32 = 5;
/// How often in a row a call is interrupted: for ever no kernel does it, and a program may try
/// again as long as it is. Fewer than the failures in a row after which the runtime gives up, with
/// words: all may hit the same call that is tried again.
const INTERRUPTIONS: u32 = 50;
/// Calls that get an error one by one.
const SINGLE: u32 = 20;

impl When {
    /// With `--quick`.
    const QUICK: [Self; 2] = [Self::First, Self::Always];
    /// Without.
    const ALL: [Self; 4] = [Self::First, Self::Later, Self::Always, Self::FromLater];

    /// Those that the other ones leave out.
    fn single() -> impl Iterator<Item = Self> {
        (2..=SINGLE).filter(|&n| n != LATER).map(Self::Nth)
    }

    /// The first call and how many, for a program that makes `count`; `None` where it would be the
    /// same as another.
    fn range(self, count: u32) -> Option<(u32, u32)> {
        let later = LATER.min(count);
        match self {
            Self::First => Some((1, 1)),
            Self::Always => (count > 1).then_some((1, u32::MAX)),
            Self::Later => (later > 1).then_some((later, 1)),
            Self::FromLater => (later > 1 && later < count).then_some((later, u32::MAX)),
            Self::Nth(n) => (n <= count && n != later).then_some((n, 1)),
        }
    }

    /// Of two of these the one with the higher number takes more from a program, whatever order it
    /// makes its calls in.
    fn severity(self) -> u64 {
        match self {
            Self::First | Self::Later | Self::Nth(_) => 0,
            Self::FromLater => 1,
            Self::Always => 2,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.pad("first"),
            Self::Later => f.pad("later"),
            Self::Always => f.pad("always"),
            Self::FromLater => f.pad("from-later"),
            Self::Nth(n) => f.pad(&format!("call-{n}")),
        }
    }
}

/// What all runs share.
#[derive(Clone, Copy)]
pub struct Sweep<'a> {
    /// What to do.
    pub table: &'a Table,
    /// What each run may use.
    pub limits: Limits,
    /// A part of it only.
    pub quick: bool,
    /// What has been done.
    pub rows: &'a Mutex<Vec<Row>>,
}

/// Amounts of a resource that are left out between two with `--quick`.
const QUICK_STEP: usize = 4;

impl Sweep<'_> {
    /// One error for one call of one program, at each of the times.
    ///
    /// With `singly` each of the first calls gets it alone, too.
    pub fn error(
        &self,
        program: &Program,
        call: Sysno,
        error: Error,
        singly: bool,
        work: &Path,
    ) -> Vec<Attempt> {
        let mut whens = match self.quick {
            true => When::QUICK.to_vec(),
            false => When::ALL.to_vec(),
        };
        if singly && !self.quick {
            whens.extend(When::single());
        }
        let makes = |exe: &Exe| exe.calls.contains_key(&call);
        let disturbances: Vec<_> = whens
            .iter()
            .map(|&when| Disturbance {
                call: call.name(),
                what: error.name.to_string(),
                when: when.to_string(),
                severity: when.severity(),
                disturb: move |exe: &Exe, limits| {
                    let count = exe.calls.get(&call).copied().unwrap_or(0);
                    let Some((from, times)) = when.range(count).filter(|_| count > 0) else {
                        return Ok(None);
                    };
                    let times = match error.number {
                        libc::EINTR => times.min(INTERRUPTIONS),
                        _ => times,
                    };
                    let plan = Plan {
                        calls: &[call],
                        error: error.number,
                        from,
                        times,
                    };
                    in_folder(work, |folder| {
                        let command = program.command(exe, folder);
                        let (done, given) =
                            inject::run(command, limits, plan).context("cannot run it")?;
                        let outcome = program.outcome(exe, &done, folder);
                        // A run that did not come to the call is no better than none, but one that
                        // ends badly is told all the same.
                        Ok((given > 0 || outcome.class != Class::Same).then_some(outcome))
                    })
                },
            })
            .collect();
        self.all(program, makes, &disturbances)
    }

    /// Every amount of one resource for one program.
    pub fn resource(&self, program: &Program, resource: Resource, work: &Path) -> Vec<Attempt> {
        if let Some(why) = resource.missing() {
            return Attempt::only(Verdict::Skip(why.to_string()));
        }
        let step = match self.quick {
            true => QUICK_STEP,
            false => 1,
        };
        let name = resource.to_string();
        let disturbances: Vec<_> = resource
            .amounts()
            .into_iter()
            .step_by(step)
            // What stock did with more counts.
            .rev()
            .map(|amount| Disturbance {
                call: &name,
                what: amount.to_string(),
                when: String::new(),
                severity: u64::MAX - amount,
                disturb: move |exe: &Exe, limits| {
                    in_folder(work, |folder| {
                        let make = || program.command(exe, folder);
                        let judge = |done: &Finished| program.outcome(exe, done, folder);
                        let outcome = resource.run(amount, limits, folder, make, judge);
                        Ok(Some(outcome.context("cannot run it")?))
                    })
                },
            })
            .collect();
        self.all(program, |_| true, &disturbances)
    }

    /// Every disturbance of a program on both runtimes, and what is made of each. `makes` says
    /// whether an executable ever makes the call.
    fn all<F: Fn(&Exe, Limits) -> Result<Option<Outcome>>>(
        &self,
        program: &Program,
        makes: impl Fn(&Exe) -> bool,
        disturbances: &[Disturbance<'_, F>],
    ) -> Vec<Attempt> {
        let limits = |exe: &Exe, wait| match wait {
            Wait::Short => soon(exe, self.limits),
            Wait::Full => self.limits,
        };
        let on_stock = |it: &Disturbance<'_, F>, wait| -> Result<Stock> {
            Ok(match &program.stock {
                None => Stock::Unknown,
                Some(exe) if !makes(exe) => Stock::NoSuchCall,
                Some(exe) => {
                    (it.disturb)(exe, limits(exe, wait))?.map_or(Stock::Unknown, Stock::Did)
                }
            })
        };
        let mut attempts = Vec::new();
        let mut done = Vec::new();
        let mut beside = Beside::new(program.any_order, &program.doubts);
        for it in disturbances {
            let good = |gort: Class, stock: Option<Class>, others: &[Class]| {
                !is_fault(gort, stock)
                    || self
                        .table
                        .accepts(&it.run(program), gort, stock, others)
                        .is_some()
            };
            let on_gort = |wait| (it.disturb)(&program.gort, limits(&program.gort, wait));
            match beside.both(it.severity, on_gort, |wait| on_stock(it, wait), good) {
                Ok(Some((gort, stock))) => done.push((it, gort, stock)),
                Ok(None) => {}
                Err(why) => attempts.push(Attempt {
                    label: it.label(),
                    verdict: Verdict::Fail(Cause::Setup, format!("{why:#}")),
                }),
            }
        }
        for (it, gort, stock) in done {
            let run = it.run(program);
            let good = |others: &[Class]| {
                !is_fault(gort.class, stock.class())
                    || self
                        .table
                        .accepts(&run, gort.class, stock.class(), others)
                        .is_some()
            };
            let easier = disturbances
                .iter()
                .filter(|other| other.severity <= it.severity);
            // A slow run must not pass for a hang.
            let wait = match gort.class {
                Class::Hang => Wait::Full,
                _ => Wait::Short,
            };
            let again = easier.map(|other| (other.severity, move || on_stock(other, wait)));
            let verdict = match beside.ask_again(it.severity, again, good) {
                Ok(()) => self.verdict(&run, &gort, &stock, &beside.others(it.severity)),
                Err(why) => Verdict::Fail(Cause::Setup, format!("{why:#}")),
            };
            attempts.push(Attempt {
                label: it.label(),
                verdict,
            });
        }
        attempts
    }

    /// Judges and keeps what came of a run. `others` is what stock did under what is no harder.
    fn verdict(&self, run: &Run<'_>, gort: &Outcome, stock: &Stock, others: &[Class]) -> Verdict {
        let fault = is_fault(gort.class, stock.class());
        let accepted = match fault {
            true => self.table.accepts(run, gort.class, stock.class(), others),
            false => None,
        };
        let verdict = match fault && accepted.is_none() {
            false => Verdict::Pass,
            true => Verdict::Fail(
                cause(gort.class),
                format!("gort:  {gort}\nstock: {stock}\n{}", gort.output),
            ),
        };
        let row = Row::new(run, gort, stock, verdict == Verdict::Pass, accepted);
        let mut rows = self.rows.lock().unwrap_or_else(|e| e.into_inner());
        rows.push(row);
        verdict
    }
}

/// One thing that is done to a program.
struct Disturbance<'a, F> {
    /// The call, or the resource.
    call: &'a str,
    /// The error, or the amount.
    what: String,
    /// Which of the calls.
    when: String,
    /// How much it takes from the program.
    severity: u64,
    /// Does it to one executable; `None` if it never came to that.
    disturb: F,
}

impl<F> Disturbance<'_, F> {
    fn run<'a>(&'a self, program: &'a Program) -> Run<'a> {
        Run {
            program: &program.name,
            call: self.call,
            error: &self.what,
            when: &self.when,
        }
    }

    fn label(&self) -> String {
        format!("{} {}", self.what, self.when)
            .trim_end()
            .to_string()
    }
}

/// The limits with little time: enough for nearly every run that ends.
fn soon(exe: &Exe, limits: Limits) -> Limits {
    const LEAST: Duration = Duration::from_secs(2);
    Limits {
        time: limits.time.min(LEAST + exe.wall * 2),
        ..limits
    }
}

/// Does something with a fresh folder in `work`.
fn in_folder<T>(work: &Path, what: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let folder = work.join("r");
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let result = what(&folder);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    result
}

/// How the suites call this kind of failure.
fn cause(class: Class) -> Cause {
    match class {
        Class::Hang | Class::Busy => Cause::TimeOut,
        Class::Signal => Cause::Crash,
        Class::Same | Class::WrongOutput => Cause::WrongOutput,
        Class::Words | Class::Silent | Class::Untidy => Cause::WrongExit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whens_of_few_calls_are_told_once() {
        let ranges = |count| When::ALL.map(|when| when.range(count));
        let single = |count| {
            When::single()
                .filter(|when| when.range(count).is_some())
                .count()
        };
        assert_eq!(ranges(1), [Some((1, 1)), None, None, None]);
        let always = Some((1, u32::MAX));
        assert_eq!(ranges(2), [Some((1, 1)), Some((2, 1)), always, None]);
        let from = Some((5, u32::MAX));
        assert_eq!(ranges(9), [Some((1, 1)), Some((5, 1)), always, from]);
        // All but the first and the later.
        assert_eq!([1, 2, 3, 9, 500].map(single), [0, 0, 1, 7, 18]);
    }
}
