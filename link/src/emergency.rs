//! Ends of a link that are no return: a signal, no memory, a panic, an input that is cut short
//! while it is read.
//!
//! Promise: what was noted as unfinished is removed, at most one line is printed, and the process
//! ends as who started it expects: by the signal that was sent, else with status [`FAILED`], and
//! then a program of an earlier link is gone as well.
//!
//! What runs at such an end may have interrupted anything, an allocation too: it makes system calls
//! on what was noted before, and neither allocates nor takes a lock. A thread that is about to make
//! or name a file does so [`undisturbed`]: a signal then waits until the file is noted.
//!
//! Only the command arms this, in its own process; for a library user signals and panics stay what
//! they are.

use crate::driver::FAILED;
use crate::error::MORE_MEMORY;
use rustix::fs::{AtFlags, Mode, OFlags, RawDir};
use rustix::io::Errno;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CStr, CString, c_char, c_int};
use std::fmt::{self, Write as _};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Signals that end a process and leave it the time to tidy up.
const ENDING_SIGNALS: [c_int; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGXCPU,
];

/// Nothing happens to files.
const FREE: i32 = 0;
/// A thread is making or naming a file. A signal that comes then takes this value's place.
const BUSY: i32 = -1;
/// The process ends; nobody makes a file any more.
const ENDING: i32 = -2;
static STATE: AtomicI32 = AtomicI32::new(FREE);

/// Whether the process is the command's.
static ARMED: AtomicBool = AtomicBool::new(false);
/// What is removed at every end: files and folders. A link has two at once at most.
static UNFINISHED: [AtomicPtr<c_char>; 4] = [const { AtomicPtr::new(ptr::null_mut()) }; 4];
/// What is removed when the link fails: a program of an earlier link.
static EARLIER: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());
/// What a line about an internal error ends with.
static ADVICE: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());
/// Process group of a system linker that runs; 0 if none does.
static CHILD: AtomicI32 = AtomicI32::new(0);

/// Takes over the process's signals, its panics and its failed allocations.
pub fn arm() {
    ARMED.store(true, SeqCst);
    std::panic::set_hook(Box::new(panicked));
    // A file that may not grow any more is an error of the write.
    set_signal(libc::SIGXFSZ, libc::SIG_IGN, 0);
    for signal in ENDING_SIGNALS {
        // Who ignores a signal for us, as nohup does, means it.
        if !is_ignored(signal) {
            // On the stack of whatever runs: the alternate ones are small.
            set_signal(signal, on_signal as *const () as libc::sighandler_t, 0);
        }
    }
    for signal in [libc::SIGBUS, libc::SIGSEGV] {
        // A stack may have overflowed.
        set_signal(
            signal,
            on_fault as *const () as libc::sighandler_t,
            libc::SA_ONSTACK,
        );
    }
}

fn set_signal(signal: c_int, handler: libc::sighandler_t, flags: c_int) {
    // SAFETY: all zeros are a valid sigaction: no flags, an empty mask, the default action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART | flags;
    // SAFETY: the mask is ours and the action is complete. The handlers are async-signal-safe (see
    // the top of the file).
    unsafe {
        libc::sigfillset(&mut action.sa_mask);
        libc::sigaction(signal, &action, ptr::null_mut());
    }
}

fn is_ignored(signal: c_int) -> bool {
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: without a new action the call only writes the old one to the place given.
    let rc = unsafe { libc::sigaction(signal, ptr::null(), &mut action) };
    rc == 0 && action.sa_sigaction == libc::SIG_IGN
}

extern "C" fn on_signal(signal: c_int) {
    // A file is being made: who does it ends the process when the file is noted.
    if STATE.compare_exchange(BUSY, signal, SeqCst, SeqCst).is_ok() {
        return;
    }
    if STATE.compare_exchange(FREE, ENDING, SeqCst, SeqCst).is_ok() {
        end_by(signal);
    }
}

/// Removes what is unfinished and gives the signal to the process as if it had never been caught.
/// In a handler the signal comes when that returns.
fn end_by(signal: c_int) {
    remove_unfinished();
    set_signal(signal, libc::SIG_DFL, 0);
    // SAFETY: raise has no preconditions.
    unsafe { libc::raise(signal) };
}

extern "C" fn on_fault(signal: c_int) {
    if signal == libc::SIGBUS {
        fail(format_args!(
            "a file was cut short, or its disk failed, while it was read; link again"
        ));
    }
    fail(format_args!(
        "internal error: wrong memory access, or too deep a recursion{}",
        Advice
    ));
}

/// Runs what makes or names a file, and notes it if it has to be. A signal that comes meanwhile
/// ends the process afterwards.
pub fn undisturbed<T>(f: impl FnOnce() -> T) -> T {
    // One at a time: the state tells of one.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if STATE.compare_exchange(FREE, BUSY, SeqCst, SeqCst).is_err() {
        wait_for_the_end();
    }
    let result = f();
    match STATE.compare_exchange(BUSY, FREE, SeqCst, SeqCst) {
        Ok(_) => result,
        Err(ENDING) => wait_for_the_end(),
        Err(signal) => {
            STATE.store(ENDING, SeqCst);
            end_by(signal);
            wait_for_the_end()
        }
    }
}

