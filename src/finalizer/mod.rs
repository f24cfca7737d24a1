//! Finalizers: a function to call once when an object is found dead (docs/gc.md).
//!
//! A finalizer is a special of its object's span. Marking treats what the object points to, and the
//! function, as reachable, but not the object; an object that is still unmarked when its span is
//! swept is marked then (so its memory and all that it leads to stay for one more cycle), loses its
//! finalizer and goes to the queue (`heap::dead`).
//!
//! - [`set`]: `runtime.SetFinalizer`; - [`run`]: the goroutine that calls them.

pub mod run;
pub mod set;
