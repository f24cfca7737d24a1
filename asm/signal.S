/*
 * Signal entry: the kernel calls it on the alternate stack, rdi = signal, rsi = siginfo, rdx =
 * ucontext.
 */
CFUNC gort_sigtramp
    push rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call gort_sighandler
    mov rsp, rbp
    pop rbp
    .cfi_def_cfa rsp, 8
    ret
ENDCFUNC gort_sigtramp

/*
 * Where the trampoline returns to, with rsp at the ucontext. Debuggers walk through it to what the
 * signal interrupted: its caller's registers are those that the kernel saved, each of them at its
 * place in the ucontext.
 */
.set UC_RSP, 160
.macro SAVED register offset
    /* DW_CFA_expression: the register is at DW_OP_breg7 (rsp) + offset, in two bytes of SLEB128. */
    .cfi_escape 0x10, \register, 3, 0x77, (\offset & 0x7f) | 0x80, \offset >> 7
.endm

    .p2align 4
    /* An unwinder looks for the caller of a function one byte before the address that it returns to. */
    .cfi_startproc
    .cfi_signal_frame
    /* DW_CFA_def_cfa_expression: what DW_OP_breg7 + 160, the saved rsp, DW_OP_deref gives. */
    .cfi_escape 0x0f, 4, 0x77, (UC_RSP & 0x7f) | 0x80, UC_RSP >> 7, 0x06
    /* Numbers of registers in DWARF: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15, rip. */
    SAVED 0, 144
    SAVED 1, 136
    SAVED 2, 152
    SAVED 3, 128
    SAVED 4, 112
    SAVED 5, 104
    SAVED 6, 120
    SAVED 7, UC_RSP
    SAVED 8, 40
    SAVED 9, 48
    SAVED 10, 56
    SAVED 11, 64
    SAVED 12, 72
    SAVED 13, 80
    SAVED 14, 88
    SAVED 15, 96
    SAVED 16, 168
    nop
    .globl gort_sigreturn
    .type gort_sigreturn, @function
gort_sigreturn:
    mov rax, 15                     /* rt_sigreturn, as unwinders that read code know it */
    syscall
    ud2
ENDCFUNC gort_sigreturn

GOFUNC runtime.Breakpoint gort_index_runtime_Breakpoint
    int3
    ret
ENDFUNC runtime.Breakpoint

/* Names under which the CPU profile counts what has no stack of its own. */
.macro PROFILENAME name
GOFUNC \name
    nop
    ret
ENDFUNC \name
.endm
    PROFILENAME runtime._System
    PROFILENAME runtime._ExternalCode
    PROFILENAME runtime._GC
    PROFILENAME runtime.lostProfileData
