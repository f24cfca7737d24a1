//! The functions that compiled code calls.

use super::assign::{assign, delete};
use super::iter;
use super::key::{Any, Key, Kind, Memory, Planned, Simple, Str, Word32, Word64, kind};
use super::lookup::{One, find, find_in_one, find_string, find_word};
use super::table::{SLOTS, Slot, zero_value};
use super::{make, mem};
use crate::abi::{GoString, Hmap, Leaf, MapType, Slow, Sys, Type, args};
use crate::panic;
use crate::types::plan;

/// The value in a slot, or the zero value that stands for none.
///
/// # Safety
/// The slot holds an entry of a live map of the type.
#[inline(always)]
unsafe fn value(t: &MapType, found: Option<Slot>) -> *mut u8 {
    match found {
        // SAFETY: the caller's slot holds an entry.
        Some(s) => unsafe { s.bucket.value(t, s.index) },
        None => zero_value(t),
    }
}

/// The same where the key is small and of known size, and the value in the bucket: the compiler
/// only uses the fast lookups for those.
///
/// # Safety
/// As [`value`]; keys of the type have `K::SIZE` bytes.
#[inline(always)]
unsafe fn value_fast<K: Key>(t: &MapType, found: Option<Slot>) -> *mut u8 {
    let Some(s) = found else {
        return zero_value(t);
    };
    let at = usize::from(t.valuesize).wrapping_mul(s.index);
    // SAFETY: the caller's slot is in a live bucket, where the values follow eight keys.
    unsafe { s.bucket.key_slot(K::SIZE, SLOTS).add(at) }
}

macro_rules! access_word {
    ($one:ident $one_args:ident $two:ident $two_args:ident $key:ident) => {
        /// `m[k]` for keys of one word.
        #[inline(always)]
        pub fn $one(_: Leaf<'_>, a: &mut args::$one_args) {
            // SAFETY: compiled code passes a map type, with keys of one word, and a map of it or
            // nil.
            let (t, found) = unsafe { (&*a.t, find_word(&*a.t, a.h, $key(a.key))) };
            // Such keys never need the slow path.
            // SAFETY: it was found in that map.
            a.r0 = unsafe { value_fast::<$key>(t, found.unwrap_or(None)) };
        }

        /// `v, ok := m[k]` for keys of one word.
        #[inline(always)]
        pub fn $two(_: Leaf<'_>, a: &mut args::$two_args) {
            // SAFETY: compiled code passes a map type, with keys of one word, and a map of it or
            // nil.
            let (t, found) = unsafe { (&*a.t, find_word(&*a.t, a.h, $key(a.key))) };
            // Such keys never need the slow path.
            let found = found.unwrap_or(None);
            // SAFETY: it was found in that map.
            a.r0 = unsafe { value_fast::<$key>(t, found) };
            a.r1 = found.is_some();
        }
    };
}
access_word!(access1_fast32 runtime_mapaccess1_fast32 access2_fast32 runtime_mapaccess2_fast32 Word32);
access_word!(access1_fast64 runtime_mapaccess1_fast64 access2_fast64 runtime_mapaccess2_fast64 Word64);

/// The two forms of a lookup of a string. The usual ends are reached without saving a register:
/// what needs calls is out of line, and called last.
///
/// Every value is the argument area of a lookup that compiled code makes in a map of strings that
/// is not nil or empty.
trait StringAccess {
    fn operands(&self) -> (&MapType, &Hmap, GoString);
    /// # Safety
    /// The slot holds an entry of the map.
    unsafe fn answer(&mut self, found: Option<Slot>);
}

impl StringAccess for args::runtime_mapaccess1_faststr {
    #[inline(always)]
    fn operands(&self) -> (&MapType, &Hmap, GoString) {
        // SAFETY: the area's map and its type are live.
        let (t, h) = unsafe { (&*self.t, &*self.h) };
        (t, h, self.ky)
    }
    /// # Safety
    /// The slot holds an entry of the map.
    #[inline(always)]
    unsafe fn answer(&mut self, found: Option<Slot>) {
        // SAFETY: the caller's slot; the map's keys are strings.
        self.r0 = unsafe { value_fast::<Str>(&*self.t, found) };
    }
}

