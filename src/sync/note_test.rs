//! Notes on which several threads sleep.

use super::note::SharedNote;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One of two sleepers gives up, as sysmon does after its nap: the other is still woken.
#[test]
fn a_sleeper_that_gives_up_does_not_take_the_others_signal() {
    static NOTE: SharedNote = SharedNote::new();
    static WOKEN: AtomicBool = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            NOTE.sleep_for(i64::MAX);
            WOKEN.store(true, Ordering::SeqCst);
        });
        while NOTE.sleepers.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        NOTE.sleep_for(1_000_000);
        NOTE.clear();
        assert!(!WOKEN.load(Ordering::SeqCst));
        NOTE.wakeup();
        let mut tries = 0;
        while !WOKEN.load(Ordering::SeqCst) {
            tries += 1;
            if tries == 10_000 {
                // Or the scope never ends.
                NOTE.clear();
                NOTE.wakeup();
                panic!("the signal was lost");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}
