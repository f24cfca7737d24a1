/*
 * duffzero and duffcopy are entered in the middle: every step has exactly the length that the compiler counts with.
 */
GOFUNC runtime.duffzero gort_index_runtime_duffzero
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

GOFUNC runtime.duffcopy gort_index_runtime_duffcopy
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
