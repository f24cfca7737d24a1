//! The processors that a program may use: cores, hyper-thread siblings, and what it costs to hand a
//! cache line from one to another.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// Where the kernel tells which processors belong together.
pub const SYS: &str = "/sys/devices/system/cpu";

/// The processors of this process.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Topology {
    /// Their numbers.
    pub processors: Vec<usize>,
    /// Those of one core stand together; `None`: nobody tells.
    pub cores: Option<Vec<Vec<usize>>>,
    /// Between two of one core, the least and the most of the pairs.
    pub siblings_ns: Option<(f64, f64)>,
    /// Between two cores.
    pub apart_ns: Option<(f64, f64)>,
}

impl Topology {
    /// Finds out, and measures round trips.
    pub fn find() -> Self {
        let processors = allowed();
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cores = cores(Path::new(SYS), &cpuinfo, &processors);
        let mut topology = Self {
            processors,
            cores,
            ..Self::default()
        };
        for (a, b) in topology.pairs() {
            if let Some(ns) = round_trip(a, b) {
                let bounds = if topology.share_a_core(a, b) {
                    &mut topology.siblings_ns
                } else {
                    &mut topology.apart_ns
                };
                let (least, most) = bounds.unwrap_or((ns, ns));
                *bounds = Some((least.min(ns), most.max(ns)));
            }
        }
        topology
    }

    /// Pairs worth measuring: the first processor with a few others, its siblings first.
    fn pairs(&self) -> Vec<(usize, usize)> {
        const MOST: usize = 8;
        let Some((&first, others)) = self.processors.split_first() else {
            return Vec::new();
        };
        let mut others = others.to_vec();
        others.sort_by_key(|other| !self.share_a_core(first, *other));
        others.into_iter().take(MOST).map(|b| (first, b)).collect()
    }

    fn share_a_core(&self, a: usize, b: usize) -> bool {
        self.cores
            .iter()
            .flatten()
            .any(|core| core.contains(&a) && core.contains(&b))
    }

    /// In words.
    pub fn show(&self) -> String {
        let n = self.processors.len();
        match &self.cores {
            Some(cores) if cores.len() == n => format!("{n} processors, each a core of its own"),
            Some(cores) => format!("{n} processors on {} cores", cores.len()),
            None => format!("{n} processors; which of them share a core is not told"),
        }
    }

    /// The round trips in words; `None`: there is one processor, or no thread can be kept on one.
    pub fn show_round_trip(&self) -> Option<String> {
        let bounds = |(least, most): (f64, f64)| {
            if most - least < 1.0 {
                format!("{least:.0} ns")
            } else {
                format!("{least:.0} to {most:.0} ns")
            }
        };
        match (self.siblings_ns, self.apart_ns) {
            (None, None) => None,
            (None, Some(apart)) => Some(bounds(apart)),
            (Some(near), None) => Some(format!("{} between siblings", bounds(near))),
            (Some(near), Some(apart)) => Some(format!(
                "{} between siblings, {} between cores",
                bounds(near),
                bounds(apart)
            )),
        }
    }
}

/// The processors that this process may use.
fn allowed() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else {
        return Vec::new();
    };
    (0..CpuSet::MAX_CPU)
        .filter(|cpu| set.is_set(*cpu))
        .collect()
}

/// Which of the processors share a core: from the files below `sys`, else from the text of
/// `/proc/cpuinfo`.
fn cores(sys: &Path, cpuinfo: &str, processors: &[usize]) -> Option<Vec<Vec<usize>>> {
    let told = cpuinfo_cores(cpuinfo);
    let mut cores: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    for cpu in processors {
        let number = |file: &str| {
            let path = sys.join(format!("cpu{cpu}/topology/{file}"));
            fs::read_to_string(path).ok()?.trim().parse().ok()
        };
        let core = number("physical_package_id")
            .zip(number("core_id"))
            .or_else(|| told.get(cpu).copied())?;
        cores.entry(core).or_default().push(*cpu);
    }
    Some(cores.into_values().collect())
}

/// Package and core of each processor in `/proc/cpuinfo`.
fn cpuinfo_cores(text: &str) -> BTreeMap<usize, (u64, u64)> {
    let mut found = BTreeMap::new();
    for block in text.split("\n\n") {
        let number = |name: &str| {
            block.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                (key.trim() == name).then(|| value.trim().parse::<u64>().ok())?
            })
        };
        if let (Some(cpu), Some(package), Some(core)) = (
            number("processor"),
            number("physical id"),
            number("core id"),
        ) {
            found.insert(cpu as usize, (package, core));
        }
    }
    found
}

