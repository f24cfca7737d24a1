//! What was marked.

/// Objects that were marked, and their bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Objects.
    pub objects: usize,
    /// Bytes of all objects.
    pub bytes: usize,
    /// Bytes of objects with pointers.
    pub scan_bytes: usize,
}

impl Counts {
    /// Adds what `other` has and leaves nothing there.
    pub fn take(&mut self, other: &mut Self) {
        let c = core::mem::take(other);
        self.objects += c.objects;
        self.bytes += c.bytes;
        self.scan_bytes += c.scan_bytes;
    }
}
