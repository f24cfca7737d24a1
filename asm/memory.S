/*
 * Memory primitives, for compiled code (arguments on the stack) and for Rust (System V).
 */

GOFUNC runtime.memmove gort_index_runtime_memmove
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rsp+24]
    jmp memmove
ENDFUNC runtime.memmove

GOFUNC reflect.memmove gort_index_reflect_memmove
    jmp runtime.memmove
ENDFUNC reflect.memmove

GOFUNC runtime.memclr gort_index_runtime_memclr
    mov rdi, [rsp+8]
    mov rcx, [rsp+16]
    xor eax, eax
    rep stosb
    ret
ENDFUNC runtime.memclr

GOFUNC reflect.memclr gort_index_reflect_memclr
    jmp runtime.memclr
ENDFUNC reflect.memclr

/* memmove and memcpy of the System V world. Words are copied whole: the collector may look at any time. */
CFUNC memcpy
    jmp memmove
ENDCFUNC memcpy
CFUNC memmove
    mov rax, rdi
    mov rcx, rdx
    mov r8, rdi
    sub r8, rsi
    cmp r8, rdx
    jb 1f
    shr rcx, 3
    rep movsq
    mov ecx, edx
    and ecx, 7
    rep movsb
    ret
1:  std
    lea rsi, [rsi+rdx-1]
    lea rdi, [rdi+rdx-1]
    mov ecx, edx
    and ecx, 7
    rep movsb
    sub rsi, 7
    sub rdi, 7
    mov rcx, rdx
    shr rcx, 3
    rep movsq
    cld
    ret
ENDCFUNC memmove
CFUNC memset
    mov r8, rdi
    mov eax, esi
    mov rcx, rdx
    rep stosb
    mov rax, r8
    ret
ENDCFUNC memset
CFUNC bcmp
    jmp memcmp
ENDCFUNC bcmp
CFUNC memcmp
    xor eax, eax
    test rdx, rdx
    jz 2f
1:  movzx eax, byte ptr [rdi]
    movzx ecx, byte ptr [rsi]
    sub eax, ecx
    jnz 2f
    inc rdi
    inc rsi
    dec rdx
    jnz 1b
2:  ret
ENDCFUNC memcmp

/* memequal(p, q, size) bool */
GOFUNC runtime.memequal gort_index_runtime_memequal
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rsp+24]
    call memcmp
    test eax, eax
    sete [rsp+32]
    ret
ENDFUNC runtime.memequal

.macro MEMEQUAL bits
GOFUNC runtime.memequal\bits gort_index_runtime_memequal\bits
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov edx, \bits/8
    call memcmp
    test eax, eax
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal\bits
.endm
    .irp bits, 8,16,32,64,128
    MEMEQUAL \bits
    .endr

/* memequal_varlen(p, q) bool: the size is in the closure */
GOFUNC runtime.memequal_varlen gort_index_runtime_memequal_varlen
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rdx+8]
    call memcmp
    test eax, eax
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal_varlen

/* memhash_varlen(p, h) uintptr: the size is in the closure */
GOFUNC runtime.memhash_varlen gort_index_runtime_memhash_varlen
    mov rax, [rdx+8]
    sub rsp, 32
    .cfi_adjust_cfa_offset 32
    mov rcx, [rsp+40]
    mov [rsp], rcx
    mov rcx, [rsp+48]
    mov [rsp+8], rcx
    mov [rsp+16], rax
    call runtime.memhash
    mov rax, [rsp+24]
    add rsp, 32
    .cfi_adjust_cfa_offset -32
    mov [rsp+24], rax
    ret
ENDFUNC runtime.memhash_varlen

/* writebarrierptr(dst *uintptr, src uintptr) */
GOFUNC runtime.writebarrierptr gort_index_runtime_writebarrierptr
    mov rax, [rsp+8]
    mov rdi, [rsp+16]
    mov [rax], rdi
    cmp byte ptr runtime.writeBarrierEnabled[rip], 0
    jne 1f
    ret
1:  mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call gort_shade
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    ret
ENDFUNC runtime.writebarrierptr
