/* Offsets and constants that assembly needs. src/abi/mod.rs checks each against abi/go15.h at compile time. */
#define G_STACK_HI      8
#define G_STACKGUARD0   16
#define G_PANIC         32
#define G_M             48
#define G_SCHED_SP      64
#define G_SCHED_PC      72
#define G_SCHED_CTXT    88
#define G_SCHED_RET     96
#define G_PARKMAP       136
#define G_PANICARG      264
#define G_INTERRUPTED   400
#define M_G0            0
#define M_CURG          8
#define M_P             16
#define M_LOCKS         68
#define M_CALLBACK      216
#define M_NCGOCALL      224
#define TYPE_HASH       16
#define TYPE_KIND       23
#define TYPE_ALG        24
#define ALG_EQUAL       8
/* Rows of runtime.algarray (abi::known::row), of 16 bytes each */
#define ALG_MEM8        2
#define ALG_MEM64       5
#define ALG_MEM128      6
#define ALG_STRING      14
#define ALG_FLOAT32     18
#define ALG_FLOAT64     19
#define ALG_COMPLEX64   20
#define ALG_COMPLEX128  21
#define ITAB_TYP        8
#define ITAB_FUN        32
/* world::registers::Registers: the kernel's order of registers, then what iretq loads, the mask for xrstor, the vector state */
#define REGISTERS_IRET  144
#define REGISTERS_COMPONENTS 184
#define REGISTERS_VECTOR 256
/* world::callbacks::Callback */
#define CALLBACK_FN     0
#define CALLBACK_FRAME  8
#define CALLBACK_SIZEOF 16
#define CALLBACK_RET    24
#define CALLBACK_BP     32
#define CALLBACK_EXTRA  40
#define CALLBACK_SIZE   96
/* In the kind of a type: the data word of an interface is the value itself */
#define KIND_DIRECT_IFACE 32
/* stackguard0 value that no stack pointer is above */
#define STACK_PREEMPT   -1314
/* Bytes below stackguard0 that every goroutine stack keeps for leaf runtime calls and nosplit chains.
   Compiled prologues let a frame of up to 128 bytes go below the guard without a check. CHECKS_ROOM is the build's (build.rs): what assertions
   take in the library that checks itself, else 0. */
#define STACK_GUARD     (880 + CHECKS_ROOM)
/* Deepest that anything which Go code calls may go on the goroutine's stack before it switches to another: `gort prove` checks the
   machine code against it, the linker's stack check counts with it. */
#define LEAF_BUDGET     (400 + CHECKS_ROOM)
/* Place in the frame of runtime.raise of the surface index of the function that raised the panic */
#define RAISED_IN       16
