/*
 * Signal entry: the kernel calls it on the alternate stack, rdi = signal, rsi = siginfo, rdx = ucontext.
 */
CFUNC gort_sigtramp
    .cfi_signal_frame
    push rbp
    mov rbp, rsp
    and rsp, -16
    call gort_sighandler
    mov rsp, rbp
    pop rbp
    ret
ENDCFUNC gort_sigtramp

CFUNC gort_sigreturn
    mov eax, 15                     /* rt_sigreturn */
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
