//! Stands for the runtime's `src/sync/backoff.rs`.

/// One time away, however many were asked for: more only make a model larger.
#[derive(Debug)]
pub struct Backoff {
    left: bool,
}

impl Backoff {
    /// As the runtime's.
    pub fn new(_rounds: u32) -> Self {
        Self { left: true }
    }

    /// Another thread of the model runs.
    pub fn stay_away(&mut self) -> bool {
        if self.left {
            super::atomic::spin_loop();
        }
        core::mem::replace(&mut self.left, false)
    }
}