/// Another thread is ending the process, or a signal is on its way.
fn wait_for_the_end() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Ends the process with one line. The first thread to call it does; others wait.
pub fn fail(what: fmt::Arguments<'_>) -> ! {
    if STATE.swap(ENDING, SeqCst) == ENDING {
        wait_for_the_end();
    }
    remove_unfinished();
    if let Some(path) = noted(&EARLIER) {
        remove(path);
    }
    let mut line = Line::new();
    let _ = write!(line, "gort link: {what}");
    let _ = rustix::io::write(rustix::stdio::stderr(), line.finish());
    // SAFETY: ends the process at once, without handlers that other threads might be in.
    unsafe { libc::_exit(FAILED) }
}

/// A line of text in memory of its own; what does not fit is left out.
struct Line {
    bytes: [u8; 1024],
    len: usize,
}

impl Line {
    fn new() -> Self {
        Self {
            bytes: [0; 1024],
            len: 0,
        }
    }

    fn finish(&mut self) -> &[u8] {
        // Room for it is left by write_str.
        self.bytes[self.len] = b'\n';
        &self.bytes[..=self.len]
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for b in s.bytes() {
            if self.len + 1 == self.bytes.len() {
                break;
            }
            self.bytes[self.len] = if b.is_ascii_control() { b' ' } else { b };
            self.len += 1;
        }
        Ok(())
    }
}

/// What to do about an internal error.
struct Advice;

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match noted(&ADVICE).map(CStr::to_str) {
            Some(Ok(text)) => write!(f, "; {text}"),
            _ => f.write_str("; this is a fault of the linker, please report it"),
        }
    }
}

/// What a line about an internal error is to end with from now on.
pub fn advise(text: &str) {
    note(&ADVICE, text.as_bytes());
}

/// From now on an internal error is the linker's own fault.
pub fn advise_nothing() {
    ADVICE.store(ptr::null_mut(), SeqCst);
}

fn panicked(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("panic");
    let place = info.location().map_or(("?", 0), |l| (l.file(), l.line()));
    let file = place.0.rsplit('/').next().unwrap_or(place.0);
    fail(format_args!(
        "internal error: {what} ({file}:{}){Advice}",
        place.1
    ));
}

/// Keeps the system's allocator from reserving address space for each thread.
pub fn share_one_heap() {
    // SAFETY: mallopt has no preconditions.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// The system's allocator; in the command's process an allocation that fails ends the link with one
/// line.
#[derive(Debug)]
pub struct Allocator;

fn allocated(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() && ARMED.load(SeqCst) {
        out_of_memory(size);
    }
    memory
}

#[cold]
fn out_of_memory(size: usize) -> ! {
    fail(format_args!(
        "out of memory: {size} bytes more were wanted; {MORE_MEMORY}"
    ));
}

// SAFETY: every call goes to the system's allocator as it is; what it returns is returned, or the
// process ends.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that System asks for; so below.
        allocated(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see alloc.
        allocated(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: see alloc.
        allocated(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: see alloc.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Something that is removed if the process ends while this exists.
#[derive(Debug)]
pub struct Unfinished {
    slot: Option<usize>,
}

impl Unfinished {
    /// Notes a file or folder; to be called [`undisturbed`].
    pub fn note(path: &Path) -> Self {
        let slot = UNFINISHED.iter().position(|s| s.load(SeqCst).is_null());
        if let Some(slot) = slot {
            note(&UNFINISHED[slot], path.as_os_str().as_bytes());
        }
        Self { slot }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            UNFINISHED[slot].store(ptr::null_mut(), SeqCst);
        }
    }
}

/// Notes a program of an earlier link.
pub fn note_earlier(path: &Path) {
    note(&EARLIER, path.as_os_str().as_bytes());
}

/// Notes the process group of a system linker that runs; 0 when it has ended.
pub fn note_child(group: i32) {
    CHILD.store(group, SeqCst);
}

fn note(slot: &AtomicPtr<c_char>, text: &[u8]) {
    // Never freed: an end may be reading it. A link notes a handful.
    if let Ok(text) = CString::new(text) {
        slot.store(text.into_raw(), SeqCst);
    }
}

fn noted(slot: &AtomicPtr<c_char>) -> Option<&'static CStr> {
    let text = slot.load(SeqCst);
    // SAFETY: only `note` stores pointers, to strings with a final zero that are never freed or
    // changed.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

fn remove_unfinished() {
    let child = CHILD.load(SeqCst);
    if child > 0 {
        // SAFETY: kill has no preconditions; the group is that of a child that has not been waited
        // for.
        unsafe { libc::kill(-child, libc::SIGKILL) };
    }
    UNFINISHED.iter().filter_map(noted).for_each(remove);
}

/// Removes a file, or a folder of files. A file that cannot be removed is emptied.
pub(crate) fn remove(path: &CStr) {
    match rustix::fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(Errno::ISDIR) => remove_folder(path),
        Err(_) => {
            let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let _ = rustix::fs::open(path, flags, Mode::empty());
        }
    }
}

fn remove_folder(path: &CStr) {
    // A system linker that was killed may be about to make its last file.
    for _ in 0..100 {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(dir) = rustix::fs::open(path, flags, Mode::empty()) else {
            return;
        };
        // Little, since an alternate stack has some four thousand bytes beside what the kernel puts
        // there.
        let mut room = [MaybeUninit::uninit(); 512];
        let mut entries = RawDir::new(&dir, &mut room);
        while let Some(Ok(entry)) = entries.next() {
            let _ = rustix::fs::unlinkat(&dir, entry.file_name(), AtFlags::empty());
        }
        match rustix::fs::rmdir(path) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => std::thread::sleep(Duration::from_millis(1)),
            _ => return,
        }
    }
}
