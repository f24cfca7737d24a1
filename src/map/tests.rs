//! Maps against the standard library's, over random operations. Every operation goes the way of a
//! trampoline: leaf mode first, system mode where that says no; the allocator of leaf mode runs dry
//! at random.

use super::assign::{assign, delete};
use super::entry::Search;
use super::iter;
use super::key::{Any, Kind, Memory, Planned, Simple, Str, Word32, Word64, kind};
use super::lookup::{find, find_string, find_word};
use super::table::Slot;
use super::{make, mem};
use crate::abi::{
    ArrayType, FuncVal, GoSlice, GoString, Hiter, Hmap, Leaf, MapType, Slow, StructField,
    StructType, Sys, Type, TypeAlg,
};
use crate::types::plan;
use std::collections::{HashMap, HashSet};
use std::ptr::{null, null_mut};

unsafe extern "C" {
    #[link_name = "runtime.algarray"]
    static ALGARRAY: [TypeAlg; 22];
    #[link_name = "runtime.memequal_varlen"]
    fn memequal_varlen();
    #[link_name = "runtime.memhash_varlen"]
    fn memhash_varlen();
}

const NO_POINTERS: u8 = 0x80;

fn leaf() -> Leaf<'static> {
    // SAFETY: the tests' allocator and barriers work on any stack.
    unsafe { Leaf::new() }
}

fn sys() -> Sys<'static> {
    // SAFETY: as for `leaf`.
    unsafe { Sys::new() }
}

fn descriptor(size: usize, alg: *const TypeAlg, pointers: bool) -> *const Type {
    Box::leak(Box::new(Type {
        size,
        ptrdata: if pointers { size } else { 0 },
        hash: 0,
        unused: 0,
        align: 8,
        field_align: 8,
        kind: 25 | if pointers { 0 } else { NO_POINTERS },
        alg,
        gcdata: null(),
        string: null(),
        x: null(),
        ptrto: null(),
        zero: vec![0u64; size.div_ceil(8).max(1)].leak().as_ptr().cast(),
    }))
}

fn row(i: usize) -> *const TypeAlg {
    // SAFETY: the table of the library's assembly.
    unsafe { &raw const ALGARRAY[i] }
}

/// The algorithm of memory of an unusual size, as the compiler makes it.
fn varlen(size: usize) -> *const TypeAlg {
    let closure = |code: unsafe extern "C" fn()| {
        Box::leak(Box::new([code as usize, size]))
            .as_ptr()
            .cast::<FuncVal>()
    };
    Box::leak(Box::new(TypeAlg {
        hash: closure(memhash_varlen),
        equal: closure(memequal_varlen),
    }))
}

/// A map type as the compiler lays it out.
fn map_type(key: *const Type, elem: *const Type, reflexive: bool) -> &'static MapType {
    // SAFETY: descriptors made above.
    unsafe {
        let slot = |t: *const Type| {
            if (*t).size > 128 {
                (8, 1)
            } else {
                ((*t).size as u8, 0)
            }
        };
        let ((keysize, indirectkey), (valuesize, indirectvalue)) = (slot(key), slot(elem));
        let bucketsize =
            (16 + 8 * (usize::from(keysize) + usize::from(valuesize))).next_multiple_of(8);
        let pointers = indirectkey != 0
            || indirectvalue != 0
            || !(*key).no_pointers()
            || !(*elem).no_pointers();
        Box::leak(Box::new(MapType {
            typ: *descriptor(8, null(), true),
            key,
            elem,
            bucket: descriptor(bucketsize, null(), pointers),
            hmap: descriptor(size_of::<Hmap>(), null(), true),
            keysize,
            indirectkey,
            valuesize,
            indirectvalue,
            bucketsize: bucketsize as u16,
            reflexivekey: u8::from(reflexive),
        }))
    }
}

