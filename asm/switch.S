/*
 * Switches between goroutine stacks and g0, and the stack-growth entry.
 */

/* Goes on with a goroutine: rdi = g. Does not return. */
CFUNC gort_gogo
    STOREG rdi
    mov rsp, [rdi+G_SCHED_SP]
    mov rdx, [rdi+G_SCHED_CTXT]
    mov rax, [rdi+G_SCHED_RET]
    mov rcx, [rdi+G_SCHED_PC]
    mov qword ptr [rdi+G_SCHED_CTXT], 0
    mov qword ptr [rdi+G_SCHED_RET], 0
    jmp rcx
ENDCFUNC gort_gogo

/*
 * Goes on with a goroutine that a signal stopped: rdi = g, rsi = its registers
 * (src/world/registers.rs). Does not return. Everything is loaded from the record, the last words
 * by iretq, so nothing is written to the goroutine's stack: assembly code of the program may use
 * words below its stack pointer. A signal that comes in between finds a pc outside of Go text and
 * leaves the record alone.
 */
CFUNC gort_resume
    mov eax, [rsi+REGISTERS_COMPONENTS]
    mov edx, [rsi+REGISTERS_COMPONENTS+4]
    mov ecx, eax
    or ecx, edx
    jz 1f
    xrstor64 [rsi+REGISTERS_VECTOR]
    jmp 2f
1:  fxrstor64 [rsi+REGISTERS_VECTOR]
    /* rip, cs, rflags, rsp, ss */
2:  mov rax, [rsi+16*8]
    mov [rsi+REGISTERS_IRET], rax
    mov eax, cs
    mov [rsi+REGISTERS_IRET+8], rax
    mov rax, [rsi+17*8]
    mov [rsi+REGISTERS_IRET+16], rax
    mov rax, [rsi+15*8]
    mov [rsi+REGISTERS_IRET+24], rax
    mov eax, ss
    mov [rsi+REGISTERS_IRET+32], rax
    mov qword ptr [rdi+G_INTERRUPTED], 0
    STOREG rdi
    lea rsp, [rsi+REGISTERS_IRET]
    mov r8, [rsi+0*8]
    mov r9, [rsi+1*8]
    mov r10, [rsi+2*8]
    mov r11, [rsi+3*8]
    mov r12, [rsi+4*8]
    mov r13, [rsi+5*8]
    mov r14, [rsi+6*8]
    mov r15, [rsi+7*8]
    mov rdi, [rsi+8*8]
    mov rbp, [rsi+10*8]
    mov rbx, [rsi+11*8]
    mov rdx, [rsi+12*8]
    mov rax, [rsi+13*8]
    mov rcx, [rsi+14*8]
    mov rsi, [rsi+9*8]
    iretq
ENDCFUNC gort_resume

/*
 * `.cfi_undefined rip` here and below: on g0 for good, the goroutine has been left. A debugger's
 * walk ends.
 */

/* Where a thread goes on when the handler has stopped its goroutine: on an empty g0 stack, with g0 in FS. */
CFUNC gort_interrupted
    .cfi_undefined rip
    xor ebp, ebp
    call gort_stop_interrupted
    ud2
ENDCFUNC gort_interrupted

/* Runs rdi on an empty g0 stack. Does not return. */
CFUNC gort_on_empty_g0
    .cfi_undefined rip
    LOADG rcx
    mov rdx, [rcx+G_M]
    mov rdx, [rdx+M_G0]
    STOREG rdx
    mov rsp, [rdx+G_SCHED_SP]
    xor ebp, ebp
    call rdi
    ud2
ENDCFUNC gort_on_empty_g0

/*
 * System and park mode: records where the Go caller goes on, switches to g0's stack, calls Rust.
 * rax = function, r10d = surface index, rsp as at the runtime function's entry.
 *
 *   goroutine stack            g0 stack
 *   | caller's args    |       | (empty)        | <- g0.sched.sp
 *   | return address   | <- r12 | Rust frames    |
 *
 * Rust answers an outcome: return, or what to do instead (src/abi/outcome.rs). A preemption
 * asked for meanwhile is taken on the way out: the results are written, no Rust frame is left, so
 * it is a safe point. One copy for all symbols: the indirect call is predicted by its history, and
 * a copy for each would cost 100 bytes of text and unwind data.
 */