/// A cache line for itself: neighbours are fetched in pairs.
#[repr(align(128))]
struct Line(AtomicU32);

/// How long a cache line takes from processor `a` to `b` and back, in nanoseconds: the least of a
/// few tries. `None`: a thread cannot be kept on them, or does not get them.
fn round_trip(a: usize, b: usize) -> Option<f64> {
    const TRIES: u32 = 5;
    const TRIPS: u32 = 20_000;
    const PATIENCE: Duration = Duration::from_secs(2);
    let line = Line(AtomicU32::new(0));
    let deadline = Instant::now() + PATIENCE;
    // Waits for the other side's number, then writes the next one. Each side has every second
    // number.
    let play = |cpu: usize, first: u32, rounds: u32| -> Option<Duration> {
        let mut set = CpuSet::new();
        set.set(cpu);
        sched_setaffinity(None, &set).ok()?;
        let mut start = None;
        for n in 0..rounds {
            let mine = 2 * n + first;
            let mut spins = 0u32;
            while line.0.load(Ordering::Acquire) != mine {
                std::hint::spin_loop();
                spins += 1;
                if spins.is_multiple_of(1 << 16) && Instant::now() > deadline {
                    return None;
                }
            }
            start.get_or_insert_with(Instant::now);
            line.0.store(mine + 1, Ordering::Release);
        }
        start.map(|start| start.elapsed())
    };
    let mut least: Option<f64> = None;
    for _ in 0..TRIES {
        line.0.store(0, Ordering::Release);
        let took = thread::scope(|scope| {
            let other = scope.spawn(|| play(b, 1, TRIPS));
            let mine = scope.spawn(|| play(a, 0, TRIPS)).join().ok().flatten();
            other.join().ok().flatten().and(mine)
        })?;
        let ns = took.as_secs_f64() * 1e9 / f64::from(TRIPS - 1);
        least = Some(least.map_or(ns, |least| least.min(ns)));
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_of_one_core_are_siblings() {
        let dir = tempfile::tempdir().unwrap();
        for (cpu, package, core) in [(0, 0, 0), (1, 0, 1), (2, 0, 0), (3, 1, 0)] {
            let folder = dir.path().join(format!("cpu{cpu}/topology"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("physical_package_id"), format!("{package}\n")).unwrap();
            fs::write(folder.join("core_id"), format!("{core}\n")).unwrap();
        }
        let found = cores(dir.path(), "", &[0, 1, 2, 3]);
        assert_eq!(found, Some(vec![vec![0, 2], vec![1], vec![3]]));
        assert_eq!(cores(dir.path(), "", &[0, 4]), None);
        let topology = Topology {
            processors: vec![0, 1, 2, 3],
            cores: found,
            siblings_ns: Some((30.2, 30.4)),
            apart_ns: Some((160.0, 240.0)),
        };
        assert_eq!(topology.pairs(), [(0, 2), (0, 1), (0, 3)]);
        assert_eq!(topology.show(), "4 processors on 3 cores");
        assert_eq!(
            topology.show_round_trip().unwrap(),
            "30 ns between siblings, 160 to 240 ns between cores"
        );
    }

    #[test]
    fn without_files_the_processors_tell_themselves() {
        let info = "processor\t: 0\nphysical id\t: 0\ncore id\t\t: 0\n\nprocessor\t: 1\nphysical id\t: 0\ncore id\t\t: 1\n\n";
        let nowhere = Path::new("/no/such/folder");
        assert_eq!(cores(nowhere, info, &[0, 1]), Some(vec![vec![0], vec![1]]));
        assert_eq!(cores(nowhere, "", &[0, 1]), None);
        let topology = Topology {
            processors: vec![0, 1],
            cores: Some(vec![vec![0], vec![1]]),
            ..Topology::default()
        };
        assert_eq!(topology.show(), "2 processors, each a core of its own");
        assert_eq!(topology.show_round_trip(), None);
    }

    #[test]
    fn a_line_between_processors_takes_some_time() {
        let processors = allowed();
        assert!(!processors.is_empty());
        if let [a, b, ..] = processors[..]
            && let Some(ns) = round_trip(a, b)
        {
            assert!(ns > 1.0, "{ns}");
        }
    }
}
