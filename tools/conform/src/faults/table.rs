//! `faults.toml`: the errors of each system call, the programs, and what is accepted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use syscalls::{Errno, Sysno};

use super::outcome::Class;
use super::resources::Resource;
use gort_harness::known;

/// The project's table.
const OWN: &str = include_str!("../../faults.toml");

/// The table.
pub struct Table {
    errors: BTreeMap<Sysno, Vec<Error>>,
    filters: Vec<Error>,
    /// What to run.
    pub programs: Vec<Program>,
    accepted: Vec<Accepted>,
}

/// A name of the manual's, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Such as `ENOMEM`.
    pub name: &'static str,
    /// Such as 12.
    pub number: i32,
}

/// A program of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name in `go-tests` or `go-tests/std`.
    pub name: String,
    /// Does it use the standard library?
    #[serde(default)]
    pub std: bool,
    /// It is no program but the linker, which links the kept object of this test.
    pub links: Option<String>,
    /// Only these of its calls get errors: what comes before a tool's own code is the C library's.
    pub calls: Option<Vec<String>>,
    /// Does it write files?
    #[serde(default)]
    pub files: bool,
    /// Do its goroutines make their calls in an order that differs from run to run? Then an error
    /// hits now this goroutine and now that, and what stock did with the same error elsewhere
    /// counts.
    #[serde(default)]
    pub any_order: bool,
    /// Is it run with `--quick`, too?
    #[serde(default)]
    pub quick: bool,
}

/// Outcomes that are no failure, for a reason. What is left out stands for any.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    #[serde(default)]
    programs: Vec<String>,
    #[serde(default)]
    calls: Vec<String>,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    when: Vec<String>,
    /// Of a resource: amounts under this.
    below: Option<u64>,
    outcomes: Vec<Class>,
    /// Only where stock does not do better.
    #[serde(default)]
    as_stock: bool,
    reason: String,
    /// It has been.
    #[serde(skip)]
    seen: AtomicBool,
}

/// One run, in the words of the table.
pub struct Run<'a> {
    /// The program.
    pub program: &'a str,
    /// The call, or the resource.
    pub call: &'a str,
    /// The error, or the amount.
    pub error: &'a str,
    /// Which of the calls.
    pub when: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    filters: Vec<String>,
    calls: BTreeMap<String, Vec<String>>,
    program: Vec<Program>,
    #[serde(default)]
    accept: Vec<Accepted>,
}

impl Table {
    /// The table in `file`, or the project's own.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        known::load(file, OWN, "table of faults", Self::parse)
    }

    fn parse(text: &str) -> Result<Self> {
        let file: File = known::fields(text)?;
        let filters = errors(&file.filters)?;
        let mut calls = BTreeMap::new();
        for (call, names) in &file.calls {
            let number = call_of(call)?;
            calls.insert(number, errors(names).with_context(|| call.clone())?);
        }
        for accepted in &file.accept {
            known::has_reason("an accepted outcome", &accepted.reason)?;
            for call in &accepted.calls {
                let resource = Resource::all().any(|resource| resource.to_string() == *call);
                if !resource {
                    call_of(call)?;
                }
            }
        }
        Ok(Self {
            errors: calls,
            filters,
            programs: file.program,
            accepted: file.accept,
        })
    }

    /// The errors that `call` gets; `None` if the table does not know it.
    pub fn errors(&self, call: Sysno) -> Option<Vec<Error>> {
        let own = self.errors.get(&call)?;
        let mut all = self.filters.clone();
        all.extend(own.iter().filter(|error| !self.filters.contains(error)));
        Some(all)
    }

    /// Why this outcome of this run is no failure, if the table says so. `stock` is what the stock
    /// runtime did, if that is known, and `others` what it did in other runs that count as much.
    pub fn accepts(
        &self,
        run: &Run<'_>,
        outcome: Class,
        stock: Option<Class>,
        others: &[Class],
    ) -> Option<&str> {
        let better = match stock {
            Some(stock) => stock < outcome,
            // It did not come so far.
            None => !others.is_empty(),
        };
        let better = better && !others.contains(&outcome);
        let fits = |list: &[String], what: &str| list.is_empty() || list.iter().any(|x| x == what);
        let found = self.accepted.iter().find(|accepted| {
            let amount = run.error.parse();
            accepted.outcomes.contains(&outcome)
                && accepted
                    .below
                    .is_none_or(|below| amount.is_ok_and(|amount: u64| amount < below))
                && !(accepted.as_stock && better)
                && fits(&accepted.programs, run.program)
                && fits(&accepted.calls, run.call)
                && fits(&accepted.errors, run.error)
                && fits(&accepted.when, run.when)
        })?;
        // Relaxed: read when all runs are over.
        found.seen.store(true, Ordering::Relaxed);
        Some(&found.reason)
    }

    /// The reasons of accepted outcomes that did not occur.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        let unused = self
            .accepted
            .iter()
            .filter(|a| !a.seen.load(Ordering::Relaxed));
        unused.map(|accepted| accepted.reason.as_str())
    }
}

