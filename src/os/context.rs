//! What the kernel hands to a signal handler.

/// The interrupted code's registers, and why.
#[derive(Debug)]
pub struct Context {
    info: *const libc::siginfo_t,
    uc: *mut libc::ucontext_t,
}

/// In rflags: string instructions go downwards.
const DIRECTION_FLAG: usize = 1 << 10;

// `Context::general`.
const _: () =
    assert!(libc::REG_R8 == 0 && libc::REG_RIP == 16 && libc::REG_EFL as usize == GENERAL - 1);

impl Context {
    /// From the handler's arguments.
    ///
    /// # Safety
    /// As the kernel passed them; valid until the handler returns.
    pub unsafe fn new(info: *const libc::siginfo_t, uc: *mut libc::ucontext_t) -> Self {
        Self { info, uc }
    }

    /// Calls another handler with what the kernel has passed.
    ///
    /// # Safety
    /// `handler` is a handler of `sig`, with or without `SA_SIGINFO`.
    pub unsafe fn pass_to(&self, handler: usize, sig: u32) {
        type Handler = unsafe extern "C" fn(i32, *const libc::siginfo_t, *mut libc::ucontext_t);
        // SAFETY: the caller's handler; one with fewer arguments leaves the others alone.
        unsafe {
            let handler: Handler = core::mem::transmute(handler);
            handler(sig as i32, self.info, self.uc);
        }
    }

    fn info(&self) -> &libc::siginfo_t {
        let info = self.info;
        // SAFETY: what the kernel has passed stays until the handler returns.
        unsafe { &*info }
    }

    fn machine(&self) -> &libc::mcontext_t {
        let uc = self.uc;
        // SAFETY: what the kernel has passed stays until the handler returns; only `set` writes it.
        unsafe { &(*uc).uc_mcontext }
    }

    /// Why the signal was sent.
    pub fn code(&self) -> i32 {
        self.info().si_code
    }

    /// The address that faulted.
    pub fn address(&self) -> usize {
        // SAFETY: for signals without address the word is something else, never unreadable.
        let at = unsafe { self.info().si_addr() };
        at as usize
    }

    /// What was sent with a queued signal.
    pub fn value(&self) -> usize {
        // SAFETY: for other signals the word is something else, never unreadable.
        let value = unsafe { self.info().si_value() };
        value.sival_ptr as usize
    }

    /// The process that sent it; 0: the kernel does not know.
    pub fn sender(&self) -> i32 {
        let info = self.info();
        // SAFETY: for other signals the word is something else, never unreadable.
        unsafe { info.si_pid() }
    }

    /// The general registers, flags last.
    pub fn general(&self) -> &[usize; GENERAL] {
        let words = (&raw const self.machine().gregs).cast();
        // SAFETY: the kernel's register array starts with these, and words of either sign are
        // alike.
        unsafe { &*words }
    }

    /// The kernel's copy of the vector state, or null.
    pub fn vector(&self) -> *const u8 {
        self.machine().fpregs.cast()
    }

    fn register(&self, index: i32) -> usize {
        self.machine().gregs[index as usize] as usize
    }

    fn set(&mut self, index: i32, value: usize) {
        // SAFETY: nothing else refers to the registers, which the kernel loads on return.
        let machine = unsafe { &mut (*self.uc).uc_mcontext };
        machine.gregs[index as usize] = value as i64;
    }

    /// Interrupted instruction.
    pub fn pc(&self) -> usize {
        self.register(libc::REG_RIP)
    }

    /// Interrupted stack pointer.
    pub fn sp(&self) -> usize {
        self.register(libc::REG_RSP)
    }

    /// Interrupted frame register: leaf trampolines keep the stack pointer of their entry there.
    pub fn bp(&self) -> usize {
        self.register(libc::REG_RBP)
    }

    /// Makes the interrupted thread go on elsewhere. There string instructions go upwards, as every
    /// calling convention says; the interrupted code may be copying downwards.
    pub fn resume_at(&mut self, pc: usize, sp: usize) {
        self.set(
            libc::REG_EFL,
            self.register(libc::REG_EFL) & !DIRECTION_FLAG,
        );
        self.set(libc::REG_RIP, pc);
        self.set(libc::REG_RSP, sp);
    }

    /// Segment registers: cs in the lowest 16 bits, then gs, fs.
    pub fn segments(&self) -> u64 {
        self.register(libc::REG_CSGSFS) as u64
    }
}

/// General registers, in the order of the kernel's array: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax,
/// rcx, rsp, rip, rflags.
pub const GENERAL: usize = 18;
