/*
 * Switches between goroutine stacks and g0, and the stack-growth entry.
 */

/* Goes on with a goroutine: rdi = g. Does not return. */
CFUNC gort_gogo
    mov rsi, [rdi+G_M]
    mov qword ptr fs:[-8], rdi
    mov rsp, [rdi+G_SCHED_SP]
    mov rdx, [rdi+G_SCHED_CTXT]
    mov rax, [rdi+G_SCHED_RET]
    mov rcx, [rdi+G_SCHED_PC]
    mov qword ptr [rdi+G_SCHED_CTXT], 0
    mov qword ptr [rdi+G_SCHED_RET], 0
    jmp rcx
ENDCFUNC gort_gogo

/* Runs rdi on an empty g0 stack. Does not return. */
CFUNC gort_on_empty_g0
    mov rcx, qword ptr fs:[-8]
    mov rdx, [rcx+G_M]
    mov rdx, [rdx+M_G0]
    mov qword ptr fs:[-8], rdx
    mov rsp, [rdx+G_SCHED_SP]
    xor ebp, ebp
    call rdi
    ud2
ENDCFUNC gort_on_empty_g0

/* A runtime function answered something else than "done": eax = status, r13 = g. */
CFUNC gort_not_done
    mov edi, eax
    mov rsi, r13
    call gort_after_call
    ud2
ENDCFUNC gort_not_done

/* Preemption was asked for while the runtime function ran: r13 = g. */
CFUNC gort_preempted
    mov rdi, r13
    call gort_preempt_at_return
    ud2
ENDCFUNC gort_preempted

/*
 * Called by prologues. 0(rsp) = return address in f (it holds a jump to f's entry), 8(rsp) = f's return address,
 * 16(rsp) = f's arguments, rdx = f's closure. f goes on at its entry, with a larger stack or after a preemption.
 */
GOFUNC runtime.morestack_noctxt
    xor edx, edx
    jmp runtime.morestack
ENDFUNC runtime.morestack_noctxt

GOFUNC runtime.morestack
    mov rcx, qword ptr fs:[-8]
    mov rbx, [rcx+G_M]
    mov rdi, [rbx+M_G0]
    cmp rcx, rdi
    je gort_morestack_on_g0
    mov rax, [rsp]
    mov [rcx+G_SCHED_PC], rax
    lea rax, [rsp+8]
    mov [rcx+G_SCHED_SP], rax
    mov [rcx+G_SCHED_CTXT], rdx
    mov dword ptr [rcx+G_PARKMAP], 0
    mov qword ptr fs:[-8], rdi
    mov rsp, [rdi+G_SCHED_SP]
    mov rdi, rcx
    call gort_newstack
    ud2
ENDFUNC runtime.morestack

/* C ABI: rax = top of the current goroutine's stack. */
GOFUNC _cgo_topofstack
    mov rax, qword ptr fs:[-8]
    mov rax, [rax+G_STACK_HI]
    ret
ENDFUNC _cgo_topofstack

/*
 * Calls a compiled hash or equality function on g0: rdi = func value, rsi, rdx = arguments.
 * Returns the word at its result slot. Go code keeps no register but rsp.
 */
CFUNC gort_call_alg
    push rbx
    .cfi_adjust_cfa_offset 8
    push rbp
    .cfi_adjust_cfa_offset 8
    push r12
    .cfi_adjust_cfa_offset 8
    push r13
    .cfi_adjust_cfa_offset 8
    push r14
    .cfi_adjust_cfa_offset 8
    push r15
    .cfi_adjust_cfa_offset 8
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov [rsp], rsi
    mov [rsp+8], rdx
    mov qword ptr [rsp+16], 0
    mov rdx, rdi
    call [rdx]
    mov rax, [rsp+16]
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    pop r15
    .cfi_adjust_cfa_offset -8
    pop r14
    .cfi_adjust_cfa_offset -8
    pop r13
    .cfi_adjust_cfa_offset -8
    pop r12
    .cfi_adjust_cfa_offset -8
    pop rbp
    .cfi_adjust_cfa_offset -8
    pop rbx
    .cfi_adjust_cfa_offset -8
    ret
ENDCFUNC gort_call_alg

/* Calls a timer function func(interface{}, uintptr) on g0: rdi = func value, rsi, rdx = interface, rcx = seq. */
CFUNC gort_call_timer
    push rbx
    .cfi_adjust_cfa_offset 8
    push rbp
    .cfi_adjust_cfa_offset 8
    push r12
    .cfi_adjust_cfa_offset 8
    push r13
    .cfi_adjust_cfa_offset 8
    push r14
    .cfi_adjust_cfa_offset 8
    push r15
    .cfi_adjust_cfa_offset 8
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov [rsp], rsi
    mov [rsp+8], rdx
    mov [rsp+16], rcx
    mov rdx, rdi
    call [rdx]
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    pop r15
    .cfi_adjust_cfa_offset -8
    pop r14
    .cfi_adjust_cfa_offset -8
    pop r13
    .cfi_adjust_cfa_offset -8
    pop r12
    .cfi_adjust_cfa_offset -8
    pop rbp
    .cfi_adjust_cfa_offset -8
    pop rbx
    .cfi_adjust_cfa_offset -8
    ret
ENDCFUNC gort_call_timer
