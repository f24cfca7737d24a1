//! The models. Each comes with cases that must fail.

use crate::abi::G;
use crate::sync::atomic::{Ordering::AcqRel, Weak, does, exchanges, weaken};
use crate::world::status::{GState, GStatus, status_of};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

mod callbacks;
mod locks;
mod marking;
mod outside;
mod parking;
mod poller;
mod ranlist;
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

/// What loom says of a plain word that two threads use at the same time.
const RACE: &str = "Causality violation";
/// What loom says where all threads wait.
const DEADLOCK: &str = "deadlock";

/// [`explore`] must fail once `what` is missing, and say `why`: a model that only ran into one of
/// the checker's limits has found nothing.
#[track_caller]
fn must_fail(what: Weak, why: &str, model: impl Fn() + Sync + Send + Clone + 'static) {
    let mut outcome = Ok(());
    weaken(what, || {
        outcome = catch_unwind(AssertUnwindSafe(|| explore(model)));
    });
    exchanges(|| {});
    let Err(panic) = outcome else {
        panic!("the model does not need {what:?}");
    };
    let said = text(&*panic);
    assert!(
        said.contains(why),
        "without {what:?} it fails otherwise: {said}"
    );
}

/// Why a model fails: an assertion of the runtime says it first, in builds that have them.
fn first(asserted: &'static str, otherwise: &'static str) -> &'static str {
    if cfg!(debug_assertions) {
        asserted
    } else {
        otherwise
    }
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<String>() {
        Some(s) => s,
        None => panic.downcast_ref::<&str>().unwrap_or(&""),
    }
}

/// The transition `by` of a goroutine that another thread may hold, to the state `to`.
///
/// # Safety
/// As `by`.
unsafe fn change(g: *mut G, by: unsafe fn(&GStatus), to: GState) {
    // SAFETY: the caller's promise.
    unsafe {
        if does("wait for the scan") {
            by(status_of(g));
        } else {
            (*g).atomicstatus.swap(to as u32, AcqRel);
        }
    }
}
