//! How to hash and compare values of array and structure types, as a list of steps. The compiler
//! makes functions for that, but they may only be called in system mode; and a walk over the
//! descriptors takes longer than the work itself.
//!
//! A plan is made in system mode when a value of its type is first hashed, and lives for ever, as
//! types do. Leaf mode finds it in a table of lists, which only grow at their heads: no locks.

use super::{alg, hash as hashing};
use crate::abi::{ArrayType, GoString, KIND_ARRAY, KIND_STRUCT, StructField, StructType, Type};
use crate::mem;
use alg::Alg;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What to do with a part of a value. Equal parts are repeated, as those of an array are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) what: What,
    /// Where the first lies, and the distance to the next.
    pub(super) at: usize,
    pub(super) stride: usize,
    pub(super) count: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// So many bytes of plain memory.
    Memory(usize),
    String,
    Float32,
    Float64,
    /// An interface, with methods or without.
    Interface(bool),
    /// A type with a plan of its own: only system mode follows it.
    Nested(*const Type),
}

/// A plan.
#[derive(Debug)]
pub struct Plan {
    typ: *const Type,
    next: *mut Plan,
    steps: *const Step,
    len: usize,
    /// Without interfaces and nested plans: hash and equality always have an answer.
    flat: bool,
}

/// Lists of plans. More keep them shorter, in programs with hundreds of such types.
const LISTS: usize = 256;
static PLANS: [AtomicPtr<Plan>; LISTS] = [const { AtomicPtr::new(core::ptr::null_mut()) }; LISTS];

/// Arrays of values with several steps are written out up to so many steps. More would be faster
/// for larger keys, and take more memory.
const WRITTEN_OUT: usize = 32;

#[inline(always)]
fn list(typ: *const Type) -> &'static AtomicPtr<Plan> {
    // Descriptors are larger than 64 bytes.
    &PLANS[(typ as usize >> 6) % LISTS]
}

/// The plan of a type, if there is one yet.
#[inline(always)]
pub fn find(typ: *const Type) -> Option<&'static Plan> {
    // Pairs with the exchange in `get`.
    let mut p = list(typ).load(Ordering::Acquire);
    while !p.is_null() {
        // SAFETY: plans are complete before they are in a list, and are never changed or freed.
        let plan = unsafe { &*p };
        if plan.typ == typ {
            return Some(plan);
        }
        p = plan.next;
    }
    None
}

/// The plan of a type, made if need be; none for other types than arrays and structures.
///
/// # Safety
/// In system mode; a descriptor.
pub(super) unsafe fn get(typ: *const Type) -> Option<&'static Plan> {
    if let Some(plan) = find(typ) {
        return Some(plan);
    }
    // SAFETY: by the caller's promise a descriptor, which is constant.
    if !matches!(unsafe { (*typ).kind_number() }, KIND_ARRAY | KIND_STRUCT) {
        return None;
    }
    let (mut len, mut flat) = (0, true);
    // SAFETY: by the same promise a descriptor.
    unsafe {
        each(typ, 0, &mut |step| {
            len += 1;
            flat &= !matches!(step.what, What::Interface(_) | What::Nested(_));
        });
    }
    // The steps behind the plan: they are read together.
    let bytes = size_of::<Plan>() + len * size_of::<Step>();
    let plan = mem::persistent_alloc(bytes, align_of::<Plan>()).cast::<Plan>();
    let mut i = 0;
    // SAFETY: new memory with room for the plan and the steps that were counted, which nobody else
    // knows.
    unsafe {
        let steps = plan.add(1).cast::<Step>();
        each(typ, 0, &mut |step| {
            steps.add(i).write(step);
            i += 1;
        });
        plan.write(Plan {
            typ,
            next: core::ptr::null_mut(),
            steps,
            len,
            flat,
        });
    }
    debug_assert!(i == len, "both walks see the same parts");
    // Two threads may make one at once: then the list has both, which are the same.
    let list = list(typ);
    let mut head = list.load(Ordering::Relaxed);
    loop {
        // SAFETY: until it is in the list the plan is ours.
        unsafe { (*plan).next = head };
        match list.compare_exchange(head, plan, Ordering::Release, Ordering::Relaxed) {
            // SAFETY: plans in a list are never changed or freed.
            Ok(_) => return Some(unsafe { &*plan }),
            Err(now) => head = now,
        }
    }
}

