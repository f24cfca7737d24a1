//! What a failed link says.
//!
//! Promise: every error names what is wrong, the file it is in and, where there is something to do about it, what to
//! do. Errors are text for a person; callers only need to know that the link failed. Phases that can find
//! several problems (undefined symbols, say) report them together.

use std::fmt;
use std::path::Path;

/// Why a link failed: one or more messages, in the order found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    messages: Vec<String>,
}

/// Problems listed one by one; more of the same kind help nobody.
const MAX_REPORTED: usize = 20;

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
        Self::new(format!("{doing} {}: {}", path.display(), describe_io(err)))
    }

    /// The messages, one for each problem.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }
}

/// The system's text for an error, without Rust's ` (os error N)`.
fn describe_io(err: &std::io::Error) -> String {
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

/// Problems of one phase, as they are found. Only those that are reported get a message, so that many cost no more than few.
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

/// Bytes of a Go symbol or file name, for messages.
pub(crate) struct Name<'a>(pub &'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}
