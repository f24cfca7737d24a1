/*
 * Functions of interfaces that call compiled code on the goroutine's stack: small frames without state of their own.
 */

/*
 * efaceeq(p, q interface{}) bool and its twin for interfaces with methods. Most types are compared by the leaf function. Those with a
 * compiled function are compared by calling it from here, on the goroutine's stack; system mode is for the panic of those without
 * equality. `typ` turns the first word of p, in rcx, into its type.
 *
 *   rsp+0, +8   arguments: the data words, which point to the values
 *   rsp+16      result
 */
.macro IFACEEQ name id typ:vararg
GOFUNC \name gort_index_\id
    ENTERED
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call gort_leaf_\id
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test al, al
    jz 1f
    ret
1:  STACKCHECK \name
    mov rcx, [rsp+8]
    \typ
    mov rdx, [rcx+TYPE_ALG]
    mov rdx, [rdx+ALG_EQUAL]
    test rdx, rdx
    jz 2f
    mov rax, [rsp+16]
    mov rcx, [rsp+32]
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov [rsp], rax
    mov [rsp+8], rcx
    call [rdx]
    SITE 24 gort_index_\id
    mov al, [rsp+16]
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    mov [rsp+40], al
    ret
2:
    SYSTEM gort_sys_\id offset gort_index_\id
ENDFUNC \name
.endm
    IFACEEQ runtime.efaceeq runtime_efaceeq
    IFACEEQ runtime.ifaceeq runtime_ifaceeq mov rcx, [rcx+ITAB_TYP]

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