/// Fields called `_` are no part of the value.
///
/// # Safety
///
/// `f` is a field of a structure's descriptor.
unsafe fn blank(f: *const StructField) -> bool {
    // SAFETY: by the caller's promise a field of a descriptor; embedded ones have no name.
    let name = unsafe { (*f).name.as_ref() };
    // SAFETY: a name of one byte has it.
    name.is_some_and(|name| name.len == 1 && unsafe { *name.ptr } == b'_')
}

/// Calls `put` with the steps for a value of the type at `at`.
///
/// # Safety
///
/// `typ` is a descriptor.
unsafe fn each(typ: *const Type, at: usize, put: &mut dyn FnMut(Step)) {
    // SAFETY: by the caller's promise a descriptor, which is constant.
    let (alg, kind) = unsafe { (alg::of(typ), (*typ).kind_number()) };
    let mut parts = |what, stride, count| {
        put(Step {
            what,
            at,
            stride,
            count,
        });
    };
    match alg {
        Alg::Memory(0) => {}
        Alg::Memory(n) => parts(What::Memory(n), 0, 1),
        Alg::String => parts(What::String, 0, 1),
        Alg::Float32 => parts(What::Float32, 0, 1),
        Alg::Float64 => parts(What::Float64, 0, 1),
        Alg::Complex64 => parts(What::Float32, 4, 2),
        Alg::Complex128 => parts(What::Float64, 8, 2),
        Alg::Iface => parts(What::Interface(true), 0, 1),
        Alg::Eface => parts(What::Interface(false), 0, 1),
        // SAFETY: the descriptor is that of an array.
        Alg::Compiled if kind == KIND_ARRAY => unsafe { each_element(typ, at, put) },
        // SAFETY: the descriptor is that of a structure.
        Alg::Compiled if kind == KIND_STRUCT => unsafe { each_field(typ, at, put) },
        // Values that cannot be hashed have no plan; system mode finds that out.
        Alg::Compiled | Alg::None => parts(What::Nested(typ), 0, 1),
    }
}

/// [`each`] of an array.
///
/// # Safety
///
/// `typ` is the descriptor of one.
unsafe fn each_element(typ: *const Type, at: usize, put: &mut dyn FnMut(Step)) {
    // SAFETY: by the caller's promise the descriptor of an array, which names its element's.
    let (elem, len, stride) = unsafe {
        let array = &*typ.cast::<ArrayType>();
        (array.elem, array.len, (*array.elem).size)
    };
    let mut steps = 0;
    let mut last = None;
    // SAFETY: the element of an array has a descriptor.
    unsafe {
        each(elem, at, &mut |step| {
            steps += 1;
            last = Some(step);
        });
    }
    match last {
        // One step, or the type's own plan, as often as there are elements.
        Some(step) if steps == 1 && step.count == 1 => put(Step {
            stride,
            count: len,
            ..step
        }),
        // Elements of equal parts that lie side by side are as many more of them.
        Some(step) if steps == 1 && step.stride * step.count == stride => put(Step {
            count: step.count * len,
            ..step
        }),
        Some(_) if steps * len > WRITTEN_OUT => put(Step {
            what: What::Nested(elem),
            at,
            stride,
            count: len,
        }),
        // SAFETY: the element of an array has a descriptor.
        Some(_) => (0..len).for_each(|i| unsafe { each(elem, at + i * stride, put) }),
        None => {}
    }
}

/// [`each`] of a structure.
///
/// # Safety
///
/// `typ` is the descriptor of one.
unsafe fn each_field(typ: *const Type, at: usize, put: &mut dyn FnMut(Step)) {
    // SAFETY: by the caller's promise the descriptor of a structure, whose slice has the fields,
    // each with a descriptor.
    unsafe {
        let list = &(*typ.cast::<StructType>()).fields;
        let fields: *const StructField = list.ptr.cast();
        let n = list.len as usize;
        let mut i = 0;
        while i < n {
            let f = fields.add(i);
            i += 1;
            if blank(f) {
                continue;
            }
            let Alg::Memory(mut size) = alg::of((*f).typ) else {
                each((*f).typ, at + (*f).offset, put);
                continue;
            };
            // Neighbours that touch are one piece.
            while i < n && (*fields.add(i)).offset == (*f).offset + size && !blank(fields.add(i)) {
                let Alg::Memory(more) = alg::of((*fields.add(i)).typ) else {
                    break;
                };
                size += more;
                i += 1;
            }
            if size > 0 {
                put(Step {
                    what: What::Memory(size),
                    at: at + (*f).offset,
                    stride: 0,
                    count: 1,
                });
            }
        }
    }
}