impl StringAccess for args::runtime_mapaccess2_faststr {
    #[inline(always)]
    fn operands(&self) -> (&MapType, &Hmap, GoString) {
        // SAFETY: the area's map and its type are live.
        let (t, h) = unsafe { (&*self.t, &*self.h) };
        (t, h, self.ky)
    }
    /// # Safety
    /// The slot holds an entry of the map.
    #[inline(always)]
    unsafe fn answer(&mut self, found: Option<Slot>) {
        // SAFETY: the caller's slot; the map's keys are strings.
        self.r0 = unsafe { value_fast::<Str>(&*self.t, found) };
        self.r1 = found.is_some();
    }
}

// What asm/strings.S counts with.
const _: () =
    assert!(core::mem::offset_of!(MapType, elem) == 80 && core::mem::offset_of!(Type, zero) == 64);

#[inline(always)]
fn access_string<A: StringAccess>(a: &mut A) {
    let (_, h, key) = a.operands();
    // SAFETY: a map of strings that is not empty.
    let found = unsafe { find_in_one(h, key) };
    // SAFETY: what was found is in that map.
    unsafe {
        match found {
            One::Found(slot) => a.answer(Some(slot)),
            One::Missing => a.answer(None),
            One::Compare(slot) => string_compare(a, slot),
            One::Hash => string_hash(a),
        }
    }
}

/// # Safety
/// The slot holds an entry of the map, with a key of the same length.
#[inline(never)]
unsafe fn string_compare<A: StringAccess>(a: &mut A, slot: Slot) {
    let (t, _, key) = a.operands();
    // SAFETY: the caller's slot holds a string.
    let same = unsafe { Str(key).is(t, slot.bucket.key_slot(16, slot.index)) } == Ok(true);
    // SAFETY: the caller's slot holds an entry of the map.
    unsafe { a.answer(if same { Some(slot) } else { None }) };
}

#[inline(never)]
fn string_hash<A: StringAccess>(a: &mut A) {
    let (t, h, key) = a.operands();
    // Strings never need the slow path.
    // SAFETY: a map of strings, and a live string.
    let found = unsafe { find(t, h, Str(key)) }.unwrap_or(None);
    // SAFETY: it was found in that map.
    unsafe { a.answer(found) };
}

/// `m[k]` for strings.
///
/// asm/strings.S passes the argument area of a lookup in a map that is not nil or empty.
#[unsafe(no_mangle)]
extern "C" fn gort_leaf_runtime_mapaccess1_faststr(a: &mut args::runtime_mapaccess1_faststr) {
    access_string(a);
}

/// `v, ok := m[k]` for strings.
///
/// asm/strings.S passes the argument area of a lookup in a map that is not nil or empty.
#[unsafe(no_mangle)]
extern "C" fn gort_leaf_runtime_mapaccess2_faststr(a: &mut args::runtime_mapaccess2_faststr) {
    access_string(a);
}

/// Lookup of the key at `p` in system mode.
///
/// # Safety
/// A map of the type or nil, and a key of the type.
pub(super) unsafe fn find_system(
    sys: Sys<'_>,
    t: &MapType,
    h: *const Hmap,
    p: *const u8,
) -> Option<Slot> {
    // SAFETY: the caller's map is of the type, and so is the key.
    let found = unsafe { find(t, h, Any(sys, p)) };
    // System mode always finishes.
    found.unwrap_or(None)
}

/// `m[k]` for any key.
#[inline(always)]
pub fn access1_leaf(_: Leaf<'_>, a: &mut args::runtime_mapaccess1) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type and a map of it or nil.
    let (t, h) = unsafe { (&*a.t, a.h.as_ref()) };
    // Decided before any register is saved.
    let Some(h) = h.filter(|h| h.count != 0) else {
        a.r0 = zero_value(t);
        return Ok(());
    };
    // SAFETY: the key is one of the map.
    let (at, how) = unsafe { search(t, h, a.key) };
    a.r0 = at;
    Slow::unless(how != Search::Slow)
}

/// What [`search`] found out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    Found,
    Absent,
    /// Not in leaf mode, which does not follow all of the key, or without a panic.
    Slow,
}

