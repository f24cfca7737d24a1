/*
 * Memory primitives, continued: equality, order and search. The rules are those of memory.S;
 * operands of more than 64 bytes (256 for the order) are compared with AVX2 where the processor has
 * it.
 */

/* ---- equality ----------------------------------------------------------------------------- */

/*
 * rdi, rsi, rdx = size; the byte at r8 becomes the answer. Up to sixteen bytes are compared where
 * the macro stands: what they cost is the way there.
 */
.macro EQUAL
    cmp rdi, rsi
    je 8f
    cmp rdx, 16
    ja gort_equal_long
    cmp edx, 8
    jb 2f
    mov rax, [rdi]
    mov rcx, [rdi+rdx-8]
    xor rax, [rsi]
    xor rcx, [rsi+rdx-8]
    or rax, rcx
    sete [r8]
    ret
2:  cmp edx, 4
    jb 2f
    mov eax, [rdi]
    mov ecx, [rdi+rdx-4]
    xor eax, [rsi]
    xor ecx, [rsi+rdx-4]
    or eax, ecx
    sete [r8]
    ret
2:  test edx, edx
    jz 8f
    movzx eax, byte ptr [rdi+rdx-1]
    xor al, [rsi+rdx-1]
    shr edx, 1                      /* 1, 2, 3 -> 0, 1, 1: with the first and the last that is all of them */
    movzx ecx, byte ptr [rdi+rdx]
    xor cl, [rsi+rdx]
    or eax, ecx
    movzx ecx, byte ptr [rdi]
    xor cl, [rsi]
    or eax, ecx
    sete [r8]
    ret
8:  mov byte ptr [r8], 1
    ret
.endm

/* memequal(p, q, size) bool */
GOFUNC runtime.memequal gort_index_runtime_memequal
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rsp+24]
    lea r8, [rsp+32]
gort_equal:
    EQUAL

    .p2align 4
gort_equal_long:                    /* more than sixteen */
    cmp rdx, 64
    ja 1f
    movups xmm0, [rdi]
    movups xmm1, [rsi]
    pcmpeqb xmm0, xmm1
    movups xmm2, [rdi+rdx-16]
    movups xmm3, [rsi+rdx-16]
    pcmpeqb xmm2, xmm3
    pand xmm0, xmm2
    cmp edx, 32
    jbe 2f
    movups xmm1, [rdi+16]
    movups xmm3, [rsi+16]
    pcmpeqb xmm1, xmm3
    pand xmm0, xmm1
    movups xmm2, [rdi+rdx-32]
    movups xmm3, [rsi+rdx-32]
    pcmpeqb xmm2, xmm3
    pand xmm0, xmm2
2:  pmovmskb eax, xmm0
    cmp eax, 0xffff
    sete [r8]
    ret

    .p2align 4
1:  NO_AVX2 3f
    cmp rdx, 128
    ja 1f
    vmovdqu ymm0, [rdi]
    vmovdqu ymm1, [rdi+32]
    vmovdqu ymm2, [rdi+rdx-64]
    vmovdqu ymm3, [rdi+rdx-32]
    vpcmpeqb ymm0, ymm0, [rsi]
    vpcmpeqb ymm1, ymm1, [rsi+32]
    vpcmpeqb ymm2, ymm2, [rsi+rdx-64]
    vpcmpeqb ymm3, ymm3, [rsi+rdx-32]
    vpand ymm0, ymm0, ymm1
    vpand ymm2, ymm2, ymm3
    vpand ymm0, ymm0, ymm2
    vpmovmskb eax, ymm0
    vzeroupper
    inc eax
    sete [r8]
    ret

    /* 128 bytes a round, then the last 64 or 128 whatever of them was seen already. */
    .p2align 4
1:  lea r9, [rdi+rdx-128]
    sub rsi, rdi
    .p2align 5
2:  vmovdqu ymm0, [rdi]
    vmovdqu ymm1, [rdi+32]
    vmovdqu ymm2, [rdi+64]
    vmovdqu ymm3, [rdi+96]
    vpcmpeqb ymm0, ymm0, [rdi+rsi]
    vpcmpeqb ymm1, ymm1, [rdi+rsi+32]
    vpcmpeqb ymm2, ymm2, [rdi+rsi+64]
    vpcmpeqb ymm3, ymm3, [rdi+rsi+96]
    vpand ymm0, ymm0, ymm1
    vpand ymm2, ymm2, ymm3
    vpand ymm0, ymm0, ymm2
    vpmovmskb eax, ymm0
    inc eax
    jnz 6f
    cmp rdi, r9
    je 6f
    sub rdi, -128
    cmp rdi, r9
    jb 2b
    lea rcx, [r9+64]
    cmp rdi, rcx
    jae 4f
    mov rdi, r9
    jmp 2b
