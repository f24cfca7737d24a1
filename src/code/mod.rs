//! What the linker wrote about the code of the program, for who looks something up by pc.
//!
//! - [`sites`]: functions, call sites and their frames; - [`symtab`]: names, files and lines; -
//!   [`asmfuncs`]: functions of the library.
//!
//! All of it is read only, complete before the program starts, and found without a lock: signal
//! handlers and dying threads look here too.

pub mod asmfuncs;
pub mod sites;
pub mod symtab;
