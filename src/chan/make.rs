//! Creating channels.

use super::hchan::{Hchan, channel};
use crate::abi::{ChanType, KIND_STRUCT, Leaf, Sys, Type, args};
use crate::{alloc, panic};
use core::mem::{offset_of, size_of};
use core::ptr;
use core::sync::atomic::Ordering;

/// Largest element that the compiler accepts.
const ELEM_MAX: usize = 1 << 16;
/// Bytes of Go memory that could ever be had: above, the size is an error of the program and not a
/// lack of memory.
const MEMORY_MAX: usize = 1 << 39;

/// The collector's view of a channel whose ring holds pointers: one pointer, `buf`. The ring is an
/// array of the element type.
#[repr(transparent)]
struct ChanLayout(Type);
// SAFETY: the descriptor is constant: threads only read it.
unsafe impl Sync for ChanLayout {}

static WITH_RING: ChanLayout = ChanLayout(Type {
    size: size_of::<Hchan>(),
    ptrdata: offset_of!(Hchan, buf) + 8,
    hash: 0,
    unused: 0,
    align: 8,
    field_align: 8,
    kind: KIND_STRUCT as u8,
    alg: ptr::null(),
    gcdata: &BUF_MASK,
    string: &raw const NAME.0,
    x: ptr::null(),
    ptrto: ptr::null(),
    zero: ptr::null(),
});
static BUF_MASK: u8 = 1 << (offset_of!(Hchan, buf) / 8);

#[repr(transparent)]
struct Name(crate::abi::GoString);
// SAFETY: the string and its bytes are constant: threads only read them.
unsafe impl Sync for Name {}
static NAME: Name = Name(crate::abi::GoString::from_static("runtime.hchan"));

/// A channel of `t` with `size` slots.
///
/// # Safety
/// `t` is the descriptor of a channel type.
#[doc(alias = "makechan")]
pub(super) unsafe fn make(sys: Sys<'_>, t: *const ChanType, size: i64) -> *mut Hchan {
    // SAFETY: descriptors are live for ever, and that of a channel type names its element's.
    let (elem, typ) = unsafe { ((*t).elem, &*(*t).elem) };
    let elemsize = typ.size;
    if elemsize >= ELEM_MAX {
        crate::fatal::throw("makechan: invalid channel element type");
    }
    if size < 0 || (elemsize > 0 && size as usize > (MEMORY_MAX - size_of::<Hchan>()) / elemsize) {
        panic::raise_str(sys, "makechan: size out of range");
    }
    let n = size as usize;
    let c;
    let buf;
    if typ.no_pointers() || n == 0 || elemsize == 0 {
        let bytes = size_of::<Hchan>() + n * elemsize;
        // SAFETY: one object of bytes, which the collector does not look into.
        c = unsafe { alloc::mallocgc(sys, bytes, ptr::null(), true) }.cast::<Hchan>();
        // Without slots, do not point past the object.
        buf = if n * elemsize == 0 {
            c.cast()
        } else {
            c.wrapping_add(1).cast::<u8>()
        };
    } else {
        // SAFETY: a structure of the layout that the type tells the collector, and an array of
        // elements. Both objects are as new as each other: no barrier can be due.
        unsafe {
            c = alloc::mallocgc(sys, size_of::<Hchan>(), &raw const WITH_RING.0, true)
                .cast::<Hchan>();
            buf = alloc::newarray(sys, elem, n);
        }
    }
    debug_assert!(elemsize * n == 0 || buf.addr().is_multiple_of(typ.align.into()));
    // SAFETY: the allocator gave a zeroed object that has room for the structure, and nobody else
    // knows it yet.
    unsafe {
        (*c).buf = buf;
        (*c).dataqsiz = n as u64;
        (*c).elemsize = elemsize as u16;
        (*c).elemtype = elem;
    }
    c
}

/// `runtime.makechan`.
pub fn makechan(sys: Sys<'_>, a: &mut args::runtime_makechan) {
    // SAFETY: compiled code passes a channel type.
    a.r0 = unsafe { make(sys, a.t, a.size).cast() };
}

/// `reflect.makechan`.
pub fn reflect_makechan(sys: Sys<'_>, a: &mut args::reflect_makechan) {
    // SAFETY: package reflect passes a channel type; a size that does not fit is negative, and
    // refused.
    a.ch = unsafe { make(sys, a.typ_.cast(), a.size as i64).cast() };
}

/// `reflect.chanlen`.
pub fn reflect_chanlen(_: Leaf<'_>, a: &mut args::reflect_chanlen) {
    // SAFETY: package reflect passes a channel or nil.
    let c = unsafe { channel(a.ch.cast()) };
    a.r0 = c.map_or(0, |c| c.qcount.load(Ordering::Relaxed) as i64);
}

/// `reflect.chancap`.
pub fn reflect_chancap(_: Leaf<'_>, a: &mut args::reflect_chancap) {
    // SAFETY: package reflect passes a channel or nil.
    a.r0 = unsafe { channel(a.ch.cast()) }.map_or(0, |c| c.dataqsiz as i64);
}

/// `reflect.chanclose`.
pub fn reflect_chanclose(sys: Sys<'_>, a: &mut args::reflect_chanclose) {
    // SAFETY: package reflect passes a channel or nil.
    super::ops::close(sys, unsafe { channel(a.ch.cast()) });
}
