//! Types for debuggers, from the descriptors that the compiler wrote. What belongs to the runtime
//! (maps, channels, descriptors themselves) is described as in [`gort_tables::layouts`], see
//! [`super::runtime`].
//!
//! A descriptor names the types it is made of through relocations, so types are found by following
//! those. Descriptors that no file has (the compiler mentions types of package runtime that were
//! inlined) and those of libgort.a are described by name: basic types, pointers and funcs in full,
//! others as opaque.

use super::{AT_GO_ELEM, AT_GO_KIND, string};
use crate::kind;
use crate::resolve::{Program, SymId};
use gimli::constants as dw;
use gimli::write::{AttributeValue, Unit, UnitEntryId};
use gort_tables::layouts;
use hashbrown::HashMap;
use rustc_hash::FxHashMap;

/// Basic types: name, kind, size.
const BASIC: &[(&str, u8, u64)] = &[
    ("bool", 1, 1),
    ("int", 2, 8),
    ("int8", 3, 1),
    ("int16", 4, 2),
    ("int32", 5, 4),
    ("int64", 6, 8),
    ("uint", 7, 8),
    ("uint8", 8, 1),
    ("uint16", 9, 2),
    ("uint32", 10, 4),
    ("uint64", 11, 8),
    ("uintptr", 12, 8),
    ("float32", 13, 4),
    ("float64", 14, 8),
    ("complex64", 15, 8),
    ("complex128", 16, 16),
    ("error", 20, 16),
    ("string", 24, 16),
    ("unsafe.Pointer", 26, 8),
];

/// Offsets in descriptors (abi: type layout of Go 1.5).
const KIND: usize = 23;
pub const FIRST: usize = 72;
pub const SECOND: usize = 80;
const LENGTH: usize = 88;
const FIELDS: usize = 96;
const FIELD_SIZE: usize = 40;
const FIELD_TYPE: usize = 16;
const FIELD_OFFSET: usize = 32;

/// More stars and brackets than this before a name without descriptor are not a type. Each is a
/// type of its own, with a name of its own.
const MAX_LAYERS: usize = 16;
/// Longer names of fields are cut: many fields may have one and the same.
const MAX_FIELD_NAME: usize = 4096;

/// Types described so far.
pub struct Types<'p, 'b> {
    p: &'p Program<'b>,
    pub(super) known: HashMap<Vec<u8>, UnitEntryId>,
    /// Entries whose parts are still missing: filled from a list, not by recursion, since types can
    /// be nested deeply.
    pending: Vec<Pending>,
}

/// Name and type name of a member.
type Member<'a> = (&'a [u8], &'a [u8]);

pub struct Pending {
    pub name: Vec<u8>,
    pub descriptor: Option<SymId>,
    pub kind: u8,
    pub entry: UnitEntryId,
}

/// Fields of a descriptor.
pub struct Descriptor<'a> {
    pub image: &'a [u8],
    /// Targets of its pointers, by offset.
    pointers: FxHashMap<usize, SymId>,
}

impl Descriptor<'_> {
    pub fn u64(&self, at: usize) -> u64 {
        // Trailing zero bytes are not stored.
        (0..8)
            .map(|i| u64::from(self.image.get(at + i).copied().unwrap_or(0)) << (8 * i))
            .sum()
    }

    fn kind(&self) -> u8 {
        self.image.get(KIND).copied().unwrap_or(0) & 0x1f
    }
}

impl<'p, 'b> Types<'p, 'b> {
    /// No types yet.
    pub fn new(p: &'p Program<'b>) -> Self {
        Self {
            p,
            known: HashMap::new(),
            pending: Vec::new(),
        }
    }

    /// Entry of the type with this descriptor.
    pub fn of(&mut self, unit: &mut Unit, id: SymId) -> UnitEntryId {
        let name = self.p.sym(id).name;
        self.named(unit, name.strip_prefix(b"type.").unwrap_or(name))
    }

