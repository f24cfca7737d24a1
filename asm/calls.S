/*
 * reflect.call(argtype, fn, arg unsafe.Pointer, n, retoffset uint32): copies n bytes of arguments
 * into a new outgoing area, calls fn, copies the results back. One frame size for each power of
 * two, so that the unwinder knows the frame from the return address alone. While the callee runs,
 * its own map describes the copied arguments.
 */

/* Copies rcx bytes from rsi to rdi, words first. Clobbers rax. */
.macro COPYARGS
    mov eax, ecx
    shr ecx, 3
    jz 2f
1:  mov r8, [rsi]
    mov [rdi], r8
    add rsi, 8
    add rdi, 8
    dec ecx
    jnz 1b
2:  and eax, 7
    jz 4f
3:  mov r8b, [rsi]
    mov [rdi], r8b
    inc rsi
    inc rdi
    dec eax
    jnz 3b
4:
.endm

/*
 * rdi = arguments of reflect.call, whose results were copied back while marking runs. A function of
 * its own so that `gort prove` bounds it: what a function that checks the stack itself calls is not
 * followed.
 */
GOFUNC gort.callbarrier
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call gort_call_barrier
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    ret
ENDFUNC gort.callbarrier

.macro CALLFN size
GOFUNC runtime.call\size gort_index_reflect_call
    LOADG rcx
    /* The same three checks as a compiled prologue; see docs/trampolines.md. */
    .if \size <= 120
    cmp rsp, [rcx+G_STACKGUARD0]
    ja 5f
    .else
    mov rsi, [rcx+G_STACKGUARD0]
    cmp rsi, STACK_PREEMPT
    je 6f
    mov rax, rsp
    sub rax, rsi
    jb 6f
    cmp rax, \size
    ja 5f
    .endif
6:  call runtime.morestack_noctxt
    jmp runtime.call\size
5:  sub rsp, \size
    .cfi_adjust_cfa_offset \size
    /* A method wrapper's duty: a recover in the callee belongs to the panic that runs us. */
    mov rbx, [rcx+G_PANIC]
    test rbx, rbx
    jz 7f
    lea rdi, [rsp+\size+8]
    cmp [rbx], rdi
    jne 7f
    mov [rbx], rsp
7:  mov rsi, [rsp+\size+24]
    mov ecx, [rsp+\size+32]
    mov rdi, rsp
    COPYARGS
    mov rdx, [rsp+\size+16]
    SITE \size gort_index_reflect_call /* with a nil func value it faults here */
    call [rdx]
    SITE \size gort_index_reflect_call
    mov rdi, [rsp+\size+24]
    mov ecx, [rsp+\size+32]
    mov eax, [rsp+\size+36]
    sub ecx, eax
    mov rsi, rsp
    add rsi, rax
    add rdi, rax
    COPYARGS
    cmp byte ptr runtime.writeBarrierEnabled[rip], 0
    je 8f
    lea rdi, [rsp+\size+8]
    call gort.callbarrier
8:  add rsp, \size
    .cfi_adjust_cfa_offset -\size
    ret
ENDFUNC runtime.call\size
.endm

.macro DISPATCH size
    cmp ecx, \size
    jbe runtime.call\size
.endm

GOFUNC reflect.call gort_index_reflect_call
    mov ecx, [rsp+32]
    .irp size, 32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,16777216,33554432,67108864,134217728,268435456,536870912,1073741824
    DISPATCH \size
    .endr
    jmp gort_call_too_large
ENDFUNC reflect.call

    .irp size, 32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,16777216,33554432,67108864,134217728,268435456,536870912,1073741824
    CALLFN \size
    .endr

/* The iterator is the same one. */
GOENTRY reflect.mapiternext gort_index_reflect_mapiternext
    jmp runtime.mapiternext
ENDFUNC reflect.mapiternext
    .section .text.gort, "ax", @progbits
