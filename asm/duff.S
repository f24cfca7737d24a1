/*
 * duffzero and duffcopy are entered in the middle: every step has exactly the length that the
 * compiler counts with.
 */
GOENTRY runtime.duffzero gort_index_runtime_duffzero
    .rept 31
    .byte 0x48,0x89,0x07            /* mov [rdi], rax */
    .byte 0x48,0x89,0x47,0x08       /* mov [rdi+8], rax */
    .byte 0x48,0x89,0x47,0x10       /* mov [rdi+16], rax */
    .byte 0x48,0x89,0x47,0x18       /* mov [rdi+24], rax */
    .byte 0x48,0x83,0xc7,0x20       /* add rdi, 32 */
    .endr
    .rept 4
    .byte 0x48,0xab                 /* stosq */
    .endr
    .byte 0xc3
    .if . - "runtime.duffzero" != 598
    .error "duffzero has the wrong length"
    .endif
ENDFUNC runtime.duffzero

GOENTRY runtime.duffcopy gort_index_runtime_duffcopy
    .rept 128
    .byte 0x48,0x8b,0x0e            /* mov rcx, [rsi] */
    .byte 0x48,0x83,0xc6,0x08       /* add rsi, 8 */
    .byte 0x48,0x89,0x0f            /* mov [rdi], rcx */
    .byte 0x48,0x83,0xc7,0x08       /* add rdi, 8 */
    .endr
    .byte 0xc3
    .if . - "runtime.duffcopy" != 1793
    .error "duffcopy has the wrong length"
    .endif
ENDFUNC runtime.duffcopy

/*
 * What the linker calls instead (link/src/specialise.rs): `runtime.duffzero.N` clears N words.
 * Compiled code takes these routines for instructions: every register stays as it is but rdi, which
 * moves on as above, and vector registers may hold variables. So the wide words come from ymm16,
 * which no compiled code knows and after which no `vzeroupper` is due; where there is no AVX-512,
 * from xmm0, which is kept below the stack pointer: nothing is called or interrupted in here, and
 * handlers of signals have a stack of their own. rsp keeps its value, as memory.S has it. rax is
 * zero on entry: in between it is free. Stores that straddle a line of the cache take twice as
 * long, and stacks are aligned to words only; so the first and the last are where they fall, and
 * aligned ones are between them.
 */

/* 32 bytes at a time up to rdi, entered at the store that is due; then the last 32 before rax, the end. */
    .section ".text.gort.runtime.duffzero.wide", "ax", @progbits
    .p2align 5
GOFUNC runtime.duffzero.wide
    .set .Lduff_k, 32
    .rept 32
    vmovdqa64 [rdi-32*.Lduff_k], ymm16
    .set .Lduff_k, .Lduff_k-1
    .endr
    mov rdi, rax
    vmovdqu64 [rdi-32], ymm16
    xor eax, eax
    ret
    .if . - "runtime.duffzero.wide" != 32*7+3+7+2+1
    .error "a store of runtime.duffzero.wide is not 7 bytes long"
    .endif
ENDFUNC runtime.duffzero.wide

/* rax words at rdi, at least four, without AVX-512. */
    .section ".text.gort.runtime.duffzero.narrow", "ax", @progbits
    .p2align 5
GOFUNC runtime.duffzero.narrow
    movups [rsp-16], xmm0
    xorps xmm0, xmm0
    movups [rdi], xmm0
    lea rax, [rdi+8*rax]
    or rdi, 15
    inc rdi
    sub rax, 32
2:  cmp rdi, rax
    jae 3f
    movaps [rdi], xmm0
    movaps [rdi+16], xmm0
    add rdi, 32
    jmp 2b
3:  lea rdi, [rax+32]
    movups [rdi-32], xmm0
    movups [rdi-16], xmm0
    movups xmm0, [rsp-16]
    xor eax, eax
    ret
ENDFUNC runtime.duffzero.narrow

.macro DUFFZERO n
    .section ".text.gort.runtime.duffzero.\n", "ax", @progbits
    .p2align 5
GOFUNC runtime.duffzero.\n
    .if \n & 3
    add rdi, 8*(4-(\n & 3))         /* a block of four, of which only the last words are meant */
    .endif
    test byte ptr gort_cpu_features[rip], 4
    jz 1f
    vpxord xmm16, xmm16, xmm16
    vmovdqu64 [rdi], ymm16
    .if \n <= 12
    vmovdqu64 [rdi+32], ymm16
    add rdi, 8*\n
    vmovdqu64 [rdi-32], ymm16
    ret
    .else
    .if (\n & 3) == 1 || (\n & 3) == 2
    vmovdqu64 [rdi+32], ymm16       /* the aligned ones may begin up to this far behind the first */
    .endif
    add rdi, 8*\n
    mov rax, rdi
    and rdi, -32
    jmp runtime.duffzero.wide + 7*(32-(\n-3)/4)
    .endif
1:  mov al, \n
    jmp runtime.duffzero.narrow
ENDFUNC runtime.duffzero.\n
.endm
/* Four words are the tail of duffzero, whose `stosq` take three times as long as stores. */
    .section ".text.gort.runtime.duffzero.4", "ax", @progbits
    .p2align 5
GOFUNC runtime.duffzero.4
    mov [rdi], rax
    mov [rdi+8], rax
    mov [rdi+16], rax
    mov [rdi+24], rax
    add rdi, 32
    ret
ENDFUNC runtime.duffzero.4

/* From five to eight words on, the routine itself is as fast. */
    .irp n, 9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48
    DUFFZERO \n
    .endr
    .irp n, 49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,81,82,83,84,85,86,87,88
    DUFFZERO \n
    .endr
    .irp n, 89,90,91,92,93,94,95,96,97,98,99,100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128
    DUFFZERO \n
    .endr
    .section .text.gort, "ax", @progbits
