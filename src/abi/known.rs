//! Descriptors of the library itself that the runtime needs by name.

use crate::abi::{Type, TypeAlg};

/// Rows of `runtime.algarray`.
pub(crate) mod row {
    pub const MEM0: usize = 1;
    pub const MEM8: usize = 2;
    const MEM64: usize = 5;
    pub const MEM128: usize = 6;
    pub const STRING: usize = 14;
    pub const INTER: usize = 15;
    pub const NILINTER: usize = 16;
    pub const FLOAT32: usize = 18;
    pub const FLOAT64: usize = 19;
    pub const COMPLEX64: usize = 20;
    pub const COMPLEX128: usize = 21;
    pub const COUNT: usize = 22;

    // What asm/iface.S counts with.
    const _: () = {
        use crate::abi::offsets;
        assert!(offsets::ALG_MEM8 == MEM8 as i64);
        assert!(offsets::ALG_MEM64 == MEM64 as i64);
        assert!(offsets::ALG_MEM128 == MEM128 as i64);
        assert!(offsets::ALG_STRING == STRING as i64);
        assert!(offsets::ALG_FLOAT32 == FLOAT32 as i64);
        assert!(offsets::ALG_FLOAT64 == FLOAT64 as i64);
        assert!(offsets::ALG_COMPLEX64 == COMPLEX64 as i64);
        assert!(offsets::ALG_COMPLEX128 == COMPLEX128 as i64);
    };
}

unsafe extern "C" {
    #[link_name = "type.string"]
    static TYPE_STRING: Type;
    #[link_name = "type.runtime.errorString"]
    static TYPE_ERROR_STRING: Type;
    #[link_name = "type.runtime.TypeAssertionError"]
    static TYPE_ASSERTION_ERROR: Type;
    #[link_name = "type.*runtime.TypeAssertionError"]
    static TYPE_ASSERTION_ERROR_POINTER: Type;
    #[link_name = "runtime.algarray"]
    static ALGARRAY: [TypeAlg; row::COUNT];
    #[link_name = "runtime.zerovalue"]
    static ZERO_VALUE: [u8; ZERO_VALUE_SIZE];
}

/// Bytes that `runtime.zerovalue` has at least.
pub const ZERO_VALUE_SIZE: usize = 1024;

/// `string`.
pub fn string() -> *const Type {
    &raw const TYPE_STRING
}

/// `runtime.errorString`.
pub fn error_string() -> *const Type {
    &raw const TYPE_ERROR_STRING
}

/// `runtime.TypeAssertionError`.
pub fn assertion_error() -> *const Type {
    &raw const TYPE_ASSERTION_ERROR
}

/// `*runtime.TypeAssertionError`.
pub fn assertion_error_pointer() -> *const Type {
    &raw const TYPE_ASSERTION_ERROR_POINTER
}

/// The shared zero value: [`ZERO_VALUE_SIZE`] zero bytes that are never written.
#[inline(always)]
pub fn zero_value() -> *mut u8 {
    (&raw const ZERO_VALUE).cast_mut().cast()
}

/// `runtime.algarray`.
#[inline(always)]
pub(crate) fn algarray() -> *const TypeAlg {
    (&raw const ALGARRAY).cast()
}
