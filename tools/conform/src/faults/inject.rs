//! Giving a program's system calls errors that the kernel did not give.
//!
//! The program gets a seccomp filter in the moment before it is executed. The filter lets every
//! call pass but the one of the [`Plan`] (or, to record what a program calls, all but a few), which
//! stops until this process has answered: with an error, or with "go on". Only the calls of the
//! plan cost anything, all threads of the program are covered, and neither a debugger nor a
//! privilege is needed.
//!
//! The filter is made in the child, between fork and exec; the descriptor through which the kernel
//! asks comes back over a socket. A process that the program starts inherits the filter, but gets
//! no errors: they would say nothing about the program.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use syscalls::Sysno;

use gort_harness::process::{self, Finished, Limits};

/// Which calls get an error.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The calls, which are counted together.
    pub calls: &'a [Sysno],
    /// `errno` that it gets.
    pub error: i32,
    /// The first that gets it, counted from 1.
    pub from: u32,
    /// And how many from there on.
    pub times: u32,
}

/// How often a program made each call.
pub type Calls = BTreeMap<Sysno, u32>;

/// Runs `command` under the plan. The number is how many errors it was given.
pub fn run(command: Command, limits: Limits, plan: Plan<'_>) -> io::Result<(Finished, u32)> {
    let (done, seen) = supervised(command, limits, Some(plan))?;
    Ok((done, seen.given))
}

/// Runs `command` and counts the calls that it makes.
pub fn record(command: Command, limits: Limits) -> io::Result<(Finished, Calls)> {
    let (done, seen) = supervised(command, limits, None)?;
    Ok((done, seen.calls))
}

/// What a supervisor has seen.
#[derive(Default)]
struct Seen {
    calls: Calls,
    given: u32,
}

fn supervised(
    command: Command,
    limits: Limits,
    plan: Option<Plan<'_>>,
) -> io::Result<(Finished, Seen)> {
    let (ours, theirs) = UnixStream::pair()?;
    let theirs = high(theirs)?;
    let filter = filter(plan.map(|plan| plan.calls), theirs.as_raw_fd());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let supervisor = scope.spawn(|| supervise(ours, plan, &over));
        // The closure owns the socket's other end: it closes with the command, and the supervisor
        // gives up if nothing came.
        let done = process::run_with(command, limits, move || install(&filter, &theirs));
        // Release and Acquire are not needed: the flag says nothing about other memory.
        over.store(true, Ordering::Relaxed);
        let seen = supervisor
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the supervisor panicked")));
        Ok((done?, seen?))
    })
}

