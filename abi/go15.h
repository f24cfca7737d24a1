/*
 * The structures that code compiled by Go 1.5 can see, and the two of ours (G, M) that it reaches
 * into. This is the only place where they are laid out: bindgen turns it into src/abi/go15.rs (a
 * test fails when that file is stale), and asm/offsets.h is checked against it at compile time.
 *
 * Readers of a field: C = compiled code, L = linker, R = package reflect, P = another package of
 * the standard library, G = debuggers. A field without a reader is gort's own.
 */
#include <stdint.h>

/* abi::ResumeStep */
typedef void (*resume_step)(void);

/*
 * A field that threads read and write without a common lock, or that a signal handler reads beside
 * the code that it interrupts. In Rust these are atomics (AtomicU32, AtomicPtr<M>, ...; the names
 * are those of the aliases in src/abi/go15.rs), so that each access says its ordering. Compiled
 * code and assembly use plain instructions, which on this processor are relaxed accesses.
 */
typedef int32_t atomic_i32;
typedef uint32_t atomic_u32;
typedef int64_t atomic_i64;
typedef uint64_t atomic_u64;
typedef uintptr_t atomic_word;
typedef uint8_t *atomic_ptr;      /* to what only Rust knows */
typedef struct G *atomic_g;
typedef struct M *atomic_m;

/* ---- basic values ------------------------------------------------------------------------- */

/* string: C R */
typedef struct GoString { const uint8_t *ptr; int64_t len; } GoString;
/* slice: C R */
typedef struct GoSlice { uint8_t *ptr; int64_t len; int64_t cap; } GoSlice;
/* func value: code address, captured variables follow. C R */
typedef struct FuncVal { uintptr_t code; } FuncVal;

/* ---- type descriptors --------------------------------------------------------------------- */

/* Two func values, or null where the operation is not allowed. */
typedef struct TypeAlg { const FuncVal *hash; const FuncVal *equal; } TypeAlg;

struct UncommonType;
/* Head of every type descriptor. L R */
typedef struct Type {
	uintptr_t size;
	uintptr_t ptrdata;            /* leading bytes that hold all pointers */
	uint32_t hash;
	uint8_t unused;
	uint8_t align;
	uint8_t field_align;
	uint8_t kind;                 /* kind number and KIND_ flags */
	const TypeAlg *alg;
	const uint8_t *gcdata;        /* pointer mask, or GC program when KIND_GC_PROG */
	const GoString *string;
	const struct UncommonType *x; /* or null */
	const struct Type *ptrto;     /* or null */
	const uint8_t *zero;          /* zero value, or null for types made by reflect */
} Type;

typedef struct Method {
	const GoString *name;
	const GoString *pkgpath;      /* null for exported names */
	const Type *mtyp;             /* without receiver */
	const Type *typ;              /* with receiver */
	uintptr_t ifn;                /* code for calls through an interface: one-word receiver */
	uintptr_t tfn;                /* code for direct calls */
} Method;

typedef struct UncommonType {
	const GoString *name;
	const GoString *pkgpath;
	GoSlice methods;              /* of Method, sorted by name, then pkgpath */
} UncommonType;

typedef struct ArrayType { Type typ; const Type *elem; const Type *slice; uintptr_t len; } ArrayType;
typedef struct ChanType { Type typ; const Type *elem; uintptr_t dir; } ChanType;
typedef struct FuncType { Type typ; uint8_t dotdotdot; GoSlice in; GoSlice out; } FuncType;
typedef struct IMethod { const GoString *name; const GoString *pkgpath; const Type *typ; } IMethod;
typedef struct InterfaceType { Type typ; GoSlice mhdr; /* of IMethod, sorted */ } InterfaceType;
typedef struct MapType {
	Type typ;
	const Type *key;
	const Type *elem;
	const Type *bucket;
	const Type *hmap;
	uint8_t keysize;
	uint8_t indirectkey;
	uint8_t valuesize;
	uint8_t indirectvalue;
	uint16_t bucketsize;
	uint8_t reflexivekey;         /* k == k for all keys */
} MapType;
typedef struct PtrType { Type typ; const Type *elem; } PtrType;
typedef struct SliceType { Type typ; const Type *elem; } SliceType;
typedef struct StructField {
	const GoString *name;         /* null if embedded */
	const GoString *pkgpath;      /* null if exported */
	const Type *typ;
	const GoString *tag;
	uintptr_t offset;
} StructField;
typedef struct StructType { Type typ; GoSlice fields; } StructType;

