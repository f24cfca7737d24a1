/*
 * Memory primitives, for compiled code (arguments on the stack) and for Rust (System V).
 *
 * Rules that hold in this file:
 * - rsp keeps its entry value wherever a user address is touched: a fault is made to look like a
 *   call from the instruction, and the signal handler takes 0(rsp) as the Go caller's return
 *   address. So entries load registers and jump; nothing is pushed.
 * - A word that is aligned in source and destination is moved by one instruction: the collector may
 *   look at any time. Vector moves satisfy that (no processor splits an aligned eight-byte part of
 *   them); byte-wise string instructions are not used.
 * - Only rax, rcx, rdx, rsi, rdi, r8-r11 and vector registers are touched, so that each body serves
 *   both conventions.
 * - Reads stay inside the operands, or (IndexByte only) inside the page that holds them.
 *
 * Sizes up to 256 need no loop: two, four, eight or sixteen overlapping vectors cover them. Above
 * that, AVX2 is used where the processor has it (gort_cpu_init); the uppers are cleared on the way
 * out, so compiled SSE code never pays for a transition.
 */

/* Bits of gort_cpu_features: 1 = AVX2 is there and usable, 2 = fast `rep stos`, 4 = AVX-512VL is there and usable. */
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
    xor ecx, ecx
    xgetbv
    and eax, 0xe6                   /* and the registers that AVX-512 adds */
    cmp eax, 0xe6
    jne 1f
    bt ebx, 31                      /* AVX-512VL */
    jnc 1f
    or r9d, 4
1:  mov gort_cpu_features[rip], r9b
    mov rbx, r8
    ret
ENDCFUNC gort_cpu_init

/* ---- moving ------------------------------------------------------------------------------- */

/*
 * Moves more than 256 bytes upwards: rdi = to, rsi = from, rdx = n, `to` not inside (from, from+n).
 * The unaligned head (one vector) and tail (four) are loaded before anything is stored and stored
 * last, the rest goes to aligned addresses.
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
    ja 8f
    /* The shortest first: what they cost is the branches. */
    cmp edx, 4
    jae 2f
    cmp edx, 1
    jbe 1f
    movzx ecx, word ptr [rsi]
    movzx r8d, byte ptr [rsi+rdx-1]
    mov [rdi], cx
    mov [rdi+rdx-1], r8b
    ret
1:  jb 1f
    movzx ecx, byte ptr [rsi]
    mov [rdi], cl
1:  ret

    .p2align 4
2:  cmp edx, 8
    jb 1f
    mov rcx, [rsi]
    mov r8, [rsi+rdx-8]
    mov [rdi], rcx
    mov [rdi+rdx-8], r8
    ret
1:  mov ecx, [rsi]
    mov r8d, [rsi+rdx-4]
    mov [rdi], ecx
    mov [rdi+rdx-4], r8d
    ret

    .p2align 4
8:  cmp rdx, 32
    ja 8f
    movups xmm0, [rsi]
    movups xmm1, [rsi+rdx-16]
    movups [rdi], xmm0
    movups [rdi+rdx-16], xmm1
    ret

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
    cmp rdx, 8                      /* the smallest first: the others do not feel the test */
    jb .Lfill_below_8
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
    jb .Lfill_below_8
    mov [rdi], r8
    mov [rdi+rdx-8], r8
    ret
.Lfill_below_8:
    cmp edx, 4
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
    cmp rdx, 8192                   /* from here on `rep stosq` is faster: it claims whole lines without reading them */
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

/*
 * rdi = destination, rsi = source, rdx = bytes. Answers how many bytes could not be copied, because
 * the source cannot be read: the signal handler makes a fault of the instruction at
 * gort_copy_readable_at go on at gort_copy_readable_out. C ABI.
 */
CFUNC gort_copy_readable
    mov rcx, rdx
    .globl gort_copy_readable_at
gort_copy_readable_at:
    rep movsb
    .globl gort_copy_readable_out
gort_copy_readable_out:
    mov rax, rcx
    ret
ENDCFUNC gort_copy_readable
