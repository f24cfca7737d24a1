//! What `gort conform runtime` leaves out of package runtime's own tests, and why.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use gort_harness::known::{self, Entry};

/// The project's list.
const OWN: &str = include_str!("list.toml");

/// The list by names.
#[derive(Debug)]
pub struct List {
    after: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    tests: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    after: BTreeMap<String, String>,
    file: Vec<Entry>,
    test: Vec<Entry>,
}

impl List {
    /// The project's own.
    pub fn own() -> Result<Self> {
        known::load(None, OWN, "list of runtime tests", Self::parse)
    }

    fn parse(text: &str) -> Result<Self> {
        let Text { after, file, test } = known::fields(text)?;
        Ok(Self {
            after,
            files: known::reasons(file)?,
            tests: known::reasons(test)?,
        })
    }

    /// Why all tests of a file are left out, if they are.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// Why a test is left out, if it is.
    pub fn test(&self, name: &str) -> Option<&str> {
        self.tests.get(name).map(String::as_str)
    }

    /// The test that has to run before this one, if any.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.after.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_in_the_executable_can_be_read() {
        let list = List::own().unwrap();
        assert!(list.file("crash_cgo_test.go").is_some());
        assert!(list.test("TestSqrt").is_some());
    }

    #[test]
    fn an_entry_needs_a_reason_and_stands_once() {
        let text = |reason: &str, n: usize| {
            let entry = format!("[[test]]\nname = \"TestA\"\nreason = \"{reason}\"\n");
            format!("file = []\n{}", entry.repeat(n))
        };
        assert!(List::parse(&text("because", 1)).is_ok());
        assert!(List::parse(&text(" ", 1)).is_err());
        assert!(List::parse(&text("because", 2)).is_err());
    }
}
