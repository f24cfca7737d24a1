/*
 * Method expressions of interface runtime.Error: functions that take the interface value and call its method. The rest
 * of the table entry is at 32 (first method) and up.
 */

/* runtime.Error.Error(e Error) string */
GOFUNC runtime.Error.Error gort_index_runtime_Error_Error
    STACKCHECK runtime.Error.Error
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov rcx, [rsp+32]
    mov rax, [rsp+40]
    mov [rsp], rax
    call [rcx+32]
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
    call [rcx+40]
    SITE 8 gort_index_runtime_Error_RuntimeError
    add rsp, 8
    .cfi_adjust_cfa_offset -8
    ret
ENDFUNC runtime.Error.RuntimeError