impl Plan {
    #[inline(always)]
    pub(super) fn steps(&self) -> &'static [Step] {
        // SAFETY: the steps were written when the plan was made, and never again.
        unsafe { core::slice::from_raw_parts(self.steps, self.len) }
    }

    /// Whether `hash` and `equal` have an answer for all values.
    #[inline(always)]
    pub fn is_flat(&self) -> bool {
        self.flat
    }

    /// Hash of the value at `p`; `None` where plans would have to be followed any further, or a
    /// panic raised: then `nested` has the same.
    ///
    /// # Safety
    /// A value of the type lies at `p`.
    #[inline(always)]
    pub unsafe fn hash(&self, p: *const u8, seed: usize) -> Option<usize> {
        let mut s = hashing::begin(seed);
        for step in self.steps() {
            let mut at = step.at;
            for _ in 0..step.count {
                // SAFETY: by the caller's promise a value of the type lies there, and the part
                // inside it.
                s = unsafe { step.what.hash(p.wrapping_add(at), s)? };
                at = at.wrapping_add(step.stride);
            }
        }
        Some(hashing::end(s))
    }

    /// Whether the values at `p` and `q` are equal; `None` as above.
    ///
    /// # Safety
    /// Values of the type lie there.
    #[inline(always)]
    pub unsafe fn equal(&self, p: *const u8, q: *const u8) -> Option<bool> {
        for step in self.steps() {
            let mut at = step.at;
            for _ in 0..step.count {
                let (p, q) = (p.wrapping_add(at), q.wrapping_add(at));
                // SAFETY: by the caller's promise values of the type lie there, and the parts
                // inside them.
                if !unsafe { step.what.equal(p, q)? } {
                    return Some(false);
                }
                at = at.wrapping_add(step.stride);
            }
        }
        Some(true)
    }
}

/// The hash of a value that lies in an interface, turned, so that it counts which of two is nil.
#[inline(always)]
pub(super) fn in_interface(hash: u64) -> u64 {
    hash.rotate_left(17)
}

impl What {
    /// Takes the part at `p` into the state of a hash; `None` as [`Plan::hash`].
    ///
    /// # Safety
    /// Such a part lies at `p`.
    #[inline(always)]
    pub(super) unsafe fn hash(self, p: *const u8, s: u64) -> Option<u64> {
        // SAFETY: by the caller's promise such a part lies at `p`.
        Some(unsafe {
            match self {
                What::Memory(n) => hashing::absorb(p, n, s),
                What::String => {
                    let v = p.cast::<GoString>().read();
                    hashing::absorb(v.ptr, v.len as usize, s)
                }
                What::Float32 => hashing::absorb_word(alg::float32_bits(p.cast::<f32>().read()), s),
                What::Float64 => hashing::absorb_word(alg::float64_bits(p.cast::<f64>().read()), s),
                What::Interface(methods) => {
                    in_interface(alg::hash_interface_flat(p, methods, s as usize)? as u64)
                }
                What::Nested(_) => return None,
            }
        })
    }

    /// The parts at `p` and `q` are equal; `None` as [`Plan::equal`].
    ///
    /// # Safety
    /// Such parts lie at both.
    #[inline(always)]
    pub(super) unsafe fn equal(self, p: *const u8, q: *const u8) -> Option<bool> {
        // SAFETY: by the caller's promise such parts lie at both.
        Some(unsafe {
            match self {
                What::Memory(n) => alg::same_bytes(p, q, n),
                What::String => {
                    alg::same_string(p.cast::<GoString>().read(), q.cast::<GoString>().read())
                }
                What::Float32 => *p.cast::<f32>() == *q.cast::<f32>(),
                What::Float64 => *p.cast::<f64>() == *q.cast::<f64>(),
                What::Interface(methods) => return alg::equal_interface_flat(p, q, methods),
                What::Nested(_) => return None,
            }
        })
    }

    pub(super) fn is_interface(self) -> bool {
        matches!(self, What::Interface(_))
    }

    /// Type and place of the value for which `hash` or `equal` had no answer.
    ///
    /// # Safety
    /// Such a part lies at `p`.
    pub(super) unsafe fn inner(self, p: *const u8) -> (*const Type, *const u8) {
        match self {
            // SAFETY: by the caller's promise such a part lies at `p`; a nil interface has an answer.
            What::Interface(methods) => unsafe { alg::inside(p, methods) },
            What::Nested(typ) => (typ, p),
            What::Memory(_) | What::String | What::Float32 | What::Float64 => {
                crate::fatal::throw("a part without parts")
            }
        }
    }
}
