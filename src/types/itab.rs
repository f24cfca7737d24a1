//! Interface tables: for each (interface, type) pair that a program uses, the code addresses of the
//! type's methods in the interface's order.
//!
//! The tables are found through an open-addressing hash table of pointers. Readers take no lock:
//! slots only go from null to a finished table (release, paired with the readers' acquire), and
//! when the hash table grows, the new array is filled before it is published. Old arrays are never
//! freed; each is half as large as the next, so they cost as much as the newest. Writers hold
//! [`LOCK`].
//!
//! A pair that does not match has a table too, marked `bad`: `x.(I)` that fails again and again is
//! as fast as one that succeeds.

use super::alg::same_string;
use crate::abi::{GoString, IMethod, InterfaceType, Itab, Method, Type};
use crate::mem::persistent_alloc;
use crate::sync::mutex::Mutex;
use crate::sync::rank;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Slots at boot: what a program with the usual packages needs.
const FIRST: usize = 256;

/// Head of the hash table; `mask + 1` slots follow.
#[repr(C)]
struct Table {
    mask: usize,
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(core::ptr::null_mut());
/// Number of tables entered.
static LOCK: Mutex<usize, { rank::ITAB }> = Mutex::new(0);

impl Table {
    fn new(slots: usize) -> *mut Self {
        let t = persistent_alloc(
            size_of::<Self>() + slots * size_of::<usize>(),
            align_of::<Self>(),
        )
        .cast::<Self>();
        // SAFETY: new memory of that size, where zero bytes are null slots.
        unsafe { (*t).mask = slots - 1 };
        t
    }

