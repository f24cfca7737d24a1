/*
 * Functions of interfaces that call compiled code on the goroutine's stack: small frames without
 * state of their own.
 */

/*
 * efaceeq(p, q interface{}) bool and its twin for interfaces with methods. What the types of the
 * library's own rows need is done here; a compiled function is called from here, on the goroutine's
 * stack; system mode is for the panic of types without equality. `typ` turns the first word of p,
 * in rcx, into its type.
 *
 *   rsp+0, +8   arguments: the data words, which point to the values
 *   rsp+16      result
 */
.macro IFACEEQ name id typ:vararg
GOFUNC \name gort_index_\id
    mov rcx, [rsp+8]
    lea r8, [rsp+40]
    cmp rcx, [rsp+24]
    jne 5f
    test rcx, rcx
    jz 6f
    \typ
    mov rax, [rcx+TYPE_ALG]
    mov rdi, [rsp+16]
    mov r9, [rax+ALG_EQUAL]
    mov rsi, [rsp+32]
    test r9, r9
    jz 9f
    test byte ptr [rcx+TYPE_KIND], KIND_DIRECT_IFACE
    jnz 4f
    lea r10, runtime.algarray[rip+16*ALG_MEM8]
    sub rax, r10
    cmp rax, 16*(ALG_MEM128-ALG_MEM8)
    ja 1f
    mov rdx, [rcx]
    jmp gort_equal
1:  cmp rax, 16*(ALG_STRING-ALG_MEM8)
    jne 2f
    mov rdx, [rdi+8]
    cmp rdx, [rsi+8]
    jne 5f
    mov rdi, [rdi]
    mov rsi, [rsi]
    jmp gort_equal
    /* One word: the same, different, or not all of the value, as in a structure with a field called _. */
4:  cmp rdi, rsi
    je 6f
    lea r10, runtime.algarray[rip+16*ALG_MEM64]
    cmp rax, r10
    je 5f
    lea rdi, [rsp+16]
    lea rsi, [rsp+32]
    jmp 7f
5:  mov byte ptr [r8], 0
    ret
6:  mov byte ptr [r8], 1
    ret

    /* Plain memory of other sizes, then floats: NaN is not equal to itself. */
2:  lea r10, runtime.memequal_varlen[rip]
    cmp [r9], r10
    jne 2f
    mov rdx, [r9+8]
    jmp gort_equal
2:  cmp rax, 16*(ALG_FLOAT64-ALG_MEM8)
    jne 2f
    movsd xmm0, [rdi]
    cmpeqsd xmm0, [rsi]
    jmp 3f
2:  cmp rax, 16*(ALG_FLOAT32-ALG_MEM8)
    jne 2f
    movss xmm0, [rdi]
    cmpeqss xmm0, [rsi]
3:  movd eax, xmm0
    and eax, 1
    mov [r8], al
    ret
2:  cmp rax, 16*(ALG_COMPLEX128-ALG_MEM8)
    jne 2f
    movupd xmm0, [rdi]
    movupd xmm1, [rsi]
    cmpeqpd xmm0, xmm1
    jmp 3f
2:  cmp rax, 16*(ALG_COMPLEX64-ALG_MEM8)
    jne 2f
    /* Each comparison fills a half of the register, or a quarter: those above are both zero, and equal. */
    movq xmm0, [rdi]
    movq xmm1, [rsi]
    cmpeqps xmm0, xmm1
3:  movmskps eax, xmm0
    cmp eax, 15
    sete [r8]
    ret

2:
7:  STACKCHECK \name
    mov rdx, r9
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov [rsp], rdi
    mov [rsp+8], rsi
    call [rdx]
    SITE 24 gort_index_\id
    mov al, [rsp+16]
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    mov [rsp+40], al
    ret
9:
    SYSTEM gort_sys_\id offset gort_index_\id
ENDFUNC \name
.endm
    IFACEEQ runtime.efaceeq runtime_efaceeq
    IFACEEQ runtime.ifaceeq runtime_ifaceeq mov rcx, [rcx+ITAB_TYP]

/* efacethash(e interface{}) uint32 and its twin: the hash of the dynamic type, which a type switch looks for; 0 for nil. */
.macro TYPEHASH name id typ:vararg
GOFUNC \name gort_index_\id
    mov rcx, [rsp+8]
    xor eax, eax
    test rcx, rcx
    jz 1f
    \typ
    mov eax, [rcx+TYPE_HASH]
1:  mov [rsp+24], eax
    ret
ENDFUNC \name
.endm
    TYPEHASH runtime.efacethash runtime_efacethash
    TYPEHASH runtime.ifacethash runtime_ifacethash mov rcx, [rcx+ITAB_TYP]

/* runtime.Error.Error(e Error) string */
GOFUNC runtime.Error.Error gort_index_runtime_Error_Error
    STACKCHECK runtime.Error.Error
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov rcx, [rsp+32]
    mov rax, [rsp+40]
    mov [rsp], rax
    call [rcx+ITAB_FUN]
    SITE 24 gort_index_runtime_Error_Error
    mov rax, [rsp+8]
    mov [rsp+48], rax
    mov rax, [rsp+16]
    mov [rsp+56], rax
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    ret
ENDFUNC runtime.Error.Error

/* runtime.Error.RuntimeError(e Error) */
GOFUNC runtime.Error.RuntimeError gort_index_runtime_Error_RuntimeError
    STACKCHECK runtime.Error.RuntimeError
    sub rsp, 8
    .cfi_adjust_cfa_offset 8
    mov rcx, [rsp+16]
    mov rax, [rsp+24]
    mov [rsp], rax
    call [rcx+ITAB_FUN+8]
    SITE 8 gort_index_runtime_Error_RuntimeError
    add rsp, 8
    .cfi_adjust_cfa_offset -8
    ret
ENDFUNC runtime.Error.RuntimeError
