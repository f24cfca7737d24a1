//! What becomes of each signal.

use crate::os::signal::{SIGNALS, bit};

/// `os/signal` may ask for it.
pub(super) const NOTIFY: u8 = 1;
/// Ends the program quietly if nobody asked for it.
pub(super) const KILL: u8 = 2;
/// Ends the program with a dump of all goroutines if nobody asked for it.
pub(super) const THROW: u8 = 4;
/// A fault: becomes a panic in Go code.
pub(super) const PANIC: u8 = 8;
/// Left as it is until `os/signal` asks for it.
pub(super) const DEFAULT: u8 = 16;
/// Never blocked: faults, and what the runtime itself lives on.
pub(super) const UNBLOCK: u8 = 32;

/// The runtime uses it besides: our handler stays whatever `os/signal` asks for.
pub(super) const OURS: u8 = 64;

/// Disposition of a signal, as in Go 1.5.
pub(super) const fn flags(sig: u32) -> u8 {
    match sig as i32 {
        libc::SIGHUP | libc::SIGINT | libc::SIGTERM => NOTIFY | KILL,
        libc::SIGQUIT | libc::SIGABRT => NOTIFY | THROW,
        libc::SIGILL | libc::SIGTRAP | libc::SIGSTKFLT => THROW | UNBLOCK,
        libc::SIGBUS | libc::SIGFPE | libc::SIGSEGV => PANIC | UNBLOCK,
        libc::SIGKILL | libc::SIGSTOP | libc::SIGCONT | 0 => 0,
        libc::SIGCHLD | libc::SIGPROF => NOTIFY | UNBLOCK,
        libc::SIGURG => NOTIFY | UNBLOCK | OURS,
        libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => NOTIFY | DEFAULT,
        // The C library's own, in programs that have one.
        32 | 33 => UNBLOCK,
        _ => NOTIFY,
    }
}

/// Name and meaning.
pub(super) fn text(sig: u32) -> &'static str {
    const TEXTS: [&str; 32] = [
        "SIGNONE: no trap",
        "SIGHUP: terminal line hangup",
        "SIGINT: interrupt",
        "SIGQUIT: quit",
        "SIGILL: illegal instruction",
        "SIGTRAP: trace trap",
        "SIGABRT: abort",
        "SIGBUS: bus error",
        "SIGFPE: floating-point exception",
        "SIGKILL: kill",
        "SIGUSR1: user-defined signal 1",
        "SIGSEGV: segmentation violation",
        "SIGUSR2: user-defined signal 2",
        "SIGPIPE: write to broken pipe",
        "SIGALRM: alarm clock",
        "SIGTERM: termination",
        "SIGSTKFLT: stack fault",
        "SIGCHLD: child status has changed",
        "SIGCONT: continue",
        "SIGSTOP: stop, unblockable",
        "SIGTSTP: keyboard stop",
        "SIGTTIN: background read from tty",
        "SIGTTOU: background write to tty",
        "SIGURG: urgent condition on socket",
        "SIGXCPU: cpu limit exceeded",
        "SIGXFSZ: file size limit exceeded",
        "SIGVTALRM: virtual alarm clock",
        "SIGPROF: profiling alarm clock",
        "SIGWINCH: window size change",
        "SIGIO: i/o now possible",
        "SIGPWR: power failure restart",
        "SIGSYS: bad system call",
    ];
    TEXTS.get(sig as usize).copied().unwrap_or("")
}

/// Mask of the signals that are never blocked.
pub const ESSENTIAL: u64 = {
    let (mut mask, mut sig) = (0, 1);
    while sig < SIGNALS as u32 {
        if flags(sig) & UNBLOCK != 0 {
            mask |= bit(sig);
        }
        sig += 1;
    }
    mask
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (sig, name) in [
            (libc::SIGSEGV, "SIGSEGV"),
            (libc::SIGPROF, "SIGPROF"),
            (libc::SIGSYS, "SIGSYS"),
            (libc::SIGSTKFLT, "SIGSTKFLT"),
        ] {
            assert!(text(sig as u32).starts_with(name));
        }
        assert_eq!(text(64), "");
    }

    #[test]
    fn faults_are_never_blocked() {
        let e = ESSENTIAL;
        for sig in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGTRAP,
            libc::SIGPROF,
            libc::SIGCHLD,
        ] {
            assert_ne!(e & bit(sig as u32), 0);
        }
        assert_eq!(e & bit(libc::SIGINT as u32), 0);
    }
}
