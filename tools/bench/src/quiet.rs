//! Was the machine ours alone? Judged before anything is measured, and for every run.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::machine::{Lately, Passed};
use super::quantity::digits;

/// Part of all processors that others may use, before and in the mean of the runs of a row: a
/// machine has its own housekeeping.
const OTHERS: f64 = 0.025;
/// The same of one run, which may be short.
const OTHERS_IN_RUN: f64 = 0.05;
/// What the two ticks that a difference of counters may be wrong by come to.
const UNSURE: Duration = Duration::from_millis(20);
/// Part of all processors that the host may take.
const STOLEN: f64 = 0.01;
/// Load of each processor in the last minute.
const LOAD: f64 = 0.25;
/// Percent of ten seconds in which tasks waited for a processor.
const WAITING: f64 = 5.0;
/// How long to look before.
const SAMPLE: Duration = Duration::from_millis(1000);

/// Why the machine is busy, in words; `None`: it is quiet.
pub fn busy(lately: &Lately) -> Option<String> {
    let now = &lately.now;
    let all = now.wall.as_secs_f64() * f64::from(now.processors);
    let part = |time: Duration| time.as_secs_f64() / all;
    let over = |time: Duration, limit: f64| time > UNSURE && part(time) > limit;
    let used = over(now.busy, OTHERS).then(|| {
        format!(
            "other programs use {} % of the processors",
            digits(part(now.busy) * 100.0)
        )
    });
    let stolen = over(now.stolen, STOLEN).then(|| {
        format!(
            "the host takes {} % of the processors",
            digits(part(now.stolen) * 100.0)
        )
    });
    let load = (lately.load > LOAD * f64::from(now.processors)).then(|| {
        format!(
            "the load of the last minute is {} on {} processors",
            digits(lately.load),
            now.processors
        )
    });
    let waiting = lately.waiting.filter(|w| *w > WAITING).map(|w| {
        format!(
            "programs waited for a processor in {} % of the last 10 s",
            digits(w)
        )
    });
    let why: Vec<String> = [load, used, stolen, waiting]
        .into_iter()
        .flatten()
        .collect();
    (!why.is_empty()).then(|| why.join(", "))
}

/// Waits until the machine below `proc` is quiet, at most so long. Returns what is still going on.
pub fn wait(proc: &Path, patience: Duration) -> Result<Option<String>> {
    let start = Instant::now();
    loop {
        let why = busy(&Lately::look(proc, SAMPLE)?);
        if why.is_none() || start.elapsed() >= patience {
            return Ok(why);
        }
    }
}

/// What happened on the machine while one program ran.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
pub struct Seen {
    /// Time on the clock.
    pub wall: Duration,
    /// Processors of the machine.
    pub processors: u32,
    /// Processor time that others used.
    pub others: Duration,
    /// Processor time that the host took.
    pub stolen: Duration,
    /// Time in which a task waited for a processor, be it one of the program's own.
    pub waited: Option<Duration>,
    /// Times that the kernel took a processor from a thread of the program.
    pub preempted: u64,
}

impl Seen {
    /// Of what passed, `own` was used by the program and by this process.
    pub fn new(passed: &Passed, own: Duration, preempted: u64) -> Self {
        Self {
            wall: passed.wall,
            processors: passed.processors,
            others: passed.busy.saturating_sub(own),
            stolen: passed.stolen,
            waited: passed.waited,
            preempted,
        }
    }

