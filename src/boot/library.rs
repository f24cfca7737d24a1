//! The runtime as part of a program of C: an archive that is linked into it, or a shared object
//! that it loads (docs/cgo.md).
//!
//! The C library calls the entry, `_rt0_amd64_linux_lib` in asm/rt0.S, with the constructors of C
//! code, on a thread that has other things to do. So a new one becomes the first thread of the
//! runtime, and begins as an executable does: with arguments, environment and auxiliary vector
//! where the kernel would have put them. They are copies, since the program of C may have changed
//! them, and may do so again.

use super::start;
use crate::abi::cgo;
use crate::config::env::c_string;
use crate::config::level;
use crate::os::{file, map};
use core::sync::atomic::{AtomicBool, Ordering};
use core::{ptr, slice};

/// A program of C has `main`.
static LOADED: AtomicBool = AtomicBool::new(false);

/// Whether this is part of a program of C, which has the only `main` that runs.
#[doc(alias = "isarchive")]
#[doc(alias = "islibrary")]
pub(super) fn is_library() -> bool {
    LOADED.load(Ordering::Relaxed)
}

unsafe extern "C" {
    /// asm/rt0.S: the address of C's variable `environ`; null if there is none.
    static gort_c_environ: *const *const *const u8;
    /// asm/rt0.S: the first function of the runtime's first thread.
    fn _rt0_amd64_linux_lib_go(vectors: *mut usize);
}

/// The entry, on the thread that loads the program. There is no g.
///
/// # Safety
/// Once, by the C library, which passes `main`'s arguments or nothing of meaning.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_library_loaded(
    argc: i32,
    argv: *const *const u8,
    envp: *const *const u8,
) {
    let create = cgo::sys_thread_create();
    // SAFETY: null, or a variable of the C library, which nothing else changes while it loads us.
    let environment = unsafe { gort_c_environ.as_ref() };
    let environment = environment.map_or(envp, |environ| *environ);
    LOADED.store(true, Ordering::Relaxed);
    level::always_crash();
    // SAFETY: the vectors are those that the C library has passed, or its variable.
    unsafe {
        let mut arguments = Vector::of_c(argc, argv, envp);
        if arguments.is_empty() {
            arguments = Vector::of_text(file::read(c"/proc/self/cmdline"));
        }
        let vectors = as_kernel_leaves_them(
            &arguments,
            &Vector::up_to_null(environment),
            file::read(c"/proc/self/auxv"),
        );
        if let (Some(create), false) = (create, vectors.is_null()) {
            create(_rt0_amd64_linux_lib_go, vectors);
            return;
        }
    }
    start::die_early(
        "runtime: the first thread of a library: no memory or no package runtime/cgo, error ",
        libc::ENOMEM as isize,
    )
}

/// Strings that end in zero.
enum Vector {
    /// So many addresses.
    Words(*const *const u8, usize),
    /// One after the other.
    Text(&'static [u8]),
}

impl Vector {
    /// The arguments that a constructor gets, if it gets them: in glibc's vectors the environment
    /// follows the arguments, and other C libraries leave registers as they were.
    ///
    /// # Safety
    /// What follows `argv` immediately is `envp` only if both are vectors.
    unsafe fn of_c(argc: i32, argv: *const *const u8, envp: *const *const u8) -> Self {
        let count = usize::try_from(argc).unwrap_or(0);
        let follows = argv.wrapping_add(count + 1) == envp && !argv.is_null();
        Self::Words(argv, if follows { count } else { 0 })
    }

    /// # Safety
    /// A null ends it; or it is null.
    unsafe fn up_to_null(words: *const *const u8) -> Self {
        let mut n = 0;
        // SAFETY: by the caller's promise a null ends it, and is not passed.
        while !words.is_null() && unsafe { !(*words.add(n)).is_null() } {
            n += 1;
        }
        Self::Words(words, n)
    }

    fn of_text(text: &'static [u8]) -> Self {
        // What has no end is none of them.
        let end = text.iter().rposition(|&b| b == 0).map_or(0, |at| at + 1);
        Self::Text(&text[..end])
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Words(_, 0) | Self::Text([]))
    }