/// Keys and values that a test can make from numbers and read back.
trait Sample: Copy {
    fn make(n: u32) -> Self;
    fn number(&self) -> u32;
}
impl Sample for u8 {
    fn make(n: u32) -> Self {
        n as u8
    }
    fn number(&self) -> u32 {
        u32::from(*self)
    }
}
impl Sample for u32 {
    fn make(n: u32) -> Self {
        n
    }
    fn number(&self) -> u32 {
        *self
    }
}
impl Sample for u64 {
    fn make(n: u32) -> Self {
        u64::from(n) << 20
    }
    fn number(&self) -> u32 {
        (*self >> 20) as u32
    }
}
impl Sample for f64 {
    fn make(n: u32) -> Self {
        f64::from(n)
    }
    fn number(&self) -> u32 {
        *self as u32
    }
}
impl Sample for GoString {
    /// Of many lengths; a fresh copy each time.
    fn make(n: u32) -> Self {
        let s = if n == 0 {
            String::new()
        } else {
            format!("{:>1$}", n, (n * 7 % 60) as usize)
        };
        GoString::from_static(s.leak())
    }
    fn number(&self) -> u32 {
        // SAFETY: made above.
        std::str::from_utf8(unsafe { self.bytes() })
            .unwrap()
            .trim()
            .parse()
            .unwrap_or(0)
    }
}
impl<const N: usize> Sample for [u8; N] {
    fn make(n: u32) -> Self {
        let mut a = [(n % 251) as u8; N];
        a[N - 4..].copy_from_slice(&n.to_le_bytes());
        a
    }
    fn number(&self) -> u32 {
        u32::from_le_bytes(self[N - 4..].try_into().unwrap())
    }
}

struct Map<K, V> {
    t: &'static MapType,
    h: *mut Hmap,
    slow: usize,
    what: std::marker::PhantomData<(K, V)>,
}

fn step<T>(slow: &mut usize, leaf: Result<T, Slow>, system: impl FnOnce() -> Result<T, Slow>) -> T {
    let r = match leaf {
        Ok(r) => Ok(r),
        Err(_) => {
            *slow += 1;
            system()
        }
    };
    r.unwrap_or_else(|_| panic!("system mode gave up"))
}

impl<K: Sample, V: Sample> Map<K, V> {
    fn new(t: &'static MapType, hint: usize) -> Self {
        // SAFETY: the map is to be a new object, without a bucket.
        let h = unsafe { make::make(sys(), t, hint, null_mut(), null_mut()) };
        Self {
            t,
            h: h.unwrap_or(null_mut()),
            slow: 0,
            what: std::marker::PhantomData,
        }
    }

    fn set(&mut self, k: u32, v: u32) {
        mem::LEAF_BUDGET.with(|b| b.set((mem::fastrand() % 3) as u32));
        let (key, value) = (K::make(k), V::make(v));
        let (p, v): (*const u8, *const u8) = ((&raw const key).cast(), (&raw const value).cast());
        let (t, h) = (self.t, self.h);
        // SAFETY: key and value are of the map's types.
        unsafe {
            let leaf = match kind(t) {
                Kind::Word32 => assign(leaf(), t, h, Word32(p.cast::<u32>().read()), v),
                Kind::Word64 => assign(leaf(), t, h, Word64(p.cast::<u64>().read()), v),
                Kind::Str => assign(leaf(), t, h, Str(p.cast::<GoString>().read()), v),
                Kind::Memory(n) => assign(leaf(), t, h, Memory(p, n), v),
                Kind::Planned => match plan::find(t.key) {
                    Some(plan) => assign(leaf(), t, h, Planned(p, plan), v),
                    None => Err(Slow),
                },
                _ => assign(leaf(), t, h, Simple(p), v),
            };
            step(&mut self.slow, leaf, || {
                super::entry::set(sys(), t, h, p, v);
                Ok(())
            });
        }
    }

    fn delete(&mut self, k: u32) {
        let key = K::make(k);
        let p: *const u8 = (&raw const key).cast();
        let (t, h) = (self.t, self.h);
        // SAFETY: a key of the map's type.
        unsafe {
            let leaf = match kind(t) {
                Kind::Planned => match plan::find(t.key) {
                    Some(plan) => delete(leaf(), t, h, Planned(p, plan)),
                    None => Err(Slow),
                },
                _ => delete(leaf(), t, h, Simple(p)),
            };
            step(&mut self.slow, leaf, || {
                super::entry::remove(sys(), t, h, p);
                Ok(())
            });
        }
    }

