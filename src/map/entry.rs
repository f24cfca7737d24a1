//! The functions that compiled code calls.

use super::assign::{assign, delete};
use super::iter;
use super::key::{Any, Key, Kind, Memory, Planned, Simple, Str, Word32, Word64, kind};
use super::lookup::{One, find, find_in_one, find_string, find_word};
use super::table::{SLOTS, Slot};
use super::{make, mem};
use crate::abi::{GoString, Hmap, Leaf, MapType, Slow, Sys, Type, args};
use crate::panic;
use crate::types::plan;

/// The value in a slot, or the zero value that stands for none.
#[inline(always)]
unsafe fn value(t: &MapType, found: Option<Slot>) -> *mut u8 {
    // SAFETY: the slot holds an entry; making a map made sure of the zero value.
    unsafe {
        match found {
            Some(s) => s.bucket.value(t, s.index),
            None => (*t.elem).zero.cast_mut(),
        }
    }
}

/// The same where the key is small and of known size, and the value in the bucket: the compiler
/// only uses the fast lookups for those.
#[inline(always)]
unsafe fn value_fast<K: Key>(t: &MapType, found: Option<Slot>) -> *mut u8 {
    // SAFETY: as above.
    unsafe {
        match found {
            Some(s) => {
                let values = s.bucket.key_slot(K::SIZE, SLOTS);
                values.add(usize::from(t.valuesize).wrapping_mul(s.index))
            }
            None => (*t.elem).zero.cast_mut(),
        }
    }
}

macro_rules! access_word {
    ($one:ident $one_args:ident $two:ident $two_args:ident $key:ident) => {
        /// `m[k]` for keys of one word.
        #[inline(always)]
        pub fn $one(_: Leaf<'_>, a: &mut args::$one_args) {
            // SAFETY: compiled code passes a map of the type; such keys never need the slow path.
            unsafe {
                a.r0 = value_fast::<$key>(&*a.t, find_word(&*a.t, a.h, $key(a.key)).unwrap_or(None))
            }
        }

        /// `v, ok := m[k]` for keys of one word.
        #[inline(always)]
        pub fn $two(_: Leaf<'_>, a: &mut args::$two_args) {
            // SAFETY: as above.
            unsafe {
                let found = find_word(&*a.t, a.h, $key(a.key)).unwrap_or(None);
                a.r0 = value_fast::<$key>(&*a.t, found);
                a.r1 = found.is_some();
            }
        }
    };
}
access_word!(access1_fast32 runtime_mapaccess1_fast32 access2_fast32 runtime_mapaccess2_fast32 Word32);
access_word!(access1_fast64 runtime_mapaccess1_fast64 access2_fast64 runtime_mapaccess2_fast64 Word64);

/// The two forms of a lookup of a string. The usual ends are reached without saving a register:
/// what needs calls is out of line, and called last.
trait StringAccess {
    fn operands(&self) -> (*const MapType, *const Hmap, GoString);
    unsafe fn answer(&mut self, found: Option<Slot>);
}

impl StringAccess for args::runtime_mapaccess1_faststr {
    #[inline(always)]
    fn operands(&self) -> (*const MapType, *const Hmap, GoString) {
        (self.t, self.h, self.ky)
    }
    #[inline(always)]
    unsafe fn answer(&mut self, found: Option<Slot>) {
        // SAFETY: a slot of the map.
        self.r0 = unsafe { value_fast::<Str>(&*self.t, found) };
    }
}

impl StringAccess for args::runtime_mapaccess2_faststr {
    #[inline(always)]
    fn operands(&self) -> (*const MapType, *const Hmap, GoString) {
        (self.t, self.h, self.ky)
    }
    #[inline(always)]
    unsafe fn answer(&mut self, found: Option<Slot>) {
        // SAFETY: a slot of the map.
        self.r0 = unsafe { value_fast::<Str>(&*self.t, found) };
        self.r1 = found.is_some();
    }
}

// What asm/strings.S counts with.
const _: () =
    assert!(core::mem::offset_of!(MapType, elem) == 80 && core::mem::offset_of!(Type, zero) == 64);

#[inline(always)]
unsafe fn access_string<A: StringAccess>(a: &mut A) {
    let (_, h, key) = a.operands();
    // SAFETY: compiled code passes a map of the type.
    unsafe {
        match find_in_one(&*h, key) {
            One::Found(slot) => a.answer(Some(slot)),
            One::Missing => a.answer(None),
            One::Compare(slot) => string_compare(a, slot),
            One::Hash => string_hash(a),
        }
    }
}

