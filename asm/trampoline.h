/*
 * Macros for the entries of runtime functions and for assembly frames on goroutine stacks.
 *
 * On entry from compiled code: 0(rsp) = return address, 8(rsp) = first argument byte, fs:-8 = current g,
 * rdx = closure context for functions that use it, rsp only 8-byte aligned. Every register but rsp may be clobbered.
 * Rust functions follow the System V convention (rbx, rbp, r12-r15 preserved, rsp 16-byte aligned at calls).
 */

/* Starts a function that compiled code can name; `index` is its row in abi/surface.toml, -1 for none. */
.macro GOFUNC name index=-1
    .p2align 4
    .globl "\name"
    .type "\name", @function
"\name":
    .cfi_startproc
    .pushsection .gort.funcs, "a", @progbits
    .quad "\name"
    .quad 771f
    .long 772f - 771f
    .long \index
    .popsection
    .pushsection .gort.names, "a", @progbits
771: .ascii "\name"
772:
    .popsection
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

/* The read-only func value of a function. */
.macro FUNCVAL name code
    .pushsection .rodata.gort.funcvals, "a", @progbits
    .p2align 3
    .globl "\name"
    .type "\name", @object
    .size "\name", 8
"\name": .quad "\code"
    .popsection
.endm

/* Describes a return address inside an assembly frame: frame size, surface index of the function itself (its arguments' pointer map), -1 for no arguments. */
.macro SITE size index
    .pushsection .gort.sites, "a", @progbits
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

/* Leaf mode: Rust runs right here, on the goroutine's stack; the build proves that it fits. */
.macro LEAF fn
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call \fn
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    ret
.endm

/* Leaf mode with a way out: `fn` answers whether it could do it. eax = 0 on return (deferproc's promise). */
.macro LEAF_OR fn slow index
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call \fn
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test al, al
    jz 770f
    xor eax, eax
    ret
770:
    SYSTEM \slow \index
.endm

/*
 * System and park mode: record where the Go caller goes on, switch to g0's stack, call Rust.
 *
 *   goroutine stack            g0 stack
 *   | caller's args    |       | (empty)        | <- g0.sched.sp
 *   | return address   | <- r12 | Rust frames    |
 *
 * Rust answers a status: done, or what to do instead of returning (src/sched/mod.rs). A preemption asked for meanwhile is taken
 * on the way out: the results are written, no Rust frame is left, so it is a safe point.
 */
.macro SYSTEM fn index
    mov rcx, qword ptr fs:[-8]
    mov rdx, [rcx+G_M]
    mov rsi, [rdx+M_G0]
    lea rdi, [rsp+8]
    cmp rcx, rsi
    je 769f
    mov rax, [rsp]
    mov [rcx+G_SCHED_PC], rax
    mov [rcx+G_SCHED_SP], rdi
    mov dword ptr [rcx+G_PARKMAP], \index
    mov r12, rsp
    .cfi_def_cfa r12, 8
    mov r13, rcx
    mov qword ptr fs:[-8], rsi
    mov rsp, [rsi+G_SCHED_SP]
    call \fn
    test eax, eax
    jnz gort_not_done
    cmp qword ptr [r13+G_STACKGUARD0], STACK_PREEMPT
    je gort_preempted
    mov qword ptr fs:[-8], r13
    mov rsp, r12
    .cfi_def_cfa rsp, 8
    ret
769:
    /* Already on g0: a timer function, a compiled hash function, or boot. The stack-depth proof stops here. */
    .pushsection .gort.g0paths, "", @progbits
    .quad 769b
    .popsection
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call \fn
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test eax, eax
    jnz gort_parked_on_g0
    ret
.endm

/* A symbol without implementation ends the program with its name. */
.macro MISSING index
    mov edi, \index
    jmp gort_missing_symbol
.endm

/* Prologue of an assembly frame of up to 128 bytes. */
.macro STACKCHECK name
    mov rcx, qword ptr fs:[-8]
    cmp rsp, [rcx+G_STACKGUARD0]
    ja 768f
    call runtime.morestack_noctxt
    jmp "\name"
768:
.endm