    fn get(&self, k: u32) -> Option<u32> {
        let key = K::make(k);
        let p: *const u8 = (&raw const key).cast();
        let (t, h) = (self.t, self.h);
        // SAFETY: a key of the map's type. All ways to look up must agree.
        unsafe {
            let read = |s: Option<Slot>| {
                s.map(|s| {
                    s.bucket
                        .value(t, s.index)
                        .cast::<V>()
                        .read_unaligned()
                        .number()
                })
            };
            let r = read(super::entry::find_system(sys(), t, h, p));
            if !h.is_null() && (*h).count != 0 {
                let leaf = match super::entry::search(t, &*h, p) {
                    (v, Search::Found) => Some(v.cast::<V>().read_unaligned().number()),
                    (_, Search::Absent) => None,
                    (_, Search::Slow) => panic!("not in leaf mode"),
                };
                assert_eq!(leaf, r);
            }
            let fast = match kind(t) {
                Kind::Word32 => find_word(t, h, Word32(p.cast::<u32>().read())).unwrap_or(None),
                Kind::Word64 => find_word(t, h, Word64(p.cast::<u64>().read())).unwrap_or(None),
                Kind::Str => find_string(t, h, p.cast::<GoString>().read()),
                Kind::Memory(n) => find(t, h, Memory(p, n)).unwrap_or(None),
                _ => return r,
            };
            assert_eq!(read(fast), r);
            r
        }
    }

    fn len(&self) -> usize {
        // SAFETY: a map.
        unsafe { (*self.h).count as usize }
    }

    fn iterate(&mut self) -> Iter<K, V> {
        // SAFETY: an iterator is valid as zeroes.
        let mut it: Box<Hiter> = Box::new(unsafe { std::mem::zeroed() });
        let p = &raw mut *it;
        // SAFETY: the iterator stays in its box.
        unsafe {
            step(
                &mut self.slow,
                iter::start(leaf(), self.t, self.h, p),
                || iter::start(sys(), self.t, self.h, p),
            )
        };
        Iter {
            it,
            what: std::marker::PhantomData,
        }
    }
}

struct Iter<K, V> {
    it: Box<Hiter>,
    what: std::marker::PhantomData<(K, V)>,
}

impl<K: Sample, V: Sample> Iter<K, V> {
    /// The entry that it stands at.
    fn entry(&self) -> Option<(u32, u32)> {
        if self.it.key.is_null() {
            return None;
        }
        // SAFETY: pointers to key and value.
        unsafe {
            Some((
                self.it.key.cast::<K>().read_unaligned().number(),
                self.it.value.cast::<V>().read_unaligned().number(),
            ))
        }
    }

    fn advance(&mut self) {
        let p = &raw mut *self.it;
        // SAFETY: a started iterator.
        unsafe { step(&mut 0, iter::next(leaf(), p), || iter::next(sys(), p)) };
    }
}

/// Random operations on both kinds of map, then iterations during which the map changes.
fn compare<K: Sample, V: Sample>(t: &'static MapType, keys: u32, rounds: usize) {
    let random = |n: u32| (mem::fastrand() % u64::from(n)) as u32;
    for hint in [0, 8, 100] {
        let mut map = Map::<K, V>::new(t, hint);
        let mut model = HashMap::new();
        for round in 0..rounds {
            let k = random(keys);
            match random(8) {
                0..=4 => {
                    let v = V::make(random(1000)).number();
                    map.set(k, v);
                    model.insert(k, v);
                }
                5 => {
                    map.delete(k);
                    model.remove(&k);
                }
                _ => assert_eq!(map.get(k), model.get(&k).copied(), "key {k}"),
            }
            assert_eq!(map.len(), model.len());
            if round % 97 == 0 {
                iterate_and_change(&mut map, &mut model, keys);
            }
        }
        for k in 0..keys {
            assert_eq!(map.get(k), model.get(&k).copied(), "key {k} in the end");
        }
    }
}