4:  vmovdqu ymm0, [rcx]
    vmovdqu ymm1, [rcx+32]
    vpcmpeqb ymm0, ymm0, [rcx+rsi]
    vpcmpeqb ymm1, ymm1, [rcx+rsi+32]
    vpand ymm0, ymm0, ymm1
    vpmovmskb eax, ymm0
    inc eax
6:  vzeroupper
    test eax, eax
    sete [r8]
    ret

    .p2align 4
3:  lea r9, [rdi+rdx-64]
    sub rsi, rdi
2:  movups xmm0, [rdi]
    movups xmm4, [rdi+rsi]
    movups xmm1, [rdi+16]
    movups xmm5, [rdi+rsi+16]
    movups xmm2, [rdi+32]
    movups xmm6, [rdi+rsi+32]
    movups xmm3, [rdi+48]
    movups xmm7, [rdi+rsi+48]
    pcmpeqb xmm0, xmm4
    pcmpeqb xmm1, xmm5
    pcmpeqb xmm2, xmm6
    pcmpeqb xmm3, xmm7
    pand xmm0, xmm1
    pand xmm2, xmm3
    pand xmm0, xmm2
    pmovmskb eax, xmm0
    xor eax, 0xffff
    jnz 6f
    cmp rdi, r9
    je 6f
    add rdi, 64
    cmp rdi, r9
    jb 2b
    mov rdi, r9
    jmp 2b
6:  test eax, eax
    sete [r8]
    ret
ENDFUNC runtime.memequal

GOFUNC runtime.memequal8 gort_index_runtime_memequal8
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    movzx eax, byte ptr [rdi]
    cmp al, [rsi]
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal8

GOFUNC runtime.memequal16 gort_index_runtime_memequal16
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    movzx eax, word ptr [rdi]
    cmp ax, [rsi]
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal16

GOFUNC runtime.memequal32 gort_index_runtime_memequal32
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov eax, [rdi]
    cmp eax, [rsi]
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal32

GOFUNC runtime.memequal64 gort_index_runtime_memequal64
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rax, [rdi]
    cmp rax, [rsi]
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal64

GOFUNC runtime.memequal128 gort_index_runtime_memequal128
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rax, [rdi]
    mov rcx, [rdi+8]
    xor rax, [rsi]
    xor rcx, [rsi+8]
    or rax, rcx
    sete [rsp+24]
    ret
ENDFUNC runtime.memequal128

/* memequal_varlen(p, q) bool: the size is in the closure */
GOFUNC runtime.memequal_varlen gort_index_runtime_memequal_varlen
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rdx+8]
    lea r8, [rsp+24]
    jmp gort_equal
ENDFUNC runtime.memequal_varlen

/* eqstring(a, b string) bool */
GOFUNC runtime.eqstring gort_index_runtime_eqstring
    mov rdx, [rsp+16]
    mov rdi, [rsp+8]
    mov rsi, [rsp+24]
    lea r8, [rsp+40]
    cmp rdx, [rsp+32]
    jne 1f
    EQUAL
1:  mov byte ptr [r8], 0
    ret
ENDFUNC runtime.eqstring

/* Equal(a, b []byte) bool */
GOFUNC bytes.Equal gort_index_bytes_Equal
    mov rdx, [rsp+16]
    mov rdi, [rsp+8]
    mov rsi, [rsp+32]
    lea r8, [rsp+56]
    cmp rdx, [rsp+40]
    jne 1f
    EQUAL
1:  mov byte ptr [r8], 0
    ret
ENDFUNC bytes.Equal

/* C ABI: zero iff equal. */
CFUNC bcmp
    sub rsp, 8
    .cfi_adjust_cfa_offset 8
    mov r8, rsp
    call gort_equal
    movzx eax, byte ptr [rsp]       /* as wide as it was stored, or it would have to wait for the cache */
    add rsp, 8
    .cfi_adjust_cfa_offset -8
    xor eax, 1
    ret
ENDCFUNC bcmp

/* ---- order -------------------------------------------------------------------------------- */

/* The answer for operands that differ: from the flags of comparing the first difference as unsigned. */
.macro ORDER_BY_FLAGS
    seta al
    sbb rcx, rcx                    /* -1 when below; rcx is free */
    movzx eax, al
    add rax, rcx
    mov [r8], rax
    ret
.endm

/* cmpstring(a, b string) int */
GOFUNC runtime.cmpstring gort_index_runtime_cmpstring
    mov rdi, [rsp+8]
    mov r10, [rsp+16]
    mov rsi, [rsp+24]
    mov r11, [rsp+32]
    lea r8, [rsp+40]
