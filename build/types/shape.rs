//! What the compiler derives from a type: size, pointers, kind, equality algorithm, hash.

use super::gotype::{Field, Go, parse};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Kind numbers and flags of descriptors (abi/go15.h).
pub mod kind {
    pub const ARRAY: u8 = 17;
    pub const FUNC: u8 = 19;
    pub const INTERFACE: u8 = 20;
    pub const PTR: u8 = 22;
    pub const SLICE: u8 = 23;
    pub const STRUCT: u8 = 25;
    pub const DIRECT: u8 = 0x20;
    pub const NO_POINTERS: u8 = 0x80;
}

/// Name, size, kind, row of `runtime.algarray` of the basic types.
const BASIC: [(&str, usize, u8, u8); 18] = [
    ("bool", 1, 1, 2),
    ("int", 8, 2, 5),
    ("int8", 1, 3, 2),
    ("int16", 2, 4, 3),
    ("int32", 4, 5, 4),
    ("int64", 8, 6, 5),
    ("uint", 8, 7, 5),
    ("uint8", 1, 8, 2),
    ("uint16", 2, 9, 3),
    ("uint32", 4, 10, 4),
    ("uint64", 8, 11, 5),
    ("uintptr", 8, 12, 5),
    ("float32", 4, 13, 18),
    ("float64", 8, 14, 19),
    ("complex64", 8, 15, 20),
    ("complex128", 16, 16, 21),
    ("string", 16, 24, 14),
    ("unsafe.Pointer", 8, 26, 5),
];

/// A row of abi/types.toml: a type whose descriptor is ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    pub name: String,
    underlying: String,
    rust: Option<String>,
    /// The methods belong to the pointer type only.
    #[serde(default)]
    pub pointer: bool,
    #[serde(default)]
    pub methods: Vec<MethodRow>,
}

/// A method of a declared type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodRow {
    pub name: String,
    #[serde(rename = "type")]
    pub signature: String,
    pub code: String,
    pub value: Option<String>,
}

/// A row of abi/types.toml: a type that only signatures name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    name: String,
    underlying: Option<String>,
    rust: Option<String>,
    #[serde(default)]
    read_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "type")]
    types: Vec<Declared>,
    foreign: Vec<Foreign>,
}

/// The structure of `crate::abi` that a named type is in Rust.
pub struct Structure<'a> {
    pub name: &'a str,
    pub read_only: bool,
}

/// How values of a type are hashed and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alg {
    /// Row of `runtime.algarray`.
    Row(u8),
    /// Plain memory of a size without row.
    Memory(usize),
    /// `type..hash.T` and `type..eq.T`.
    Own(String),
}

/// All that a descriptor says about the type itself.
pub struct Shape {
    pub size: usize,
    pub align: usize,
    pub kind: u8,
    /// One flag for each word up to the last pointer.
    pub pointers: Vec<bool>,
    pub alg: Alg,
}

/// Basic, declared and foreign types.
pub struct Model {
    pub declared: BTreeMap<String, Declared>,
    pub foreign: BTreeMap<String, Foreign>,
}

impl Model {
    /// Reads abi/types.toml.
    pub fn new(text: &str) -> Self {
        let table: Table = toml::from_str(text).unwrap_or_else(|e| panic!("abi/types.toml: {e}"));
        let mut model = Self {
            declared: BTreeMap::new(),
            foreign: BTreeMap::new(),
        };
        let twice = |name: &str| panic!("abi/types.toml: {name} is there twice");
        for d in table.types {
            if let Some(other) = model.declared.insert(d.name.clone(), d) {
                twice(&other.name);
            }
        }
        for f in table.foreign {
            if model.is_listed(&f.name) {
                twice(&f.name);
            }
            model.foreign.insert(f.name.clone(), f);
        }
        model
    }

    /// What a named type stands for; others stand for themselves.
    pub fn underlying(&self, ty: &Go) -> Go {
        let Go::Named(name) = ty else {
            return ty.clone();
        };
        match self.stands_for(name) {
            Some(text) => self.underlying(&parse(text)),
            None => ty.clone(),
        }
    }

    /// A row of abi/types.toml has the name.
    fn is_listed(&self, name: &str) -> bool {
        self.declared.contains_key(name) || self.foreign.contains_key(name)
    }

    fn stands_for(&self, name: &str) -> Option<&String> {
        let declared = self.declared.get(name).map(|d| &d.underlying);
        declared.or_else(|| self.foreign.get(name)?.underlying.as_ref())
    }

    /// Why a value of the type (behind a pointer: a pointer to it) cannot be laid out, if it
    /// cannot.
    pub fn check(&self, ty: &Go, behind_pointer: bool) -> Result<(), String> {
        let word = |ty: &Go| self.check(ty, true);
        match ty {
            Go::Named(name) if BASIC.iter().any(|b| b.0 == name) => Ok(()),
            Go::Named(name) if !self.is_listed(name) => Err(format!(
                "`{name}` is no type that is known here; \
                 if it is one, add it to abi/types.toml as [[foreign]]"
            )),
            Go::Named(_) if behind_pointer => Ok(()),
            Go::Named(name) => match self.stands_for(name) {
                Some(text) => self.check(&text.parse()?, false),
                None => Err(format!(
                    "`{name}` has no size: abi/types.toml says only that it exists; \
                     pass a pointer or give it `underlying`"
                )),
            },
            Go::Ptr(elem) | Go::Slice(elem) => word(elem),
            Go::Array(_, elem) => self.check(elem, behind_pointer),
            Go::Struct(fields) => fields
                .iter()
                .try_for_each(|f| self.check(&f.ty, behind_pointer)),
            Go::Func(params, results) => params.iter().chain(results).try_for_each(word),
            Go::Interface(methods) => methods.iter().try_for_each(|(_, ty)| word(ty)),
        }
    }

