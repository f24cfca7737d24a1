//! The tables that gort's linker writes into every executable and gort's runtime reads.
//!
//! Unwinding only ever starts at call return addresses, at function entries (a prologue that called
//! `morestack`) and, rarely, at a faulting instruction. So the linker precomputes for every call
//! site what the compiler's pc-value tables say there: frame size, live-pointer maps and line.
//! Stack growth, stack scanning and tracebacks then need two dependent loads per frame instead
//! of decoding byte streams. The byte streams are still in the executable (`.gopclntab`, for the Go
//! tools) and serve the rare pc that is not a call site.
//!
//! Everything here is position-free: offsets are relative to the start of Go text or to the table
//! they index, so only [`Header`] and [`LibraryFunc`] carry relocations. The structures are private
//! to the pair of linker and runtime of one version; [`VERSION`] changes whenever they do.
#![no_std]

pub mod layouts;
pub mod pcvalue;
pub mod place;

/// First word of [`Header`]: "gort" in little-endian ASCII.
pub const MAGIC: u32 = 0x7472_6f67;
/// Version of these structures. Linker and library must agree; the library defines the symbol
/// [`VERSION_SYMBOL`], which a library of another version lacks.
pub const VERSION: u32 = 4;
/// Defined by `libgort.a`. The linker refuses an archive without it.
pub const VERSION_SYMBOL: &str = "gort.tables.version.4";
/// Symbol of the [`Header`], defined by the linker's object.
pub const HEADER_SYMBOL: &str = "gort.tables";

/// Bytes of text per entry of [`Header::site_index`]: smaller makes the scan after the lookup
/// shorter and the index larger (4 bytes for each bucket). Compiled code has a call every 30 bytes
/// or so.
pub const SITE_BUCKET: u64 = 64;
/// Bytes of text per entry of [`Header::func_index`].
pub const FUNC_BUCKET: u64 = 256;
/// `args`/`locals` of a [`Frame`] without a pointer map.
pub const NO_MAP: u32 = u32::MAX;

/// Root of all tables. Addresses are absolute (relocated); a count follows each pointer.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: u32,
    /// [`VERSION`].
    pub version: u32,
    /// First byte of compiled Go text (all packages, not the runtime library).
    pub text: u64,
    /// One past the last byte of Go text.
    pub etext: u64,

    /// Call sites sorted by return address.
    pub sites: *const Site,
    /// Number of sites.
    pub nsites: u64,
    /// Line of each site, parallel to `sites`.
    pub lines: *const u32,
    /// `site_index[i]` is the first site whose `pc >= i * SITE_BUCKET`; one extra entry at the end
    /// holds `nsites`.
    pub site_index: *const u32,
    /// Entries of `site_index`, the extra one included.
    pub nsite_index: u64,
    /// Distinct frame descriptions.
    pub frames: *const Frame,
    /// Number of frames.
    pub nframes: u64,
    /// Pointer bitmaps, each starting at a multiple of 8 bytes, padded to a multiple of 8.
    pub bits: *const u8,
    /// Bytes of `bits`.
    pub nbits: u64,

    /// Functions sorted by entry.
    pub funcs: *const Func,
    /// Number of functions.
    pub nfuncs: u64,
    /// `func_index[i]` is the last function whose `entry <= i * FUNC_BUCKET` (0 before the first).
    pub func_index: *const u32,
    /// Entries of `func_index`.
    pub nfunc_index: u64,

    /// The table of the Go tools, as section `.gopclntab`.
    pub pclntab: *const u8,
    /// Bytes of `pclntab`.
    pub npclntab: u64,

    /// Go variables with pointers, initialised.
    pub data: u64,
    /// End of `data`.
    pub edata: u64,
    /// One bit for each word of `data..edata`: 1 = pointer.
    pub data_mask: *const u8,
    /// Go variables with pointers, zero at start.
    pub bss: u64,
    /// End of `bss`.
    pub ebss: u64,
    /// One bit for each word of `bss..ebss`.
    pub bss_mask: *const u8,
    /// Go variables without pointers, initialised.
    pub noptrdata: u64,
    /// End of `noptrdata`.
    pub enoptrdata: u64,
    /// Go variables without pointers, zero at start.
    pub noptrbss: u64,
    /// End of `noptrbss`.
    pub enoptrbss: u64,
    /// Go read-only data (descriptors, strings, masks).
    pub rodata: u64,
    /// End of `rodata`.
    pub erodata: u64,

    /// Type descriptors that reflection may look up by string, sorted by that string.
    pub typelinks: *const u64,
    /// Number of type links.
    pub ntypelinks: u64,

    /// The functions of the library that Go code can name and this program needs, sorted by entry.
    pub library: *const LibraryFunc,
    /// Number of these functions.
    pub nlibrary: u64,
}

/// What the linker knows about one return address.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// Return address, relative to [`Header::text`].
    pub pc: u32,
    /// Index into [`Header::frames`].
    pub frame: u32,
}

/// Shape of a frame stopped at a return address or at its function's entry.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Bytes from the stack pointer to the slot that holds the return address.
    pub size: u32,
    /// Bits of the locals map; they describe the words `[top - 8*n, top)` where `top` is the
    /// address of the return slot.
    pub locals_words: u32,
    /// Byte offset of the locals map in [`Header::bits`], or [`NO_MAP`].
    pub locals: u32,
    /// Bits of the args map; they describe the words from `top + 8` up.
    pub args_words: u32,
    /// Byte offset of the args map in [`Header::bits`], or [`NO_MAP`].
    pub args: u32,
    /// [`FRAME_REFLECT`] and the like.
    pub flags: u32,
}

/// The function is `reflect.makeFuncStub` or `reflect.methodValueCall`: its arguments are described
/// by the bit vector in the context object whose address is at the bottom of the frame.
pub const FRAME_REFLECT: u32 = 1;
/// Neither map exists: an assembly function in which no goroutine is ever stopped for the collector
/// or to grow, except in callees that are no safe point.
pub const FRAME_NO_MAPS: u32 = 2;
/// The function loads g elsewhere than in its stack check: it may hold the thread's M in a register
/// (inlined `LockOSThread`).
pub const FRAME_LOADS_G: u32 = 4;
/// No goroutine may be stopped by a signal in the function: the size of its frame or of its
/// arguments is not known at every instruction, or its code counts on being stopped at calls only.
pub const FRAME_NO_INTERRUPT: u32 = 8;

/// One function of Go text.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Func {
    /// Entry, relative to [`Header::text`].
    pub entry: u32,
    /// Byte offset of the function's record in the pclntab (name, files, pc-value tables).
    pub record: u32,
    /// Frame at the entry: size 0, entry maps.
    pub entry_frame: u32,
    /// Bytes of arguments and results, or `u32::MAX` where unknown.
    pub args: u32,
}

/// A function of the library that Go code can name.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LibraryFunc {
    /// First byte of code, absolute (relocated). Go code that holds a `*runtime.Func` reads this
    /// word only.
    pub entry: u64,
    /// Byte offset of the function's record in the pclntab (name, files, lines).
    pub record: u32,
    /// Row in `abi/surface.toml`, -1 for none.
    pub index: i32,
}