/// The same socket under a number that no program uses: the filter knows it by the number.
fn high(socket: UnixStream) -> io::Result<OwnedFd> {
    const LEAST: RawFd = 500;
    // SAFETY: the descriptor is open; the call gives a new one, which nobody else owns.
    unsafe {
        let fd = libc::fcntl(socket.as_raw_fd(), libc::F_DUPFD_CLOEXEC, LEAST);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Calls that never get an error: they do not return or cannot fail. A program that took an error
/// for its number would send signals to the wrong processes: -1 is everybody.
const UNTOUCHED: [Sysno; 9] = [
    Sysno::getpid,
    Sysno::gettid,
    Sysno::getppid,
    Sysno::getpgrp,
    Sysno::execve,
    Sysno::exit,
    Sysno::exit_group,
    Sysno::rt_sigreturn,
    Sysno::restart_syscall,
];

/// `AUDIT_ARCH_X86_64` of the kernel's headers.
const ARCH: u32 = 0xc000_003e;

/// The filter: ask about `calls`, or about every call but the untouched ones. What is sent over
/// `socket` passes in any case.
fn filter(calls: Option<&[Sysno]>, socket: RawFd) -> Vec<libc::sock_filter> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    const ASK: u32 = libc::SECCOMP_RET_USER_NOTIF;
    let op = |code: u32, k: u32, jt: u8| libc::sock_filter {
        code: code as u16,
        jt,
        jf: 0,
        k,
    };
    // A test skips the return after it when it does not hold.
    let unless = |k: u32| libc::sock_filter {
        jf: 1,
        ..op(EQUAL, k, 0)
    };
    let number = mem::offset_of!(libc::seccomp_data, nr) as u32;
    let mut code = vec![
        op(LOAD, mem::offset_of!(libc::seccomp_data, arch) as u32, 0),
        op(EQUAL, ARCH, 1),
        op(RETURN, ALLOW, 0),
        op(LOAD, number, 0),
        // Not sendmsg: over the next three.
        libc::sock_filter {
            jf: 3,
            ..op(EQUAL, Sysno::sendmsg.id() as u32, 0)
        },
        op(LOAD, mem::offset_of!(libc::seccomp_data, args) as u32, 0),
        unless(socket as u32),
        op(RETURN, ALLOW, 0),
        op(LOAD, number, 0),
    ];
    // What becomes of the calls that are named, and of the others.
    let (named, action, others) = match calls {
        Some(calls) => (calls, ASK, ALLOW),
        None => (&UNTOUCHED[..], ALLOW, ASK),
    };
    for call in named {
        code.extend([unless(call.id() as u32), op(RETURN, action, 0)]);
    }
    code.push(op(RETURN, others, 0));
    code
}

/// A message that can carry one descriptor: the control part, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Control([u8; 24]);

/// In the child: installs the filter and sends the descriptor of its questions. Neither allocates
/// nor takes a lock.
fn install(filter: &[libc::sock_filter], socket: &OwnedFd) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_ptr().cast_mut(),
    };
    // Not later: with the filter there is nobody yet to answer for other calls than the one that
    // sends.
    let mut bytes = std::process::id().to_ne_bytes();
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER
        | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW
        // A signal must not make the program ask a second time about one call.
        | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    // SAFETY: the program lives until the call returns; the kernel copies it and does not write to
    // it.
    let listener = unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(io::Error::last_os_error());
        }
        let set = libc::SECCOMP_SET_MODE_FILTER;
        libc::syscall(libc::SYS_seccomp, set, flags, &raw const program) as RawFd
    };
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: everything that the message names is on this stack; the control part has room for the
    // one descriptor.
    let sent = unsafe {
        let mut data = libc::iovec {
            iov_base: bytes.as_mut_ptr().cast(),
            iov_len: bytes.len(),
        };
        let mut control = Control([0; 24]);
        let mut message: libc::msghdr = mem::zeroed();
        message.msg_iov = &raw mut data;
        message.msg_iovlen = 1;
        message.msg_control = (&raw mut control).cast();
        message.msg_controllen = mem::size_of::<Control>();
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(4) as usize;
        libc::CMSG_DATA(header)
            .cast::<RawFd>()
            .write_unaligned(listener);
        libc::sendmsg(socket.as_raw_fd(), &raw const message, 0)
    };
    // The listener is marked close-on-exec by the kernel.
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The child's number and the descriptor of its questions; `None` if it never came so far.
fn receive(socket: &UnixStream) -> io::Result<Option<(u32, OwnedFd)>> {
    let mut bytes = [0_u8; 4];
    let mut control = Control([0; 24]);
    // SAFETY: as in `install`; a descriptor that arrives is new in this process and owned by nobody
    // else.
    unsafe {
        let mut data = libc::iovec {
            iov_base: bytes.as_mut_ptr().cast(),
            iov_len: bytes.len(),
        };
        let mut message: libc::msghdr = mem::zeroed();
        message.msg_iov = &raw mut data;
        message.msg_iovlen = 1;
        message.msg_control = (&raw mut control).cast();
        message.msg_controllen = mem::size_of::<Control>();
        let flags = libc::MSG_CMSG_CLOEXEC;
        let n = libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags);
        if n < 0 {
            return Err(io::Error::last_os_error());
        }
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if n == 0 || header.is_null() {
            return Ok(None);
        }
        let fd = libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned();
        Ok(Some((u32::from_ne_bytes(bytes), OwnedFd::from_raw_fd(fd))))
    }
}

/// Answers the program's calls until it has ended.
fn supervise(socket: UnixStream, plan: Option<Plan<'_>>, over: &AtomicBool) -> io::Result<Seen> {
    let mut seen = Seen::default();
    let Some((child, listener)) = receive(&socket)? else {
        return Ok(seen);
    };
    let mut own = HashMap::new();
    let mut count = 0;
    while wait(&listener, over)? {
        let Some(question) = next(&listener)? else {
            continue;
        };
        let task = question.pid;
        let own = *own
            .entry(task)
            .or_insert_with(|| Path::new(&format!("/proc/{child}/task/{task}")).exists());
        let mut error = 0;
        if own && let Some(call) = Sysno::new(question.data.nr as usize) {
            *seen.calls.entry(call).or_insert(0) += 1;
            count += 1;
            if let Some(plan) = plan
                && count >= plan.from
                && count - plan.from < plan.times
            {
                error = plan.error;
                seen.given += 1;
            }
        }
        answer(&listener, question.id, error)?;
    }
    Ok(seen)
}

