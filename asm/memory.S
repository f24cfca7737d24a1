/*
 * Memory primitives, for compiled code (arguments on the stack) and for Rust (System V).
 *
 * Rules that hold in this file:
 * - rsp keeps its entry value wherever a user address is touched: a fault is made to look like a call from the instruction, and the
 *   signal handler takes 0(rsp) as the Go caller's return address. So entries load registers and jump; nothing is pushed.
 * - A word that is aligned in source and destination is moved by one instruction: the collector may look at any time. Vector
 *   moves satisfy that (no processor splits an aligned eight-byte part of them); byte-wise string instructions are not used.
 * - Only rax, rcx, rdx, rsi, rdi, r8-r11 and vector registers are touched, so that each body serves both conventions.
 * - Reads stay inside the operands, or (IndexByte only) inside the page that holds them.
 *
 * Sizes up to 256 need no loop: two, four, eight or sixteen overlapping vectors cover them. Above that, AVX2 is used where the
 * processor has it (gort_cpu_init); the uppers are cleared on the way out, so compiled SSE code never pays for a transition.
 */

/* Bits of gort_cpu_features: 1 = AVX2 is there and usable, 2 = fast `rep stos`. (No C preprocessor here: the tests include this file as it is.) */
.macro NO_AVX2 label
    test byte ptr gort_cpu_features[rip], 1
    jz \label
.endm
.macro NO_ERMS label
    test byte ptr gort_cpu_features[rip], 2
    jz \label
.endm

    .pushsection .bss.gort_cpu_features, "aw", @nobits
    .globl gort_cpu_features
    .type gort_cpu_features, @object
    .size gort_cpu_features, 1
gort_cpu_features: .zero 1
    .popsection

/* Finds out what the processor has. C ABI, called once before other threads exist; until then everything works on SSE2. */
CFUNC gort_cpu_init
    mov r8, rbx
    xor r9d, r9d
    xor eax, eax
    cpuid
    cmp eax, 7
    jb 1f
    mov eax, 1
    xor ecx, ecx
    cpuid
    mov r10d, ecx
    mov eax, 7
    xor ecx, ecx
    cpuid
    bt ebx, 9                       /* ERMS */
    jnc 2f
    or r9d, 2
2:  bt ebx, 5                       /* AVX2 */
    jnc 1f
    bt r10d, 27                     /* OSXSAVE: xgetbv may be asked whether the kernel saves the upper halves */
    jnc 1f
    xor ecx, ecx
    xgetbv
    and eax, 6
    cmp eax, 6
    jne 1f
    or r9d, 1
1:  mov gort_cpu_features[rip], r9b
    mov rbx, r8
    ret
ENDCFUNC gort_cpu_init

/* ---- moving ------------------------------------------------------------------------------- */

/*
 * Moves more than 256 bytes upwards: rdi = to, rsi = from, rdx = n, `to` not inside (from, from+n). The unaligned head (one
 * vector) and tail (four) are loaded before anything is stored and stored last, the rest goes to aligned addresses.
 */
.macro MOVE_UP v w u a
    \u \v\()4, [rsi]
    \u \v\()5, [rsi+rdx-\w]
    \u \v\()6, [rsi+rdx-2*\w]
    \u \v\()7, [rsi+rdx-3*\w]
    \u \v\()8, [rsi+rdx-4*\w]
    lea r8, [rdi+rdx-4*\w]
    mov r9, rdi
    or rdi, \w-1
    inc rdi
    sub rsi, r9
    add rsi, rdi
    .p2align 5
3:  \u \v\()0, [rsi]
    \u \v\()1, [rsi+\w]
    \u \v\()2, [rsi+2*\w]
    \u \v\()3, [rsi+3*\w]
    add rsi, 4*\w
    \a [rdi], \v\()0
    \a [rdi+\w], \v\()1
    \a [rdi+2*\w], \v\()2
    \a [rdi+3*\w], \v\()3
    add rdi, 4*\w
    cmp rdi, r8
    jb 3b
    \u [r8], \v\()8
    \u [r8+\w], \v\()7
    \u [r8+2*\w], \v\()6
    \u [r8+3*\w], \v\()5
    \u [r9], \v\()4
.endm

