//! Stands for the runtime's `src/sched`.

#[path = "../../src/sched/breaks.rs"]
pub mod breaks;
#[path = "../../src/sched/poller.rs"]
pub mod poller;
#[path = "../../src/sched/wake.rs"]
pub mod wake;
