/*
 * Functions on strings for which registers matter: iteration by runes, conversions that only alias
 * memory, the entry of map lookups.
 */

/* ---- runes -------------------------------------------------------------------------------- */

/*
 * stringiter2(s string, k int) (next int, r rune), and stringiter without the rune: the rune at k
 * and where the next one starts, 0 at the end. The rules are those of src/strings/utf8.rs. Here
 * because the width must come from branches, which are predicted: computed from the bytes it would
 * chain each step of a loop to the decoding of the one before.
 */
.macro STRINGITER rune
    mov rax, [rsp+24]
    mov rcx, [rsp+16]
    sub rcx, rax
    jle 9f
    mov rsi, [rsp+8]
    add rsi, rax
    movzx edx, byte ptr [rsi]
    test dl, dl
    js 1f
    inc rax
    jmp 7f
    /* Two bytes: c2..df, 80..bf. A continuation byte xor 80 is below 40. */
1:  cmp edx, 0xe0
    jae 1f
    cmp edx, 0xc2
    jb 8f
    cmp rcx, 2
    jb 8f
    movzx edi, byte ptr [rsi+1]
    xor edi, 0x80
    cmp edi, 0x40
    jae 8f
    and edx, 0x1f
    shl edx, 6
    or edx, edi
    add rax, 2
    jmp 7f
    /* Three: no surrogates, nothing that fits two. */
1:  cmp rcx, 3
    jb 8f
    cmp edx, 0xf0
    jae 1f
    movzx edi, byte ptr [rsi+1]
    movzx r8d, byte ptr [rsi+2]
    xor edi, 0x80
    xor r8d, 0x80
    mov r9d, edi
    or r9d, r8d
    cmp r9d, 0x40
    jae 8f
    and edx, 0xf
    shl edx, 12
    shl edi, 6
    or edx, edi
    or edx, r8d
    cmp edx, 0x800
    jb 8f
    mov edi, edx
    and edi, 0xf800
    cmp edi, 0xd800
    je 8f
    add rax, 3
    jmp 7f
    /* Four: 10000..10ffff. */
1:  cmp rcx, 4
    jb 8f
    cmp edx, 0xf4
    ja 8f
    movzx edi, byte ptr [rsi+1]
    movzx r8d, byte ptr [rsi+2]
    movzx r9d, byte ptr [rsi+3]
    xor edi, 0x80
    xor r8d, 0x80
    xor r9d, 0x80
    mov r10d, edi
    or r10d, r8d
    or r10d, r9d
    cmp r10d, 0x40
    jae 8f
    and edx, 7
    shl edx, 18
    shl edi, 12
    shl r8d, 6
    or edx, edi
    or edx, r8d
    or edx, r9d
    lea edi, [rdx-0x10000]
    cmp edi, 0x100000
    jae 8f
    add rax, 4
    jmp 7f
8:  mov edx, 0xfffd
    inc rax
7:  mov [rsp+32], rax
    .if \rune
    mov [rsp+40], edx
    .endif
    ret
9:  xor eax, eax
    xor edx, edx
    jmp 7b
.endm

GOFUNC runtime.stringiter2 gort_index_runtime_stringiter2
    STRINGITER 1
ENDFUNC runtime.stringiter2

GOFUNC runtime.stringiter gort_index_runtime_stringiter
    STRINGITER 0
ENDFUNC runtime.stringiter

/* ---- strings without a copy ---------------------------------------------------------------- */

/* slicebytetostringtmp(b []byte) string */
GOFUNC runtime.slicebytetostringtmp gort_index_runtime_slicebytetostringtmp
    mov rax, [rsp+8]
    mov rcx, [rsp+16]
    mov [rsp+32], rax
    mov [rsp+40], rcx
    ret
ENDFUNC runtime.slicebytetostringtmp

/* stringtoslicebytetmp(s string) []byte */
GOFUNC runtime.stringtoslicebytetmp gort_index_runtime_stringtoslicebytetmp
    mov rax, [rsp+8]
    mov rcx, [rsp+16]
    mov [rsp+24], rax
    mov [rsp+32], rcx
    mov [rsp+40], rcx
    ret
ENDFUNC runtime.stringtoslicebytetmp

/* Where and how much to copy: as many elements as both have. The result is at `result`. */
.macro COPIED result
    mov rdi, [rsp+8]
    mov rdx, [rsp+16]
    mov rsi, [rsp+32]
    mov rax, [rsp+40]
    cmp rax, rdx
    cmovl rdx, rax
    mov [rsp+\result], rdx
    test rdx, rdx
    jz 1f
.endm

/* slicestringcopy(to []byte, fm string) int */
GOFUNC runtime.slicestringcopy gort_index_runtime_slicestringcopy
    COPIED 48
    jmp gort_move
1:  ret
ENDFUNC runtime.slicestringcopy

/* slicecopy(to, fm []T, width uintptr) int: elements without pointers */
GOFUNC runtime.slicecopy gort_index_runtime_slicecopy
    COPIED 64
    imul rdx, [rsp+56]
    jmp gort_move
1:  ret
ENDFUNC runtime.slicecopy

/* typedslicecopy(typ *type, dst, src []T) int: elements with pointers; while a barrier is due, in Rust */
GOFUNC runtime.typedslicecopy gort_index_runtime_typedslicecopy
    cmp byte ptr runtime.writeBarrierEnabled[rip], 0
    jne 2f
    mov rdi, [rsp+16]
    mov rdx, [rsp+24]
    mov rsi, [rsp+40]
    mov rax, [rsp+48]
    mov rcx, [rsp+8]
    cmp rax, rdx
    cmovl rdx, rax
    mov [rsp+64], rdx
    imul rdx, [rcx]
    jmp gort_move
2:  LEAF_OR gort_leaf_runtime_typedslicecopy gort_sys_runtime_typedslicecopy offset gort_index_runtime_typedslicecopy
ENDFUNC runtime.typedslicecopy

/* ---- lookups of strings ------------------------------------------------------------------- */

/*
 * mapaccess1_faststr(t, h, key string) and mapaccess2_faststr: nil and empty maps are answered
 * here, with the element type's zero value, since entering Rust would take longer than that.
 * MapType.elem is at 80, Type.zero at 64 (checked in src/map/entry.rs).
 */
.macro MAPACCESS_STR name leaf two
GOENTRY \name gort_index_\leaf
    mov rax, [rsp+16]
    test rax, rax
    jz 1f
    cmp qword ptr [rax], 0
    je 1f
    LEAF gort_leaf_\leaf
1:  mov rax, [rsp+8]
    mov rax, [rax+80]
    mov rax, [rax+64]
    mov [rsp+40], rax
    .if \two
    mov byte ptr [rsp+48], 0
    .endif
    ret
ENDFUNC \name
.endm
    MAPACCESS_STR runtime.mapaccess1_faststr runtime_mapaccess1_faststr 0
    MAPACCESS_STR runtime.mapaccess2_faststr runtime_mapaccess2_faststr 1
    .section .text.gort, "ax", @progbits