/// The address of the value (of the zero value where there is none), in two registers, for both
/// forms of `m[k]`; the map is not empty.
///
/// # Safety
/// A map of the type, and a key at `p`.
#[inline(always)]
pub(super) unsafe fn search(t: &MapType, h: &Hmap, p: *const u8) -> (*mut u8, Search) {
    // SAFETY: what lies at the caller's `p` is of the kind that `kind` says; a plan is that of the
    // key's type.
    unsafe {
        match kind(t) {
            Kind::Word32 => search_word(t, h, Word32(p.cast::<u32>().read_unaligned())),
            Kind::Word64 => search_word(t, h, Word64(p.cast::<u64>().read_unaligned())),
            Kind::Str => search_string(t, h, p.cast()),
            Kind::Memory(n) => search_as(t, h, Memory(p, n)),
            Kind::Planned => match plan::find(t.key) {
                Some(plan) => search_as(t, h, Planned(p, plan)),
                None => (core::ptr::null_mut(), Search::Slow),
            },
            Kind::Other => search_as(t, h, Simple(p)),
        }
    }
}

// Out of line, so that each kind of key has a small frame of its own; by address, as from references
// the compiler reads ahead what the usual ends have no need of.
/// # Safety
/// A map of the type, and a key of its kind.
#[inline(never)]
unsafe fn search_as<K: Key>(t: *const MapType, h: *const Hmap, key: K) -> (*mut u8, Search) {
    // SAFETY: the caller's map is of the type, and so is the key.
    let found = unsafe { find(&*t, h, key) };
    // SAFETY: it was found in that map.
    unsafe { result(&*t, found) }
}

/// # Safety
/// As [`search_as`].
#[inline(never)]
unsafe fn search_word<K: Key>(t: &MapType, h: &Hmap, key: K) -> (*mut u8, Search) {
    // SAFETY: the caller's map is of the type, and so is the key.
    let found = unsafe { find_word(t, h, key) };
    // SAFETY: it was found in that map.
    unsafe { result(t, found) }
}

/// # Safety
/// A map of the type, whose keys are strings; a string at `key`.
#[inline(never)]
unsafe fn search_string(t: &MapType, h: &Hmap, key: *const GoString) -> (*mut u8, Search) {
    // SAFETY: the caller's map is one of strings, and a string lies at `key`.
    let found = unsafe { find_string(t, h, key.read()) };
    // SAFETY: it was found in that map.
    unsafe { result(t, Ok(found)) }
}

/// # Safety
/// The slot holds an entry of a live map of the type.
#[inline(always)]
unsafe fn result(t: &MapType, found: Result<Option<Slot>, Slow>) -> (*mut u8, Search) {
    match found {
        // SAFETY: the caller's slot holds an entry.
        Ok(Some(slot)) => (unsafe { slot.bucket.value(t, slot.index) }, Search::Found),
        Ok(None) => (zero_value(t), Search::Absent),
        Err(_) => (core::ptr::null_mut(), Search::Slow),
    }
}

/// `m[k]` where leaf mode does not follow all of a key, or a panic is due.
#[doc(alias = "mapaccess1")]
pub fn access1(sys: Sys<'_>, a: &mut args::runtime_mapaccess1) {
    // SAFETY: compiled code passes a map type, a map of it or nil, and a key.
    let (t, found) = unsafe { (&*a.t, find_system(sys, &*a.t, a.h, a.key)) };
    // SAFETY: it was found in that map.
    a.r0 = unsafe { value(t, found) };
}

/// `v, ok := m[k]` for any key.
#[inline(always)]
pub fn access2_leaf(_: Leaf<'_>, a: &mut args::runtime_mapaccess2) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type and a map of it or nil.
    let (t, h) = unsafe { (&*a.t, a.h.as_ref()) };
    // Decided before any register is saved.
    let Some(h) = h.filter(|h| h.count != 0) else {
        a.r0 = zero_value(t);
        a.r1 = false;
        return Ok(());
    };
    // SAFETY: the key is one of the map.
    let (at, how) = unsafe { search(t, h, a.key) };
    a.r0 = at;
    a.r1 = how == Search::Found;
    Slow::unless(how != Search::Slow)
}

/// `v, ok := m[k]` where leaf mode does not follow all of a key, or a panic is due.
pub fn access2(sys: Sys<'_>, a: &mut args::runtime_mapaccess2) {
    // SAFETY: compiled code passes a map type, a map of it or nil, and a key.
    let (t, found) = unsafe { (&*a.t, find_system(sys, &*a.t, a.h, a.key)) };
    // SAFETY: it was found in that map.
    a.r0 = unsafe { value(t, found) };
    a.r1 = found.is_some();
}

