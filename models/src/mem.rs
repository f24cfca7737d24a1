//! Stands for the runtime's `src/mem`.

/// What memory is used for.
#[derive(Debug)]
pub struct Use;

/// The collector's.
pub static GC_SYS: Use = Use;

/// Zeroed memory that is never given back.
pub fn persistent_in<T>(_: &Use) -> *mut T {
    // SAFETY: as in the runtime, it is for types that are valid as zeroes.
    Box::into_raw(unsafe { Box::<T>::new_zeroed().assume_init() })
}