/* The same from the end downwards, for `to` inside [from, from+n). */
.macro MOVE_DOWN v w u a
    \u \v\()4, [rsi+rdx-\w]
    \u \v\()5, [rsi]
    \u \v\()6, [rsi+\w]
    \u \v\()7, [rsi+2*\w]
    \u \v\()8, [rsi+3*\w]
    mov r8, rdi
    lea r9, [rdi+rdx]
    lea r10, [rdi+4*\w]
    lea rcx, [r9-1]
    and rcx, -\w
    sub rsi, rdi
    add rsi, rcx
    .p2align 5
3:  \u \v\()0, [rsi-\w]
    \u \v\()1, [rsi-2*\w]
    \u \v\()2, [rsi-3*\w]
    \u \v\()3, [rsi-4*\w]
    sub rsi, 4*\w
    \a [rcx-\w], \v\()0
    \a [rcx-2*\w], \v\()1
    \a [rcx-3*\w], \v\()2
    \a [rcx-4*\w], \v\()3
    sub rcx, 4*\w
    cmp rcx, r10
    ja 3b
    \u [r8], \v\()5
    \u [r8+\w], \v\()6
    \u [r8+2*\w], \v\()7
    \u [r8+3*\w], \v\()8
    \u [r9-\w], \v\()4
.endm

/* memmove(to, from, n) */
GOFUNC runtime.memmove gort_index_runtime_memmove
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rsp+24]
gort_move:
    cmp rdx, 16
    jbe 2f
    cmp rdx, 32
    ja 8f
    movups xmm0, [rsi]
    movups xmm1, [rsi+rdx-16]
    movups [rdi], xmm0
    movups [rdi+rdx-16], xmm1
    ret

    .p2align 4
2:  cmp edx, 8
    jb 1f
    mov rcx, [rsi]
    mov r8, [rsi+rdx-8]
    mov [rdi], rcx
    mov [rdi+rdx-8], r8
    ret
1:  cmp edx, 4
    jb 1f
    mov ecx, [rsi]
    mov r8d, [rsi+rdx-4]
    mov [rdi], ecx
    mov [rdi+rdx-4], r8d
    ret
1:  cmp edx, 2
    jb 1f
    movzx ecx, word ptr [rsi]
    movzx r8d, byte ptr [rsi+rdx-1]
    mov [rdi], cx
    mov [rdi+rdx-1], r8b
    ret
1:  test edx, edx
    jz 1f
    movzx ecx, byte ptr [rsi]
    mov [rdi], cl
1:  ret

    .p2align 4
8:  cmp rdx, 64
    ja 1f
    movups xmm0, [rsi]
    movups xmm1, [rsi+16]
    movups xmm2, [rsi+rdx-32]
    movups xmm3, [rsi+rdx-16]
    movups [rdi], xmm0
    movups [rdi+16], xmm1
    movups [rdi+rdx-32], xmm2
    movups [rdi+rdx-16], xmm3
    ret

    .p2align 4
1:  cmp rdx, 256
    ja 1f
    movups xmm0, [rsi]
    movups xmm1, [rsi+16]
    movups xmm2, [rsi+32]
    movups xmm3, [rsi+48]
    movups xmm4, [rsi+rdx-64]
    movups xmm5, [rsi+rdx-48]
    movups xmm6, [rsi+rdx-32]
    movups xmm7, [rsi+rdx-16]
    cmp rdx, 128
    jbe 2f
    movups xmm8, [rsi+64]
    movups xmm9, [rsi+80]
    movups xmm10, [rsi+96]
    movups xmm11, [rsi+112]
    movups xmm12, [rsi+rdx-128]
    movups xmm13, [rsi+rdx-112]
    movups xmm14, [rsi+rdx-96]
    movups xmm15, [rsi+rdx-80]
    movups [rdi+64], xmm8
    movups [rdi+80], xmm9
    movups [rdi+96], xmm10
    movups [rdi+112], xmm11
    movups [rdi+rdx-128], xmm12
    movups [rdi+rdx-112], xmm13
    movups [rdi+rdx-96], xmm14
    movups [rdi+rdx-80], xmm15
2:  movups [rdi], xmm0
    movups [rdi+16], xmm1
    movups [rdi+32], xmm2
    movups [rdi+48], xmm3
    movups [rdi+rdx-64], xmm4
    movups [rdi+rdx-48], xmm5
    movups [rdi+rdx-32], xmm6
    movups [rdi+rdx-16], xmm7
    ret

    .p2align 4