// Out of line, so that each kind of key has a small frame of its own.
/// # Safety
/// The map of the area is not nil, `key` is its key, and what key and value point to is shaded
/// while the collector marks.
#[inline(never)]
unsafe fn assign_as<K: Key>(
    leaf: Leaf<'_>,
    a: &args::runtime_mapassign1,
    key: K,
) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type, a map of it and a value; the rest is the caller's.
    unsafe { assign(leaf, &*a.t, a.h, key, a.val) }
}

/// `m[k] = v`.
#[inline(always)]
pub fn assign1_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapassign1) -> Result<(), Slow> {
    if a.h.is_null() {
        return Err(Slow);
    }
    if mem::barrier_enabled() {
        // SAFETY: the map is not nil, as has just been looked at.
        return unsafe { assign_marking(leaf, a) };
    }
    // SAFETY: the map is not nil, and the collector does not mark.
    unsafe { assign_by_kind(leaf, a) }
}

/// # Safety
/// As [`assign_as`], of the key in the area.
#[inline(always)]
unsafe fn assign_by_kind(leaf: Leaf<'_>, a: &args::runtime_mapassign1) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type, and a key of it: it is of the kind that `kind` says.
    // A plan is that of the key's type.
    unsafe {
        let t = &*a.t;
        match kind(t) {
            Kind::Word32 => assign_as(leaf, a, Word32(a.key.cast::<u32>().read_unaligned())),
            Kind::Word64 => assign_as(leaf, a, Word64(a.key.cast::<u64>().read_unaligned())),
            Kind::Str => assign_as(leaf, a, Str(a.key.cast::<GoString>().read())),
            Kind::Memory(n) => assign_as(leaf, a, Memory(a.key, n)),
            Kind::Planned => match plan::find(t.key) {
                Some(plan) => assign_as(leaf, a, Planned(a.key, plan)),
                None => Err(Slow),
            },
            Kind::Other => assign_as(leaf, a, Simple(a.key)),
        }
    }
}

/// While marking runs. The barrier comes before the store, for afterwards too little of the stack
/// is left: there is no safe point between the two.
///
/// # Safety
/// The map of the area is not nil.
#[cold]
#[inline(never)]
unsafe fn assign_marking(leaf: Leaf<'_>, a: &args::runtime_mapassign1) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type, whose descriptor names those of key and value.
    let (key, elem) = unsafe { (&*(*a.t).key, &*(*a.t).elem) };
    if key.size > mem::LEAF_MAX || elem.size > mem::LEAF_MAX {
        return Err(Slow);
    }
    // SAFETY: compiled code passes a key and a value of these types.
    unsafe {
        mem::bulk_small(key, a.key, key.size);
        mem::bulk_small(elem, a.val, elem.size);
    }
    // SAFETY: the map is not nil; what key and value point to has just been shaded.
    unsafe { assign_by_kind(leaf, a) }
}

/// `m[k] = v` with growth, barriers of large values, and keys that leaf mode does not follow.
#[doc(alias = "mapassign1")]
pub fn assign1(sys: Sys<'_>, a: &mut args::runtime_mapassign1) {
    // SAFETY: compiled code passes a map type, a map of it or nil, a key and a value.
    unsafe { set(sys, &*a.t, a.h, a.key, a.val) }
}

/// Assignment in system mode; a nil map is a panic.
///
/// # Safety
/// A map of the type or nil, a key and a value.
pub(super) unsafe fn set(
    sys: Sys<'_>,
    t: &MapType,
    h: *mut Hmap,
    key: *const u8,
    value: *const u8,
) {
    if h.is_null() {
        panic::raise_str(sys, "assignment to entry in nil map");
    }
    // System mode always finishes.
    // SAFETY: the caller's map is not nil; its key is of the kind that `kind` says.
    let _ = unsafe {
        match kind(t) {
            Kind::Word32 => assign(sys, t, h, Word32(key.cast::<u32>().read_unaligned()), value),
            Kind::Word64 => assign(sys, t, h, Word64(key.cast::<u64>().read_unaligned()), value),
            Kind::Str => assign(sys, t, h, Str(key.cast::<GoString>().read()), value),
            Kind::Memory(_) | Kind::Planned | Kind::Other => {
                assign(sys, t, h, Any(sys, key), value)
            }
        }
    };
}

