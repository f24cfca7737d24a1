//! Structures of the runtime that the linker describes to debuggers. A test of `src/abi/tests.rs`
//! holds them against the structures themselves.
//!
//! A type is written as the name of a Go type. In those that belong to a map or channel type `K`,
//! `V` and `T` stand for its key, value and element.

/// A field: its name for debuggers (stock Go's, where stock Go has one), its type, its offset.
pub type Field = (&'static str, &'static str, u64);

/// A structure: its size as far as it is described, and its fields.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Name of the type for debuggers, up to the types in angle brackets.
    pub name: &'static str,
    /// Bytes.
    pub size: u64,
    /// In order of their offsets.
    pub fields: &'static [Field],
}

/// Head of a map.
pub const HMAP: Layout = Layout {
    name: "hash",
    size: 48,
    fields: &[
        ("count", "int", 0),
        ("flags", "uint8", 8),
        ("B", "uint8", 9),
        ("hash0", "uint32", 12),
        ("buckets", "*bucket<K,V>", 16),
        ("oldbuckets", "*bucket<K,V>", 24),
        ("nevacuate", "uintptr", 32),
        ("overflow", "unsafe.Pointer", 40),
    ],
};

/// Slots of a map's bucket.
pub const BUCKET_SLOTS: u64 = 8;
/// Where a bucket's keys begin; before them is a hash byte for each. The values follow the keys,
/// and the last word is the next bucket of the chain.
pub const BUCKET_KEYS: u64 = 8;

/// Where the descriptor of a map type has what decides about its buckets.
#[derive(Debug)]
pub struct MapDescriptor {
    /// Bytes of a key's slot: one byte.
    pub key_size: usize,
    /// 1 if the slot holds a pointer to the key: one byte.
    pub key_indirect: usize,
    /// Bytes of a value's slot: one byte.
    pub value_size: usize,
    /// 1 if the slot holds a pointer to the value: one byte.
    pub value_indirect: usize,
    /// Bytes of a bucket: two bytes.
    pub bucket_size: usize,
}

/// The offsets.
pub const MAP: MapDescriptor = MapDescriptor {
    key_size: 104,
    key_indirect: 105,
    value_size: 106,
    value_indirect: 107,
    bucket_size: 108,
};

/// A channel.
pub const HCHAN: Layout = Layout {
    name: "hchan",
    size: 64,
    fields: &[
        ("qcount", "uint", 0),
        ("dataqsiz", "uint", 8),
        ("buf", "*T", 16),
        ("elemsize", "uint16", 24),
        ("closed", "uint8", 26),
        ("elemtype", "*runtime._type", 32),
        ("recvx", "uint", 40),
        ("recvq", "waitq<T>", 48),
        ("sendq", "waitq<T>", 56),
    ],
};

/// A queue of waiters.
pub const WAITQ: Layout = Layout {
    name: "waitq",
    size: 8,
    fields: &[("first", "*sudog<T>", 0)],
};

/// A waiter, up to what tells its state.
pub const SUDOG: Layout = Layout {
    name: "sudog",
    size: 48,
    fields: &[
        ("g", "unsafe.Pointer", 0),
        ("elem", "*T", 8),
        ("next", "*sudog<T>", 16),
        ("prev", "*sudog<T>", 24),
        ("waitlink", "*sudog<T>", 32),
        ("lock", "unsafe.Pointer", 40),
    ],
};

/// Head of a type descriptor.
pub const TYPE: Layout = Layout {
    name: "runtime._type",
    size: 72,
    fields: &[
        ("size", "uintptr", 0),
        ("ptrdata", "uintptr", 8),
        ("hash", "uint32", 16),
        ("_unused", "uint8", 20),
        ("align", "uint8", 21),
        ("fieldalign", "uint8", 22),
        ("kind", "uint8", 23),
        ("alg", "unsafe.Pointer", 24),
        ("gcdata", "*uint8", 32),
        ("_string", "*string", 40),
        ("x", "*runtime.uncommontype", 48),
        ("ptrto", "*runtime._type", 56),
        ("zero", "*uint8", 64),
    ],
};

/// The part of a type descriptor that only named types and types with methods have.
pub const UNCOMMON_TYPE: Layout = Layout {
    name: "runtime.uncommontype",
    size: 40,
    fields: &[
        ("name", "*string", 0),
        ("pkgpath", "*string", 8),
        ("mhdr", "[]unsafe.Pointer", 16),
    ],
};

/// What an interface with methods points to.
pub const ITAB: Layout = Layout {
    name: "runtime.itab",
    size: 40,
    fields: &[
        ("inter", "*runtime._type", 0),
        ("_type", "*runtime._type", 8),
        ("link", "*runtime.itab", 16),
        ("bad", "int32", 24),
        ("unused", "int32", 28),
        ("fun", "uintptr", 32),
    ],
};

/// Value of an interface without methods.
pub const EFACE: Layout = Layout {
    name: "runtime.eface",
    size: 16,
    fields: &[
        ("_type", "*runtime._type", 0),
        ("data", "unsafe.Pointer", 8),
    ],
};

/// Value of an interface with methods.
pub const IFACE: Layout = Layout {
    name: "runtime.iface",
    size: 16,
    fields: &[("tab", "*runtime.itab", 0), ("data", "unsafe.Pointer", 8)],
};

/// Those that are the same for all types, found by their names.
pub const FIXED: [Layout; 3] = [TYPE, UNCOMMON_TYPE, ITAB];
