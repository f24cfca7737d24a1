//! Running one program under limits: time, output, memory.
//!
//! The programs that the suites run may hang, print without end or take all memory: that is what
//! the suites are for. Each runs in a process group of its own, so that whatever it started ends
//! with it.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, getrlimit, kill_process, kill_process_group,
    pidfd_open, set_parent_process_death_signal, setrlimit,
};

/// What a program may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall-clock time until it is killed.
    pub time: Duration,
    /// Bytes of writable private memory (`RLIMIT_DATA`); address space that is only reserved does
    /// not count.
    pub memory: u64,
}

/// Bytes of output after which a program is killed. The largest legitimate output, source text made
/// by a `runoutput` test, is under 3 MiB.
const OUTPUT_LIMIT: usize = 32 << 20;

/// Time for a program that has had its time to say what it was doing.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// Killed for running too long.
    TimeOut,
    /// Killed for printing too much.
    TooMuchOutput,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub ending: Ending,
    /// Everything it printed, standard output and standard error in the order written.
    pub output: Vec<u8>,
    /// Time from its start to its end.
    pub wall: Duration,
    /// Processor time of it and of what it waited for, in user mode and in the kernel.
    pub cpu: Duration,
    /// Times that the kernel took a processor from one of its threads.
    pub preempted: u64,
    /// Bytes that were resident at once, at most. Never less than what the process had before it
    /// became the program: the few MiB that it shares with this one.
    pub peak_memory: u64,
}

impl Finished {
    /// Did it end by itself with status 0?
    pub fn success(&self) -> bool {
        self.ending == Ending::Exit(0)
    }

    /// For tests: a program that ended at once and printed `output`.
    pub fn at_once(ending: Ending, output: &str) -> Self {
        Self {
            ending,
            output: output.as_bytes().to_vec(),
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            preempted: 0,
            peak_memory: 0,
        }
    }
}

/// Runs `command` to its end, or to the end of the limits.
pub fn run(command: Command, limits: Limits) -> io::Result<Finished> {
    run_with(command, limits, || Ok(()))
}

/// The same; `last` is what the child does last before it becomes the program. It may neither
/// allocate nor take a lock.
pub fn run_with(
    mut command: Command,
    limits: Limits,
    mut last: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<Finished> {
    let (mut reader, writer) = io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    let memory = Rlimit {
        current: Some(limits.memory),
        maximum: getrlimit(Resource::Data).maximum,
    };
    // SAFETY: between fork and exec the closure makes some system calls; neither it nor `last`
    // allocates or takes a lock.
    unsafe {
        command.pre_exec(move || {
            // A shell's background job ignores some signals, which tests of signals would notice.
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
                libc::signal(signal, libc::SIG_DFL);
            }
            // An interrupted gort must not leave programs without their time limit behind.
            set_parent_process_death_signal(Some(Signal::KILL))?;
            setrlimit(Resource::Data, memory)?;
            setrlimit(
                Resource::Core,
                Rlimit {
                    current: Some(0),
                    maximum: Some(0),
                },
            )?;
            last()
        });
    }
    let start = Instant::now();
    let child = command.spawn()?;
    // The command holds the writing ends; while it lives the pipe never reports its end.
    drop(command);

    let watched = watch(&child, &mut reader, start + limits.time);
    let wall = start.elapsed();
    kill_group(&child);
    let (status, usage) = reap(&child)?;
    let (early, mut output) = watched?;
    if early != Some(Ending::TooMuchOutput) {
        drain(&mut reader, &mut output)?;
    }
    Ok(Finished {
        ending: early.unwrap_or_else(|| ending(status)),
        output,
        wall,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        preempted: u64::try_from(usage.ru_nivcsw).unwrap_or(0),
        peak_memory: u64::try_from(usage.ru_maxrss).unwrap_or(0) << 10,
    })
}

/// Collects output until the program ends. The first part of the result says why it has to be
/// killed, if it has to.
fn watch(
    child: &Child,
    reader: &mut io::PipeReader,
    deadline: Instant,
) -> io::Result<(Option<Ending>, Vec<u8>)> {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let mut output = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let (mut open, mut deadline, mut late) = (true, deadline, None);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            if late.is_some() {
                return Ok((late, output));
            }
            // A Go program answers with what its goroutines do.
            let _ = kill_process(Pid::from_child(child), Signal::QUIT);
            (late, deadline) = (Some(Ending::TimeOut), Instant::now() + LAST_WORDS);
            continue;
        }
        let wait = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut fds = [
            PollFd::new(&process, PollFlags::IN),
            PollFd::from_borrowed_fd(reader.as_fd(), PollFlags::IN),
        ];
        let watched = if open { 2 } else { 1 };
        match poll(&mut fds[..watched], Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = !fds[0].revents().is_empty();
        if open && !fds[1].revents().is_empty() {
            let n = reader.read(&mut buffer)?;
            open = n != 0;
            output.extend_from_slice(&buffer[..n]);
            if output.len() > OUTPUT_LIMIT {
                return Ok((Some(Ending::TooMuchOutput), output));
            }
        } else if ended {
            // What is still in the pipe is read once its process group is gone.
            return Ok((late, output));
        }
    }
}

