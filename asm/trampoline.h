/*
 * Macros for the entries of runtime functions and for assembly frames on goroutine stacks.
 *
 * On entry from compiled code: 0(rsp) = return address, 8(rsp) = first argument byte, runtime.tlsg =
 * current g, rdx = closure context for functions that use it, rsp only 8-byte aligned. Every
 * register but rsp may be clobbered. Rust functions follow the System V convention (rbx, rbp,
 * r12-r15 preserved, rsp 16-byte aligned at calls).
 */

/*
 * The words of thread-local storage (data.S). The linker of an executable knows their offsets from
 * the thread pointer. A shared object has to ask for them when it is loaded (SHARED): stores and
 * comparisons cost it r11.
 */
#ifdef SHARED
.macro LOADG reg
    mov \reg, runtime.tlsg@gottpoff[rip]
    mov \reg, fs:[\reg]
.endm
.macro STORETLS name reg
    mov r11, \name@gottpoff[rip]
    mov fs:[r11], \reg
.endm
.macro CMPG value
    mov r11, runtime.tlsg@gottpoff[rip]
    cmp qword ptr fs:[r11], \value
.endm
#else
.macro LOADG reg
    mov \reg, fs:runtime.tlsg@tpoff
.endm
.macro STORETLS name reg
    mov fs:\name@tpoff, \reg
.endm
.macro CMPG value
    cmp qword ptr fs:runtime.tlsg@tpoff, \value
.endm
#endif
.macro STOREG reg
    STORETLS runtime.tlsg \reg
.endm

/*
 * Starts a function that compiled code can name; `index` is its row in abi/surface.toml, -1 for
 * none. Aligned so that the first instructions, which are all that the commonest calls need, are
 * fetched at once.
 */
.macro GOFUNC name index=-1
    .p2align 5
    .globl "\name"
    .type "\name", @function
"\name":
    .cfi_startproc
    /* Read by gort's linker and left out of executables: it lists those that a program needs (crate gort-tables, LibraryFunc). */
    .pushsection .gort.funcs, "e", @progbits
    .quad "\name"
    .long \index
    .popsection
.endm

/*
 * The same in a section of its own, which programs that do not call the function are linked
 * without. Sections are aligned as the largest is, since linkers order them by that: the functions
 * stay one range (gort.S).
 */
.macro GOENTRY name index
    .section ".text.gort.\name", "ax", @progbits
    GOFUNC "\name" \index
.endm

.macro ENDFUNC name
    .cfi_endproc
    .size "\name", . - "\name"
.endm

/* A C-callable helper that no Go code sees. */
.macro CFUNC name
    .p2align 4
    .globl \name
    .type \name, @function
\name:
    .cfi_startproc
.endm
.macro ENDCFUNC name
    .cfi_endproc
    .size \name, . - \name
.endm

/* The read-only func value of a function: in a section of its own, or programs would have every function of which anybody may want one. */
.macro FUNCVAL name code
    .pushsection ".rodata.gort.funcvals.\name", "a", @progbits
    .p2align 3
    .globl "\name"
    .type "\name", @object
    .size "\name", 8
"\name": .quad "\code"
    .popsection
.endm

/* Describes a return address inside an assembly frame: frame size, surface index of the function itself (its arguments' pointer map), -1 for no arguments. */
.macro SITE size index section=.gort.sites
    .pushsection \section, "a", @progbits
    .quad 773f
    .long \size
    .long \index
    .popsection
773:
.endm

/* Calls Go-convention code from an assembly frame of `size` bytes. */
.macro GOCALL target size index=-1
    call "\target"
    SITE \size \index
.endm

/* Records the Go caller's stack pointer, for a fault in the call (src/signal/fault.rs). */
.macro ENTERED
    STORETLS gort_leafsp rsp
.endm

/* Leaf mode: Rust runs right here, on the goroutine's stack; the build proves that it fits. */
.macro LEAF fn
    ENTERED
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call \fn
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    ret
.endm

/* Leaf mode with a way out: `fn` answers whether the slow path has to do it. eax = 0 on return (deferproc's promise). */
.macro LEAF_OR fn slow index:vararg
    ENTERED
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call \fn
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test al, al
    jnz 770f
    xor eax, eax
    ret
770:
    SYSTEM \slow \index
.endm

/* System and park mode: gort_system_call (asm/switch.S) with the function and the surface index. */
.macro SYSTEM fn index:vararg
    lea rax, \fn[rip]
    mov r10d, \index
    jmp gort_system_call
.endm

/* Prologue of an assembly frame of up to 128 bytes. */
.macro STACKCHECK name
    LOADG rcx
    cmp rsp, [rcx+G_STACKGUARD0]
    ja 768f
    call runtime.morestack_noctxt
    jmp "\name"
768:
.endm

/* Around a call of compiled code from Rust on g0: it keeps no register but rsp. Leaves 24 bytes for three argument words. */
.macro ENTER_GO
    .irp reg, rbx,rbp,r12,r13,r14,r15
    push \reg
    .cfi_adjust_cfa_offset 8
    .endr
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
.endm
.macro LEAVE_GO
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    .irp reg, r15,r14,r13,r12,rbp,rbx
    pop \reg
    .cfi_adjust_cfa_offset -8
    .endr
.endm