fn iterate_and_change<K: Sample, V: Sample>(
    map: &mut Map<K, V>,
    model: &mut HashMap<u32, u32>,
    keys: u32,
) {
    let random = |n: u32| (mem::fastrand() % u64::from(n)) as u32;
    let changes = random(4) * random(4);
    let mut always: HashSet<u32> = model.keys().copied().collect();
    let mut seen = HashSet::new();
    let mut it = map.iterate();
    while let Some((k, v)) = it.entry() {
        assert!(seen.insert(k), "key {k} came twice");
        assert_eq!(model.get(&k), Some(&v), "key {k}");
        for _ in 0..changes {
            let k = random(keys);
            if random(3) == 0 {
                map.delete(k);
                model.remove(&k);
                always.remove(&k);
                // Put back, it may come again.
                seen.remove(&k);
            } else {
                let v = V::make(random(1000)).number();
                map.set(k, v);
                model.insert(k, v);
            }
        }
        it.advance();
    }
    assert!(
        always.is_subset(&seen),
        "keys that were there all the time did not come: {:?}",
        always.difference(&seen)
    );
}

#[test]
fn words() {
    let (u32t, u64t, u8t) = (
        descriptor(4, row(4), false),
        descriptor(8, row(5), false),
        descriptor(1, row(2), false),
    );
    compare::<u32, u64>(map_type(u32t, u64t, true), 40, 2000);
    compare::<u32, u8>(map_type(u32t, u8t, true), 2000, 6000);
    compare::<u64, u32>(map_type(u64t, u32t, true), 500, 3000);
    compare::<u8, u8>(map_type(u8t, u8t, true), 256, 3000);
    // With pointers: evacuation clears what no iterator looks at.
    let pointer = descriptor(8, row(5), true);
    compare::<u64, u64>(map_type(pointer, pointer, true), 600, 4000);
}

#[test]
fn strings() {
    let (string, u32t) = (descriptor(16, row(14), true), descriptor(4, row(4), false));
    compare::<GoString, u32>(map_type(string, u32t, true), 9, 800);
    compare::<GoString, u32>(map_type(string, u32t, true), 600, 3000);
    compare::<u32, GoString>(map_type(u32t, string, true), 300, 3000);
}

#[test]
fn large_and_odd_sizes() {
    let (k3, k200) = (
        descriptor(12, varlen(12), false),
        descriptor(200, varlen(200), false),
    );
    let v = descriptor(130, varlen(130), false);
    let u8t = descriptor(1, row(2), false);
    compare::<[u8; 12], u8>(map_type(k3, u8t, true), 200, 2000);
    compare::<[u8; 200], [u8; 130]>(map_type(k200, v, true), 200, 2000);
    compare::<[u8; 12], [u8; 130]>(map_type(k3, v, true), 60, 1000);
}

#[test]
fn floats_with_nans() {
    let (f, u32t) = (descriptor(8, row(19), false), descriptor(4, row(4), false));
    let t = map_type(f, u32t, false);
    compare::<f64, u32>(t, 300, 3000);

    // NaNs: each assignment adds one, none is found, iteration yields all of them, whatever growth
    // does meanwhile.
    let mut map = Map::<f64, u32>::new(t, 0);
    let nan = f64::NAN;
    let add = |map: &mut Map<f64, u32>, v: u32| {
        let (k, v): (*const u8, *const u32) = ((&raw const nan).cast(), &raw const v);
        // SAFETY: a key and a value of the types.
        unsafe {
            step(
                &mut map.slow,
                assign(leaf(), t, map.h, Simple(k), v.cast()),
                || {
                    super::entry::set(sys(), t, map.h, k, v.cast());
                    Ok(())
                },
            )
        };
    };
    for i in 0..500 {
        add(&mut map, i);
    }
    assert_eq!(map.len(), 500);
    let mut values = HashSet::new();
    let mut it = map.iterate();
    let mut next = 500;
    while let Some((_, v)) = it.entry() {
        assert!(values.insert(v), "value {v} came twice");
        if next < 1500 {
            add(&mut map, next);
            next += 1;
        }
        it.advance();
    }
    assert!((0..500).all(|v| values.contains(&v)));

    // Both zeroes are one key; the later one stays.
    let mut map = Map::<f64, u32>::new(t, 0);
    map.set(0, 1);
    let (k, v) = (-0.0f64, 2u32);
    // SAFETY: a key and a value of the types.
    unsafe {
        super::entry::set(
            sys(),
            t,
            map.h,
            (&raw const k).cast(),
            (&raw const v).cast(),
        )
    };
    assert_eq!((map.len(), map.get(0)), (1, Some(2)));
    // SAFETY: the iterator stands at the only entry.
    assert!(unsafe { map.iterate().it.key.cast::<f64>().read() }.is_sign_negative());
}