1:  mov rcx, rdi
    sub rcx, rsi
    cmp rcx, rdx
    jb 5f
    NO_AVX2 4f
    cmp rdx, 0x400000               /* so large a copy bypasses the caches: it would only push out what the program still needs */
    jae 6f
7:  MOVE_UP ymm 32 vmovdqu vmovdqa
    vzeroupper
    ret
4:  MOVE_UP xmm 16 movdqu movdqa
    ret
5:  NO_AVX2 4f
    MOVE_DOWN ymm 32 vmovdqu vmovdqa
    vzeroupper
    ret
4:  MOVE_DOWN xmm 16 movdqu movdqa
    ret
6:  neg rcx                         /* from - to: streaming stores that come near the loads would stall them */
    cmp rcx, rdx
    jb 7b
    MOVE_UP ymm 32 vmovdqu vmovntdq
    sfence
    vzeroupper
    ret
ENDFUNC runtime.memmove

GOFUNC reflect.memmove gort_index_reflect_memmove
    jmp runtime.memmove
ENDFUNC reflect.memmove

CFUNC memcpy
    mov rax, rdi
    jmp gort_move
ENDCFUNC memcpy
CFUNC memmove
    mov rax, rdi
    jmp gort_move
ENDCFUNC memmove

/* ---- filling ------------------------------------------------------------------------------ */

/* Fills more than 256 bytes at rdi with \v0: the head and the tail unaligned, the rest aligned. */
.macro FILL v w u a
    \u [rdi], \v\()0
    lea r9, [rdi+rdx-4*\w]
    or rdi, \w-1
    inc rdi
    .p2align 5
3:  \a [rdi], \v\()0
    \a [rdi+\w], \v\()0
    \a [rdi+2*\w], \v\()0
    \a [rdi+3*\w], \v\()0
    add rdi, 4*\w
    cmp rdi, r9
    jb 3b
    \u [r9], \v\()0
    \u [r9+\w], \v\()0
    \u [r9+2*\w], \v\()0
    \u [r9+3*\w], \v\()0
.endm

/* memclr(ptr, n) */
GOFUNC runtime.memclr gort_index_runtime_memclr
    mov rdi, [rsp+8]
    mov rdx, [rsp+16]
    xor r8d, r8d
    xorps xmm0, xmm0
gort_fill:                          /* rdi, rdx = n; r8 and xmm0 = the byte all over; keeps rax */
    cmp rdx, 16
    jbe 2f
    cmp rdx, 64
    ja 8f
    movups [rdi], xmm0
    movups [rdi+rdx-16], xmm0
    cmp rdx, 32
    jbe 3f
    movups [rdi+16], xmm0
    movups [rdi+rdx-32], xmm0
3:  ret

    .p2align 4
2:  cmp edx, 8
    jb 1f
    mov [rdi], r8
    mov [rdi+rdx-8], r8
    ret
1:  cmp edx, 4
    jb 1f
    mov [rdi], r8d
    mov [rdi+rdx-4], r8d
    ret
1:  cmp edx, 2
    jb 1f
    mov [rdi], r8w
    mov [rdi+rdx-1], r8b
    ret
1:  test edx, edx
    jz 1f
    mov [rdi], r8b
1:  ret

    .p2align 4
8:  cmp rdx, 256
    ja 1f
    movups [rdi], xmm0
    movups [rdi+16], xmm0
    movups [rdi+32], xmm0
    movups [rdi+48], xmm0
    movups [rdi+rdx-64], xmm0
    movups [rdi+rdx-48], xmm0
    movups [rdi+rdx-32], xmm0
    movups [rdi+rdx-16], xmm0
    cmp rdx, 128
    jbe 2f
    movups [rdi+64], xmm0
    movups [rdi+80], xmm0
    movups [rdi+96], xmm0
    movups [rdi+112], xmm0
    movups [rdi+rdx-128], xmm0
    movups [rdi+rdx-112], xmm0
    movups [rdi+rdx-96], xmm0
    movups [rdi+rdx-80], xmm0
2:  ret

    .p2align 4
1:  NO_AVX2 4f
    cmp rdx, 2048                   /* from here on `rep stosq` is faster: it claims whole lines without reading them */
    jae 5f
