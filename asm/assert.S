/*
 * Type assertions while no barrier is due: a comparison and a copy, without a frame; the usual
 * sizes where they stand. Everything else is left to the functions in types/assert.rs, which start
 * from the beginning. E is interface{}, I an interface with methods, T any other type.
 *
 *   rsp+8       the type asserted
 *   rsp+16, 24  the interface value
 *   rsp+32      where the result goes, or null
 *   rsp+40      of those with a 2: whether it has the type
 */

/* The general case. */
.macro ASSERT_GENERAL id
    LEAF_OR gort_leaf_\id gort_sys_\id offset gort_index_\id
.endm

.macro ASSERTED two
    .if \two
    mov byte ptr [rsp+40], 1
    .endif
    xor eax, eax
    ret
.endm

/* The dynamic type in rax; on to `nil` if there is none. */
.macro DYNAMIC_TYPE iface nil
    mov rax, [rsp+16]
    test rax, rax
    jz \nil
    .if \iface
    mov rax, [rax+ITAB_TYP]
    .endif
.endm

/* x.(T) */
.macro ASSERT_VALUE name id iface two
GOENTRY runtime.\name gort_index_\id
    mov rcx, [rsp+8]
    .if \two
    DYNAMIC_TYPE \iface 6f
    cmp rax, rcx
    jne 6f
    .else
    DYNAMIC_TYPE \iface 9f
    cmp rax, rcx
    jne 9f
    .endif
    cmp byte ptr runtime.writeBarrierEnabled[rip], 0
    jne 9f
    mov rdx, [rsp+32]
    test rdx, rdx
    jz 2f
    mov rsi, [rsp+24]
    test byte ptr [rcx+TYPE_KIND], KIND_DIRECT_IFACE
    jnz 1f
    mov rcx, [rcx]
    cmp rcx, 8
    jne 3f
    mov rsi, [rsi]
1:  mov [rdx], rsi
2:  ASSERTED \two
3:  cmp rcx, 16
    jne 4f
    mov rax, [rsi]
    mov rsi, [rsi+8]
    mov [rdx], rax
    mov [rdx+8], rsi
    ASSERTED \two
4:  cmp rcx, 4
    jne 5f
    mov eax, [rsi]
    mov [rdx], eax
    ASSERTED \two
5:  cmp rcx, 1
    jne 5f
    mov al, [rsi]
    mov [rdx], al
    ASSERTED \two
5:  mov rdi, rdx
    mov rdx, rcx
    .if \two
    mov byte ptr [rsp+40], 1
    .endif
    jmp gort_move
    .if \two
    /* The result is zero, which needs no barrier. */
6:  mov rdx, [rsp+32]
    test rdx, rdx
    jz 8f
    mov rcx, [rcx]
    xor eax, eax
    cmp rcx, 8
    ja 7f
    jb 5f
    mov [rdx], rax
    jmp 8f
7:  cmp rcx, 16
    jne 4f
    mov [rdx], rax
    mov [rdx+8], rax
    jmp 8f
5:  cmp rcx, 4
    jne 5f
    mov [rdx], eax
    jmp 8f
5:  cmp rcx, 1
    jne 4f
    mov [rdx], al
8:  mov byte ptr [rsp+40], 0
    ret
4:  mov byte ptr [rsp+40], 0
    mov rdi, rdx
    mov rdx, rcx
    xor r8d, r8d
    xorps xmm0, xmm0
    jmp gort_fill
    .endif
9:  ASSERT_GENERAL \id
ENDFUNC runtime.\name
.endm
    ASSERT_VALUE assertE2T runtime_assertE2T 0 0
    ASSERT_VALUE assertE2T2 runtime_assertE2T2 0 1
    ASSERT_VALUE assertI2T runtime_assertI2T 1 0
    ASSERT_VALUE assertI2T2 runtime_assertI2T2 1 1

/* x.(interface{}): every value that is not nil has it. */
.macro ASSERT_EMPTY name id iface two
GOENTRY runtime.\name gort_index_\id
    DYNAMIC_TYPE \iface 9f
    cmp byte ptr runtime.writeBarrierEnabled[rip], 0
    jne 9f
    mov rdx, [rsp+32]
    test rdx, rdx
    jz 1f
    mov rsi, [rsp+24]
    mov [rdx], rax
    mov [rdx+8], rsi
1:  ASSERTED \two
9:  ASSERT_GENERAL \id
ENDFUNC runtime.\name
.endm
    ASSERT_EMPTY assertE2E runtime_assertE2E 0 0
    ASSERT_EMPTY assertE2E2 runtime_assertE2E2 0 1
    ASSERT_EMPTY assertI2E runtime_assertI2E 1 0
    ASSERT_EMPTY assertI2E2 runtime_assertI2E2 1 1