    /// Entry of the type of this name.
    pub(super) fn named(&mut self, unit: &mut Unit, name: &[u8]) -> UnitEntryId {
        if let Some(&known) = self.known.get(name) {
            return known;
        }
        if let Some(fixed) = layouts::FIXED.iter().find(|l| l.name.as_bytes() == name) {
            return self.structure(unit, name, fixed, &[]);
        }
        let symbol = self.p.find(&[b"type.", name].concat());
        let descriptor = symbol.filter(|&id| self.p.go_def(id).is_some());
        // Names are finite, but those of damaged objects need not be sensible.
        let layered = (1..MAX_LAYERS).contains(&layers(name));
        let basic = BASIC.iter().find(|(n, _, _)| n.as_bytes() == name);
        let (kind, size) = match (descriptor.map(|id| self.head(id)), basic) {
            (Some(d), _) => (d.kind(), d.u64(0)),
            (None, Some(&(_, kind, size))) => (kind, size),
            (None, None) if layered && name.starts_with(b"*") => (kind::PTR, 8),
            (None, None) if layered => (kind::SLICE, 24),
            (None, None) if name.starts_with(b"func(") => (kind::FUNC, 8),
            (None, None) => (0, 0),
        };
        let tag = match kind {
            kind::BOOL..=kind::COMPLEX128 => dw::DW_TAG_base_type,
            kind::ARRAY => dw::DW_TAG_array_type,
            kind::PTR | kind::UNSAFE_POINTER => dw::DW_TAG_pointer_type,
            kind::MAP | kind::CHAN | kind::FUNC => dw::DW_TAG_typedef,
            _ => dw::DW_TAG_structure_type,
        };
        let entry = unit.add(unit.root(), tag);
        let e = unit.get_mut(entry);
        e.set(dw::DW_AT_name, string(name));
        if kind == 0 {
            e.set(dw::DW_AT_declaration, AttributeValue::FlagPresent);
        } else {
            e.set(AT_GO_KIND, AttributeValue::Data1(kind));
            if tag != dw::DW_TAG_typedef {
                e.set(dw::DW_AT_byte_size, AttributeValue::Udata(size));
            }
        }
        if let Some(encoding) = encoding(kind) {
            e.set(dw::DW_AT_encoding, AttributeValue::Encoding(encoding));
        }
        self.known.insert(name.to_vec(), entry);
        self.pending.push(Pending {
            name: name.to_vec(),
            descriptor,
            kind,
            entry,
        });
        entry
    }

    /// A descriptor as far as numbers go.
    pub(super) fn head(&self, id: SymId) -> Descriptor<'_> {
        Descriptor {
            image: self.p.image(id),
            pointers: FxHashMap::default(),
        }
    }

    pub(super) fn descriptor(&self, id: SymId) -> Descriptor<'_> {
        let pointers = self
            .p
            .relocs(id)
            .filter_map(|r| Some((r.off as usize, r.target?)))
            .collect();
        Descriptor {
            image: self.p.image(id),
            pointers,
        }
    }

    /// Describes the parts of all types mentioned, which may mention more.
    pub fn finish(&mut self, unit: &mut Unit) {
        while let Some(next) = self.pending.pop() {
            self.fill(unit, &next);
        }
    }

    fn fill(&mut self, unit: &mut Unit, t: &Pending) {
        match t.kind {
            kind::PTR => {
                let elem = match self.part(t, FIRST) {
                    Some(id) => self.of(unit, id),
                    None => self.named(unit, t.name.strip_prefix(b"*").unwrap_or(b"?")),
                };
                unit.get_mut(t.entry)
                    .set(dw::DW_AT_type, AttributeValue::UnitRef(elem));
            }
            kind::ARRAY => {
                let len = t.descriptor.map_or(0, |d| self.head(d).u64(LENGTH));
                let elem = self.part_entry(unit, t, FIRST);
                let int = self.named(unit, b"int");
                unit.get_mut(t.entry)
                    .set(dw::DW_AT_type, AttributeValue::UnitRef(elem));
                let range = unit.add(t.entry, dw::DW_TAG_subrange_type);
                let e = unit.get_mut(range);
                e.set(dw::DW_AT_type, AttributeValue::UnitRef(int));
                e.set(dw::DW_AT_count, AttributeValue::Udata(len));
            }
            kind::SLICE => {
                let elem = match self.part(t, FIRST) {
                    Some(id) => self.symbol_name(id),
                    None => t.name.strip_prefix(b"[]").unwrap_or(b"?").to_vec(),
                };
                let elem_entry = self.named(unit, &elem);
                unit.get_mut(t.entry)
                    .set(AT_GO_ELEM, AttributeValue::UnitRef(elem_entry));
                self.members(
                    unit,
                    t.entry,
                    &[
                        (b"array", &pointer_to(&elem)),
                        (b"len", b"int"),
                        (b"cap", b"int"),
                    ],
                );
            }
            kind::STRING => self.members(unit, t.entry, &[(b"str", b"*uint8"), (b"len", b"int")]),
            kind::INTERFACE => {
                // `error` may have no descriptor. It has a method.
                let methods = t.descriptor.map_or(1, |d| self.head(d).u64(SECOND));
                let layout = if methods == 0 {
                    layouts::EFACE
                } else {
                    layouts::IFACE
                };
                self.layout(unit, t.entry, &layout, &[]);
            }
            kind::STRUCT => self.fields(unit, t),
            kind::MAP => self.map(unit, t),
            kind::CHAN => self.channel(unit, t),
            kind::FUNC => {
                // A func value points to a word that holds the address of the code.
                let code = unit.add(unit.root(), dw::DW_TAG_subroutine_type);
                let to_code = self.pointer(unit, code);
                let value = self.pointer(unit, to_code);
                unit.get_mut(t.entry)
                    .set(dw::DW_AT_type, AttributeValue::UnitRef(value));
            }
            _ => {}
        }
    }

    /// The type that a descriptor points to at an offset.
    pub(super) fn part(&self, t: &Pending, at: usize) -> Option<SymId> {
        self.descriptor(t.descriptor?).pointers.get(&at).copied()
    }

    pub(super) fn part_entry(&mut self, unit: &mut Unit, t: &Pending, at: usize) -> UnitEntryId {
        match self.part(t, at) {
            Some(id) => self.of(unit, id),
            None => self.named(unit, b"?"),
        }
    }

    pub(super) fn symbol_name(&self, id: SymId) -> Vec<u8> {
        let name = self.p.sym(id).name;
        name.strip_prefix(b"type.").unwrap_or(name).to_vec()
    }

    pub(super) fn pointer(&self, unit: &mut Unit, to: UnitEntryId) -> UnitEntryId {
        let entry = unit.add(unit.root(), dw::DW_TAG_pointer_type);
        let e = unit.get_mut(entry);
        e.set(dw::DW_AT_byte_size, AttributeValue::Udata(8));
        e.set(dw::DW_AT_type, AttributeValue::UnitRef(to));
        entry
    }

    /// Members of one word each.
    fn members(&mut self, unit: &mut Unit, entry: UnitEntryId, members: &[Member<'_>]) {
        for (i, (name, type_name)) in members.iter().enumerate() {
            let member_type = self.named(unit, type_name);
            member(unit, entry, name, member_type, i as u64 * 8);
        }
    }

    fn fields(&mut self, unit: &mut Unit, t: &Pending) {
        let Some(id) = t.descriptor else { return };
        let d = self.descriptor(id);
        let count = d
            .u64(SECOND)
            .min(d.image.len() as u64 / FIELD_SIZE as u64 + 1) as usize;
        let fields: Vec<_> = (0..count)
            .filter_map(|i| {
                let at = FIELDS + i * FIELD_SIZE;
                let field_type = *d.pointers.get(&(at + FIELD_TYPE))?;
                let name = d.pointers.get(&at).map(|&header| self.go_string(header));
                Some((name, field_type, d.u64(at + FIELD_OFFSET)))
            })
            .collect();
        for (name, field_type, offset) in fields {
            // An embedded field is called by its type.
            let name = name.unwrap_or_else(|| {
                let full = self.p.sym(field_type).name;
                let base = full.rsplit(|&b| b == b'.' || b == b'*').next();
                cut(base.unwrap_or(full)).to_vec()
            });
            let field_type = self.of(unit, field_type);
            member(unit, t.entry, &name, field_type, offset);
        }
    }

    /// Bytes of a string, from the symbol of its header.
    fn go_string(&self, header: SymId) -> Vec<u8> {
        let d = self.descriptor(header);
        let bytes = d.pointers.get(&0).map_or(&[][..], |&id| self.p.image(id));
        cut(&bytes[..bytes.len().min(d.u64(8) as usize)]).to_vec()
    }
}