enum {
	KIND_BOOL = 1, KIND_INT, KIND_INT8, KIND_INT16, KIND_INT32, KIND_INT64,
	KIND_UINT, KIND_UINT8, KIND_UINT16, KIND_UINT32, KIND_UINT64, KIND_UINTPTR,
	KIND_FLOAT32, KIND_FLOAT64, KIND_COMPLEX64, KIND_COMPLEX128,
	KIND_ARRAY, KIND_CHAN, KIND_FUNC, KIND_INTERFACE, KIND_MAP, KIND_PTR, KIND_SLICE,
	KIND_STRING, KIND_STRUCT, KIND_UNSAFE_POINTER,
	KIND_MASK = 0x1f,
	KIND_DIRECT_IFACE = 0x20,     /* the interface data word is the value itself */
	KIND_GC_PROG = 0x40,
	KIND_NO_POINTERS = 0x80
};

/* ---- interfaces --------------------------------------------------------------------------- */

typedef struct Eface { const Type *typ; uint8_t *data; } Eface;
/* itab: inter and typ are read by C and R, fun by C. Never moved or freed; one per pair. */
typedef struct Itab {
	const InterfaceType *inter;
	const Type *typ;
	struct Itab *link;
	int32_t bad;
	int32_t unused;
	uintptr_t fun[1];             /* inter.mhdr.len code addresses */
} Itab;
typedef struct Iface { Itab *tab; uint8_t *data; } Iface;

/* ---- maps --------------------------------------------------------------------------------- */

/* 48 bytes; words 16, 24 and 40 are the only ones the compiler's type marks as pointers. C R (count) */
typedef struct Hmap {
	int64_t count;
	uint8_t flags;                /* racy, see map::table::flags */
	uint8_t b;                    /* log2 of the number of buckets */
	uint16_t pad;
	uint32_t hash0;               /* seed */
	uint8_t *buckets;
	uint8_t *oldbuckets;
	uintptr_t nevacuate;
	uint8_t *overflow;
} Hmap;

/* Iterator on the caller's stack, zeroed. Words 0-7 are scanned as pointers. C R (key, value) */
typedef struct Hiter {
	uint8_t *key;                 /* null = end */
	uint8_t *value;
	const MapType *t;
	Hmap *h;
	uint8_t *buckets;
	uint8_t *bptr;
	uint8_t *overflow[2];
	uintptr_t start_bucket;
	uint8_t offset;
	uint8_t wrapped;
	uint8_t b;
	uint8_t i;
	uintptr_t bucket;
	uintptr_t check_bucket;
} Hiter;

/* ---- channels and select ------------------------------------------------------------------ */

/* What compiled code reads of a channel; the rest is gort's. C */
typedef struct HchanHead { uint64_t qcount; uint64_t dataqsiz; } HchanHead;

/* One case of a select, inside the stack object that the compiler reserves. elem, chan and
   received are typed as pointers there, the rest as scalars. */
typedef struct Scase {
	uint8_t *elem;
	uint8_t *chan;
	uintptr_t pc;                 /* return address of the registering call */
	uint16_t kind;                /* CASE_ */
	uint16_t so;                  /* offset of that call's result byte from its arguments */
	uint32_t pad;
	uint8_t *received;
	int64_t releasetime;
} Scase;
enum { CASE_RECV = 1, CASE_SEND = 2, CASE_DEFAULT = 3 };

/* Head of the select object: ncase cases follow, then ncase words (pointers), then ncase u16. */
typedef struct Hselect {
	uint16_t tcase;
	uint16_t ncase;
	uint32_t pad;
	uint8_t *pollorder;
	uint8_t *lockorder;
} Hselect;

/* reflect.runtimeSelect: R */
typedef struct RuntimeSelect { uintptr_t dir; const Type *typ; uint8_t *ch; uint8_t *val; } RuntimeSelect;

/* ---- shared with other packages ----------------------------------------------------------- */

/* time.runtimeTimer: P */
typedef struct RuntimeTimer {
	atomic_i64 i;                 /* gort's: place in a heap, or 0 */
	int64_t when;                 /* monotonic nanoseconds */
	int64_t period;
	const FuncVal *f;             /* func(arg interface{}, seq uintptr) */
	Eface arg;
	uintptr_t seq;
} RuntimeTimer;

/* sync.syncSema: P */
typedef struct SyncSema { uintptr_t lock; uint8_t *head; uint8_t *tail; } SyncSema;

/* reflect's bit vector and the head of the contexts of makeFuncStub and methodValueCall: R */
typedef struct BitVector { uint32_t n; GoSlice data; } BitVector;
typedef struct ReflectContext { uintptr_t code; const BitVector *stack; } ReflectContext;

