//! What the figures depend on, as far as it is known.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::topology::Topology;
use super::{Args, FAST_ROUNDS};
use gort_link::golang::GoInstall;

/// Versions, machine, options. `before` says what else the machine did.
pub fn about(
    args: &Args,
    go: &GoInstall,
    topology: &Topology,
    libraries: &Libraries<'_>,
    before: Option<String>,
) -> Result<BTreeMap<String, String>> {
    let mut about = BTreeMap::from([
        ("library", fingerprint(libraries.ours)?),
        ("go", go.version.clone()),
        ("gort", env!("CARGO_PKG_VERSION").to_string()),
        ("benchtime", args.benchtime().to_string()),
        ("cpus", topology.show()),
        ("before", before.unwrap_or("quiet".to_string())),
    ]);
    if let Some(round_trip) = topology.show_round_trip() {
        about.insert("cache line round trip", round_trip);
    }
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if let Some(model) = model(&processors) {
        about.insert("cpu", model.to_string());
    }
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    if let Some(gib) = memory_gib(&memory) {
        about.insert("memory", format!("{gib:.1} GiB"));
    }
    if let Ok(load) = fs::read_to_string(args.proc.join("loadavg")) {
        about.insert("load before", load.trim().to_string());
    }
    if let Ok(kernel) = fs::read_to_string("/proc/sys/kernel/osrelease") {
        about.insert("linux", kernel.trim().to_string());
    }
    if let Some(other) = libraries.against {
        about.insert("library against", fingerprint(other)?);
    }
    if let Some(rounds) = args.rounds.or(args.fast.then_some(FAST_ROUNDS)) {
        about.insert("rounds", rounds.to_string());
    }
    if let Some(metric) = &args.metric {
        about.insert("metric", metric.to_string());
    }
    for variable in ["GOMAXPROCS", "GOGC", "GODEBUG"] {
        if let Ok(value) = std::env::var(variable) {
            about.insert(variable, value);
        }
    }
    if !args.gomaxprocs.is_empty() {
        let values = args.gomaxprocs.iter().map(u32::to_string);
        about.insert("GOMAXPROCS", values.collect::<Vec<_>>().join(", "));
    }
    let about = about.into_iter();
    Ok(about
        .map(|(what, value)| (what.to_string(), value))
        .collect())
}

/// The libraries that are measured.
#[derive(Debug)]
pub struct Libraries<'a> {
    /// The one that counts.
    pub ours: &'a Path,
    /// The one of `--against`.
    pub against: Option<&'a Path>,
}

/// What tells a library from others, wherever it lies.
fn fingerprint(library: &Path) -> Result<String> {
    let content =
        fs::read(library).with_context(|| format!("cannot read {}", library.display()))?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&content);
    Ok(format!("{:016x}", hasher.finish()))
}

/// The name of the processor in `/proc/cpuinfo`.
fn model(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    let rest = lines.find_map(|line| line.strip_prefix("model name"))?;
    rest.split_once(':').map(|(_, model)| model.trim())
}

/// The size of the memory in `/proc/meminfo`.
fn memory_gib(text: &str) -> Option<f64> {
    let mut lines = text.lines();
    let rest = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: f64 = rest.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_and_memory_are_read() {
        let text = "processor\t: 0\nmodel name\t: A: CPU \nflags\t: x\n";
        assert_eq!(model(text), Some("A: CPU"));
        assert_eq!(model("processor: 0\n"), None);
        assert_eq!(
            memory_gib("MemTotal:       2097152 kB\nMemFree: 1 kB\n"),
            Some(2.0)
        );
        assert_eq!(memory_gib(""), None);
    }
}
