//! What is behind maps, channels and interfaces: structures of the runtime, with the program's
//! types filled in.
//!
//! A map is a pointer to `hash<K,V>`, whose buckets are `bucket<K,V>`; a channel is a pointer to
//! `hchan<T>`. The names are those of the stock linker, so that scripts find their way. Keys and
//! values that are too large for a bucket are behind pointers there: the slot is described as a
//! reference, which tells it from one that holds a pointer.

use super::types::{FIRST, Pending, SECOND, Types, member, pointer_to};
use super::{AT_GO_ELEM, AT_GO_KEY, string};
use gimli::constants as dw;
use gimli::write::{AttributeValue, Unit, UnitEntryId};
use gort_tables::layouts::{BUCKET_KEYS, BUCKET_SLOTS, HCHAN, HMAP, Layout, MAP, SUDOG, WAITQ};

/// What the letters in a layout's types stand for.
type Letters<'a> = [(&'a str, &'a [u8])];

impl Types<'_, '_> {
    /// A structure of the runtime as a type of its own.
    pub(super) fn structure(
        &mut self,
        unit: &mut Unit,
        name: &[u8],
        layout: &Layout,
        letters: &Letters<'_>,
    ) -> UnitEntryId {
        if let Some(&known) = self.known.get(name) {
            return known;
        }
        let entry = unit.add(unit.root(), dw::DW_TAG_structure_type);
        let e = unit.get_mut(entry);
        e.set(dw::DW_AT_name, string(name));
        e.set(dw::DW_AT_byte_size, AttributeValue::Udata(layout.size));
        self.known.insert(name.to_vec(), entry);
        self.layout(unit, entry, layout, letters);
        entry
    }

    /// The fields of a structure of the runtime.
    pub(super) fn layout(
        &mut self,
        unit: &mut Unit,
        entry: UnitEntryId,
        layout: &Layout,
        letters: &Letters<'_>,
    ) {
        for &(name, field_type, offset) in layout.fields {
            let field_type = self.named(unit, &spelled(field_type, letters));
            member(unit, entry, name.as_bytes(), field_type, offset);
        }
    }

    /// A map type.
    pub(super) fn map(&mut self, unit: &mut Unit, t: &Pending) {
        let key = self.part_entry(unit, t, FIRST);
        let elem = self.part_entry(unit, t, SECOND);
        let e = unit.get_mut(t.entry);
        e.set(AT_GO_KEY, AttributeValue::UnitRef(key));
        e.set(AT_GO_ELEM, AttributeValue::UnitRef(elem));
        let (k, v) = (self.part_name(t, FIRST), self.part_name(t, SECOND));
        let letters: [(&str, &[u8]); 2] = [("K", &k), ("V", &v)];
        self.bucket(unit, t, &letters, (key, elem));
        let name = instance(HMAP.name, &letters);
        let header = self.structure(unit, &name, &HMAP, &letters);
        let value = self.pointer(unit, header);
        unit.get_mut(t.entry)
            .set(dw::DW_AT_type, AttributeValue::UnitRef(value));
    }

    /// The bucket of a map type.
    fn bucket(
        &mut self,
        unit: &mut Unit,
        t: &Pending,
        letters: &Letters<'_>,
        (key, elem): (UnitEntryId, UnitEntryId),
    ) {
        let name = instance("bucket", letters);
        let Some(id) = t.descriptor.filter(|_| !self.known.contains_key(&name)) else {
            return;
        };
        let byte = |at: usize| self.head(id).image.get(at).copied().unwrap_or(0);
        let (key_size, key_indirect) = (u64::from(byte(MAP.key_size)), byte(MAP.key_indirect) != 0);
        let (value_size, value_indirect) = (
            u64::from(byte(MAP.value_size)),
            byte(MAP.value_indirect) != 0,
        );
        let size = u64::from(u16::from_le_bytes([
            byte(MAP.bucket_size),
            byte(MAP.bucket_size + 1),
        ]));
        let entry = unit.add(unit.root(), dw::DW_TAG_structure_type);
        let e = unit.get_mut(entry);
        e.set(dw::DW_AT_name, string(&name));
        e.set(dw::DW_AT_byte_size, AttributeValue::Udata(size));
        self.known.insert(name.clone(), entry);

        let byte_type = self.named(unit, b"uint8");
        let (_, k) = letters[0];
        let (_, v) = letters[1];
        let tops = self.slots(unit, b"uint8", byte_type, 1, false);
        let keys = self.slots(unit, k, key, key_size, key_indirect);
        let values = self.slots(unit, v, elem, value_size, value_indirect);
        let next = self.named(unit, &pointer_to(&name));
        let values_at = BUCKET_KEYS + BUCKET_SLOTS * key_size;
        member(unit, entry, b"tophash", tops, 0);
        member(unit, entry, b"keys", keys, BUCKET_KEYS);
        member(unit, entry, b"values", values, values_at);
        member(unit, entry, b"overflow", next, size.saturating_sub(8));
    }

