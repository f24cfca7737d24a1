//! Network poller.

use crate::sched::queue::GList;

/// The poller is in use.
pub fn active() -> bool {
    false
}
/// Goroutines wait for it.
pub fn has_waiters() -> bool {
    false
}
/// Goroutines that became ready; waits up to `ns` (negative: for ever).
pub fn netpoll(_ns: i64) -> GList {
    GList::new()
}
/// Breaks a wait.
pub fn netpoll_break() {}
