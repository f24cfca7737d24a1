//! Maps (docs/map-type.md).
//!
//! - [`table`], buckets and how they are read and written;
//! - [`key`], what a lookup looks for, for each way to hash and compare;
//! - [`lookup`], `m[k]`;
//! - [`assign`], `m[k] = v` and `delete(m, k)`;
//! - [`grow`], doubling, a few buckets with each assignment;
//! - [`iter`](mod@iter) for `for k, v := range m`;
//! - [`make`], `make(map[K]V)`;
//! - [`entry`] and [`reflect`]: the functions that compiled code and package reflect call;
//! - [`mem`], memory and barriers, with a stand-in for hosted tests.
//!
//! The bucket is that of Go 1.5, since the compiler lays out its type: eight hash bytes, eight
//! keys, eight values, the next bucket of the chain. Everything else is ours.
//!
//! Invariants:
//! - every key is in the chain of the bucket that its hash names, in the old table as long as that
//!   bucket is not evacuated, else in the new;
//! - readers never write (two goroutines may read one map at a time), except for the flag that an
//!   iterator sets atomically;
//! - assignment and deletion first evacuate the old bucket of their key, so nothing is ever added
//!   to the old table;
//! - while an iterator may look at a table, evacuation leaves keys and values in it.
//!
//! What holds for every `&MapType`: the compiler or package reflect made the descriptor, so the
//! descriptors of key, value, bucket and map that it names are those of live types.
//!
//! No locks: a map belongs to the goroutines that use it, and the runtime's functions run to their
//! end.

pub mod assign;
pub mod entry;
pub mod grow;
mod iter;
mod key;
mod lookup;
mod make;
mod mem;
pub mod reflect;
pub mod table;
#[cfg(test)]
mod tests;