#[inline(never)]
unsafe fn string_compare<A: StringAccess>(a: &mut A, slot: Slot) {
    // SAFETY: an entry of the map with a key of the same length.
    unsafe {
        let same = Str(a.operands().2).is(&*a.operands().0, slot.bucket.key_slot(16, slot.index))
            == Ok(true);
        a.answer(if same { Some(slot) } else { None });
    }
}

#[inline(never)]
unsafe fn string_hash<A: StringAccess>(a: &mut A) {
    let (t, h, key) = a.operands();
    // SAFETY: compiled code passes a map of the type, which is not nil here; strings never need the
    // slow path.
    unsafe { a.answer(find(&*t, h, Str(key)).unwrap_or(None)) }
}

/// `m[k]` for strings.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_leaf_runtime_mapaccess1_faststr(
    a: *mut args::runtime_mapaccess1_faststr,
) {
    // SAFETY: asm/strings.S passes the argument area of a lookup in a map that is not nil or empty.
    unsafe { access_string(&mut *a) }
}

/// `v, ok := m[k]` for strings.
#[unsafe(no_mangle)]
unsafe extern "C" fn gort_leaf_runtime_mapaccess2_faststr(
    a: *mut args::runtime_mapaccess2_faststr,
) {
    // SAFETY: asm/strings.S passes the argument area of a lookup in a map that is not nil or empty.
    unsafe { access_string(&mut *a) }
}

/// Lookup of the key at `p` in system mode.
pub(super) unsafe fn find_system(
    sys: Sys<'_>,
    t: &MapType,
    h: *const Hmap,
    p: *const u8,
) -> Option<Slot> {
    // SAFETY: a key of the type. System mode always finishes.
    unsafe { find(t, h, Any(sys, p)).unwrap_or(None) }
}

/// `m[k]` for any key.
#[inline(always)]
pub fn access1_leaf(_: Leaf<'_>, a: &mut args::runtime_mapaccess1) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map of the type and a key.
    unsafe {
        // Decided before any register is saved.
        if a.h.is_null() || (*a.h).count == 0 {
            a.r0 = (*(*a.t).elem).zero.cast_mut();
            return Ok(());
        }
        let (at, how) = search(a.t, a.h, a.key);
        a.r0 = at;
        Slow::unless(how != Search::Slow)
    }
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
#[inline(always)]
pub(super) unsafe fn search(t: *const MapType, h: *mut Hmap, p: *mut u8) -> (*mut u8, Search) {
    // SAFETY: as its callers.
    unsafe {
        match kind(&*t) {
            Kind::Word32 => search_word(t, h, Word32(p.cast::<u32>().read_unaligned())),
            Kind::Word64 => search_word(t, h, Word64(p.cast::<u64>().read_unaligned())),
            Kind::Str => search_string(t, h, p.cast()),
            Kind::Memory(n) => search_as(t, h, Memory(p, n)),
            Kind::Planned => match plan::find((*t).key) {
                Some(plan) => search_as(t, h, Planned(p, plan)),
                None => (core::ptr::null_mut(), Search::Slow),
            },
            Kind::Other => search_as(t, h, Simple(p)),
        }
    }
}

// Out of line, so that each kind of key has a small frame of its own.
#[inline(never)]
unsafe fn search_as<K: Key>(t: *const MapType, h: *mut Hmap, key: K) -> (*mut u8, Search) {
    // SAFETY: passed on.
    unsafe { result(t, find(&*t, h, key)) }
}

#[inline(never)]
unsafe fn search_word<K: Key>(t: *const MapType, h: *mut Hmap, key: K) -> (*mut u8, Search) {
    // SAFETY: passed on.
    unsafe { result(t, find_word(&*t, h, key)) }
}

#[inline(never)]
unsafe fn search_string(
    t: *const MapType,
    h: *mut Hmap,
    key: *const GoString,
) -> (*mut u8, Search) {
    // SAFETY: passed on.
    unsafe { result(t, Ok(find_string(&*t, h, key.read()))) }
}

#[inline(always)]
unsafe fn result(t: *const MapType, found: Result<Option<Slot>, Slow>) -> (*mut u8, Search) {
    // SAFETY: a slot of a map of the type.
    unsafe {
        match found {
            Ok(Some(slot)) => (slot.bucket.value(&*t, slot.index), Search::Found),
            Ok(None) => ((*(*t).elem).zero.cast_mut(), Search::Absent),
            Err(_) => (core::ptr::null_mut(), Search::Slow),
        }
    }
}

/// `m[k]` where leaf mode does not follow all of a key, or a panic is due.
#[doc(alias = "mapaccess1")]
pub fn access1(sys: Sys<'_>, a: &mut args::runtime_mapaccess1) {
    // SAFETY: as above.
    unsafe { a.r0 = value(&*a.t, find_system(sys, &*a.t, a.h, a.key)) }
}

/// `v, ok := m[k]` for any key.
#[inline(always)]
pub fn access2_leaf(_: Leaf<'_>, a: &mut args::runtime_mapaccess2) -> Result<(), Slow> {
    // SAFETY: as above.
    unsafe {
        // Decided before any register is saved.
        if a.h.is_null() || (*a.h).count == 0 {
            a.r0 = (*(*a.t).elem).zero.cast_mut();
            a.r1 = false;
            return Ok(());
        }
        let (at, how) = search(a.t, a.h, a.key);
        a.r0 = at;
        a.r1 = how == Search::Found;
        Slow::unless(how != Search::Slow)
    }
}

/// `v, ok := m[k]` where leaf mode does not follow all of a key, or a panic is due.
pub fn access2(sys: Sys<'_>, a: &mut args::runtime_mapaccess2) {
    // SAFETY: as above.
    unsafe {
        let found = find_system(sys, &*a.t, a.h, a.key);
        a.r0 = value(&*a.t, found);
        a.r1 = found.is_some();
    }
}

// Out of line, so that each kind of key has a small frame of its own.
#[inline(never)]
unsafe fn assign_as<K: Key>(
    leaf: Leaf<'_>,
    a: &args::runtime_mapassign1,
    key: K,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe { assign(leaf, &*a.t, a.h, key, a.val) }
}

/// `m[k] = v`.
#[inline(always)]
pub fn assign1_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapassign1) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map of the type, a key and a value.
    unsafe {
        if a.h.is_null() {
            return Err(Slow);
        }
        if mem::barrier_enabled() {
            return assign_marking(leaf, a);
        }
        assign_by_kind(leaf, a)
    }
}