/* runtime.StackRecord, MemProfileRecord, BlockProfileRecord: P */
typedef struct StackRecord { uintptr_t stack0[32]; } StackRecord;
typedef struct MemProfileRecord {
	int64_t alloc_bytes, free_bytes, alloc_objects, free_objects;
	uintptr_t stack0[32];
} MemProfileRecord;
typedef struct BlockProfileRecord { int64_t count; int64_t cycles; StackRecord stack; } BlockProfileRecord;
/* runtime.TypeAssertionError */
typedef struct TypeAssertionError { GoString interface_string, concrete_string, asserted_string, missing_method; } TypeAssertionError;

typedef struct BySize { uint32_t size; uint64_t mallocs; uint64_t frees; } BySize;
/* runtime.MemStats: P */
typedef struct MemStats {
	uint64_t alloc, total_alloc, sys, lookups, mallocs, frees;
	uint64_t heap_alloc, heap_sys, heap_idle, heap_inuse, heap_released, heap_objects;
	uint64_t stack_inuse, stack_sys, mspan_inuse, mspan_sys, mcache_inuse, mcache_sys;
	uint64_t buck_hash_sys, gc_sys, other_sys;
	uint64_t next_gc, last_gc, pause_total_ns;
	uint64_t pause_ns[256];
	uint64_t pause_end[256];
	uint32_t num_gc;
	double gc_cpu_fraction;
	uint8_t enable_gc;
	uint8_t debug_gc;
	BySize by_size[61];
} MemStats;

/* ---- goroutines and threads --------------------------------------------------------------- */

struct G;
struct M;

/* Saved context. G */
typedef struct Gobuf {
	uintptr_t sp;
	uintptr_t pc;
	struct G *g;
	uintptr_t ctxt;               /* closure to put into DX */
	uintptr_t ret;                /* to put into AX */
	uintptr_t lr;
	uintptr_t bp;
} Gobuf;

/* A running panic. argp must come first: method wrappers read and write it. C */
typedef struct Panic {
	uintptr_t argp;               /* arguments of the deferred call being run */
	Eface arg;
	struct Panic *link;
	struct Panic *newer;          /* whose link is this one; once the values are shown */
	uint8_t recovered;
	uint8_t aborted;
	uint8_t uncaught;             /* its gopanic shows the values of the goroutine's panics */
	uint8_t *receiver;            /* arguments of that method */
	GoString text;                /* and its result */
} Panic;

/* A pending deferred call; its arguments follow. */
typedef struct Defer {
	int32_t siz;                  /* bytes of arguments */
	uint8_t started;
	uint8_t pool;                 /* which pool it goes back to */
	uint16_t unused;
	uintptr_t sp;                 /* address of deferproc's first argument in the frame that deferred */
	uintptr_t pc;                 /* return address of deferproc */
	const FuncVal *fn;
	Panic *panic;                 /* that started it */
	struct Defer *link;
} Defer;

typedef struct G {
	uintptr_t stack_lo;           /*   0 */
	uintptr_t stack_hi;           /*   8 */
	atomic_word stackguard0;      /*  16 C: every prologue; STACK_PREEMPT asks for preemption */
	uintptr_t stackguard1;        /*  24 C: //go:systemstack functions, none outside runtime */
	Panic *panic;                 /*  32 C: method wrappers; innermost running panic */
	Defer *defer;                 /*  40 innermost pending deferred call */
	atomic_m m;                   /*  48 C: inlined LockOSThread */
	uintptr_t stack_size;         /*  56 */
	Gobuf sched;                  /*  64 G: where it goes on */
	uintptr_t syscallsp;          /* 120 while in a system call: frame to unwind from */
	uintptr_t syscallpc;          /* 128 */
	uint32_t parkmap;             /* 136 surface index of the runtime call it is stopped in, 0 = none */
	uint32_t flags;               /* 140 G_ */
	uint8_t *param;               /* 144 what woke it up */
	struct G *schedlink;          /* 152 */
	int64_t waitsince;            /* 160 */
	uint32_t waitreason;          /* 168 world::WaitReason */
	atomic_u32 selectdone;        /* 172 a select has been claimed by a waker */
	atomic_u32 atomicstatus;      /* 176 G: world::status */
	atomic_u32 preempt;           /* 180 preemption was asked for */
	int64_t goid;                 /* 184 G */
	atomic_ptr waiting;           /* 192 world::Sudogs it waits on */
	uintptr_t gopc;               /* 200 pc of the go statement */
	uintptr_t startpc;            /* 208 */
	uint32_t sig;                 /* 216 pending fault: signal, code, address, pc */
	uint32_t sigcode;             /* 220 */
	uintptr_t sigaddr;            /* 224 */
	uintptr_t sigpc;              /* 232 */
	atomic_word held;             /* 240 collector: 1 = not to be run now */
	atomic_m lockedm;             /* 248 C: inlined LockOSThread */
	struct G *alllink;            /* 256 */
	Eface panicarg;               /* 264 panic to raise when back on the goroutine's stack */
	uintptr_t scanned;            /* 280 collector: cycle in which the stack was scanned, 0 after it ran */
	struct G *ranlink;            /* 288 collector: next that ran since its stack was scanned */
	int64_t blockedat;            /* 296 blocking profile: when it parked, 0 = not noted */
	atomic_word ran;              /* 304 collector: 1 while on that list */
	resume_step resume;           /* 312 Rust function to run on g0 before Go code goes on, or null */
	uintptr_t resumearg;          /* 320 */
	uintptr_t timer[8];           /* 328 a RuntimeTimer for Sleep */
	uintptr_t shrunk;             /* 392 collector: cycle in which it was looked at whether the stack is too large */
	uint8_t *interrupted;         /* 400 sched::Registers of one that was stopped by a signal, null: its context is in sched */
	uint64_t sysexitseq;          /* 408 execution trace: number of its return from a system call that lost its P, 0 = not noted */
	uint64_t sysexitticks;        /* 416 and its time */
	uint32_t systraced;           /* 424 the trace knows that it is in a system call */
	uint32_t met;                 /* 428 chan::Hchan::encounter: where it last met a waiter */
} G;                                  /* 432 */

