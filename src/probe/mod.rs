//! What is noted as it happens, for profiles and traces that the program may take of itself.
//!
//! - [`trace`]: events, of a [`kind`], in a [`log`] for each P, with [`stacks`] by number;
//! - [`block`]: waits for channels and semaphores; - [`cpu`]: samples by SIGPROF, [`timers`]: when
//!   each thread gets one;
//! - [`rates`]: how often, and the clock.
//!
//! Called where things happen, with any lock held: nothing here waits, readies or allocates from
//! the heap. While nobody asks for a profile each is one load.

pub mod block;
pub mod cpu;
pub mod kind;
pub mod log;
pub mod rates;
pub mod stacks;
pub mod timers;
pub mod trace;
