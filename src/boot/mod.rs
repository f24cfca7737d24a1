//! From the kernel's entry to the main goroutine.
