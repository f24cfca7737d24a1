//! What the figures depend on, as far as it is known.

use std::collections::BTreeMap;
use std::fs;

use super::Args;
use super::topology::Topology;
use gort_link::golang::GoInstall;

/// Versions, machine, options. `before` says what else the machine did.
pub fn about(
    args: &Args,
    go: &GoInstall,
    topology: &Topology,
    before: Option<String>,
) -> BTreeMap<&'static str, String> {
    let mut about = BTreeMap::from([
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
    for variable in ["GOMAXPROCS", "GOGC", "GODEBUG", "GORT_LIB"] {
        if let Ok(value) = std::env::var(variable) {
            about.insert(variable, value);
        }
    }
    if !args.gomaxprocs.is_empty() {
        let values = args.gomaxprocs.iter().map(u32::to_string);
        about.insert("GOMAXPROCS", values.collect::<Vec<_>>().join(", "));
    }
    about
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
