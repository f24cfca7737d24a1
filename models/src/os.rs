//! Stands for the runtime's `src/os`.

pub mod sys {
    //! System calls.
    /// Lets another thread of the model run.
    pub fn sched_yield() {
        loom::thread::yield_now();
    }
}
