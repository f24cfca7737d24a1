//! Tables of what is known and accepted, in TOML: the project's own are part of the executable, so
//! that an installed gort has them, too. What is accepted has a reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A name and why it is listed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    name: String,
    reason: String,
}

/// The table in `file`, or the project's `own`, which messages call `what`; made of its text by
/// `parse`.
pub fn load<T>(
    file: Option<&Path>,
    own: &str,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T>,
) -> Result<T> {
    match file {
        Some(file) => {
            let text = fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            parse(&text).with_context(|| format!("in {}", file.display()))
        }
        None => parse(own).with_context(|| format!("in gort's own {what}")),
    }
}

/// The fields of a table.
pub fn fields<T: DeserializeOwned>(text: &str) -> Result<T> {
    // Its message is a drawing of the text, in several lines.
    toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(0, |at| text[..at.start].lines().count());
        anyhow::anyhow!("line {}: {}", line.max(1), e.message().replace('\n', " "))
    })
}

/// Refuses what is listed without a reason.
pub fn has_reason(name: &str, reason: &str) -> Result<()> {
    ensure!(!reason.trim().is_empty(), "{name} has no reason");
    Ok(())
}

/// Reasons by name; each name stands once.
pub fn reasons(entries: Vec<Entry>) -> Result<BTreeMap<String, String>> {
    let mut reasons = BTreeMap::new();
    for Entry { name, reason } in entries {
        has_reason(&name, &reason)?;
        let before = reasons.insert(name.clone(), reason);
        ensure!(before.is_none(), "{name} is listed twice");
    }
    Ok(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        test: Vec<Entry>,
    }

    fn parse(text: &str) -> Result<BTreeMap<String, String>> {
        reasons(fields::<File>(text)?.test)
    }

    #[test]
    fn an_entry_needs_a_reason_and_stands_once() {
        let entry = |reason| format!("[[test]]\nname = \"a\"\nreason = \"{reason}\"\n");
        let one = entry("why");
        assert_eq!(parse(&one).unwrap()["a"], "why");
        let why = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(why(&one.repeat(2)), "a is listed twice");
        assert_eq!(why(&entry(" ")), "a has no reason");
        assert_eq!(
            why("[[test]]\nname = \"a\"\n"),
            "line 1: missing field `reason`"
        );
    }

    #[test]
    fn messages_name_the_table() {
        let bad = |file: Option<&Path>| {
            let done = load(file, "[[test]]\n\nname = 1\n", "list", parse);
            format!("{:#}", done.unwrap_err())
        };
        let own = bad(None);
        assert!(own.starts_with("in gort's own list: line 3: "), "{own}");
        let gone = bad(Some(Path::new("/gone.toml")));
        assert!(gone.starts_with("cannot read /gone.toml: "), "{gone}");
    }
}