gort_compare:                       /* rdi, r10 = size; rsi, r11 = size; the word at r8 becomes -1, 0 or 1 */
    mov rdx, r11
    cmp r10, r11
    cmovb rdx, r10
    cmp rdi, rsi
    je 9f
    cmp rdx, 16
    ja 1f
    cmp edx, 8
    jb 2f
    mov rax, [rdi]
    mov rcx, [rsi]
    cmp rax, rcx
    jne 3f
    mov rax, [rdi+rdx-8]
    mov rcx, [rsi+rdx-8]
    cmp rax, rcx
    je 9f
3:  bswap rax
    bswap rcx
    cmp rax, rcx
    ORDER_BY_FLAGS
    /* Four to seven bytes: the first four and the last four as one big-endian number. Bytes in both were equal if the second half counts. */
2:  cmp edx, 4
    jb 2f
    mov eax, [rdi]
    mov ecx, [rsi]
    mov edi, [rdi+rdx-4]
    mov esi, [rsi+rdx-4]
    bswap eax
    bswap ecx
    bswap edi
    bswap esi
    shl rax, 32
    shl rcx, 32
    or rax, rdi
    or rcx, rsi
    cmp rax, rcx
    je 9f
    ORDER_BY_FLAGS
2:  test edx, edx
    jz 9f
    movzx eax, byte ptr [rdi]
    movzx ecx, byte ptr [rsi]
    cmp eax, ecx
    jne 4f
    mov r9d, edx
    shr r9d, 1
    movzx eax, byte ptr [rdi+r9]
    movzx ecx, byte ptr [rsi+r9]
    cmp eax, ecx
    jne 4f
    movzx eax, byte ptr [rdi+rdx-1]
    movzx ecx, byte ptr [rsi+rdx-1]
    cmp eax, ecx
    je 9f
4:  ORDER_BY_FLAGS
9:  cmp r10, r11                    /* one is a prefix of the other */
    ORDER_BY_FLAGS

    .p2align 4
1:  movups xmm0, [rdi]
    movups xmm1, [rsi]
    pcmpeqb xmm0, xmm1
    pmovmskb eax, xmm0
    xor eax, 0xffff
    jnz 3f
    cmp rdx, 32
    ja 1f
    movups xmm0, [rdi+rdx-16]
    movups xmm1, [rsi+rdx-16]
    pcmpeqb xmm0, xmm1
    pmovmskb eax, xmm0
    xor eax, 0xffff
    jz 9b
    lea rdi, [rdi+rdx-16]
    lea rsi, [rsi+rdx-16]
3:  bsf eax, eax
    movzx ecx, byte ptr [rsi+rax]
    movzx eax, byte ptr [rdi+rax]
    cmp eax, ecx
    ORDER_BY_FLAGS

    .p2align 4
1:  cmp rdx, 256
    jb 3f
    NO_AVX2 3f
    jmp 5f
    /* Sixteen at a time, then the last sixteen. */
3:  lea r9, [rdi+rdx-16]
    sub rsi, rdi
    add rdi, 16
    .p2align 5
2:  movups xmm0, [rdi]
    movups xmm1, [rdi+rsi]
    pcmpeqb xmm0, xmm1
    pmovmskb eax, xmm0
    xor eax, 0xffff
    jnz 6f
    add rdi, 16
    cmp rdi, r9
    jb 2b
    mov rdi, r9
    movups xmm0, [rdi]
    movups xmm1, [rdi+rsi]
    pcmpeqb xmm0, xmm1
    pmovmskb eax, xmm0
    xor eax, 0xffff
    jz 9b
6:  bsf eax, eax
    add rdi, rax
    movzx eax, byte ptr [rdi]
    movzx ecx, byte ptr [rdi+rsi]
    cmp eax, ecx
    ORDER_BY_FLAGS

    .p2align 4
5:  lea r9, [rdi+rdx-128]
    sub rsi, rdi
    .p2align 5
2:  vmovdqu ymm0, [rdi]
    vmovdqu ymm1, [rdi+32]
    vmovdqu ymm2, [rdi+64]
    vmovdqu ymm3, [rdi+96]
    vpcmpeqb ymm0, ymm0, [rdi+rsi]
    vpcmpeqb ymm1, ymm1, [rdi+rsi+32]
    vpcmpeqb ymm2, ymm2, [rdi+rsi+64]
    vpcmpeqb ymm3, ymm3, [rdi+rsi+96]
    vpand ymm4, ymm0, ymm1
    vpand ymm5, ymm2, ymm3
    vpand ymm4, ymm4, ymm5
    vpmovmskb eax, ymm4
    inc eax
    jnz 7f
    cmp rdi, r9
    je 8f
    sub rdi, -128
    cmp rdi, r9
    jb 2b
    mov rdi, r9
    jmp 2b
    /* The difference is in one of ymm0..ymm3. */
7:  vpmovmskb eax, ymm0
    inc eax
    jnz 7f
    add rdi, 32
    vpmovmskb eax, ymm1
    inc eax
    jnz 7f
    add rdi, 32
    vpmovmskb eax, ymm2
    inc eax
    jnz 7f
    add rdi, 32
    vpmovmskb eax, ymm3
    inc eax
