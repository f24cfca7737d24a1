//! What the machine does beside: load, waiting, stolen time and idle time, as the kernel tells them
//! below `/proc`.
//!
//! Time that others used is what is neither idle nor stolen nor the program's own. Idle time is the
//! one figure of `/proc/stat` that the kernel measures exactly wherever ticks stop on an idle
//! processor; the other columns are samples at ticks on many kernels.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Where the kernel tells it.
pub const PROC: &str = "/proc";

/// Length of a tick in the figures of `/proc/stat`: `USER_HZ` is 100 on every machine that gort
/// runs on.
const TICK: Duration = Duration::from_millis(10);

/// Counters of the machine at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    at: Instant,
    stat: Stat,
    /// Time in which a task waited for a processor, since boot; the kernel may not tell.
    waited: Option<Duration>,
}

/// The sums over all processors in `/proc/stat`, since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Nothing ran; with the time that the disk was waited for.
    pub idle: Duration,
    /// The host of a virtual machine gave the processor to another.
    pub stolen: Duration,
    /// All columns together.
    pub all: Duration,
    /// Processors.
    pub processors: u32,
}

/// What passed between two readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passed {
    /// Time on the clock.
    pub wall: Duration,
    /// Processors.
    pub processors: u32,
    /// Processor time that was used, by whomever.
    pub busy: Duration,
    /// Processor time that the host took.
    pub stolen: Duration,
    /// Time in which a task waited for a processor.
    pub waited: Option<Duration>,
}

impl Reading {
    /// Reads the counters below `proc`.
    pub fn take(proc: &Path) -> Result<Self> {
        let text = read(&proc.join("stat"))?;
        let stat = Stat::parse(&text).with_context(|| {
            format!(
                "{} has no line of the form cpu USER NICE SYSTEM IDLE ...",
                proc.join("stat").display()
            )
        })?;
        // Kernels without pressure stall information have no such file.
        let waited = fs::read_to_string(proc.join("pressure/cpu"))
            .ok()
            .and_then(|text| Pressure::parse(&text))
            .map(|pressure| pressure.total);
        Ok(Self {
            at: Instant::now(),
            stat,
            waited,
        })
    }

    /// What passed since `earlier`.
    pub fn since(&self, earlier: &Self) -> Passed {
        let wall = self.at.saturating_duration_since(earlier.at);
        let idle = self.stat.idle.saturating_sub(earlier.stat.idle);
        let stolen = self.stat.stolen.saturating_sub(earlier.stat.stolen);
        // Some containers show counters that stand still.
        let told = self.stat.all > earlier.stat.all;
        let all = wall * self.stat.processors * u32::from(told);
        Passed {
            wall,
            processors: self.stat.processors,
            busy: all.saturating_sub(idle).saturating_sub(stolen),
            stolen,
            waited: self
                .waited
                .zip(earlier.waited)
                .map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

impl Stat {
    /// Reads `/proc/stat`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let sums: Vec<u32> = lines
            .next()?
            .strip_prefix("cpu ")?
            .split_whitespace()
            .map_while(|field| u32::try_from(field.parse::<u64>().ok()?).ok())
            .collect();
        // user nice system idle iowait irq softirq steal ...; the later ones came with later
        // kernels.
        let field = |at: usize| sums.get(at).copied().unwrap_or(0);
        let processors = lines
            .take_while(|line| line.starts_with("cpu"))
            .count()
            .max(1);
        (sums.len() >= 4).then(|| Self {
            idle: TICK * field(3) + TICK * field(4),
            stolen: TICK * field(7),
            all: sums.iter().map(|ticks| TICK * *ticks).sum(),
            processors: u32::try_from(processors).unwrap_or(u32::MAX),
        })
    }
}

/// `/proc/pressure/cpu`, the line of tasks that wait while others run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pressure {
    /// Percent of the last ten seconds.
    pub recent: f64,
    /// Since boot.
    pub total: Duration,
}

impl Pressure {
    /// Reads the file.
    pub fn parse(text: &str) -> Option<Self> {
        let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let value = |name: &str| {
            some.split_whitespace()
                .find_map(|word| word.strip_prefix(name))
        };
        Some(Self {
            recent: value("avg10=")?.parse().ok()?,
            total: Duration::from_micros(value("total=")?.parse().ok()?),
        })
    }
}

/// What the machine did lately, before anything is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// Mean number of tasks that ran or wanted to, in the last minute.
    pub load: f64,
    /// Percent of the last ten seconds in which a task waited for a processor.
    pub waiting: Option<f64>,
    /// Between two readings just now.
    pub now: Passed,
}

