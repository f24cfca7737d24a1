/*
 * Read-only data that compiled code refers to by name.
 */
    .section .rodata.gort, "a", @progbits
    .p2align 3
/* Locals map of assembly frames without pointers: two bitmaps of no bits. */
    .globl runtime.no_pointers_stackmap
    .type runtime.no_pointers_stackmap, @object
    .size runtime.no_pointers_stackmap, 8
runtime.no_pointers_stackmap: .long 2, 0

    .macro IMPORTPATH name path
    .weak "\name"
    .type "\name", @object
    .size "\name", 16
"\name": .quad 991f, 992f - 991f
991: .ascii "\path"
992: .byte 0
    .p2align 3
    .endm
    IMPORTPATH "go.importpath.main." "main"
    IMPORTPATH "go.importpath.runtime." "runtime"

/* The linker's object defines it as large as the largest zero value of the program. */
    .p2align 5
    .weak runtime.zerovalue
    .type runtime.zerovalue, @object
    .size runtime.zerovalue, 1024
runtime.zerovalue: .zero 1024

    .globl gort.tables.version.4
    .type gort.tables.version.4, @object
    .size gort.tables.version.4, 1
gort.tables.version.4: .byte 4

#ifdef SHARED
/* What the linker knows the library for shared objects by. */
    .globl gort.shared
    .set gort.shared, 1
#endif

/* What the linker's stack check counts with: bytes below a full prologue check. */
    .globl gort.stacklimit
    .set gort.stacklimit, STACK_GUARD - 128

/*
 * Thread-local storage. A program without a C library has nothing else in it, so the two words are
 * at fs:-16 and fs:-8, where compiled code expects its g: in M (src/boot/start.rs). In a program
 * with one the linker gives them their place among the library's, and the library owns FS.
 */
    .pushsection .tbss, "awT", @nobits
    .p2align 3
    .globl gort_leafsp
    .type gort_leafsp, @object
    .size gort_leafsp, 8
gort_leafsp: .zero 8
    .globl runtime.tlsg
    .type runtime.tlsg, @object
    .size runtime.tlsg, 8
runtime.tlsg: .zero 8
    .popsection

/*
 * What the runtime needs in programs with a C library alone (src/world/with_c.rs): gort's linker has
 * the name stand for gort_c_entries there, and nobody defines it elsewhere. So other programs have
 * nothing of it.
 */
    .pushsection .data.rel.ro.gort_with_c, "aw", @progbits
    .p2align 3
    .weak gort_with_c
    .globl gort_c_entry
    .type gort_c_entry, @object
    .size gort_c_entry, 8
gort_c_entry: .quad gort_with_c
    .popsection

/* Variables that runtime/cgo defines; without it they are zero. */
    .pushsection .bss.gort_cgo, "aw", @nobits
    .p2align 3
    .irp name, _cgo_init,_cgo_malloc,_cgo_free,_cgo_thread_start,_cgo_sys_thread_create,_cgo_notify_runtime_init_done,runtime._cgo_setenv,runtime._cgo_unsetenv
    .weak \name
    .type \name, @object
    .size \name, 8
\name: .zero 8
    .endr
    .irp name, runtime.iscgo,runtime.cgoAlwaysFalse,runtime._cgo_panic_internal
    .weak \name
    .type \name, @object
    .size \name, 1
\name: .zero 1
    .endr
    .popsection
    .globl gort.leafbudget
    .set gort.leafbudget, LEAF_BUDGET