enum {
	G_SYSTEM = 1,                 /* not counted, not shown, not in deadlock detection */
	G_PANIC_ON_FAULT = 2,
	G_THROWSPLIT = 4,             /* must not grow its stack now */
	G_PARK_RESULTS = 8            /* stopped after the runtime call wrote its results */
};

typedef struct M {
	G *g0;                        /*   0 */
	atomic_g curg;                /*   8 goroutine whose Go code runs, or that called into the runtime */
	atomic_ptr p;                 /*  16 world::P, null while idle or in a lost system call */
	uint8_t *mcache;              /*  24 of that P */
	uintptr_t leafsp;             /*  32 address of the return address of the leaf call entered last */
	atomic_word tls;              /*  40 runtime.tlsg without a C library: current g */
	uintptr_t fsbase;             /*  48 = &tls + 8 */
	int64_t id;                   /*  56 */
	atomic_i32 tid;               /*  64 kernel's thread id */
	atomic_i32 locks;             /*  68 > 0: no preemption */
	atomic_u32 park;              /*  72 futex word of the note it sleeps on */
	uint32_t spinning;            /*  76 */
	uint32_t blocked;             /*  80 */
	uint32_t dying;               /*  84 */
	uint8_t *nextp;               /*  88 P handed over while it sleeps */
	uint8_t *oldp;                /*  96 P it had before the system call */
	struct M *schedlink;          /* 104 */
	struct M *alllink;            /* 112 */
	uint64_t fastrand;            /* 120 */
	uintptr_t startfn;            /* 128 Rust function to run before scheduling */
	uintptr_t sigstack;           /* 136 base of the alternate signal stack */
	uintptr_t sigstacksize;       /* 144 */
	uintptr_t g0stack;            /* 152 base of the mapping of g0's stack */
	uintptr_t g0stacksize;        /* 160 */
	uint32_t proftimer;           /* 168 CPU profile: the kernel's number of this thread's timer, plus 1; 0 = none */
	uint32_t printlock;           /* 172 */
	uint32_t throwing;            /* 176 */
	uint32_t syscalltick;         /* 180 execution trace: P::syscalltick when the system call began */
	uintptr_t tracedp;            /* 184 execution trace: P that the system call began with, 0 = not traced */
	uint8_t *registers;           /* 192 sched::Registers for the next goroutine that a signal stops here */
	atomic_u32 interrupts;        /* 200 a signal that asks for preemption is on its way */
	uint32_t spinround;           /* 204 sema::pin: round of spinning in a lock of package sync */
	atomic_u64 profdue;           /* 208 CPU profile: processor time of this thread at which a sample is due, 0 = takes none */
	uint8_t *callback;            /* 216 world::callbacks::Callback: the innermost callback from C, on the C stack */
	atomic_u64 ncgocall;          /* 224 calls of C */
	uintptr_t priv[10];           /* 232 */
	atomic_g lockedg;             /* 312 C: inlined LockOSThread */
	uint64_t lockranks;           /* 320 sync::rank, with debug assertions: locks that it holds */
	uint64_t lockmore;            /* 328 */
	int32_t rights;               /* 336 world::rights, with debug assertions: how many its frames have */
	uint32_t priv4;               /* 340 */
	uintptr_t priv2[45];          /* 344 */
	uint32_t priv3;               /* 704 */
	uint32_t locked;              /* 708 C: bit 0 = LockOSThread by the program, above it by the runtime */
	uintptr_t priv5[3];
} M;
