//! The same thing done to a program on both runtimes: how long each is waited for, and which runs
//! are compared.
//!
//! Many errors leave a program waiting for what cannot come any more, on both runtimes. So a run
//! that has not ended soon is given all of the time only where that may change the verdict: it may
//! just be slow. That a program which hangs on both is not just slow on both is made sure of for
//! the first few.
//!
//! A program whose goroutines make their calls in an order that differs from run to run does not do
//! the same twice: the twelfth `close` is now the reader's and now the writer's. There the stock
//! runtime's outcomes are taken together: what it did with the same error at another call counts,
//! too, as does what it did with more of a resource.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;

use super::outcome::{Class, Outcome};

/// Hangs of a program, on both runtimes, that are waited for in full before the short time is
/// trusted.
pub const DOUBTS: u32 = 3;
/// How often everything is tried again on stock before an outcome is one that stock does not have.
const AGAIN: usize = 4;

/// How long a run is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Enough for nearly every run that ends.
    Short,
    /// All of the time.
    Full,
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

/// What has been done to one program with one error or one resource.
pub struct Beside<'a> {
    any_order: bool,
    doubts: &'a AtomicU32,
    /// How hard it was, and what stock did.
    seen: Vec<(u64, Class)>,
}

impl<'a> Beside<'a> {
    /// Nothing yet. `doubts` is the program's.
    pub fn new(any_order: bool, doubts: &'a AtomicU32) -> Self {
        Self {
            any_order,
            doubts,
            seen: Vec::new(),
        }
    }

    /// What stock did under what was no harder, if that counts.
    pub fn others(&self, severity: u64) -> Vec<Class> {
        let seen = self.seen.iter().filter(|seen| seen.0 <= severity);
        let classes = seen.map(|seen| seen.1);
        classes.filter(|_| self.any_order).collect()
    }

    fn note(&mut self, severity: u64, stock: &Stock) {
        if let Some(class) = stock.class() {
            self.seen.push((severity, class));
        }
    }

