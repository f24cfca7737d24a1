//! One run of one benchmark: what it printed and used, as numbers.

use std::process::Command;
use std::time::Duration;

use super::quantity::Unit;
use gort_harness::process::{self, Ending, Finished, Limits};

/// One number from one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// `time`, `cpu`, `rss` or what the program calls it.
    pub metric: String,
    /// Unit of `value`.
    pub unit: Unit,
    /// The number.
    pub value: f64,
}

/// What one run showed.
#[derive(Debug)]
pub struct Measured {
    /// Its numbers.
    pub readings: Vec<Reading>,
    /// Processor time of the whole process.
    pub cpu: Duration,
    /// Times that the kernel took a processor from one of its threads.
    pub preempted: u64,
}

/// Where the time of a benchmark is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// From the start of the process to its end.
    Wall,
    /// From the line that package testing prints for a benchmark function.
    Testing,
    /// The program prints it, as it prints its other metrics.
    Own,
}

/// Lines of output shown of a run that failed: the end is where the reason is.
const TAIL: usize = 15;

/// Runs `command`. The error is for a person.
pub fn measure(command: Command, clock: Clock, limits: Limits) -> Result<Measured, String> {
    let done = process::run(command, limits).map_err(|e| format!("cannot run it: {e}"))?;
    let why = match done.ending {
        Ending::Exit(0) => {
            let readings = readings(&done, clock).map_err(|why| with_tail(&why, &done))?;
            return Ok(Measured {
                readings,
                cpu: done.cpu,
                preempted: done.preempted,
            });
        }
        Ending::Exit(status) => format!("exit status {status}"),
        Ending::Signal(signal) => format!("ended by signal {signal}"),
        Ending::TimeOut => format!("killed after {} s", limits.time.as_secs()),
        Ending::TooMuchOutput => "killed: it prints without end".to_string(),
    };
    Err(with_tail(&why, &done))
}

/// `why`, and the end of the output below it.
pub fn with_tail(why: &str, done: &Finished) -> String {
    let output = String::from_utf8_lossy(&done.output);
    let lines: Vec<&str> = output.lines().collect();
    let mut text = why.to_string();
    if lines.len() > TAIL {
        text += "\n...";
    }
    for line in &lines[lines.len().saturating_sub(TAIL)..] {
        text.push('\n');
        text += line;
    }
    text
}

/// The numbers of a run that went well: time first, peak memory last. A benchmark function runs for
/// as long as it is told to, so the processor time of its process says nothing.
fn readings(done: &Finished, clock: Clock) -> Result<Vec<Reading>, String> {
    let output = String::from_utf8_lossy(&done.output);
    let time = match clock {
        Clock::Wall => Some(done.wall.as_secs_f64() * 1e9),
        Clock::Testing => Some(
            output
                .lines()
                .find_map(per_operation)
                .ok_or("it printed no line with ns/op")?,
        ),
        Clock::Own => None,
    };
    let own = |metric: &str, unit, value| Reading {
        metric: metric.to_string(),
        unit,
        value,
    };
    let mut readings: Vec<Reading> = time
        .map(|time| own("time", Unit::Time, time))
        .into_iter()
        .collect();
    if clock == Clock::Wall {
        readings.push(own("cpu", Unit::Time, done.cpu.as_secs_f64() * 1e9));
    }
    for line in output.lines() {
        if let Some(text) = line.strip_prefix("metric ") {
            readings.push(metric(text).ok_or_else(|| {
                format!("it printed `{line}`, which is not of the form metric NAME VALUE UNIT")
            })?);
        }
    }
    if readings.is_empty() {
        return Err("it printed no metric".to_string());
    }
    readings.push(own("rss", Unit::Bytes, done.peak_memory as f64));
    Ok(readings)
}

/// Nanoseconds per operation in a line such as `BenchmarkX-2  1000  123 ns/op  4 B/op`.
fn per_operation(line: &str) -> Option<f64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "ns/op")?;
    words.first()?.starts_with("Benchmark").then_some(())?;
    words[at.checked_sub(1)?].parse().ok()
}

/// Reads `NAME VALUE UNIT`.
fn metric(text: &str) -> Option<Reading> {
    let mut words = text.split_whitespace();
    let (name, value, unit) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let value: f64 = value.parse().ok().filter(|v: &f64| v.is_finite())?;
    let (unit, factor) = Unit::parse(unit);
    Some(Reading {
        metric: name.to_string(),
        unit,
        value: value * factor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(output: &str) -> Finished {
        Finished {
            ending: Ending::Exit(0),
            output: output.as_bytes().to_vec(),
            wall: Duration::from_millis(250),
            cpu: Duration::from_millis(400),
            preempted: 0,
            peak_memory: 3 << 20,
        }
    }

    fn names(readings: &[Reading]) -> Vec<(&str, f64)> {
        readings
            .iter()
            .map(|r| (r.metric.as_str(), r.value))
            .collect()
    }

    #[test]
    fn a_program_has_wall_time_its_metrics_and_memory() {
        let done = finished("hello\nmetric pause-p99 1.5 ms\nmetric rate 3 nodes/s\n");
        let readings = readings(&done, Clock::Wall).unwrap();
        assert_eq!(
            names(&readings),
            [
                ("time", 250e6),
                ("cpu", 400e6),
                ("pause-p99", 1.5e6),
                ("rate", 3.0),
                ("rss", 3_145_728.0)
            ]
        );
    }

    #[test]
    fn a_benchmark_function_has_the_time_that_testing_prints() {
        let done = finished(
            "testing: warning: no tests to run\nPASS\nBenchmarkAppend-2\t 1000000\t  1234 ns/op\t 5.50 MB/s\n",
        );
        let readings = readings(&done, Clock::Testing).unwrap();
        assert_eq!(names(&readings), [("time", 1234.0), ("rss", 3_145_728.0)]);
    }

    #[test]
    fn a_program_may_print_its_own_time() {
        let done = finished("metric time 12.5 ns\nmetric cpu 20 ns\n");
        let readings = readings(&done, Clock::Own).unwrap();
        assert_eq!(
            names(&readings),
            [("time", 12.5), ("cpu", 20.0), ("rss", 3_145_728.0)]
        );
        assert!(super::readings(&finished("done\n"), Clock::Own).is_err());
    }

    #[test]
    fn a_run_without_its_result_is_refused() {
        for output in ["", "PASS\n", "12 ns/op\n", "BenchmarkX ns/op\n"] {
            assert!(
                readings(&finished(output), Clock::Testing).is_err(),
                "{output:?}"
            );
        }
        for output in [
            "metric a 1\n",
            "metric a b c\n",
            "metric a 1 ns more\n",
            "metric a NaN s\n",
        ] {
            assert!(
                readings(&finished(output), Clock::Wall).is_err(),
                "{output:?}"
            );
        }
    }

    #[test]
    fn only_the_end_of_long_output_is_shown() {
        let output: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let text = with_tail("exit status 2", &finished(&output));
        assert!(text.starts_with("exit status 2\n...\nline 85\n"), "{text}");
        assert!(text.ends_with("line 99"), "{text}");
        assert_eq!(with_tail("no", &finished("a\n")), "no\na");
    }
}
