//! Where two outputs part, as a unified diff for a person.

use std::fmt::Write as _;
use std::time::Duration;

use similar::TextDiff;

/// Equal lines shown around those that differ.
const CONTEXT: usize = 3;
/// Time to look for the shortest diff. After it any will do: outputs may be megabytes that have
/// nothing in common.
const TIME: Duration = Duration::from_secs(1);
/// Bytes after which it is cut: nobody reads on.
const LIMIT: usize = 16 << 10;

/// The lines that are expected (`-`) and found (`+`). They are printable: a terminal does nothing
/// else with them, and what ends a line unseen is shown.
pub fn difference(expected: &str, found: &str) -> String {
    let diff = TextDiff::configure()
        .timeout(TIME)
        .diff_lines(expected, found);
    let mut unified = diff.unified_diff();
    let mut text = String::from("- expected, + found");
    for hunk in unified.context_radius(CONTEXT).iter_hunks() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}", hunk.header());
        for change in hunk.iter_changes() {
            if text.len() > LIMIT {
                text += "\n(cut)";
                return text;
            }
            let line = change.value();
            let whole = line.strip_suffix('\n').unwrap_or(line);
            let _ = write!(text, "\n{}{}", change.tag(), printable(whole));
            if change.missing_newline() {
                text += " (no new line)";
            }
        }
    }
    text
}

/// A line with escapes for control characters, and for blanks at its end.
fn printable(line: &str) -> String {
    let end = line.trim_end().len();
    let mut text = String::new();
    for (at, c) in line.char_indices() {
        match c {
            '\t' if at < end => text.push(c),
            c if c.is_control() => text.extend(c.escape_default()),
            c if at >= end => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_a_difference_are_shown() {
        assert_eq!(
            difference("a\nb\nc\n", "a\nx\nc\n"),
            "- expected, + found\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c"
        );
        let long: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert_eq!(
            difference(&long, &long.replace("\n50\n", "\n")),
            "- expected, + found\n@@ -48,7 +48,6 @@\n 47\n 48\n 49\n-50\n 51\n 52\n 53"
        );
    }

    #[test]
    fn what_is_not_seen_is_shown() {
        assert_eq!(
            difference("a\n", "a"),
            "- expected, + found\n@@ -1 +1 @@\n-a\n+a (no new line)"
        );
        let found = difference("a\tb\n", "a\tb \t\r\n\x1b[2J\n");
        assert!(
            found.ends_with("\n-a\tb\n+a\tb\\u{20}\\t\\r\n+\\u{1b}[2J"),
            "{found}"
        );
    }

    #[test]
    fn outputs_that_have_nothing_in_common_take_no_time() {
        let many = |word: &str| -> String {
            let lines = (0..200_000).map(|n| format!("{word} {n}\n"));
            lines.collect()
        };
        let start = std::time::Instant::now();
        let found = difference(&many("old"), &many("new"));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(found.ends_with("\n(cut)") && found.len() < 2 * LIMIT);
    }
}
