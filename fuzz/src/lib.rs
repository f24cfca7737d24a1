//! Source files of the runtime that read foreign bytes, for the targets.
//!
//! The runtime is no library for programs with a `std`: like `models/`, this crate compiles some of
//! its files, and has here what little they name of the others.

#![allow(
    dead_code,
    missing_docs,
    reason = "the files are those of another crate"
)]

pub mod abi {
    pub const KIND_GC_PROG: u32 = 0x40;

    /// As much of a type descriptor as its GC program asks for.
    #[repr(C)]
    pub struct Type {
        pub ptrdata: usize,
        pub kind: u8,
        pub gcdata: *const u8,
    }

    #[derive(Clone, Copy)]
    pub struct GoString {
        pub ptr: *const u8,
        pub len: i64,
    }

    impl GoString {
        pub fn bytes(self) -> &'static [u8] {
            // SAFETY: of the environment, which lives as long as the process.
            unsafe { core::slice::from_raw_parts(self.ptr, self.len as usize) }
        }
    }
}

pub mod mem {
    pub fn persistent_alloc(size: usize, align: usize) -> *mut u8 {
        assert!(align <= 8);
        vec![0u64; size.div_ceil(8)].leak().as_mut_ptr().cast()
    }

    pub fn persistent<T>() -> *mut T {
        persistent_alloc(size_of::<T>(), align_of::<T>()).cast()
    }
}

pub mod os {
    pub mod random {
        pub fn seed(_: [u8; 16]) {}
    }
}

pub mod sync {
    pub mod rank {
        pub const GC_PROGRAMS: u8 = 0;
    }

    pub mod mutex {
        /// The runtime's lock by another's means.
        pub struct Mutex<T, const RANK: u8>(std::sync::Mutex<T>);

        impl<T, const RANK: u8> Mutex<T, RANK> {
            pub const fn new(value: T) -> Self {
                Self(std::sync::Mutex::new(value))
            }

            pub fn lock(&self) -> std::sync::MutexGuard<'_, T> {
                self.0.lock().unwrap()
            }
        }
    }
}

pub mod config;
pub mod heap;

/// The items of `GODEBUG` and their numbers after these lists were read.
pub fn godebug(lists: &[&[u8]]) -> Vec<(&'static [u8], i64)> {
    for list in lists {
        config::godebug::parse(list, config::godebug::ALL);
    }
    let all = config::godebug::ALL.iter();
    all.map(|item| (item.name, item.whole())).collect()
}