#[test]
fn iteration_order_varies() {
    let u32t = descriptor(4, row(4), false);
    let mut map = Map::<u32, u32>::new(map_type(u32t, u32t, true), 0);
    for k in 0..8 {
        map.set(k, k);
    }
    let firsts: HashSet<_> = (0..200).filter_map(|_| map.iterate().entry()).collect();
    assert_eq!(firsts.len(), 8, "every entry can come first");
}

#[test]
fn steady_state_stays_in_leaf_mode() {
    let u64t = descriptor(8, row(5), false);
    let mut map = Map::<u64, u64>::new(map_type(u64t, u64t, true), 2000);
    for k in 0..1000 {
        map.set(k, k);
    }
    map.slow = 0;
    for k in 0..1000 {
        map.set(k, k + 1);
        map.delete(k);
    }
    assert_eq!(map.slow, 0);
}

#[test]
fn nil_maps() {
    let u32t = descriptor(4, row(4), false);
    let t = map_type(u32t, u32t, true);
    let k = 1u32;
    let p: *const u8 = (&raw const k).cast();
    // SAFETY: nil is a map of every type.
    unsafe {
        assert_eq!(find(t, null(), Any(sys(), p)), Ok(None));
        assert_eq!(delete(leaf(), t, null_mut(), Simple(p)), Ok(()));
        let mut it: Hiter = std::mem::zeroed();
        assert_eq!(iter::start(leaf(), t, null_mut(), &raw mut it), Ok(()));
        assert!(it.key.is_null());
    }
}

/// A key of several parts: a string, plain memory in two pieces, a float, and a field that is no
/// part of the value.
#[repr(C)]
#[derive(Clone, Copy)]
struct Record {
    name: GoString,
    a: u32,
    blank: u32,
    b: u64,
    c: u64,
    x: f64,
}
impl Sample for Record {
    fn make(n: u32) -> Self {
        Record {
            name: GoString::make(n % 7),
            a: n / 7 % 5,
            blank: mem::fastrand() as u32,
            b: 3,
            c: u64::from(n / 35),
            x: f64::from(n % 2),
        }
    }
    fn number(&self) -> u32 {
        self.name.number() + 7 * (self.a + 5 * self.c as u32)
    }
}

unsafe extern "C" fn never() {
    panic!("a compiled function was called");
}

#[test]
fn structures_and_arrays() {
    let code = Box::leak(Box::new(never as *const () as usize));
    let closure: *const FuncVal = (&raw const *code).cast();
    let alg = Box::leak(Box::new(TypeAlg {
        hash: closure,
        equal: closure,
    }));
    let (string, u32t) = (descriptor(16, row(14), true), descriptor(4, row(4), false));
    let (u64t, f64t) = (descriptor(8, row(5), false), descriptor(8, row(19), false));
    let field = |name: &'static str, typ, offset| StructField {
        name: Box::leak(Box::new(GoString::from_static(name))),
        pkgpath: null(),
        typ,
        tag: null(),
        offset,
    };
    let fields = vec![
        field("name", string, 0),
        field("a", u32t, 16),
        field("_", u32t, 20),
        field("b", u64t, 24),
        field("c", u64t, 32),
        field("x", f64t, 40),
    ]
    .leak();
    // SAFETY: descriptors made above.
    let mut typ = unsafe { *descriptor(48, alg, true) };
    let record = Box::leak(Box::new(StructType {
        typ,
        fields: GoSlice {
            ptr: fields.as_mut_ptr().cast(),
            len: 6,
            cap: 6,
        },
    }));
    compare::<Record, u32>(
        map_type((&raw const *record).cast(), u32t, false),
        300,
        4000,
    );

    typ.kind = 17;
    let array = Box::leak(Box::new(ArrayType {
        typ,
        elem: string,
        slice: null(),
        len: 3,
    }));
    compare::<[GoString; 3], GoString>(
        map_type((&raw const *array).cast(), string, true),
        300,
        3000,
    );
}

impl Sample for [GoString; 3] {
    fn make(n: u32) -> Self {
        [
            GoString::make(n % 5),
            GoString::make(n / 5 % 5),
            GoString::make(n / 25),
        ]
    }
    fn number(&self) -> u32 {
        self[0].number() + 5 * self[1].number() + 25 * self[2].number()
    }
}
