//! The models. Each comes with cases that must fail.

use crate::sync::atomic::{Weak, exchanges, weaken};
use std::panic::{AssertUnwindSafe, catch_unwind};

mod locks;
mod marking;
mod outside;
mod parking;
mod poller;
mod ring;
mod semaphore;
mod spans;
mod stacks;
mod timers;
mod waiter;
mod wake;

/// Runs `model` through its interleavings, with at most three switches of a running thread in each:
/// once with all that weak memory allows, once with accesses that miss no interleaving
/// ([`exchanges`]).
fn explore(model: impl Fn() + Sync + Send + Clone + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model.clone());
    exchanges(|| builder.check(model));
}

/// [`explore`] must fail once `what` is missing.
fn must_fail(what: Weak, model: impl Fn() + Sync + Send + Clone + 'static) {
    let mut failed = false;
    weaken(what, || {
        failed = catch_unwind(AssertUnwindSafe(|| explore(model))).is_err();
    });
    exchanges(|| {});
    assert!(failed, "the model does not need {what:?}");
}