/// `delete(m, k)`.
#[inline(always)]
pub fn delete_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapdelete) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type, and a key of it: it is of the kind that `kind` says.
    // A plan is that of the key's type.
    unsafe {
        let t = &*a.t;
        match kind(t) {
            Kind::Word32 => delete_as(leaf, a, Word32(a.key.cast::<u32>().read_unaligned())),
            Kind::Word64 => delete_as(leaf, a, Word64(a.key.cast::<u64>().read_unaligned())),
            Kind::Str => delete_as(leaf, a, Str(a.key.cast::<GoString>().read())),
            Kind::Memory(n) => delete_as(leaf, a, Memory(a.key, n)),
            Kind::Planned => match plan::find(t.key) {
                Some(plan) => delete_as(leaf, a, Planned(a.key, plan)),
                None => Err(Slow),
            },
            Kind::Other => delete_as(leaf, a, Simple(a.key)),
        }
    }
}

/// # Safety
/// `key` is the key of the area.
#[inline(never)]
unsafe fn delete_as<K: Key>(
    leaf: Leaf<'_>,
    a: &args::runtime_mapdelete,
    key: K,
) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type and a map of it or nil.
    unsafe { delete(leaf, &*a.t, a.h, key) }
}

/// `delete(m, k)` while the map grows, or of a key that leaf mode does not follow.
pub fn delete1(sys: Sys<'_>, a: &mut args::runtime_mapdelete) {
    // SAFETY: compiled code passes a map type, a map of it or nil, and a key.
    unsafe { remove(sys, &*a.t, a.h, a.key) }
}

/// Deletion in system mode.
///
/// # Safety
/// A map of the type or nil, and a key.
pub(super) unsafe fn remove(sys: Sys<'_>, t: &MapType, h: *mut Hmap, key: *const u8) {
    // System mode always finishes.
    // SAFETY: the caller's map is of the type or nil, the key of the type.
    let _ = unsafe { delete(sys, t, h, Any(sys, key)) };
}

/// `make(map[K]V, hint)` for small maps.
#[inline(always)]
pub fn make_leaf(leaf: Leaf<'_>, a: &mut args::runtime_makemap) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type.
    let t = unsafe { &*a.t };
    if a.hint as u64 > SLOTS as u64 || zero_value(t).is_null() {
        return Err(Slow);
    }
    // SAFETY: compiled code passes a cleared map and bucket of its frame, or null.
    a.r0 = unsafe { make::make(leaf, t, a.hint as usize, a.h, a.bucket) }?;
    Ok(())
}

/// `make(map[K]V, hint)`.
pub fn make1(sys: Sys<'_>, a: &mut args::runtime_makemap) {
    if a.hint < 0 || a.hint > i64::from(i32::MAX) {
        panic::raise_str(sys, "makemap: size out of range");
    }
    // SAFETY: compiled code passes a map type.
    let t = unsafe { &*a.t };
    make::ensure_zero(sys, t);
    // SAFETY: compiled code passes a cleared map and bucket of its frame, or null.
    if let Ok(h) = unsafe { make::make(sys, t, a.hint as usize, a.h, a.bucket) } {
        a.r0 = h;
    }
}

/// Starts `range m`.
#[inline(always)]
pub fn iter_init_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapiterinit) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type, a map of it or nil, and a cleared iterator.
    unsafe { iter::start(leaf, &*a.t, a.h, a.it) }
}

/// Starts `range m` where leaf mode does not follow all of a key.
pub fn iter_init(sys: Sys<'_>, a: &mut args::runtime_mapiterinit) {
    // System mode always finishes.
    // SAFETY: compiled code passes a map type, a map of it or nil, and a cleared iterator.
    let _ = unsafe { iter::start(sys, &*a.t, a.h, a.it) };
}

/// The next entry of `range m`.
#[inline(always)]
pub fn iter_next_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapiternext) -> Result<(), Slow> {
    // SAFETY: compiled code passes a started iterator.
    unsafe { iter::next(leaf, a.it) }
}

/// The next entry of `range m` where leaf mode does not follow all of a key.
pub fn iter_next(sys: Sys<'_>, a: &mut args::runtime_mapiternext) {
    // System mode always finishes.
    // SAFETY: compiled code passes a started iterator.
    let _ = unsafe { iter::next(sys, a.it) };
}