fn cut(name: &[u8]) -> &[u8] {
    &name[..name.len().min(MAX_FIELD_NAME)]
}

/// Stars and pairs of brackets before a name.
fn layers(name: &[u8]) -> usize {
    let (mut rest, mut n) = (name, 0);
    while let Some(inner) = rest.strip_prefix(b"*").or_else(|| rest.strip_prefix(b"[]")) {
        (rest, n) = (inner, n + 1);
    }
    n
}

pub fn pointer_to(name: &[u8]) -> Vec<u8> {
    [b"*", name].concat()
}

pub fn member(
    unit: &mut Unit,
    parent: UnitEntryId,
    name: &[u8],
    member_type: UnitEntryId,
    offset: u64,
) {
    let m = unit.add(parent, dw::DW_TAG_member);
    let e = unit.get_mut(m);
    e.set(dw::DW_AT_name, string(name));
    e.set(dw::DW_AT_type, AttributeValue::UnitRef(member_type));
    e.set(
        dw::DW_AT_data_member_location,
        AttributeValue::Udata(offset),
    );
}

fn encoding(kind: u8) -> Option<dw::DwAte> {
    match kind {
        kind::BOOL => Some(dw::DW_ATE_boolean),
        kind::INT..=kind::INT64 => Some(dw::DW_ATE_signed),
        kind::UINT..=kind::UINTPTR => Some(dw::DW_ATE_unsigned),
        kind::FLOAT32 | kind::FLOAT64 => Some(dw::DW_ATE_float),
        kind::COMPLEX64 | kind::COMPLEX128 => Some(dw::DW_ATE_complex_float),
        _ => None,
    }
}
