//! Several system calls for one purpose, the best first.
//!
//! A kernel may be older than a call, and a filter (seccomp) may refuse one: with EPERM, ENOSYS,
//! EACCES or whatever error its author chose. So the next call is tried after every error, and one
//! that was refused in such a manner is not tried again. A filter stays for the life of the
//! process, and may come at any time.

use core::sync::atomic::{AtomicUsize, Ordering};

/// Which of several calls serve.
#[derive(Debug, Default)]
pub struct Ways {
    /// Those before it were refused.
    best: AtomicUsize,
}

/// A kernel without the call, or a filter, answers so; other errors are those of the moment.
fn refused(ret: isize) -> bool {
    let errors = [
        libc::ENOSYS,
        libc::EPERM,
        libc::EACCES,
        libc::EINVAL,
        libc::EOPNOTSUPP,
    ];
    errors.iter().any(|&e| ret == -(e as isize))
}

/// The wait ended without result.
fn interrupted(ret: isize) -> bool {
    ret == -(libc::EINTR as isize)
}

impl Ways {
    /// None was refused.
    pub const fn new() -> Self {
        Self {
            best: AtomicUsize::new(0),
        }
    }

    /// Calls `way` with the numbers from `first` up to `last`, less those refused before, until one
    /// does not fail; answers what the last one called answered. An interrupted call has not
    /// failed. `last` is called whatever happened to it before.
    pub fn call(&self, first: usize, last: usize, mut way: impl FnMut(usize) -> isize) -> isize {
        let mut i = self.best.load(Ordering::Relaxed).clamp(first, last);
        loop {
            let ret = way(i);
            if ret >= 0 || interrupted(ret) || i == last {
                return ret;
            }
            i += 1;
            // Only where all before it were refused, too: a call that begins further on says
            // nothing about those.
            if refused(ret) {
                let _ = self
                    .best
                    .compare_exchange(i - 1, i, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOSYS: isize = -(libc::ENOSYS as isize);
    const EPERM: isize = -(libc::EPERM as isize);
    const EMFILE: isize = -(libc::EMFILE as isize);
    const EINTR: isize = -(libc::EINTR as isize);

    /// What is called, when the calls answer so.
    fn called(ways: &Ways, first: usize, answers: &[isize]) -> (Vec<usize>, isize) {
        let mut seen = Vec::new();
        let ret = ways.call(first, answers.len() - 1, |i| {
            seen.push(i);
            answers[i]
        });
        (seen, ret)
    }

    #[test]
    fn the_first_that_serves() {
        let ways = Ways::new();
        assert_eq!(called(&ways, 0, &[5, 6, 7]), (vec![0], 5));
        assert_eq!(called(&ways, 1, &[5, 6, 7]), (vec![1], 6));
        assert_eq!(called(&ways, 0, &[EINTR, 6, 7]), (vec![0], EINTR));
    }

    #[test]
    fn every_error_of_filters_leads_to_the_next_for_good() {
        for e in [libc::EPERM, libc::EACCES, libc::ENOSYS, libc::EINVAL] {
            let ways = Ways::new();
            assert_eq!(
                called(&ways, 0, &[-(e as isize), 6, 7]),
                (vec![0, 1], 6),
                "errno {e}"
            );
            assert_eq!(called(&ways, 0, &[5, 6, 7]), (vec![1], 6), "errno {e}");
        }
    }

    #[test]
    fn an_error_of_the_moment_leads_to_the_next_once() {
        let ways = Ways::new();
        assert_eq!(called(&ways, 0, &[EMFILE, 6]), (vec![0, 1], 6));
        assert_eq!(called(&ways, 0, &[5, 6]), (vec![0], 5));
    }

    #[test]
    fn the_last_one_is_always_tried() {
        let ways = Ways::new();
        for _ in 0..2 {
            assert_eq!(called(&ways, 0, &[ENOSYS, EPERM]).1, EPERM);
        }
        assert_eq!(called(&ways, 0, &[5, 6]), (vec![1], 6));
    }

    #[test]
    fn who_begins_further_on_says_nothing_of_the_first() {
        let ways = Ways::new();
        assert_eq!(called(&ways, 1, &[5, EPERM, 7]), (vec![1, 2], 7));
        assert_eq!(called(&ways, 0, &[5, 6, 7]), (vec![0], 5));
        // Refused each time, then: a wait that has no end begins there, and costs a call more.
        assert_eq!(called(&ways, 0, &[ENOSYS, EPERM, 7]), (vec![0, 1, 2], 7));
        assert_eq!(called(&ways, 1, &[5, 6, 7]), (vec![2], 7));
    }
}
