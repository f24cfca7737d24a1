//! What the runtime knows about Go types: hashing and equality, interface tables, conversions and
//! assertions, the error values of run-time panics. The descriptors themselves are made by the
//! build (build/types.rs).
//!
//! Invariants:
//! - a type has one descriptor and an (interface, type) pair one interface table: both are compared
//!   by address;
//! - interface tables are immortal and off-heap: compiled code keeps them where the collector does
//!   not look;
//! - the data word of an interface points to a copy that nobody writes again, or is the value
//!   itself ([`crate::abi::go15::Type::direct_iface`]).
//!
//! Lock order: the lock of the interface tables, then `mem`. It is not held while Go code runs or a
//! panic is raised.

pub mod alg;
pub mod any;
pub mod assert;
pub mod compare;
pub mod complex;
pub mod conv;
#[cfg(test)]
mod descriptors;
pub mod entries;
pub mod errors;
pub mod hash;
pub mod itab;
mod nested;
pub mod plan;
pub mod records;
pub mod reflect;
pub mod text;
pub mod value;

/// At boot, before any Go code runs.
pub fn init() {
    hash::init();
    itab::init();
}
