//! How much a dying program shows: the environment variable GOTRACEBACK.

use super::env;
use core::sync::atomic::{AtomicBool, Ordering};

/// The variable's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// 0 = no goroutines, 1 = without the runtime's own frames and goroutines, 2 = everything.
    pub frames: u32,
    /// End by SIGABRT, for a core dump.
    pub crash: bool,
}

/// A dying program ends by SIGABRT, whatever the variable says.
static ALWAYS_CRASH: AtomicBool = AtomicBool::new(false);

/// Has it end so, as programs of C do.
pub fn always_crash() {
    ALWAYS_CRASH.store(true, Ordering::Relaxed);
}

/// Reads the variable. Only dying programs and explicit stack dumps ask, so it is read each time.
pub fn get() -> Level {
    let level = parse(env::get(b"GOTRACEBACK").unwrap_or_default());
    Level {
        crash: level.crash || ALWAYS_CRASH.load(Ordering::Relaxed),
        ..level
    }
}

fn parse(value: &[u8]) -> Level {
    match value {
        b"" => Level {
            frames: 1,
            crash: false,
        },
        b"crash" => Level {
            frames: 2,
            crash: true,
        },
        // As Go 1.5 packs it, one bit to the left in a word of 32.
        _ => Level {
            frames: (env::leading_number(value) as u32 & u32::MAX >> 1).min(2),
            crash: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let level = |v: &str| {
            let l = parse(v.as_bytes());
            (l.frames, l.crash)
        };
        assert_eq!(level(""), (1, false));
        assert_eq!(level("0"), (0, false));
        assert_eq!(level("2"), (2, false));
        assert_eq!(level("7"), (2, false));
        assert_eq!(level("crash"), (2, true));
        assert_eq!(level("all"), (0, false));
        assert_eq!(level("-1"), (0, false));
        assert_eq!(level("1x"), (1, false));
        assert_eq!(level("2147483648"), (0, false));
        assert_eq!(level("99999999999999999999"), (2, false));
    }
}