6:  vinserti128 ymm0, ymm0, xmm0, 1
    FILL ymm 32 vmovdqu vmovdqa
    vzeroupper
    ret
4:  FILL xmm 16 movdqu movdqa
    ret
5:  NO_ERMS 6b
    movups [rdi+rdx-16], xmm0       /* the last, partial word of the loop below, and the unaligned head */
    movups [rdi], xmm0
    movups [rdi+16], xmm0
    movups [rdi+32], xmm0
    movups [rdi+48], xmm0
    mov rcx, rdi
    or rdi, 63
    inc rdi
    sub rcx, rdi
    add rcx, rdx
    shr rcx, 3
    mov r9, rax
    mov rax, r8
    rep stosq
    mov rax, r9
    ret
ENDFUNC runtime.memclr

GOFUNC reflect.memclr gort_index_reflect_memclr
    jmp runtime.memclr
ENDFUNC reflect.memclr

CFUNC memset
    mov rax, rdi
    movzx esi, sil
    mov r8, 0x0101010101010101
    imul r8, rsi
    movq xmm0, r8
    punpcklqdq xmm0, xmm0
    jmp gort_fill
ENDCFUNC memset

/* ---- equality ----------------------------------------------------------------------------- */

/* memequal(p, q, size) bool */
GOFUNC runtime.memequal gort_index_runtime_memequal
    mov rdi, [rsp+8]
    mov rsi, [rsp+16]
    mov rdx, [rsp+24]
    lea r8, [rsp+32]
gort_equal:                         /* rdi, rsi, rdx = size; the byte at r8 becomes the answer */
    cmp rdi, rsi
    je 8f
gort_equal_distinct:
    cmp rdx, 16
    ja 1f
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

    .p2align 4
1:  cmp rdx, 64
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
1:  cmp rdx, 256
    jb 3f
    NO_AVX2 3f
    /* 128 bytes a round, then the last 128 whatever of them was seen already. */
    lea r9, [rdi+rdx-128]
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
    mov rdi, r9
    jmp 2b
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
8:  mov byte ptr [r8], 1
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
    je gort_equal
    mov byte ptr [r8], 0
    ret
ENDFUNC runtime.eqstring

/* Equal(a, b []byte) bool */
GOFUNC bytes.Equal gort_index_bytes_Equal
    mov rdx, [rsp+16]
    mov rdi, [rsp+8]
    mov rsi, [rsp+32]
    lea r8, [rsp+56]
    cmp rdx, [rsp+40]
    je gort_equal
    mov byte ptr [r8], 0
    ret
ENDFUNC bytes.Equal

/* C ABI: zero iff equal. */
CFUNC bcmp
    push 0
    .cfi_adjust_cfa_offset 8
    mov r8, rsp
    call gort_equal
    pop rax
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
1:  cmp rdx, 256
    jb 3f
    NO_AVX2 3f
    jmp 5f
    /* Sixteen at a time, then the last sixteen. */
3:  lea r9, [rdi+rdx-16]
    sub rsi, rdi
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

/* ---- runes -------------------------------------------------------------------------------- */

/*
 * stringiter2(s string, k int) (next int, r rune), and stringiter without the rune: the rune at k and where the next one starts, 0 at the
 * end. The rules are those of src/strings/utf8.rs. Here because the width must come from branches, which are predicted: computed from
 * the bytes it would chain each step of a loop to the decoding of the one before.
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

/* slicestringcopy(to []byte, fm string) int */
GOFUNC runtime.slicestringcopy gort_index_runtime_slicestringcopy
    mov rdi, [rsp+8]
    mov rdx, [rsp+16]
    mov rsi, [rsp+32]
    mov rax, [rsp+40]
    cmp rax, rdx
    cmovl rdx, rax
    mov [rsp+48], rdx
    jmp gort_move
ENDFUNC runtime.slicestringcopy

/* ---- lookups of strings ------------------------------------------------------------------- */

/*
 * mapaccess1_faststr(t, h, key string) and mapaccess2_faststr: nil and empty maps are answered here, with the element type's zero value, since
 * entering Rust would take longer than that. MapType.elem is at 80, Type.zero at 64 (checked in src/map/entry.rs).
 */
.macro MAPACCESS_STR name leaf two
GOFUNC \name gort_index_\leaf
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

/* ---- hashes and barriers that need registers ----------------------------------------------- */

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
