/*
 * Calls between Go and C (docs/cgo.md). Go code calls C through `runtime.cgocall`; C code calls Go
 * through crosscall2 of runtime/cgo and `runtime.cgocallback`.
 *
 *   goroutine stack                      C stack (g0's)
 *   | _Cfunc_f: argument block |         | (empty)              | <- g0.sched.sp
 *   | cgocall                  |         | g, depth             |
 *   | asmcgocall               | <- depth| C frames             |
 *   | cgocallback_gofunc       |         | crosscall2, _cgoexp_ |
 *   | cgocallbackg, 1, call32  |         | cgocallback's record | <- g0.sched.sp in the callback
 *   | exported Go function     |
 *
 * While C code runs, the current g is g0 and the goroutine is in a system call. Its stack moves in
 * callbacks only, so what is kept across C code is a depth, not an address.
 */

/*
 * The return addresses below are a table of their own, which cgocall and cgocallback register
 * (src/code/sites.rs): the one of the other assembly frames would make every program hold these
 * functions.
 */
    .section .gort.cgosites, "a", @progbits
    .p2align 3
gort_cgosites_start:
    .section .rodata.gort.cgosites, "a", @progbits
    .p2align 3
gort_cgosites_range: .quad gort_cgosites_start, gort_cgosites_end

.macro CGOCALL target size index=-1
    call "\target"
    SITE \size \index .gort.cgosites
.endm

/*
 * cgocall(fn, arg uintptr) int32: runs the C function fn(arg), bracketed as a system call is. The
 * block that arg points to lies on the goroutine's stack, so nothing here may move that.
 */
GOENTRY runtime.cgocall gort_index_runtime_cgocall
    cmp qword ptr gort_cgo_sites[rip], 0
    je 2f
1:  cmp qword ptr [rsp+8], 0
    je gort_cgo_nil
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    CGOCALL runtime.entersyscall 24 gort_index_runtime_cgocall
    mov rdi, [rsp+32]
    mov rsi, [rsp+40]
    CGOCALL runtime.asmcgocall 24 gort_index_runtime_cgocall
    mov [rsp+48], eax
    CGOCALL runtime.exitsyscall 24 gort_index_runtime_cgocall
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    ret
    /* The first call. */
2:  cmp byte ptr runtime.iscgo[rip], 0
    je gort_no_cgo
    lea rax, gort_cgosites_range[rip]
    mov gort_cgo_sites[rip], rax
    jmp 1b
ENDFUNC runtime.cgocall

/* Runs the C function rdi with the argument rsi on g0's stack. On a goroutine's stack. */
GOENTRY runtime.asmcgocall
    /* Between stacks in any order of addresses: gdb takes it from a signal handler's frame only. */
    .cfi_signal_frame
    LOADG rcx
    mov rdx, [rcx+G_M]
    mov r8, [rdx+M_G0]
    mov rax, [rcx+G_STACK_HI]
    sub rax, rsp
    inc qword ptr [rdx+M_NCGOCALL]
    mov [rcx+G_SCHED_SP], rsp       /* where a callback goes on */
    mov r9, rdi
    mov rdi, rsi
    STOREG r8
    mov rsp, [r8+G_SCHED_SP]
    sub rsp, 16
    mov [rsp], rcx
    mov [rsp+8], rax
    /* The caller's frame: DW_CFA_def_cfa_expression breg7 (rsp) 0, deref, plus_uconst G_STACK_HI, deref, breg7 8, deref, minus, plus_uconst 8 */
    .cfi_remember_state
    .cfi_escape 0x0f, 12, 0x77, 0, 0x06, 0x23, G_STACK_HI, 0x06, 0x77, 8, 0x06, 0x1c, 0x23, 8
    call r9
    mov rcx, [rsp]
    mov rdx, [rcx+G_STACK_HI]
    sub rdx, [rsp+8]
    STOREG rcx
    mov rsp, rdx
    .cfi_restore_state
    /* The frame of a callback "returns" here. */
    .globl gort_cgo_site
gort_cgo_site = .
    SITE 0 -1 .gort.cgosites
    ret
ENDFUNC runtime.asmcgocall

/*
 * cgocallback(fn, frame, size): C code calls the Go function fn, on the C stack, with the block of
 * size bytes at frame as its arguments and results. Go's convention; no register is kept.
 */