7:  vzeroupper
    dec eax
    not eax
    jmp 6b
8:  vzeroupper
    jmp 9b
ENDFUNC runtime.cmpstring

/* Compare(a, b []byte) int */
GOFUNC bytes.Compare gort_index_bytes_Compare
    mov rdi, [rsp+8]
    mov r10, [rsp+16]
    mov rsi, [rsp+32]
    mov r11, [rsp+40]
    lea r8, [rsp+56]
    jmp gort_compare
ENDFUNC bytes.Compare

CFUNC memcmp
    mov r10, rdx
    mov r11, rdx
    push 0
    .cfi_adjust_cfa_offset 8
    mov r8, rsp
    call gort_compare
    pop rax
    .cfi_adjust_cfa_offset -8
    ret
ENDCFUNC memcmp

/* ---- search ------------------------------------------------------------------------------- */

/* IndexByte(s string, c byte) int */
GOFUNC strings.IndexByte gort_index_strings_IndexByte
    mov rdi, [rsp+8]
    mov rdx, [rsp+16]
    movzx eax, byte ptr [rsp+24]
    lea r8, [rsp+32]
gort_indexbyte:                     /* rdi, rdx = size, eax = byte; the word at r8 becomes the index or -1 */
    movd xmm0, eax
    punpcklbw xmm0, xmm0
    pshuflw xmm0, xmm0, 0
    punpcklqdq xmm0, xmm0
    mov rsi, rdi                    /* start */
    cmp rdx, 16
    jb 3f
    cmp rdx, 128
    jb 1f
    NO_AVX2 1f
    jmp 5f
1:  lea r9, [rdi+rdx-16]
    .p2align 4
2:  movups xmm1, [rdi]
    pcmpeqb xmm1, xmm0
    pmovmskb eax, xmm1
    test eax, eax
    jnz 6f
    add rdi, 16
    cmp rdi, r9
    jb 2b
    mov rdi, r9
    movups xmm1, [rdi]
    pcmpeqb xmm1, xmm0
    pmovmskb eax, xmm1
    test eax, eax
    jnz 6f
7:  mov qword ptr [r8], -1
    ret
6:  bsf eax, eax
    sub rdi, rsi
    add rdi, rax
    mov [r8], rdi
    ret

    /* Fewer than sixteen: one load that stays in the page, of the bytes from the start or of those before the end. */
    .p2align 4
3:  test edx, edx
    jz 7b
    lea ecx, [rdi+16]
    test ecx, 0xff0
    jz 4f
    movups xmm1, [rdi]
    pcmpeqb xmm1, xmm0
    pmovmskb eax, xmm1
    bsf eax, eax
    jz 7b
    cmp eax, edx
    jae 7b
    mov [r8], rax
    ret
4:  movups xmm1, [rdi+rdx-16]
    pcmpeqb xmm1, xmm0
    pmovmskb eax, xmm1
    mov ecx, 16
    sub ecx, edx
    shr eax, cl
    bsf eax, eax
    jz 7b
    mov [r8], rax
    ret

    .p2align 4
5:  vinserti128 ymm0, ymm0, xmm0, 1
    lea r9, [rdi+rdx-128]
    .p2align 5
2:  vpcmpeqb ymm1, ymm0, [rdi]
    vpcmpeqb ymm2, ymm0, [rdi+32]
    vpcmpeqb ymm3, ymm0, [rdi+64]
    vpcmpeqb ymm4, ymm0, [rdi+96]
    vpor ymm5, ymm1, ymm2
    vpor ymm6, ymm3, ymm4
    vpor ymm5, ymm5, ymm6
    vptest ymm5, ymm5
    jnz 8f
    cmp rdi, r9
    je 9f
    sub rdi, -128
    cmp rdi, r9
    jb 2b
    mov rdi, r9
    jmp 2b
8:  vpmovmskb eax, ymm1
    test eax, eax
    jnz 8f
    add rdi, 32
    vpmovmskb eax, ymm2
    test eax, eax
    jnz 8f
    add rdi, 32
    vpmovmskb eax, ymm3
    test eax, eax
    jnz 8f
    add rdi, 32
    vpmovmskb eax, ymm4
8:  vzeroupper
    jmp 6b
9:  vzeroupper
    jmp 7b
ENDFUNC strings.IndexByte

/* IndexByte(s []byte, c byte) int */
GOFUNC bytes.IndexByte gort_index_bytes_IndexByte
    mov rdi, [rsp+8]
    mov rdx, [rsp+16]
    movzx eax, byte ptr [rsp+32]
    lea r8, [rsp+40]
    jmp gort_indexbyte
ENDFUNC bytes.IndexByte