    /// Of several runs, all together.
    pub fn sum<'a>(runs: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        runs.into_iter().copied().reduce(|a, b| Self {
            wall: a.wall + b.wall,
            processors: a.processors,
            others: a.others + b.others,
            stolen: a.stolen + b.stolen,
            waited: a.waited.zip(b.waited).map(|(a, b)| a + b),
            preempted: a.preempted + b.preempted,
        })
    }

    fn part(&self, time: Duration) -> f64 {
        let all = self.wall.as_secs_f64() * f64::from(self.processors);
        if all > 0.0 {
            time.as_secs_f64() / all
        } else {
            0.0
        }
    }

    /// Was this run disturbed? `peers` are the runs of the same program on the same number of Ps,
    /// this one among them: a program whose own threads crowd each other out does so in all of
    /// them.
    pub fn disturbed(&self, peers: &[Self]) -> bool {
        let over = |time: Duration, limit: f64| {
            time > UNSURE && self.part(time.saturating_sub(UNSURE)) > limit
        };
        over(self.others, OTHERS_IN_RUN) || over(self.stolen, STOLEN) || self.crowded(peers)
    }

    /// Did its threads lose or miss a processor far more often than in the quietest run of the
    /// same?
    fn crowded(&self, peers: &[Self]) -> bool {
        let rate = |run: &Self| run.preempted as f64 / run.wall.as_secs_f64().max(1e-3);
        let least = peers.iter().map(rate).fold(f64::INFINITY, f64::min);
        let often = rate(self) > 3.0 * least + 200.0;
        let waited = |run: &Self| {
            run.waited
                .map(|w| w.as_secs_f64() / run.wall.as_secs_f64().max(1e-3))
        };
        let least = peers
            .iter()
            .filter_map(waited)
            .fold(f64::INFINITY, f64::min);
        often || waited(self).is_some_and(|w| w > 2.0 * least + 0.2)
    }

    /// What disturbed all these runs together, in words; `None`: nothing that counts.
    pub fn blame(&self) -> Option<String> {
        let mut why = String::new();
        for (time, limit, who) in [
            (self.others, OTHERS, "others"),
            (self.stolen, STOLEN, "stolen"),
        ] {
            if time > UNSURE && self.part(time) > limit {
                let comma = if why.is_empty() { "" } else { ", " };
                let _ = write!(why, "{comma}{who} {} %", digits(self.part(time) * 100.0));
            }
        }
        (!why.is_empty()).then_some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn passed(busy: u64, stolen: u64) -> Passed {
        Passed {
            wall: ms(1000),
            processors: 2,
            busy: ms(busy),
            stolen: ms(stolen),
            waited: Some(ms(0)),
        }
    }

    fn lately(load: f64, waiting: f64, busy: u64, stolen: u64) -> Lately {
        Lately {
            load,
            waiting: Some(waiting),
            now: passed(busy, stolen),
        }
    }

    #[test]
    fn a_quiet_machine_is_not_busy() {
        assert_eq!(busy(&lately(0.4, 1.0, 30, 0)), None);
        let told_less = Lately {
            waiting: None,
            ..lately(0.0, 0.0, 0, 0)
        };
        assert_eq!(busy(&told_less), None);
    }

    #[test]
    fn everything_that_makes_it_busy_is_said() {
        assert_eq!(
            busy(&lately(2.31, 24.95, 1740, 62)).unwrap(),
            "the load of the last minute is 2.31 on 2 processors, other programs use 87.0 % of the processors, \
             the host takes 3.10 % of the processors, programs waited for a processor in 24.9 % of the last 10 s"
        );
        assert_eq!(
            busy(&lately(0.1, 0.0, 200, 0)).unwrap(),
            "other programs use 10.0 % of the processors"
        );
    }

    fn run(others: u64, preempted: u64) -> Seen {
        Seen::new(&passed(others + 900, 0), ms(900), preempted)
    }

    #[test]
    fn a_run_beside_others_is_disturbed() {
        let quiet = run(15, 10);
        assert_eq!(quiet.others, ms(15));
        assert!(!quiet.disturbed(&[quiet]));
        let loud = run(300, 10);
        assert!(loud.disturbed(&[quiet, loud]));
        let robbed = Seen {
            stolen: ms(60),
            ..quiet
        };
        assert!(robbed.disturbed(&[robbed]));
    }

    #[test]
    fn what_the_program_does_to_itself_in_every_run_disturbs_none() {
        let (a, b) = (run(0, 4000), run(0, 4500));
        assert!(!a.disturbed(&[a, b]) && !b.disturbed(&[a, b]));
        let quiet = run(0, 50);
        assert!(a.disturbed(&[a, quiet]));
        let waited = Seen {
            waited: Some(ms(500)),
            ..quiet
        };
        assert!(!waited.disturbed(&[waited]));
        assert!(waited.disturbed(&[waited, quiet]));
    }

    #[test]
    fn runs_are_judged_together_and_the_cause_is_named() {
        let all = Seen::sum(&[run(0, 1), run(200, 2)]).unwrap();
        assert_eq!((all.wall, all.preempted), (ms(2000), 3));
        assert_eq!(all.blame().unwrap(), "others 5.00 %");
        let stolen = Seen {
            stolen: ms(80),
            ..all
        };
        assert_eq!(stolen.blame().unwrap(), "others 5.00 %, stolen 2.00 %");
        assert_eq!(Seen::sum(&[run(10, 1), run(10, 2)]).unwrap().blame(), None);
        assert_eq!(Seen::sum(&[]), None);
    }
}