GOENTRY runtime.cgocallback gort_index_runtime_cgocallback
    /* Never on a goroutine's stack: not for the stack-depth proof. */
1:  .pushsection .gort.g0paths, "", @progbits
    .quad 1b
    .popsection
    push rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    sub rsp, CALLBACK_SIZE
    mov rax, [rbp+16]
    mov [rsp+CALLBACK_FN], rax
    mov rax, [rbp+24]
    mov [rsp+CALLBACK_FRAME], rax
    mov rax, [rbp+32]
    mov [rsp+CALLBACK_SIZEOF], rax
    mov [rsp+CALLBACK_BP], rbp
    mov qword ptr [rsp+CALLBACK_EXTRA], 0
    cmp qword ptr gort_cgo_sites[rip], 0
    jne 2f
    lea rax, gort_cgosites_range[rip]
    mov gort_cgo_sites[rip], rax
2:  mov rdi, rsp
    CMPG 0
    jne 1f
    call gort_foreign_begins        /* a thread that Go has not made */
    mov rdi, rsp
1:  call gort_callback_begins       /* answers the goroutine */
    STOREG rax
    mov rcx, [rsp+CALLBACK_RET]
    mov rsp, [rax+G_SCHED_SP]
    push rcx
    jmp runtime.cgocallback_gofunc
ENDFUNC runtime.cgocallback

/* The end of a callback, on the C stack: rsp = its record. */
    .cfi_startproc
gort_callback_return:
    call gort_callback_ends
    cmp qword ptr [rsp+CALLBACK_EXTRA], 0
    je 1f
    mov rdi, rsp
    call gort_foreign_ends
1:  mov rbp, [rsp+CALLBACK_BP]
    mov rsp, rbp
    pop rbp
    ret
    .cfi_endproc

/* The callback's first frame on the goroutine's stack, as though asmcgocall had called it. */
GOENTRY runtime.cgocallback_gofunc
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    CGOCALL runtime.exitsyscall 24
    CGOCALL runtime.cgocallbackg 24
    CGOCALL gort.reentersyscall 24
    LOADG rcx
    mov rdx, [rcx+G_M]
    mov rdx, [rdx+M_G0]
    lea rax, [rsp+32]
    mov [rcx+G_SCHED_SP], rax       /* for the next callback of the same call */
    STOREG rdx
    mov rsp, [rdx+G_SCHED_SP]
    jmp gort_callback_return
ENDFUNC runtime.cgocallback_gofunc

/* Go's names for the steps of a callback, which tracebacks and callers count. */
GOENTRY runtime.cgocallbackg
    CGOCALL runtime.cgocallbackg1 0
    ret
ENDFUNC runtime.cgocallbackg

GOENTRY runtime.cgocallbackg1
    STACKCHECK runtime.cgocallbackg1
    sub rsp, 40
    .cfi_adjust_cfa_offset 40
    LOADG rax
    mov rax, [rax+G_M]
    mov rax, [rax+M_CALLBACK]
    cmp qword ptr [rax+CALLBACK_EXTRA], 0
    je 1f
    CGOCALL gort.foreigncallback 40
    LOADG rax
    mov rax, [rax+G_M]
    mov rax, [rax+M_CALLBACK]
1:  mov qword ptr [rsp], 0
    lea rcx, [rax+CALLBACK_FN]      /* a func value */
    mov [rsp+8], rcx
    mov rcx, [rax+CALLBACK_FRAME]
    mov [rsp+16], rcx
    mov ecx, [rax+CALLBACK_SIZEOF]
    mov [rsp+24], ecx
    mov dword ptr [rsp+28], 0       /* the whole block is copied back */
    CGOCALL reflect.call 40
    add rsp, 40
    .cfi_adjust_cfa_offset -40
    ret
ENDFUNC runtime.cgocallbackg1

    .section .gort.cgosites, "a", @progbits
gort_cgosites_end:

    .section .text.gort.gort_cgo_mstart, "ax", @progbits
/* First function of a thread that the C library has made: on its stack, g0 is the current g. */
CFUNC gort_cgo_mstart
    .cfi_undefined rip
    and rsp, -16
    mov rdi, rsp
    call gort_cgo_thread            /* answers m */
    mov r12, rax
    jmp runtime.mstart
ENDCFUNC gort_cgo_mstart
    .section .text.gort, "ax", @progbits