    /// Runs the program on both; `None` if it did not come to the call. `good` judges two outcomes
    /// and what else stock did.
    pub fn both(
        &mut self,
        severity: u64,
        on_gort: impl Fn(Wait) -> Result<Option<Outcome>>,
        on_stock: impl Fn(Wait) -> Result<Stock>,
        good: impl Fn(Class, Option<Class>, &[Class]) -> bool,
    ) -> Result<Option<(Outcome, Stock)>> {
        let Some(mut gort) = on_gort(Wait::Short)? else {
            return Ok(None);
        };
        let mut stock = on_stock(Wait::Short)?;
        let hangs = |stock: &Stock| stock.class() == Some(Class::Hang);
        // Relaxed: a number, which says nothing about other memory.
        let sure = self.doubts.load(Ordering::Relaxed) == 0;
        let settled = gort.class == Class::Same
            || sure && good(gort.class, stock.class(), &self.others(severity));
        if settled {
            // What was perhaps only slow excuses no hang on gort.
            if sure || !hangs(&stock) {
                self.note(severity, &stock);
            }
            return Ok(Some((gort, stock)));
        }
        if gort.class == Class::Hang {
            let Some(again) = on_gort(Wait::Full)? else {
                return Ok(None);
            };
            gort = again;
        }
        if hangs(&stock) {
            stock = on_stock(Wait::Full)?;
        }
        self.note(severity, &stock);
        if gort.class == Class::Hang && hangs(&stock) {
            let less = |doubts: u32| doubts.checked_sub(1);
            let _ = self
                .doubts
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
        Ok(Some((gort, stock)))
    }

    /// Tries on stock again what is no harder, until what it does makes the outcome a `good` one or
    /// it has been tried often enough.
    pub fn ask_again<R: Fn() -> Result<Stock>>(
        &mut self,
        severity: u64,
        easier: impl Iterator<Item = (u64, R)> + Clone,
        good: impl Fn(&[Class]) -> bool,
    ) -> Result<()> {
        for (other, run) in (0..AGAIN).flat_map(|_| easier.clone()) {
            if !self.any_order || good(&self.others(severity)) {
                break;
            }
            let stock = run()?;
            self.note(other, &stock);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn outcome(class: Class) -> Outcome {
        Outcome {
            class,
            line: String::new(),
            output: String::new(),
        }
    }

    /// The outcomes of short runs and of full ones.
    type Does = (Class, Class);

    /// One comparison: the outcomes, and how long each was waited for.
    fn both(beside: &mut Beside<'_>, gort: Does, stock: Does) -> ([Class; 2], String) {
        let waits = RefCell::new(String::new());
        let run = |name: [char; 2], does: Does, wait| {
            let (letter, class) = match wait {
                Wait::Short => (name[0], does.0),
                Wait::Full => (name[1], does.1),
            };
            waits.borrow_mut().push(letter);
            outcome(class)
        };
        let result = beside.both(
            0,
            |wait| Ok(Some(run(['g', 'G'], gort, wait))),
            |wait| Ok(Stock::Did(run(['s', 'S'], stock, wait))),
            |gort, stock, others| stock == Some(gort) || others.contains(&gort),
        );
        let (gort, stock) = result.unwrap().unwrap();
        ([gort.class, stock.class().unwrap()], waits.into_inner())
    }

    const HANG: Does = (Class::Hang, Class::Hang);
    const SLOW: Does = (Class::Hang, Class::Same);
    const SAME: Does = (Class::Same, Class::Same);
    const WORDS: Does = (Class::Words, Class::Words);

    #[test]
    fn the_first_hangs_are_waited_for_in_full_and_then_no_more() {
        let doubts = AtomicU32::new(DOUBTS);
        let mut beside = Beside::new(false, &doubts);
        let hang = [Class::Hang, Class::Hang];
        for _ in 0..DOUBTS {
            assert_eq!(both(&mut beside, HANG, HANG), (hang, "gsGS".to_string()));
        }
        assert_eq!(both(&mut beside, HANG, HANG), (hang, "gs".to_string()));
        // Another program of the sweep starts with doubts of its own, another error of this one
        // does not.
        let mut beside = Beside::new(false, &doubts);
        assert_eq!(both(&mut beside, HANG, HANG).1, "gs");
    }

    #[test]
    fn a_slow_run_is_no_hang() {
        for doubts in [0, DOUBTS] {
            let doubts = AtomicU32::new(doubts);
            let left = || doubts.load(Ordering::Relaxed);
            let mut beside = Beside::new(true, &doubts);
            let before = left();
            let slow = both(&mut beside, SLOW, SAME);
            assert_eq!(slow, ([Class::Same, Class::Same], "gsG".to_string()));
            let slow = both(&mut beside, WORDS, SLOW);
            assert_eq!(slow, ([Class::Words, Class::Same], "gsS".to_string()));
            assert_eq!(left(), before);
            // What stock's slow run was at first is not held against it.
            assert_eq!(beside.others(0), [Class::Same, Class::Same]);
        }
    }

    #[test]
    fn a_hang_on_gort_only_is_waited_for_every_time() {
        let doubts = AtomicU32::new(0);
        let mut beside = Beside::new(false, &doubts);
        for _ in 0..2 {
            let hang = both(&mut beside, HANG, SAME);
            assert_eq!(hang, ([Class::Hang, Class::Same], "gsG".to_string()));
        }
        // Nothing depends on how long stock takes where gort went on.
        assert_eq!(both(&mut beside, SAME, HANG).1, "gs");
    }

    #[test]
    fn other_runs_count_where_the_order_differs() {
        for any_order in [false, true] {
            let doubts = AtomicU32::new(0);
            let mut beside = Beside::new(any_order, &doubts);
            both(&mut beside, HANG, HANG);
            let expected = if any_order { "gs" } else { "gsG" };
            assert_eq!(both(&mut beside, HANG, SAME).1, expected);
        }
    }

    #[test]
    fn a_hang_that_nobody_made_sure_of_excuses_nothing() {
        for (doubts, others) in [(DOUBTS, vec![]), (0, vec![Class::Hang])] {
            let doubts = AtomicU32::new(doubts);
            let mut beside = Beside::new(true, &doubts);
            assert_eq!(both(&mut beside, SAME, HANG).1, "gs");
            assert_eq!(beside.others(0), others);
        }
    }

    #[test]
    fn what_is_harder_does_not_count() {
        let doubts = AtomicU32::new(0);
        let mut beside = Beside::new(true, &doubts);
        beside.note(1, &Stock::Did(outcome(Class::Hang)));
        beside.note(0, &Stock::Did(outcome(Class::Words)));
        assert_eq!(beside.others(0), [Class::Words]);
        assert_eq!(beside.others(1), [Class::Hang, Class::Words]);
    }

    #[test]
    fn stock_is_asked_again_until_it_does_the_same() {
        let doubts = AtomicU32::new(0);
        let asked = RefCell::new(0);
        let ask = |any_order, after| {
            let mut beside = Beside::new(any_order, &doubts);
            *asked.borrow_mut() = 0;
            let run = || {
                *asked.borrow_mut() += 1;
                let class = match *asked.borrow() == after {
                    true => Class::Hang,
                    false => Class::Same,
                };
                Ok(Stock::Did(outcome(class)))
            };
            let places = [(0, run), (0, run)];
            let good = |others: &[Class]| others.contains(&Class::Hang);
            beside.ask_again(0, places.into_iter(), good).unwrap();
            (*asked.borrow(), good(&beside.others(0)))
        };
        assert_eq!(ask(true, 3), (3, true));
        assert_eq!(ask(true, 100), (2 * AGAIN, false));
        assert_eq!(ask(false, 1), (0, false));
    }
}
