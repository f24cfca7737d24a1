//! What an entry answers.

/// What a runtime function answers its trampoline: asm/switch.S looks whether it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// Results are written; go back to the Go caller.
    Return = 0,
    /// The goroutine is parked, queued or ended, and no longer ours: pick another.
    Reschedule = 1,
    /// Nothing was done: run others, then make the same call again.
    Again = 2,
}