    /// One slot for each entry of a bucket.
    fn slots(
        &mut self,
        unit: &mut Unit,
        name: &[u8],
        of: UnitEntryId,
        size: u64,
        indirect: bool,
    ) -> UnitEntryId {
        let elem = if indirect {
            let reference = unit.add(unit.root(), dw::DW_TAG_reference_type);
            let e = unit.get_mut(reference);
            e.set(dw::DW_AT_byte_size, AttributeValue::Udata(8));
            e.set(dw::DW_AT_type, AttributeValue::UnitRef(of));
            reference
        } else {
            of
        };
        let int = self.named(unit, b"int");
        let array = unit.add(unit.root(), dw::DW_TAG_array_type);
        let e = unit.get_mut(array);
        e.set(
            dw::DW_AT_name,
            string(&[format!("[{BUCKET_SLOTS}]").as_bytes(), name].concat()),
        );
        e.set(
            dw::DW_AT_byte_size,
            AttributeValue::Udata(BUCKET_SLOTS * size),
        );
        e.set(dw::DW_AT_type, AttributeValue::UnitRef(elem));
        let range = unit.add(array, dw::DW_TAG_subrange_type);
        let e = unit.get_mut(range);
        e.set(dw::DW_AT_type, AttributeValue::UnitRef(int));
        e.set(dw::DW_AT_count, AttributeValue::Udata(BUCKET_SLOTS));
        array
    }

    /// A channel type.
    pub(super) fn channel(&mut self, unit: &mut Unit, t: &Pending) {
        let elem = self.part_entry(unit, t, FIRST);
        unit.get_mut(t.entry)
            .set(AT_GO_ELEM, AttributeValue::UnitRef(elem));
        let name = self.part_name(t, FIRST);
        let letters: [(&str, &[u8]); 1] = [("T", &name)];
        for layout in [SUDOG, WAITQ] {
            self.structure(unit, &instance(layout.name, &letters), &layout, &letters);
        }
        let name = instance(HCHAN.name, &letters);
        let header = self.structure(unit, &name, &HCHAN, &letters);
        let value = self.pointer(unit, header);
        unit.get_mut(t.entry)
            .set(dw::DW_AT_type, AttributeValue::UnitRef(value));
    }

    /// Name of a type that a descriptor points to.
    fn part_name(&self, t: &Pending, at: usize) -> Vec<u8> {
        self.part(t, at)
            .map_or_else(|| b"?".to_vec(), |id| self.symbol_name(id))
    }
}

/// Name of a structure for certain types: `hash<string,int>`.
fn instance(name: &str, letters: &Letters<'_>) -> Vec<u8> {
    let types: Vec<&[u8]> = letters.iter().map(|&(_, name)| name).collect();
    [name.as_bytes(), b"<", &types.join(&b","[..]), b">"].concat()
}

/// The type of a field, with its letters filled in.
fn spelled(field_type: &str, letters: &Letters<'_>) -> Vec<u8> {
    let bare = field_type.trim_start_matches('*');
    let stars = &field_type.as_bytes()[..field_type.len() - bare.len()];
    if let Some(&(_, name)) = letters.iter().find(|(letter, _)| *letter == bare) {
        return [stars, name].concat();
    }
    match bare.split_once('<') {
        Some((name, _)) => [stars, &instance(name, letters)].concat(),
        None => field_type.as_bytes().to_vec(),
    }
}
