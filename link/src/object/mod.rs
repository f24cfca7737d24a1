//! Reader of what the Go 1.5 compiler and assembler write: archives, and the objects in them.
//!
//! Promise: any bytes are accepted without panic, without reading outside them and without
//! allocating more than a small multiple of their length; what is not a well-formed Go 1.5 object
//! is refused with the offset of the first fault. Symbol data is borrowed from the file, never
//! copied. Names are given with the package's path filled in. Meaning across files (duplicates,
//! references) belongs to [`crate::resolve`].

pub mod archive;
pub mod cursor;
mod directives;
mod parse;

pub use archive::{Member, members};
pub use cursor::Fault;
pub use directives::{Directive, directives};
pub use parse::{Header, escape_path, hash_name, header, imports, parse};

use std::borrow::Cow;

/// What a symbol is, once "bss with an image" has become data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Machine code.
    Text,
    /// Read-only data.
    Rodata,
    /// Initialised variable that may hold pointers.
    Data,
    /// Initialised variable without pointers.
    NoptrData,
    /// Zero variable that may hold pointers.
    Bss,
    /// Zero variable without pointers.
    NoptrBss,
}

/// Kinds of relocation that amd64 objects contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelocKind {
    /// 64-bit address, in data.
    Addr,
    /// 32-bit displacement of a CALL or JMP.
    Call,
    /// Marks an indirect CALL; no bytes.
    CallInd,
    /// 32-bit displacement of a memory operand.
    PcRel,
    /// Offset of g from the thread pointer.
    TlsLe,
    /// 32-bit displacement of the word that holds that offset, in code made with `-shared`.
    TlsIe,
}

impl RelocKind {
    /// Bytes of the field.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Addr => 8,
            Self::Call | Self::PcRel | Self::TlsLe | Self::TlsIe => 4,
            Self::CallInd => 0,
        }
    }
}

/// Index into [`Object::names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameIx(pub u32);

impl NameIx {
    /// As an index.
    pub fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A name as one object uses it.
#[derive(Debug, Clone)]
pub struct ObjName<'a> {
    /// The name, with the package's path in place of `""`.
    pub name: Cow<'a, [u8]>,
    /// Belongs to this object member alone (assembler `<>` symbols).
    pub is_static: bool,
    /// Hash of `name`, computed where objects are read in parallel.
    pub hash: u64,
}

/// One relocation.
#[derive(Debug, Clone, Copy)]
pub struct Reloc {
    /// Offset of the field in the symbol.
    pub off: u32,
    /// What to store.
    pub kind: RelocKind,
    /// Addend.
    pub add: i64,
    /// The symbol meant; none for `CallInd` and `TlsLe`.
    pub sym: Option<NameIx>,
}

/// A definition.
#[derive(Debug)]
pub struct Def<'a> {
    /// Its name.
    pub name: NameIx,
    /// What it is.
    pub kind: Kind,
    /// Other definitions of the name are equally good.
    pub dupok: bool,
    /// Bytes in memory; at least `data.len()`.
    pub size: u64,
    /// Type descriptor of a variable.
    pub gotype: Option<NameIx>,
    /// Initial image, zero-extended to `size`.
    pub data: &'a [u8],
    /// Range of [`Object::relocs`].
    pub relocs: std::ops::Range<u32>,
    /// Index into [`Object::texts`] for kind `Text`.
    pub text: Option<u32>,
}

/// A variable of a function, for debuggers.
#[derive(Debug, Clone, Copy)]
pub struct Auto {
    /// Its name.
    pub name: NameIx,
    /// Offset from the top of the frame (local) or from the first argument (parameter).
    pub offset: i64,
    /// Parameter or result, not local.
    pub is_param: bool,
    /// Its type; may name a descriptor that no file defines.
    pub gotype: Option<NameIx>,
}

/// What only functions have.
#[derive(Debug)]
pub struct Text<'a> {
    /// Bytes of arguments and results; negative = unknown.
    pub args: i64,
    /// Frame size without the return address.
    pub locals: i64,
    /// The source asked for no stack check.
    pub nosplit: bool,
    /// Local variables and parameters: range of [`Object::autos`].
    pub autos: std::ops::Range<u32>,
    /// pc-value table of the stack pointer.
    pub pcsp: &'a [u8],
    /// pc-value table of indices into `files`.
    pub pcfile: &'a [u8],
    /// pc-value table of lines.
    pub pcline: &'a [u8],
    /// pc-value tables; number 0 selects the stack map.
    pub pcdata: Vec<&'a [u8]>,
    /// Stack maps: 0 arguments, 1 locals.
    pub funcdata: Vec<Option<NameIx>>,
    /// Source files.
    pub files: Vec<NameIx>,
}

/// A Go object, read.
#[derive(Debug, Default)]
pub struct Object<'a> {
    /// Names used.
    pub names: Vec<ObjName<'a>>,
    /// Definitions in file order, which is the order of text in the executable.
    pub defs: Vec<Def<'a>>,
    /// Relocations of all definitions.
    pub relocs: Vec<Reloc>,
    /// Function parts of the definitions.
    pub texts: Vec<Text<'a>>,
    /// Variables of all functions.
    pub autos: Vec<Auto>,
}
