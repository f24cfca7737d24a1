//! What a failed link says.
//!
//! Promise: every error names what is wrong, the file it is in and, where there is something to do
//! about it, what to do. Errors are text for a person; callers only need to know that the link
//! failed. Phases that can find several problems (undefined symbols, say) report them together.
//! Each is one line of printable text ([`Printable`]), whatever the names of files and symbols in
//! it are.

use std::fmt::{self, Write as _};
use std::path::Path;

/// Why a link failed: one or more messages, in the order found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    messages: Vec<String>,
}

/// Problems listed one by one; more of the same kind help nobody.
const MAX_REPORTED: usize = 20;

/// What to do where memory is refused.
pub(crate) const MORE_MEMORY: &str = "raise the limit on memory (ulimit -v) or free some";

/// Result of a phase.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One problem.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            messages: vec![message.into()],
        }
    }

    /// All problems of one phase; `Ok` when there is none.
    pub fn from_list(messages: Vec<String>) -> Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let mut problems = Problems::default();
        for message in messages {
            problems.add(|| message);
        }
        problems.result()
    }

    /// An operation of the file system that failed.
    pub fn io(doing: &str, path: &Path, err: &std::io::Error) -> Self {
        let advice = match err.kind() {
            std::io::ErrorKind::OutOfMemory => format!("; {MORE_MEMORY}"),
            _ => String::new(),
        };
        let why = describe_io(err);
        Self::new(format!("{doing} {}: {why}{advice}", path.display()))
    }

    /// The messages, one for each problem.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }
}

/// The system's text for an error, without Rust's ` (os error N)`.
pub(crate) fn describe_io(err: &std::io::Error) -> String {
    let text = err.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.messages.join("\n"))
    }
}

impl std::error::Error for Error {}

/// Problems of one phase, as they are found. Only those that are reported get a message, so that
/// many cost no more than few.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    messages: Vec<String>,
    more: usize,
}

impl Problems {
    /// Adds one.
    pub(crate) fn add(&mut self, message: impl FnOnce() -> String) {
        if self.messages.len() < MAX_REPORTED {
            self.messages.push(message());
        } else {
            self.more += 1;
        }
    }

    /// `Ok` when there is none.
    pub(crate) fn result(mut self) -> Result<()> {
        if self.more > 0 {
            self.messages
                .push(format!("and {} more problems of this kind", self.more));
        }
        match self.messages.is_empty() {
            true => Ok(()),
            false => Err(Error {
                messages: self.messages,
            }),
        }
    }
}

/// Bytes of a Go symbol or file name, for messages and lists.
pub(crate) struct Name<'a>(pub &'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write!(f, "{}", Printable(chunk.valid()))?;
            for b in chunk.invalid() {
                write!(f, "\\x{b:02x}")?;
            }
        }
        Ok(())
    }
}

/// Text as one line that leaves a terminal as it is: what would end the line, move the cursor or
/// turn the direction of writing is written as an escape.
pub(crate) struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acts = |c: char| {
            c.is_control()
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        };
        let mut rest = self.0;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| acts(c)) {
            f.write_str(&rest[..at])?;
            for e in c.escape_default() {
                f.write_char(e)?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable() {
        let shown = |b: &[u8]| Name(b).to_string();
        assert_eq!(shown("main.f\u{b7}é".as_bytes()), "main.f\u{b7}é");
        assert_eq!(shown(b"a\nb\x1b[31m\xff\0"), "a\\nb\\u{1b}[31m\\xff\\u{0}");
        assert_eq!(shown("\u{202e}x\u{85}".as_bytes()), "\\u{202e}x\\u{85}");
    }
}