impl Lately {
    /// Looks at the machine for the time of `sample`, in which this process does nothing.
    pub fn look(proc: &Path, sample: Duration) -> Result<Self> {
        let before = Reading::take(proc)?;
        std::thread::sleep(sample);
        let now = Reading::take(proc)?.since(&before);
        let path = proc.join("loadavg");
        let load = load(&read(&path)?)
            .with_context(|| format!("{} does not begin with a number", path.display()))?;
        let waiting = fs::read_to_string(proc.join("pressure/cpu"))
            .ok()
            .and_then(|text| Pressure::parse(&text))
            .map(|pressure| pressure.recent);
        Ok(Self { load, waiting, now })
    }
}

/// The load of the last minute in `/proc/loadavg`.
fn load(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 20 30 4000 50 1 2 7 0 0\ncpu0 50 10 15 2000 25 1 1 3 0 0\n\
                        cpu1 50 10 15 2000 25 0 1 4 0 0\nintr 12 0\n";

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn idle_and_stolen_time_are_read_and_processors_counted() {
        let stat = Stat::parse(STAT).unwrap();
        assert_eq!(stat.idle, ms(40_500));
        assert_eq!(stat.stolen, ms(70));
        assert_eq!(stat.processors, 2);
        let old = Stat::parse("cpu  1 2 3 4\n").unwrap();
        assert_eq!((old.idle, old.stolen), (ms(40), ms(0)));
        for bad in ["", "cpu  1 2 3\n", "intr 1\n", "cpu a b c d\n"] {
            assert_eq!(Stat::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_neither_idle_nor_stolen_was_used() {
        let stat = Stat::parse(STAT).unwrap();
        let at = Instant::now();
        let earlier = Reading {
            at,
            stat,
            waited: Some(ms(5)),
        };
        let later = Reading {
            at: at + ms(1000),
            stat: Stat {
                idle: stat.idle + ms(500),
                stolen: stat.stolen + ms(100),
                all: stat.all + ms(2000),
                ..stat
            },
            waited: Some(ms(25)),
        };
        let passed = later.since(&earlier);
        assert_eq!(passed.wall, ms(1000));
        assert_eq!(passed.busy, ms(1400));
        assert_eq!(passed.stolen, ms(100));
        assert_eq!(passed.waited, Some(ms(20)));
        let untold = Reading {
            waited: None,
            ..later
        };
        assert_eq!(untold.since(&earlier).waited, None);
        let frozen = Reading {
            at: later.at,
            ..earlier
        };
        assert_eq!(frozen.since(&earlier).busy, ms(0));
    }

    #[test]
    fn pressure_is_that_of_some_tasks() {
        let text = "some avg10=24.95 avg60=15.14 avg300=17.05 total=5782762845\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        let pressure = Pressure::parse(text).unwrap();
        assert_eq!(pressure.recent, 24.95);
        assert_eq!(pressure.total, Duration::from_micros(5_782_762_845));
        assert_eq!(Pressure::parse("full avg10=0.00 total=0\n"), None);
        assert_eq!(Pressure::parse(""), None);
    }

    #[test]
    fn load_is_the_first_number() {
        assert_eq!(load("0.87 1.29 1.31 1/120 4711\n"), Some(0.87));
        assert_eq!(load(""), None);
    }
}