#[inline(always)]
unsafe fn assign_by_kind(leaf: Leaf<'_>, a: &args::runtime_mapassign1) -> Result<(), Slow> {
    // SAFETY: as above; the map is not nil.
    unsafe {
        match kind(&*a.t) {
            Kind::Word32 => assign_as(leaf, a, Word32(a.key.cast::<u32>().read_unaligned())),
            Kind::Word64 => assign_as(leaf, a, Word64(a.key.cast::<u64>().read_unaligned())),
            Kind::Str => assign_as(leaf, a, Str(a.key.cast::<GoString>().read())),
            Kind::Memory(n) => assign_as(leaf, a, Memory(a.key, n)),
            Kind::Planned => match plan::find((*a.t).key) {
                Some(plan) => assign_as(leaf, a, Planned(a.key, plan)),
                None => Err(Slow),
            },
            Kind::Other => assign_as(leaf, a, Simple(a.key)),
        }
    }
}

/// While marking runs. The barrier comes before the store, for afterwards too little of the stack
/// is left: there is no safe point between the two.
#[cold]
#[inline(never)]
unsafe fn assign_marking(leaf: Leaf<'_>, a: &args::runtime_mapassign1) -> Result<(), Slow> {
    // SAFETY: as above.
    unsafe {
        let (key, elem) = ((*a.t).key, (*a.t).elem);
        if (*key).size > mem::LEAF_MAX || (*elem).size > mem::LEAF_MAX {
            return Err(Slow);
        }
        mem::bulk_small(key, a.key, (*key).size);
        mem::bulk_small(elem, a.val, (*elem).size);
        assign_by_kind(leaf, a)
    }
}

/// `m[k] = v` with growth, barriers of large values, and keys that leaf mode does not follow.
#[doc(alias = "mapassign1")]
pub fn assign1(sys: Sys<'_>, a: &mut args::runtime_mapassign1) {
    // SAFETY: as above.
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
    // SAFETY: passed on. System mode always finishes.
    unsafe {
        let _ = match kind(t) {
            Kind::Word32 => assign(sys, t, h, Word32(key.cast::<u32>().read_unaligned()), value),
            Kind::Word64 => assign(sys, t, h, Word64(key.cast::<u64>().read_unaligned()), value),
            Kind::Str => assign(sys, t, h, Str(key.cast::<GoString>().read()), value),
            Kind::Memory(_) | Kind::Planned | Kind::Other => {
                assign(sys, t, h, Any(sys, key), value)
            }
        };
    }
}