/// Waits for a question; false when there will be none any more.
fn wait(listener: &OwnedFd, over: &AtomicBool) -> io::Result<bool> {
    /// Milliseconds after which to look whether the program has gone and left others behind that
    /// still have the filter.
    const LOOK: i32 = 100;
    loop {
        let mut fd = libc::pollfd {
            fd: listener.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one structure, as the count says.
        match unsafe { libc::poll(&raw mut fd, 1, LOOK) } {
            0 if over.load(Ordering::Relaxed) => return Ok(false),
            0 => {}
            n if n > 0 => return Ok(fd.revents & libc::POLLIN != 0),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

/// Takes a question, which may have gone meanwhile: the thread was killed.
fn next(listener: &OwnedFd) -> io::Result<Option<libc::seccomp_notif>> {
    // SAFETY: the kernel wants zeroes and fills in the structure of its size.
    unsafe {
        let mut question: libc::seccomp_notif = mem::zeroed();
        let request = libc::SECCOMP_IOCTL_NOTIF_RECV;
        if libc::ioctl(listener.as_raw_fd(), request, &raw mut question) == 0 {
            return Ok(Some(question));
        }
    }
    gone().map(|()| None)
}

/// Answers a question with `error`, or lets the call happen if that is 0.
fn answer(listener: &OwnedFd, id: u64, error: i32) -> io::Result<()> {
    let answer = libc::seccomp_notif_resp {
        id,
        val: 0,
        error: -error,
        flags: match error {
            0 => libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
            _ => 0,
        },
    };
    let request = libc::SECCOMP_IOCTL_NOTIF_SEND;
    // SAFETY: the kernel reads the structure of its size.
    match unsafe { libc::ioctl(listener.as_raw_fd(), request, &raw const answer) } {
        0 => Ok(()),
        _ => gone(),
    }
}

/// The last error, unless it says that the thread asking has gone.
fn gone() -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::EINTR) => Ok(()),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gort_harness::process::Ending;
    use std::time::Duration;

    const LIMITS: Limits = Limits {
        time: Duration::from_secs(20),
        memory: 1 << 30,
    };

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn writes(error: i32, from: u32, times: u32) -> Plan<'static> {
        Plan {
            calls: &[Sysno::write],
            error,
            from,
            times,
        }
    }

    #[test]
    fn the_calls_of_a_program_are_counted() {
        let (done, calls) = record(shell("echo a; echo b"), LIMITS).unwrap();
        assert_eq!(done.output, b"a\nb\n");
        assert_eq!(calls[&Sysno::write], 2);
        assert!(!calls.contains_key(&Sysno::execve));
    }

    #[test]
    fn chosen_calls_fail_and_no_others() {
        let script = "echo a; echo b; echo c; echo d";
        let (done, given) = run(shell(script), LIMITS, writes(libc::ENOSPC, 2, 1)).unwrap();
        // The shell itself tells of its failed write, in words of its own.
        let output = String::from_utf8_lossy(&done.output);
        assert!(
            output.starts_with("a\n") && output.ends_with("c\nd\n"),
            "{output}"
        );
        assert!(!output.contains("b\n"), "{output}");
        assert_eq!((done.ending, given), (Ending::Exit(0), 1));
        let (done, given) = run(shell(script), LIMITS, writes(libc::EIO, 1, u32::MAX)).unwrap();
        assert!(done.output.is_empty() && given >= 4, "{given}");
    }

    #[test]
    fn what_the_program_starts_gets_no_errors() {
        let always = writes(libc::EIO, 1, u32::MAX);
        let (done, given) = run(shell("/bin/echo a; exit 3"), LIMITS, always).unwrap();
        assert_eq!(
            (done.output.as_slice(), done.ending, given),
            (b"a\n".as_slice(), Ending::Exit(3), 0)
        );
    }
}