fn call_of(name: &str) -> Result<Sysno> {
    match name.parse() {
        Ok(call) => Ok(call),
        Err(()) => bail!("there is no system call {name}"),
    }
}

fn errors(names: &[String]) -> Result<Vec<Error>> {
    /// The kernel's last.
    const LAST: i32 = 133;
    names
        .iter()
        .map(|name| {
            (1..=LAST)
                .find_map(|number| match Errno::new(number).name() {
                    Some(known) if known == name => Some(Error {
                        name: known,
                        number,
                    }),
                    _ => None,
                })
                .with_context(|| format!("there is no error {name}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        filters = ["EPERM"]
        program = [{ name = "hello" }]
        [calls]
        mmap = ["ENOMEM", "EPERM"]
        [[accept]]
        calls = ["write"]
        outcomes = ["silent"]
        as_stock = true
        reason = "nothing can be printed"
    "#;

    #[test]
    fn the_own_table_is_right() {
        let table = Table::load(None).unwrap();
        assert!(table.programs.iter().any(|program| program.quick));
    }

    #[test]
    fn a_call_gets_its_errors_and_those_of_filters_once() {
        let table = Table::parse(SMALL).unwrap();
        let names = |call| {
            let errors = table.errors(call)?;
            Some(
                errors
                    .iter()
                    .map(|e| (e.name, e.number))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(names(Sysno::mmap).unwrap(), [("EPERM", 1), ("ENOMEM", 12)]);
        assert_eq!(names(Sysno::read), None);
        for (from, to) in [("mmap", "nmap"), ("ENOMEM", "ENOMEMORY")] {
            assert!(Table::parse(&SMALL.replace(from, to)).is_err());
        }
    }

    #[test]
    fn an_accepted_outcome_fits_what_it_names() {
        let table = Table::parse(SMALL).unwrap();
        let run = |call| Run {
            program: "hello",
            call,
            error: "EIO",
            when: "first",
        };
        let accepts = |call, outcome, stock| table.accepts(&run(call), outcome, stock, &[]);
        let reason = Some("nothing can be printed");
        assert_eq!(accepts("write", Class::Silent, None), reason);
        assert_eq!(accepts("write", Class::Silent, Some(Class::Silent)), reason);
        assert_eq!(accepts("write", Class::Silent, Some(Class::Words)), None);
        assert_eq!(accepts("write", Class::Hang, None), None);
        assert_eq!(accepts("read", Class::Silent, None), None);
    }

    #[test]
    fn what_stock_did_in_other_runs_counts_as_well() {
        let table = Table::parse(SMALL).unwrap();
        let run = Run {
            program: "hello",
            call: "write",
            error: "EIO",
            when: "first",
        };
        let accepts = |stock, others: &[Class]| {
            let found = table.accepts(&run, Class::Silent, stock, others);
            found.is_some()
        };
        let (same, silent, hang) = (Class::Same, Class::Silent, Class::Hang);
        assert!(accepts(Some(same), &[same, silent]));
        // That stock does something worse elsewhere excuses nothing.
        assert!(!accepts(Some(same), &[same, hang]));
        assert!(accepts(None, &[]) && accepts(None, &[silent]) && !accepts(None, &[same]));
    }

    #[test]
    fn an_amount_is_accepted_below_its_bound() {
        let table = Table::parse(&SMALL.replace("calls =", "below = 100\ncalls =")).unwrap();
        let accepts = |amount| {
            let run = Run {
                program: "hello",
                call: "write",
                error: amount,
                when: "",
            };
            table.accepts(&run, Class::Silent, None, &[]).is_some()
        };
        assert!(accepts("99") && !accepts("100") && !accepts("EIO"));
    }
}
