// Made from abi/go15.h by bindgen; src/abi/tests.rs fails when it is stale.
type resume_step = super::mode::ResumeStep;

use core::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
type atomic_i32 = AtomicI32;
type atomic_u32 = AtomicU32;
type atomic_i64 = AtomicI64;
type atomic_u64 = AtomicU64;
type atomic_word = AtomicUsize;
type atomic_ptr = AtomicPtr<u8>;
type atomic_g = AtomicPtr<G>;
type atomic_m = AtomicPtr<M>;

#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct GoString {
    pub ptr: *const u8,
    pub len: i64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct GoSlice {
    pub ptr: *mut u8,
    pub len: i64,
    pub cap: i64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct FuncVal {
    pub code: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct TypeAlg {
    pub hash: *const FuncVal,
    pub equal: *const FuncVal,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Type {
    pub size: usize,
    pub ptrdata: usize,
    pub hash: u32,
    pub unused: u8,
    pub align: u8,
    pub field_align: u8,
    pub kind: u8,
    pub alg: *const TypeAlg,
    pub gcdata: *const u8,
    pub string: *const GoString,
    pub x: *const UncommonType,
    pub ptrto: *const Type,
    pub zero: *const u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Method {
    pub name: *const GoString,
    pub pkgpath: *const GoString,
    pub mtyp: *const Type,
    pub typ: *const Type,
    pub ifn: usize,
    pub tfn: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct UncommonType {
    pub name: *const GoString,
    pub pkgpath: *const GoString,
    pub methods: GoSlice,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ArrayType {
    pub typ: Type,
    pub elem: *const Type,
    pub slice: *const Type,
    pub len: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ChanType {
    pub typ: Type,
    pub elem: *const Type,
    pub dir: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct FuncType {
    pub typ: Type,
    pub dotdotdot: u8,
    pub in_: GoSlice,
    pub out: GoSlice,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct IMethod {
    pub name: *const GoString,
    pub pkgpath: *const GoString,
    pub typ: *const Type,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct InterfaceType {
    pub typ: Type,
    pub mhdr: GoSlice,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct MapType {
    pub typ: Type,
    pub key: *const Type,
    pub elem: *const Type,
    pub bucket: *const Type,
    pub hmap: *const Type,
    pub keysize: u8,
    pub indirectkey: u8,
    pub valuesize: u8,
    pub indirectvalue: u8,
    pub bucketsize: u16,
    pub reflexivekey: u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct PtrType {
    pub typ: Type,
    pub elem: *const Type,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct SliceType {
    pub typ: Type,
    pub elem: *const Type,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct StructField {
    pub name: *const GoString,
    pub pkgpath: *const GoString,
    pub typ: *const Type,
    pub tag: *const GoString,
    pub offset: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct StructType {
    pub typ: Type,
    pub fields: GoSlice,
}
pub const KIND_BOOL: _bindgen_ty_1 = 1;
pub const KIND_INT: _bindgen_ty_1 = 2;
pub const KIND_INT8: _bindgen_ty_1 = 3;
pub const KIND_INT16: _bindgen_ty_1 = 4;
pub const KIND_INT32: _bindgen_ty_1 = 5;
pub const KIND_INT64: _bindgen_ty_1 = 6;
pub const KIND_UINT: _bindgen_ty_1 = 7;
pub const KIND_UINT8: _bindgen_ty_1 = 8;
pub const KIND_UINT16: _bindgen_ty_1 = 9;
pub const KIND_UINT32: _bindgen_ty_1 = 10;
pub const KIND_UINT64: _bindgen_ty_1 = 11;
pub const KIND_UINTPTR: _bindgen_ty_1 = 12;
pub const KIND_FLOAT32: _bindgen_ty_1 = 13;
pub const KIND_FLOAT64: _bindgen_ty_1 = 14;
pub const KIND_COMPLEX64: _bindgen_ty_1 = 15;
pub const KIND_COMPLEX128: _bindgen_ty_1 = 16;
pub const KIND_ARRAY: _bindgen_ty_1 = 17;
pub const KIND_CHAN: _bindgen_ty_1 = 18;
pub const KIND_FUNC: _bindgen_ty_1 = 19;
pub const KIND_INTERFACE: _bindgen_ty_1 = 20;
pub const KIND_MAP: _bindgen_ty_1 = 21;
pub const KIND_PTR: _bindgen_ty_1 = 22;
pub const KIND_SLICE: _bindgen_ty_1 = 23;
pub const KIND_STRING: _bindgen_ty_1 = 24;
pub const KIND_STRUCT: _bindgen_ty_1 = 25;
pub const KIND_UNSAFE_POINTER: _bindgen_ty_1 = 26;
pub const KIND_MASK: _bindgen_ty_1 = 31;
pub const KIND_DIRECT_IFACE: _bindgen_ty_1 = 32;
pub const KIND_GC_PROG: _bindgen_ty_1 = 64;
pub const KIND_NO_POINTERS: _bindgen_ty_1 = 128;
pub type _bindgen_ty_1 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Eface {
    pub typ: *const Type,
    pub data: *mut u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Itab {
    pub inter: *const InterfaceType,
    pub typ: *const Type,
    pub link: *mut Itab,
    pub bad: i32,
    pub unused: i32,
    pub fun: [usize; 1usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Iface {
    pub tab: *mut Itab,
    pub data: *mut u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Hmap {
    pub count: i64,
    pub flags: u8,
    pub b: u8,
    pub pad: u16,
    pub hash0: u32,
    pub buckets: *mut u8,
    pub oldbuckets: *mut u8,
    pub nevacuate: usize,
    pub overflow: *mut u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Hiter {
    pub key: *mut u8,
    pub value: *mut u8,
    pub t: *const MapType,
    pub h: *mut Hmap,
    pub buckets: *mut u8,
    pub bptr: *mut u8,
    pub overflow: [*mut u8; 2usize],
    pub start_bucket: usize,
    pub offset: u8,
    pub wrapped: u8,
    pub b: u8,
    pub i: u8,
    pub bucket: usize,
    pub check_bucket: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct HchanHead {
    pub qcount: u64,
    pub dataqsiz: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Scase {
    pub elem: *mut u8,
    pub chan: *mut u8,
    pub pc: usize,
    pub kind: u16,
    pub so: u16,
    pub pad: u32,
    pub received: *mut u8,
    pub releasetime: i64,
}
pub const CASE_RECV: _bindgen_ty_2 = 1;
pub const CASE_SEND: _bindgen_ty_2 = 2;
pub const CASE_DEFAULT: _bindgen_ty_2 = 3;
pub type _bindgen_ty_2 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Hselect {
    pub tcase: u16,
    pub ncase: u16,
    pub pad: u32,
    pub pollorder: *mut u8,
    pub lockorder: *mut u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct RuntimeSelect {
    pub dir: usize,
    pub typ: *const Type,
    pub ch: *mut u8,
    pub val: *mut u8,
}
#[repr(C)]
#[derive(Debug)]
pub struct RuntimeTimer {
    pub i: atomic_i64,
    pub when: i64,
    pub period: i64,
    pub f: *const FuncVal,
    pub arg: Eface,
    pub seq: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct SyncSema {
    pub lock: usize,
    pub head: *mut u8,
    pub tail: *mut u8,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct BitVector {
    pub n: u32,
    pub data: GoSlice,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ReflectContext {
    pub code: usize,
    pub stack: *const BitVector,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct StackRecord {
    pub stack0: [usize; 32usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct MemProfileRecord {
    pub alloc_bytes: i64,
    pub free_bytes: i64,
    pub alloc_objects: i64,
    pub free_objects: i64,
    pub stack0: [usize; 32usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct BlockProfileRecord {
    pub count: i64,
    pub cycles: i64,
    pub stack: StackRecord,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct TypeAssertionError {
    pub interface_string: GoString,
    pub concrete_string: GoString,
    pub asserted_string: GoString,
    pub missing_method: GoString,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct BySize {
    pub size: u32,
    pub mallocs: u64,
    pub frees: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct MemStats {
    pub alloc: u64,
    pub total_alloc: u64,
    pub sys: u64,
    pub lookups: u64,
    pub mallocs: u64,
    pub frees: u64,
    pub heap_alloc: u64,
    pub heap_sys: u64,
    pub heap_idle: u64,
    pub heap_inuse: u64,
    pub heap_released: u64,
    pub heap_objects: u64,
    pub stack_inuse: u64,
    pub stack_sys: u64,
    pub mspan_inuse: u64,
    pub mspan_sys: u64,
    pub mcache_inuse: u64,
    pub mcache_sys: u64,
    pub buck_hash_sys: u64,
    pub gc_sys: u64,
    pub other_sys: u64,
    pub next_gc: u64,
    pub last_gc: u64,
    pub pause_total_ns: u64,
    pub pause_ns: [u64; 256usize],
    pub pause_end: [u64; 256usize],
    pub num_gc: u32,
    pub gc_cpu_fraction: f64,
    pub enable_gc: u8,
    pub debug_gc: u8,
    pub by_size: [BySize; 61usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Gobuf {
    pub sp: usize,
    pub pc: usize,
    pub g: *mut G,
    pub ctxt: usize,
    pub ret: usize,
    pub lr: usize,
    pub bp: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Panic {
    pub argp: usize,
    pub arg: Eface,
    pub link: *mut Panic,
    pub newer: *mut Panic,
    pub recovered: u8,
    pub aborted: u8,
    pub uncaught: u8,
    pub receiver: *mut u8,
    pub text: GoString,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct Defer {
    pub siz: i32,
    pub started: u8,
    pub pool: u8,
    pub unused: u16,
    pub sp: usize,
    pub pc: usize,
    pub fn_: *const FuncVal,
    pub panic: *mut Panic,
    pub link: *mut Defer,
}
#[repr(C)]
#[derive(Debug)]
pub struct G {
    pub stack_lo: usize,
    pub stack_hi: usize,
    pub stackguard0: atomic_word,
    pub stackguard1: usize,
    pub panic: *mut Panic,
    pub defer: *mut Defer,
    pub m: atomic_m,
    pub stack_size: usize,
    pub sched: Gobuf,
    pub syscallsp: usize,
    pub syscallpc: usize,
    pub parkmap: u32,
    pub flags: u32,
    pub param: *mut u8,
    pub schedlink: *mut G,
    pub waitsince: i64,
    pub waitreason: u32,
    pub selectdone: atomic_u32,
    pub atomicstatus: atomic_u32,
    pub preempt: atomic_u32,
    pub goid: i64,
    pub waiting: atomic_ptr,
    pub gopc: usize,
    pub startpc: usize,
    pub sig: u32,
    pub sigcode: u32,
    pub sigaddr: usize,
    pub sigpc: usize,
    pub held: atomic_word,
    pub lockedm: atomic_m,
    pub alllink: *mut G,
    pub panicarg: Eface,
    pub scanned: usize,
    pub ranlink: *mut G,
    pub blockedat: i64,
    pub ran: atomic_word,
    pub resume: resume_step,
    pub resumearg: usize,
    pub timer: [usize; 8usize],
    pub shrunk: usize,
    pub interrupted: *mut u8,
    pub sysexitseq: u64,
    pub sysexitticks: u64,
    pub systraced: u32,
    pub met: u32,
}
pub const G_SYSTEM: _bindgen_ty_3 = 1;
pub const G_PANIC_ON_FAULT: _bindgen_ty_3 = 2;
pub const G_THROWSPLIT: _bindgen_ty_3 = 4;
pub const G_PARK_RESULTS: _bindgen_ty_3 = 8;
pub type _bindgen_ty_3 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug)]
pub struct M {
    pub g0: *mut G,
    pub curg: atomic_g,
    pub p: atomic_ptr,
    pub mcache: *mut u8,
    pub leafsp: usize,
    pub tls: atomic_word,
    pub fsbase: usize,
    pub id: i64,
    pub tid: atomic_i32,
    pub locks: atomic_i32,
    pub park: atomic_u32,
    pub spinning: u32,
    pub blocked: u32,
    pub dying: u32,
    pub nextp: *mut u8,
    pub oldp: *mut u8,
    pub schedlink: *mut M,
    pub alllink: *mut M,
    pub fastrand: u64,
    pub startfn: usize,
    pub sigstack: usize,
    pub sigstacksize: usize,
    pub g0stack: usize,
    pub g0stacksize: usize,
    pub proftimer: u32,
    pub printlock: u32,
    pub throwing: u32,
    pub syscalltick: u32,
    pub tracedp: usize,
    pub registers: *mut u8,
    pub interrupts: atomic_u32,
    pub spinround: u32,
    pub profdue: atomic_u64,
    pub callback: *mut u8,
    pub ncgocall: atomic_u64,
    pub priv_: [usize; 10usize],
    pub lockedg: atomic_g,
    pub lockranks: u64,
    pub lockmore: u64,
    pub rights: i32,
    pub priv4: u32,
    pub priv2: [usize; 45usize],
    pub priv3: u32,
    pub locked: u32,
    pub priv5: [usize; 3usize],
}
