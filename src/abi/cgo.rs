//! What package runtime/cgo defines for the runtime (docs/cgo.md): zero in a program without it
//! (asm/data.S).

use super::G;

/// What `_cgo_thread_start` wants.
#[doc(alias = "cgothreadstart")]
#[repr(C)]
#[derive(Debug)]
pub struct ThreadStart {
    /// The new thread's g0.
    pub g: *mut G,
    /// Unused on this system.
    pub tls: *mut usize,
    /// Its first function.
    pub first: unsafe extern "C" fn(),
}

unsafe extern "C" {
    #[link_name = "runtime.iscgo"]
    static ISCGO: bool;
    #[link_name = "_cgo_init"]
    static INIT: Option<unsafe extern "C" fn(*mut G, unsafe extern "C" fn(*mut G))>;
    #[link_name = "_cgo_thread_start"]
    static THREAD_START: Option<unsafe extern "C" fn(*mut ThreadStart)>;
    #[link_name = "_cgo_sys_thread_create"]
    static THREAD_CREATE: Option<unsafe extern "C" fn(SysThread, *mut usize)>;
    #[link_name = "_cgo_malloc"]
    static MALLOC: Option<unsafe extern "C" fn(*mut Malloc)>;
    #[link_name = "_cgo_free"]
    static FREE: Option<unsafe extern "C" fn(*mut *mut u8)>;
    #[link_name = "_cgo_notify_runtime_init_done"]
    static NOTIFY_INIT_DONE: Option<unsafe extern "C" fn(usize)>;
    #[link_name = "runtime._cgo_setenv"]
    static SETENV: Option<unsafe extern "C" fn(*const *const u8)>;
    #[link_name = "runtime._cgo_unsetenv"]
    static UNSETENV: Option<unsafe extern "C" fn(*const u8)>;
}

/// First function of a thread that has no g.
type SysThread = unsafe extern "C" fn(*mut usize);

/// What `_cgo_malloc` wants.
#[repr(C)]
#[derive(Debug)]
pub struct Malloc {
    /// Bytes.
    pub n: u64,
    /// Its answer.
    pub ret: *mut u8,
}

/// The program holds C code: a C library owns the FS base and makes the threads.
#[inline(always)]
pub fn is_on() -> bool {
    // SAFETY: the linker's data; nobody writes it.
    unsafe { ISCGO }
}

macro_rules! variables {
    ($($(#[$doc:meta])* $name:ident = $var:ident: $t:ty;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name() -> Option<$t> {
            // SAFETY: the linker's data; nobody writes it.
            unsafe { $var }
        })*
    };
}
variables! {
    /// Takes g0 and the function that C calls to set the current g; stores the end of g0's stack.
    init = INIT: unsafe extern "C" fn(*mut G, unsafe extern "C" fn(*mut G));
    /// Makes a thread.
    thread_start = THREAD_START: unsafe extern "C" fn(*mut ThreadStart);
    /// Makes a thread that has no g, before there is a runtime.
    sys_thread_create = THREAD_CREATE: unsafe extern "C" fn(SysThread, *mut usize);
    /// C's malloc.
    malloc = MALLOC: unsafe extern "C" fn(*mut Malloc);
    /// C's free.
    free = FREE: unsafe extern "C" fn(*mut *mut u8);
    /// Exported functions that wait for the runtime go on.
    notify_init_done = NOTIFY_INIT_DONE: unsafe extern "C" fn(usize);
    /// C's setenv, of a name and a value.
    setenv = SETENV: unsafe extern "C" fn(*const *const u8);
    /// C's unsetenv.
    unsetenv = UNSETENV: unsafe extern "C" fn(*const u8);
}