/// `delete(m, k)`.
#[inline(always)]
pub fn delete_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapdelete) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map of the type and a key.
    unsafe {
        match kind(&*a.t) {
            Kind::Word32 => delete_as(leaf, a, Word32(a.key.cast::<u32>().read_unaligned())),
            Kind::Word64 => delete_as(leaf, a, Word64(a.key.cast::<u64>().read_unaligned())),
            Kind::Str => delete_as(leaf, a, Str(a.key.cast::<GoString>().read())),
            Kind::Memory(n) => delete_as(leaf, a, Memory(a.key, n)),
            Kind::Planned => match plan::find((*a.t).key) {
                Some(plan) => delete_as(leaf, a, Planned(a.key, plan)),
                None => Err(Slow),
            },
            Kind::Other => delete_as(leaf, a, Simple(a.key)),
        }
    }
}

#[inline(never)]
unsafe fn delete_as<K: Key>(
    leaf: Leaf<'_>,
    a: &args::runtime_mapdelete,
    key: K,
) -> Result<(), Slow> {
    // SAFETY: passed on.
    unsafe { delete(leaf, &*a.t, a.h, key) }
}

/// `delete(m, k)` while the map grows, or of a key that leaf mode does not follow.
pub fn delete1(sys: Sys<'_>, a: &mut args::runtime_mapdelete) {
    // SAFETY: as above.
    unsafe { remove(sys, &*a.t, a.h, a.key) }
}

/// Deletion in system mode.
///
/// # Safety
/// A map of the type or nil, and a key.
pub(super) unsafe fn remove(sys: Sys<'_>, t: &MapType, h: *mut Hmap, key: *const u8) {
    // SAFETY: passed on. System mode always finishes.
    unsafe {
        let _ = delete(sys, t, h, Any(sys, key));
    }
}

/// `make(map[K]V, hint)` for small maps.
#[inline(always)]
pub fn make_leaf(leaf: Leaf<'_>, a: &mut args::runtime_makemap) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map type and objects of its frame or null.
    unsafe {
        if a.hint as u64 > SLOTS as u64 || (*(*a.t).elem).zero.is_null() {
            return Err(Slow);
        }
        a.r0 = make::make(leaf, a.t, a.hint as usize, a.h, a.bucket)?;
    }
    Ok(())
}

/// `make(map[K]V, hint)`.
pub fn make1(sys: Sys<'_>, a: &mut args::runtime_makemap) {
    if a.hint < 0 || a.hint > i64::from(i32::MAX) {
        panic::raise_str(sys, "makemap: size out of range");
    }
    // SAFETY: as above.
    unsafe {
        make::ensure_zero((*a.t).elem);
        if let Ok(h) = make::make(sys, a.t, a.hint as usize, a.h, a.bucket) {
            a.r0 = h;
        }
    }
}

/// Starts `range m`.
#[inline(always)]
pub fn iter_init_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapiterinit) -> Result<(), Slow> {
    // SAFETY: compiled code passes a map of the type and an iterator.
    unsafe { iter::start(leaf, a.t, a.h, a.it) }
}

/// Starts `range m` where leaf mode does not follow all of a key.
pub fn iter_init(sys: Sys<'_>, a: &mut args::runtime_mapiterinit) {
    // SAFETY: as above. System mode always finishes.
    unsafe {
        let _ = iter::start(sys, a.t, a.h, a.it);
    }
}

/// The next entry of `range m`.
#[inline(always)]
pub fn iter_next_leaf(leaf: Leaf<'_>, a: &mut args::runtime_mapiternext) -> Result<(), Slow> {
    // SAFETY: compiled code passes a started iterator.
    unsafe { iter::next(leaf, a.it) }
}

/// The next entry of `range m` where leaf mode does not follow all of a key.
pub fn iter_next(sys: Sys<'_>, a: &mut args::runtime_mapiternext) {
    // SAFETY: as above. System mode always finishes.
    unsafe {
        let _ = iter::next(sys, a.it);
    }
}
