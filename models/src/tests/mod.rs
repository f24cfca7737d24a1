//! The models. Each comes with cases that must fail.

use crate::sync::atomic::{Weak, weaken};
use std::panic::{AssertUnwindSafe, catch_unwind};

mod locks;
mod poller;
mod ring;
mod semaphore;
mod waiter;
mod wake;

/// Runs `model` through its interleavings, with at most three switches of a running thread in each.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// [`explore`] must fail once `what` is missing.
fn must_fail(what: Weak, model: impl Fn() + Sync + Send + 'static) {
    let mut failed = false;
    weaken(what, || {
        failed = catch_unwind(AssertUnwindSafe(|| explore(model))).is_err();
    });
    assert!(failed, "the model does not need {what:?}");
}
