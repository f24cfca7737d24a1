//! What the program is started with: arguments, environment and the settings in it.
//!
//! - [`env`](mod@env): the kernel's vectors; - [`godebug`]: the items of GODEBUG; - [`level`]:
//!   GOTRACEBACK.
//!
//! Read at boot with one thread, or when asked for; nothing here changes what it has read.

pub mod env;
pub mod godebug;
pub mod level;