    /// Calls `f` with each string, its end included.
    ///
    /// # Safety
    /// The strings of a vector of words end.
    unsafe fn each(&self, f: &mut dyn FnMut(&[u8])) {
        match *self {
            Self::Words(words, n) => {
                for i in 0..n {
                    // SAFETY: the caller's promise; the end of a string is part of it.
                    f(unsafe {
                        let string = *words.add(i);
                        slice::from_raw_parts(string, c_string(string).len as usize + 1)
                    });
                }
            }
            Self::Text(text) => text.split_inclusive(|&b| b == 0).for_each(f),
        }
    }
}

/// Number of arguments, arguments, null, environment, null, auxiliary vector: copies of all, or
/// null if there is no memory.
///
/// # Safety
/// The strings end.
unsafe fn as_kernel_leaves_them(
    arguments: &Vector,
    environment: &Vector,
    auxiliary: &[u8],
) -> *mut usize {
    const WORD: usize = size_of::<usize>();
    let (mut strings, mut bytes) = (0, 0);
    let mut count = |s: &[u8]| (strings, bytes) = (strings + 1, bytes + s.len());
    // SAFETY: by the caller's promise the strings end.
    unsafe {
        arguments.each(&mut count);
        environment.each(&mut count);
    }
    // Two nulls, the number, and the pair that ends the auxiliary vector.
    let words = strings + 3 + auxiliary.len() / WORD + 2;
    let memory: *mut usize = map::map(0, words * WORD + bytes).cast();
    if memory.is_null() {
        return memory;
    }
    // SAFETY: the new mapping, which has room for all that was counted.
    unsafe {
        let (mut word, mut text) = (memory.add(1), memory.add(words).cast::<u8>());
        for (i, vector) in [arguments, environment].into_iter().enumerate() {
            let mut n = 0;
            vector.each(&mut |s| {
                ptr::copy_nonoverlapping(s.as_ptr(), text, s.len());
                *word = text as usize;
                (word, text, n) = (word.add(1), text.add(s.len()), n + 1);
            });
            if i == 0 {
                *memory = n;
            }
            word = word.add(1);
        }
        // Its own end included; the mapping's zeros are another.
        ptr::copy_nonoverlapping(
            auxiliary.as_ptr(),
            word.cast(),
            auxiliary.len() / WORD * WORD,
        );
    }
    memory
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_laid_out_as_by_the_kernel() {
        let environment = [c"A=1".as_ptr().cast(), c"B=".as_ptr().cast(), ptr::null()];
        let auxiliary = [25usize, 7, 0, 0];
        let auxiliary: Vec<u8> = auxiliary.iter().flat_map(|w| w.to_ne_bytes()).collect();
        // SAFETY: vectors that end.
        unsafe {
            let arguments = Vector::of_text(b"prog\0\0x y\0cut");
            let environment = Vector::up_to_null(environment.as_ptr());
            let vectors = as_kernel_leaves_them(&arguments, &environment, &auxiliary);
            assert_eq!(*vectors, 3);
            let string = |i: usize| c_string(*vectors.add(i) as *const u8).bytes();
            let strings = [1, 2, 3, 5, 6].map(string);
            assert_eq!(strings, [&b"prog"[..], b"", b"x y", b"A=1", b"B="]);
            assert_eq!((*vectors.add(4), *vectors.add(7)), (0, 0));
            let rest = core::slice::from_raw_parts(vectors.add(8), 6);
            assert_eq!(rest[..4], [25, 7, 0, 0]);
        }
    }

    #[test]
    fn arguments_of_constructors_are_believed_if_the_environment_follows() {
        let words = [ptr::null::<u8>(); 4];
        let at = words.as_ptr();
        // SAFETY: nothing is read.
        unsafe {
            assert!(!Vector::of_c(2, at, at.add(3)).is_empty());
            assert!(Vector::of_c(2, at, at.add(2)).is_empty());
            assert!(Vector::of_c(-1, at, at).is_empty());
            assert!(Vector::of_c(0, ptr::null(), ptr::null()).is_empty());
        }
    }
}