    /// What a named type is in Rust, if abi/types.toml says.
    pub fn structure(&self, ty: &Go) -> Option<Structure<'_>> {
        let Go::Named(name) = ty else { return None };
        let (rust, read_only) = match (self.declared.get(name), self.foreign.get(name)) {
            (Some(d), _) => (&d.rust, false),
            (None, Some(f)) => (&f.rust, f.read_only),
            (None, None) => return None,
        };
        let name = rust.as_deref()?;
        Some(Structure { name, read_only })
    }

    /// Offsets of a structure's fields, its alignment and its size.
    pub fn offsets(&self, fields: &[Field]) -> (Vec<usize>, usize, usize) {
        let (mut at, mut align) = (0usize, 1);
        let mut offsets = Vec::new();
        for f in fields {
            let s = self.shape(&f.ty);
            at = at.next_multiple_of(s.align);
            offsets.push(at);
            at += s.size;
            align = align.max(s.align);
        }
        (offsets, align, at.next_multiple_of(align))
    }

    /// Size, pointers, kind and algorithm.
    pub fn shape(&self, ty: &Go) -> Shape {
        let flags = |pointers: &[bool]| {
            if pointers.is_empty() {
                kind::NO_POINTERS
            } else {
                0
            }
        };
        let word = |k: u8, row: u8| Shape {
            size: 8,
            align: 8,
            kind: k | kind::DIRECT,
            pointers: vec![true],
            alg: Alg::Row(row),
        };
        match self.underlying(ty) {
            Go::Named(name) => {
                let &(_, size, number, row) = BASIC
                    .iter()
                    .find(|b| b.0 == name)
                    .unwrap_or_else(|| panic!("unknown type {name}"));
                let pointers = if matches!(name.as_str(), "string" | "unsafe.Pointer") {
                    vec![true]
                } else {
                    Vec::new()
                };
                let direct = if name == "unsafe.Pointer" {
                    kind::DIRECT
                } else {
                    0
                };
                Shape {
                    size,
                    align: size.min(8),
                    kind: number | direct | flags(&pointers),
                    pointers,
                    alg: Alg::Row(row),
                }
            }
            Go::Ptr(_) => word(kind::PTR, 5),
            Go::Func(..) => word(kind::FUNC, 12),
            Go::Slice(_) => Shape {
                size: 24,
                align: 8,
                kind: kind::SLICE,
                pointers: vec![true],
                alg: Alg::Row(17),
            },
            Go::Interface(methods) => {
                let row = if methods.is_empty() { 16 } else { 15 };
                Shape {
                    size: 16,
                    align: 8,
                    kind: kind::INTERFACE,
                    pointers: vec![true, true],
                    alg: Alg::Row(row),
                }
            }
            Go::Array(n, elem) => {
                let e = self.shape(&elem);
                let words = |i: usize| i * e.size / 8;
                let mut pointers = Vec::new();
                if !e.pointers.is_empty() {
                    for i in 0..n {
                        pointers.resize(words(i), false);
                        pointers.extend(&e.pointers);
                    }
                }
                let direct = if n == 1 { e.kind & kind::DIRECT } else { 0 };
                let alg = match n {
                    1 => e.alg,
                    _ if self.is_memory(&elem) => memory(e.size * n),
                    _ => Alg::Own(ty.to_string()),
                };
                Shape {
                    size: e.size * n,
                    align: e.align,
                    kind: kind::ARRAY | direct | flags(&pointers),
                    pointers,
                    alg,
                }
            }
            Go::Struct(fields) => {
                let (offsets, align, size) = self.offsets(&fields);
                let mut pointers = Vec::new();
                for (f, offset) in fields.iter().zip(&offsets) {
                    let s = self.shape(&f.ty);
                    if !s.pointers.is_empty() {
                        pointers.resize(offset / 8, false);
                        pointers.extend(s.pointers);
                    }
                }
                let direct = if let [one] = &fields[..] {
                    self.shape(&one.ty).kind & kind::DIRECT
                } else {
                    0
                };
                let alg = match &fields[..] {
                    [one] => self.shape(&one.ty).alg,
                    _ if self.is_memory(ty) => memory(size),
                    _ => Alg::Own(ty.to_string()),
                };
                Shape {
                    size,
                    align,
                    kind: kind::STRUCT | direct | flags(&pointers),
                    pointers,
                    alg,
                }
            }
        }
    }

    /// Equality is equality of all bytes.
    fn is_memory(&self, ty: &Go) -> bool {
        match self.underlying(ty) {
            Go::Named(name) => !matches!(
                name.as_str(),
                "string" | "float32" | "float64" | "complex64" | "complex128"
            ),
            Go::Ptr(_) => true,
            Go::Array(_, elem) => self.is_memory(&elem),
            Go::Struct(fields) => {
                let sizes: usize = fields.iter().map(|f| self.shape(&f.ty).size).sum();
                sizes == self.offsets(&fields).2 && fields.iter().all(|f| self.is_memory(&f.ty))
            }
            Go::Func(..) | Go::Slice(_) | Go::Interface(_) => false,
        }
    }
}

fn memory(size: usize) -> Alg {
    match [0, 1, 2, 4, 8, 16].iter().position(|&s| s == size) {
        Some(i) => Alg::Row(1 + i as u8),
        None => Alg::Memory(size),
    }
}

/// The hash in a descriptor: it goes into the compiler's type switches.
pub fn hash(text: &str) -> u32 {
    let digest = md5::compute(text.as_bytes()).0;
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}
