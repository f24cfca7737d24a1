//! Stands for the runtime's `src/heap`.

pub mod stats {
    //! Counters.

    /// What was marked.
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
        /// As the runtime's.
        pub fn take(&mut self, other: &mut Self) {
            self.objects += core::mem::take(other).objects;
        }
    }
}