CFUNC gort_system_call
    /* Between stacks in any order of addresses: gdb takes it from a signal handler's frame only. */
    .cfi_signal_frame
    LOADG rcx
    mov rdx, [rcx+G_M]
    mov rsi, [rdx+M_G0]
    lea rdi, [rsp+8]
    cmp rcx, rsi
    je 1f
    mov r8, [rsp]
    mov [rcx+G_SCHED_PC], r8
    mov [rcx+G_SCHED_SP], rdi
    mov [rcx+G_PARKMAP], r10d
    mov r12, rsp
    .cfi_remember_state
    .cfi_def_cfa r12, 8
    mov r13, rcx
    STOREG rsi
    mov rsp, [rsi+G_SCHED_SP]
    call rax
    test eax, eax
    jnz gort_not_done
    cmp qword ptr [r13+G_STACKGUARD0], STACK_PREEMPT
    je gort_preempted
    STOREG r13
    mov rsp, r12
    .cfi_restore_state
    ret
    /* Already on g0: a timer function, a compiled hash function, or boot. The stack-depth proof stops here. */
1:  .pushsection .gort.g0paths, "", @progbits
    .quad 1b
    .popsection
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call rax
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test eax, eax
    jnz gort_parked_on_g0
    ret
ENDCFUNC gort_system_call

/* A runtime function answered something else than "return": eax = outcome, r13 = g. */
CFUNC gort_not_done
    .cfi_undefined rip
    mov edi, eax
    mov rsi, r13
    call gort_after_call
    ud2
ENDCFUNC gort_not_done

/* Preemption was asked for while the runtime function ran: r13 = g. */
CFUNC gort_preempted
    .cfi_undefined rip
    /* The call may have dropped callbacks from C: the base of g0's stack is higher then. */
    LOADG rcx
    mov rsp, [rcx+G_SCHED_SP]
    mov rdi, r13
    call gort_preempt_at_return
    ud2
ENDCFUNC gort_preempted

/*
 * Called by prologues. 0(rsp) = return address in f (it holds a jump to f's entry), 8(rsp) = f's
 * return address, 16(rsp) = f's arguments, rdx = f's closure. f goes on at its entry, with a larger
 * stack or after a preemption.
 */
GOFUNC runtime.morestack_noctxt
    xor edx, edx
    jmp runtime.morestack
ENDFUNC runtime.morestack_noctxt

GOFUNC runtime.morestack
    LOADG rcx
    mov rbx, [rcx+G_M]
    mov rdi, [rbx+M_G0]
    cmp rcx, rdi
    je 1f
    mov rax, [rsp]
    mov [rcx+G_SCHED_PC], rax
    lea rax, [rsp+8]
    mov [rcx+G_SCHED_SP], rax
    mov [rcx+G_SCHED_CTXT], rdx
    mov dword ptr [rcx+G_PARKMAP], 0
    STOREG rdi
    mov rsp, [rdi+G_SCHED_SP]
    .cfi_undefined rip
    mov rdi, rcx
    call gort_newstack
    ud2
1:  and rsp, -16                    /* as Rust expects it */
    call gort_morestack_on_g0
    ud2
ENDFUNC runtime.morestack

/* C ABI, for C code that a goroutine has called: rax = top of that goroutine's stack. */
GOFUNC _cgo_topofstack
    LOADG rax
    mov rax, [rax+G_M]
    mov rax, [rax+M_CURG]
    mov rax, [rax+G_STACK_HI]
    ret
ENDFUNC _cgo_topofstack

/*
 * Calls compiled code on g0: rdi = func value, rsi, rdx = arguments.
 * Returns the word at its result slot. Go code keeps no register but rsp.
 */
CFUNC gort_call_alg
    ENTER_GO
    mov [rsp], rsi
    mov [rsp+8], rdx
    mov qword ptr [rsp+16], 0
    mov rdx, rdi
    call [rdx]
    mov rax, [rsp+16]
    LEAVE_GO
    ret
ENDCFUNC gort_call_alg

/* Calls a timer function func(interface{}, uintptr) on g0: rdi = func value, rsi, rdx = interface, rcx = seq. */
CFUNC gort_call_timer
    ENTER_GO
    mov [rsp], rsi
    mov [rsp+8], rdx
    mov [rsp+16], rcx
    mov rdx, rdi
    call [rdx]
    LEAVE_GO
    ret
ENDCFUNC gort_call_timer