/// Reads what ended programs left in the pipe.
fn drain(reader: &mut io::PipeReader, output: &mut Vec<u8>) -> io::Result<()> {
    // A descendant in another process group may still hold the pipe: take only what is there.
    let mut buffer = vec![0; 64 << 10];
    loop {
        let ready = {
            let mut fds = [PollFd::from_borrowed_fd(reader.as_fd(), PollFlags::IN)];
            poll(
                &mut fds,
                Some(&Timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                }),
            )?
        };
        if ready == 0 {
            return Ok(());
        }
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        output.extend_from_slice(&buffer[..n]);
    }
}

/// Kills the program and what it started. The child has not been waited for, so its id is still its
/// own.
fn kill_group(child: &Child) {
    // Fails if the whole group has gone already, which is as good.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

/// Waits for the end of the program, which is near. With its status comes what it used.
fn reap(child: &Child) -> io::Result<(ExitStatus, libc::rusage)> {
    let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
    loop {
        // SAFETY: both pointers are to locals of the types that the call writes. Nobody else waits
        // for this child.
        let waited =
            unsafe { libc::wait4(child.id().cast_signed(), &mut status, 0, usage.as_mut_ptr()) };
        if waited >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: zeroes are a valid `rusage`; the call has written over them.
    Ok((ExitStatus::from_raw(status), unsafe { usage.assume_init() }))
}

/// The kernel's way to say how long.
fn duration(time: libc::timeval) -> Duration {
    let whole = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    whole + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

/// Translates the status of a program that ended without our doing.
fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code),
        (None, Some(signal)) => Ending::Signal(signal),
        (None, None) => Ending::Exit(-1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn limits(time: Duration) -> Limits {
        Limits {
            time,
            memory: 1 << 30,
        }
    }

    #[test]
    fn output_of_both_streams_keeps_its_order() {
        let done = run(
            shell("echo a; echo b >&2; echo c; exit 3"),
            limits(Duration::from_secs(10)),
        )
        .unwrap();
        assert_eq!(done.ending, Ending::Exit(3));
        assert_eq!(done.output, b"a\nb\nc\n");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let start = Instant::now();
        let done = run(
            shell("echo before; sleep 60 & sleep 60"),
            limits(Duration::from_millis(300)),
        )
        .unwrap();
        assert_eq!(done.ending, Ending::TimeOut);
        assert_eq!(done.output, b"before\n");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_hangs_is_asked_what_it_does() {
        let done = run(
            shell("trap 'echo waiting; exit 2' QUIT; while :; do sleep 0.1; done"),
            limits(Duration::from_millis(300)),
        )
        .unwrap();
        assert_eq!(done.ending, Ending::TimeOut);
        assert_eq!(done.output, b"waiting\n");
    }

    #[test]
    fn a_child_left_behind_does_not_keep_the_run_open() {
        let start = Instant::now();
        let done = run(
            shell("sleep 60 & echo parent"),
            limits(Duration::from_secs(30)),
        )
        .unwrap();
        assert!(done.success());
        assert_eq!(done.output, b"parent\n");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn closing_the_output_is_not_ending() {
        let done = run(
            shell("exec >&- 2>&-; sleep 0.2; exit 5"),
            limits(Duration::from_secs(10)),
        )
        .unwrap();
        assert_eq!(done.ending, Ending::Exit(5));
    }

    #[test]
    fn a_signal_is_told_from_a_status() {
        let done = run(shell("kill -SEGV $$"), limits(Duration::from_secs(10))).unwrap();
        assert_eq!(done.ending, Ending::Signal(11));
    }

    #[test]
    fn time_and_memory_are_those_of_the_program() {
        let limit = limits(Duration::from_secs(30));
        let small = run(shell("exec sleep 0.2"), limit).unwrap();
        assert!(small.wall >= Duration::from_millis(200));
        assert!(small.cpu < Duration::from_millis(200), "{:?}", small.cpu);
        assert!(small.peak_memory > 0);
        let busy = shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
        assert!(run(busy, limit).unwrap().cpu > small.cpu);
        let large = run(
            shell("x=$(head -c 60000000 /dev/zero | tr '\\0' x); echo"),
            limit,
        )
        .unwrap();
        assert!(
            large.peak_memory > small.peak_memory + (50 << 20),
            "{} and {}",
            large.peak_memory,
            small.peak_memory
        );
    }

    #[test]
    fn endless_output_is_cut() {
        let done = run(shell("exec yes"), limits(Duration::from_secs(60))).unwrap();
        assert_eq!(done.ending, Ending::TooMuchOutput);
    }
}