    /// Slot `i`.
    ///
    /// # Safety
    /// `t` must come from [`Table::new`], `i <= mask`.
    #[inline(always)]
    unsafe fn slot<'a>(t: *const Self, i: usize) -> &'a AtomicPtr<Itab> {
        // SAFETY: by the caller's promise a table with such a slot; the slots follow the head, and
        // tables live for ever.
        unsafe { &*t.add(1).cast::<AtomicPtr<Itab>>().add(i) }
    }
}

/// Where the search for a pair starts. Descriptors are aligned: the low bits say nothing.
#[inline(always)]
fn place(inter: *const InterfaceType, typ: *const Type) -> usize {
    let h = (inter as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (typ as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    (h >> 32) as usize
}

/// At boot.
pub(super) fn init() {
    TABLE.store(Table::new(FIRST), Ordering::Release);
}

/// The table of a pair if there is one yet; for leaf mode. It may be `bad`.
///
/// # Safety
/// Both must be descriptors.
#[inline(always)]
pub(super) unsafe fn find(inter: *const InterfaceType, typ: *const Type) -> *mut Itab {
    let t = TABLE.load(Ordering::Acquire);
    // SAFETY: a published table, which is never freed; slots hold tables of pairs, which do not
    // change. At least one slot is null, so the search ends.
    unsafe {
        let mut i = place(inter, typ) & (*t).mask;
        loop {
            let tab = Table::slot(t, i).load(Ordering::Acquire);
            if tab.is_null() || ((*tab).inter == inter && (*tab).typ == typ) {
                return tab;
            }
            i = (i + 1) & (*t).mask;
        }
    }
}

/// The table of a pair, made if need be. It may be `bad`.
///
/// # Safety
/// In system mode; both must be descriptors.
#[doc(alias = "getitab")]
pub unsafe fn get(inter: *const InterfaceType, typ: *const Type) -> *mut Itab {
    // SAFETY: by the caller's promise both are descriptors.
    let tab = unsafe { find(inter, typ) };
    if !tab.is_null() {
        return tab;
    }
    let mut count = LOCK.lock();
    // Another thread may have been faster.
    // SAFETY: by the same promise both are descriptors.
    let tab = unsafe { find(inter, typ) };
    if !tab.is_null() {
        return tab;
    }
    // SAFETY: both are descriptors; the lock is held, so only this thread enters tables, and there
    // is a free slot: the table is twice as large as what it holds.
    let tab = unsafe {
        let tab = build(inter, typ);
        let mut t = TABLE.load(Ordering::Relaxed);
        if (*count + 1) * 2 > (*t).mask {
            t = grow(t);
        }
        insert(t, tab);
        tab
    };
    *count += 1;
    tab
}

/// Calls `f` with every table of a pair that matches.
pub fn for_each(mut f: impl FnMut(*mut Itab)) {
    let _count = LOCK.lock();
    let t = TABLE.load(Ordering::Acquire);
    // SAFETY: a published table, which is never freed; the lock is held, so no other is entered.
    unsafe {
        for i in 0..=(*t).mask {
            let tab = Table::slot(t, i).load(Ordering::Relaxed);
            if !tab.is_null() && (*tab).bad == 0 {
                f(tab);
            }
        }
    }
}

/// Twice the slots, with all tables entered.
///
/// # Safety
///
/// The lock is held; `old` is the published table.
unsafe fn grow(old: *mut Table) -> *mut Table {
    // SAFETY: by the caller's promise the published table.
    let mask = unsafe { (*old).mask };
    let new = Table::new((mask + 1) * 2);
    for i in 0..=mask {
        // SAFETY: a slot of that table; the new one has more, and nobody else knows it.
        unsafe {
            let tab = Table::slot(old, i).load(Ordering::Relaxed);
            if !tab.is_null() {
                insert(new, tab);
            }
        }
    }
    TABLE.store(new, Ordering::Release);
    new
}

/// Enters the table of a pair.
///
/// # Safety
///
/// The lock is held; `t` has a null slot, and `tab` is complete.
unsafe fn insert(t: *mut Table, tab: *mut Itab) {
    debug_assert!(crate::sync::rank::is_held(crate::sync::rank::ITAB));
    // SAFETY: by the caller's promise both are tables; there are null slots, so the search ends.
    unsafe {
        let mut i = place((*tab).inter, (*tab).typ) & (*t).mask;
        while !Table::slot(t, i).load(Ordering::Relaxed).is_null() {
            i = (i + 1) & (*t).mask;
        }
        Table::slot(t, i).store(tab, Ordering::Release);
    }
}

/// Methods of an interface, sorted by name, then package.
///
/// # Safety
///
/// `inter` is a descriptor.
unsafe fn wanted<'a>(inter: *const InterfaceType) -> &'a [IMethod] {
    // SAFETY: by the caller's promise a descriptor; these are constant, and live for ever.
    unsafe { slice((*inter).mhdr.ptr.cast(), (*inter).mhdr.len) }
}

/// Methods of a type, sorted alike.
///
/// # Safety
///
/// `typ` is a descriptor.
unsafe fn offered<'a>(typ: *const Type) -> &'a [Method] {
    // SAFETY: by the caller's promise a descriptor; these are constant, and live for ever.
    match unsafe { (*typ).x.as_ref() } {
        None => &[],
        // SAFETY: the methods are those of a descriptor.
        Some(x) => unsafe { slice(x.methods.ptr.cast(), x.methods.len) },
    }
}

/// An array of a descriptor.
///
/// # Safety
///
/// `p` has `len` elements, which are constant, if `len` is positive.
unsafe fn slice<'a, T>(p: *const T, len: i64) -> &'a [T] {
    if len <= 0 {
        &[]
    } else {
        // SAFETY: by the caller's promise an array of so many, which is constant.
        unsafe { core::slice::from_raw_parts(p, len as usize) }
    }
}

/// The type's method that an interface's method asks for: same name and function type, and the same
/// package if unexported. Package paths are compared by address: there is one string for each.
///
/// # Safety
///
/// Both are of descriptors.
unsafe fn matches(want: &IMethod, have: &Method) -> bool {
    // SAFETY: by the caller's promise methods of descriptors, which have names.
    want.typ == have.mtyp
        && want.pkgpath == have.pkgpath
        && unsafe { want.name == have.name || same_string(*want.name, *have.name) }
}

/// Walks both sorted lists in step; `found` gets the index and the method of each hit. Answers the
/// first method that is missing.
///
/// # Safety
///
/// Both are descriptors.
unsafe fn walk(
    inter: *const InterfaceType,
    typ: *const Type,
    mut found: impl FnMut(usize, &Method),
) -> Option<GoString> {
    // SAFETY: by the caller's promise both are descriptors.
    let (have, want) = unsafe { (offered(typ), wanted(inter)) };
    let mut have = have.iter();
    for (i, want) in want.iter().enumerate() {
        // SAFETY: methods of descriptors, which have names.
        unsafe {
            match have.find(|m| matches(want, m)) {
                Some(m) => found(i, m),
                None => return Some(*want.name),
            }
        }
    }
    None
}

/// The first method of an interface that a type lacks.
///
/// # Safety
/// Both must be descriptors.
pub(super) unsafe fn missing_method(
    inter: *const InterfaceType,
    typ: *const Type,
) -> Option<GoString> {
    // SAFETY: by the caller's promise both are descriptors.
    unsafe { walk(inter, typ, |_, _| {}) }
}

/// The table of a pair, which may not match.
///
/// # Safety
///
/// Both are descriptors.
unsafe fn build(inter: *const InterfaceType, typ: *const Type) -> *mut Itab {
    // SAFETY: by the caller's promise a descriptor.
    let methods = unsafe { wanted(inter) }.len();
    let size = size_of::<Itab>() + methods.saturating_sub(1) * size_of::<usize>();
    let tab = persistent_alloc(size, 8).cast::<Itab>();
    // SAFETY: new memory, which nobody else knows, with room for one address beyond its head for
    // each method but the first; both are descriptors.
    unsafe {
        (*tab).inter = inter;
        (*tab).typ = typ;
        let fun = (&raw mut (*tab).fun).cast::<usize>();
        if walk(inter, typ, |i, m| fun.add(i).write(m.ifn)).is_some() {
            (*tab).bad = 1;
        }
    }
    tab
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{GoSlice, UncommonType};

    fn leak<T>(v: T) -> *mut T {
        Box::into_raw(Box::new(v))
    }

    fn name(s: &'static str) -> *const GoString {
        leak(GoString::from_static(s))
    }

    fn list<T>(v: Vec<T>) -> GoSlice {
        let v = v.leak();
        GoSlice {
            ptr: v.as_mut_ptr().cast(),
            len: v.len() as i64,
            cap: v.len() as i64,
        }
    }

    /// A descriptor of zeroes: only its address and the parts set by the test matter.
    fn blank<T>() -> *mut T {
        // SAFETY: descriptors are plain data; zeroes are valid.
        leak(unsafe { core::mem::zeroed() })
    }

    fn interface(methods: &[(&'static str, *const Type)]) -> *const InterfaceType {
        let t = blank::<InterfaceType>();
        let methods = methods.iter().map(|&(n, typ)| IMethod {
            name: name(n),
            pkgpath: core::ptr::null(),
            typ,
        });
        // SAFETY: just made.
        unsafe { (*t).mhdr = list(methods.collect()) };
        t
    }

    fn concrete(methods: &[(&'static str, *const Type, usize)]) -> *const Type {
        let t = blank::<Type>();
        let methods = methods.iter().map(|&(n, mtyp, ifn)| Method {
            name: name(n),
            pkgpath: core::ptr::null(),
            mtyp,
            typ: mtyp,
            ifn,
            tfn: 0,
        });
        // SAFETY: just made.
        unsafe {
            (*t).x = leak(UncommonType {
                name: core::ptr::null(),
                pkgpath: core::ptr::null(),
                methods: list(methods.collect()),
            })
        };
        t
    }

    #[test]
    fn tables_hold_methods_in_order_and_are_unique() {
        if TABLE.load(Ordering::Relaxed).is_null() {
            init();
        }
        let (f, g) = (blank::<Type>().cast_const(), blank::<Type>().cast_const());
        let typ = concrete(&[("A", f, 11), ("B", g, 22), ("C", f, 33)]);
        // SAFETY: descriptors made above.
        unsafe {
            let ac = interface(&[("A", f), ("C", f)]);
            let tab = get(ac, typ);
            assert_eq!((*tab).bad, 0);
            assert_eq!(*(&raw const (*tab).fun).cast::<[usize; 2]>(), [11, 33]);
            assert_eq!(get(ac, typ), tab);
            assert_eq!(find(ac, typ), tab);

            let wrong_type = interface(&[("A", f), ("B", f)]);
            assert_eq!((*get(wrong_type, typ)).bad, 1);
            assert_eq!(missing_method(wrong_type, typ).unwrap().bytes(), b"B");
            let bare = blank::<Type>();
            assert_eq!((*get(ac, bare)).bad, 1);
            assert_eq!(missing_method(ac, bare).unwrap().bytes(), b"A");
        }
    }

    #[test]
    fn every_pair_stays_findable_while_the_table_grows() {
        if TABLE.load(Ordering::Relaxed).is_null() {
            init();
        }
        let f = blank::<Type>().cast_const();
        let inters: Vec<_> = (0..10).map(|_| interface(&[("M", f)])).collect();
        let types: Vec<_> = (0..100).map(|i| concrete(&[("M", f, i)])).collect();
        // SAFETY: descriptors made above.
        unsafe {
            let tabs: Vec<_> = inters
                .iter()
                .flat_map(|&i| types.iter().map(move |&t| get(i, t)))
                .collect();
            for (n, &tab) in tabs.iter().enumerate() {
                assert_eq!(find(inters[n / 100], types[n % 100]), tab);
                assert_eq!((*tab).fun[0], n % 100);
            }
        }
    }
}
