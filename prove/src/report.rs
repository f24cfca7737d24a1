//! What the proof has found, for a person.

use std::fmt::Write as _;
use std::path::Path;

/// Depth of each entry.
#[derive(Debug)]
pub struct Proof {
    /// Name and deepest point in bytes below the return address, deepest first.
    pub depths: Vec<(String, i64)>,
    /// What every depth is held to.
    pub budget: i64,
}

impl Proof {
    /// The `shown` deepest entries of the library at `path`, under a line that sums up.
    pub fn report(&self, path: &Path, shown: usize) -> String {
        let mut text = format!(
            "{}: {} functions use at most {} bytes of a goroutine's stack:\n",
            path.display(),
            self.depths.len(),
            self.budget
        );
        for (name, depth) in self.depths.iter().take(shown) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{depth:6}  {name}");
        }
        text
    }
}
