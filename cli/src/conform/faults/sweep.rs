//! The runs: which errors and amounts, when, on both runtimes, and what is made of it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use syscalls::Sysno;

use super::inject::{self, Plan};
use super::outcome::{Class, Outcome, is_fault};
use super::programs::{Exe, Program};
use super::report::Row;
use super::resources::Resource;
use super::table::{Error, Run, Table};
use crate::conform::process::{Finished, Limits};
use crate::conform::runner::Attempt;
use crate::conform::verdict::{Cause, Verdict};

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
/// How often in a row a call is interrupted: for ever no kernel does it, and a program may try again as long as it is.
const INTERRUPTIONS: u32 = 100;
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

    /// The first call and how many, for a program that makes `count`; `None` where it would be the same as another.
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
    /// Every error for one call of one program.
    pub fn errors(&self, program: &Program, call: Sysno, work: &Path) -> Vec<Attempt> {
        let Some(errors) = self.table.errors(call) else {
            let why = format!("cli/faults.toml does not say what errors {call} gives");
            return Attempt::only(Verdict::Fail(Cause::Setup, why));
        };
        let mut attempts = Vec::new();
        // The last are the call's own; those of filters are the same for all calls.
        let typical = errors.last().copied();
        for error in errors {
            let mut whens = match self.quick {
                true => When::QUICK.to_vec(),
                false => When::ALL.to_vec(),
            };
            if !self.quick && Some(error) == typical {
                whens.extend(When::single());
            }
            for when in whens {
                let verdict = match self.error(program, call, error, when, work) {
                    Ok(Some(verdict)) => verdict,
                    Ok(None) => continue,
                    Err(why) => Verdict::Fail(Cause::Setup, format!("{why:#}")),
                };
                attempts.push(Attempt {
                    label: format!("{} {when}", error.name),
                    verdict,
                });
            }
        }
        attempts
    }

    /// One error, on both runtimes; `None` if the program does not make that call so often.
    fn error(
        &self,
        program: &Program,
        call: Sysno,
        error: Error,
        when: When,
        work: &Path,
    ) -> Result<Option<Verdict>> {
        let disturb = |exe: &Exe, limits| -> Result<Option<Outcome>> {
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
                let (done, given) = inject::run(program.command(exe, folder), limits, plan)
                    .context("cannot run it")?;
                let outcome = program.outcome(exe, &done, folder);
                // A run that did not come to the call is no better than none, but one that ends badly is told all the same.
                Ok((given > 0 || outcome.class != Class::Same).then_some(outcome))
            })
        };
        let run = Run {
            program: &program.name,
            call: call.name(),
            error: error.name,
            when: &when.to_string(),
        };
        let makes = |exe: &Exe| exe.calls.contains_key(&call);
        self.beside(program, &run, makes, disturb)
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
        let amounts = resource.amounts();
        let mut attempts = Vec::new();
        for &amount in amounts.iter().step_by(step) {
            let verdict = self
                .amount(program, resource, amount, work)
                .unwrap_or_else(|why| Verdict::Fail(Cause::Setup, format!("{why:#}")));
            attempts.push(Attempt {
                label: amount.to_string(),
                verdict,
            });
        }
        attempts
    }

    /// One amount, on both runtimes.
    fn amount(
        &self,
        program: &Program,
        resource: Resource,
        amount: u64,
        work: &Path,
    ) -> Result<Verdict> {
        let disturb = |exe: &Exe, limits| -> Result<Option<Outcome>> {
            in_folder(work, |folder| {
                let make = || program.command(exe, folder);
                let judge = |done: &Finished| program.outcome(exe, done, folder);
                let outcome = resource.run(amount, limits, folder, make, judge);
                Ok(Some(outcome.context("cannot run it")?))
            })
        };
        let run = Run {
            program: &program.name,
            call: &resource.to_string(),
            error: &amount.to_string(),
            when: "",
        };
        let verdict = self.beside(program, &run, |_| true, disturb)?;
        verdict.context("there is no outcome")
    }

    /// Does the same to the program on both runtimes and judges what came of it. `makes` says whether an executable ever makes the call.
    ///
    /// Many of the errors leave a program waiting for what cannot come any more, on both runtimes. So a run that has not ended soon is
    /// given all of the time only where that may change the verdict: it may just be slow.
    fn beside(
        &self,
        program: &Program,
        run: &Run<'_>,
        makes: impl Fn(&Exe) -> bool,
        disturb: impl Fn(&Exe, Limits) -> Result<Option<Outcome>>,
    ) -> Result<Option<Verdict>> {
        let on_stock = |limits: &dyn Fn(&Exe) -> Limits| -> Result<Stock> {
            Ok(match &program.stock {
                None => Stock::Unknown,
                Some(exe) if !makes(exe) => Stock::NoSuchCall,
                Some(exe) => disturb(exe, limits(exe))?.map_or(Stock::Unknown, Stock::Did),
            })
        };
        let short = |exe: &Exe| soon(exe, self.limits);
        let Some(mut gort) = disturb(&program.gort, short(&program.gort))? else {
            return Ok(None);
        };
        let mut stock = on_stock(&short)?;
        let hangs = |class| class == Some(Class::Hang);
        let settled = gort.class == Class::Same
            || gort.class == Class::Hang
                && self.table.accepts(run, gort.class, stock.class()).is_some();
        if !settled && gort.class == Class::Hang {
            let Some(again) = disturb(&program.gort, self.limits)? else {
                return Ok(None);
            };
            gort = again;
        }
        if !settled && hangs(stock.class()) {
            stock = on_stock(&|_| self.limits)?;
        }
        Ok(Some(self.verdict(run, &gort, &stock)))
    }

    /// Judges and keeps what came of a run.
    fn verdict(&self, run: &Run<'_>, gort: &Outcome, stock: &Stock) -> Verdict {
        let fault = is_fault(gort.class, stock.class());
        let accepted = match fault {
            true => self.table.accepts(run, gort.class, stock.class()),
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

/// What the stock runtime did with the same.
pub enum Stock {
    /// There is none here, or it makes the call less often.
    Unknown,
    /// It never makes the call, so it goes on without it.
    NoSuchCall,
    /// This.
    Did(Outcome),
}

impl Stock {
    /// Its kind, if it is known.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Unknown => None,
            Self::NoSuchCall => Some(Class::Same),
            Self::Did(outcome) => Some(outcome.class),
        }
    }
}

impl fmt::Display for Stock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not run"),
            Self::NoSuchCall => f.write_str("no such call"),
            Self::Did(outcome) => outcome.fmt(f),
        }
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
