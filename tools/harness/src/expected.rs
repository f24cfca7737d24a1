//! The list of tests that are known to fail on gort, with the reason for each.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::known::{self, Entry};

/// Tests that are expected to fail.
#[derive(Debug, Default)]
pub struct Expected {
    reasons: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    test: Vec<Entry>,
}

impl Expected {
    /// The list in `file`, or the project's `own`.
    pub fn load(file: Option<&Path>, own: &str) -> Result<Self> {
        known::load(file, own, "list of expected failures", Self::parse)
    }

    /// A suite in which nothing may fail.
    pub fn nothing() -> Self {
        Self::default()
    }

    fn parse(text: &str) -> Result<Self> {
        let file: File = known::fields(text)?;
        let reasons = known::reasons(file.test)?;
        Ok(Self { reasons })
    }

    /// Why the test `name` is expected to fail, if it is.
    pub fn reason(&self, name: &str) -> Option<&str> {
        self.reasons.get(name).map(String::as_str)
    }

    /// Names on the list that are not among `names`: the test has gone or is misspelt.
    pub fn strangers<'a>(&'a self, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let known: std::collections::BTreeSet<&str> = names.collect();
        self.reasons
            .keys()
            .map(String::as_str)
            .filter(|name| !known.contains(name))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_needs_a_reason_and_stands_once() {
        let one = "[[test]]\nname = \"a.go\"\nreason = \"why\"\n";
        let list = Expected::parse(one).unwrap();
        assert_eq!(list.reason("a.go"), Some("why"));
        assert_eq!(list.reason("b.go"), None);
        assert_eq!(list.strangers(["b.go"].into_iter()), ["a.go"]);
        assert!(Expected::parse(&format!("{one}{one}")).is_err());
        assert!(Expected::parse("[[test]]\nname = \"a.go\"\nreason = \" \"\n").is_err());
        assert!(Expected::parse("[[test]]\nname = \"a.go\"\n").is_err());
    }
}
