/*
 * Entry of the executable and of every thread.
 */

/* The kernel's entry: 0(rsp) = argc, 8(rsp) = argv[0]. Nothing returns from here. */
GOFUNC _rt0_amd64_linux
    .cfi_undefined rip
    mov rdi, [rsp]
    lea rsi, [rsp+8]
    jmp runtime.rt0_go
ENDFUNC _rt0_amd64_linux

/* `main` of a C start-up: edi = argc, rsi = argv. */
    .weak main
GOFUNC main
    jmp runtime.rt0_go
ENDFUNC main

/* edi = argc, rsi = argv. The kernel's stack becomes g0's stack of the first thread. */
GOFUNC runtime.rt0_go
    .cfi_undefined rip
    and rsp, -16
    sub rsp, 32
    mov [rsp+16], rdi
    mov [rsp+24], rsi
    call gort_cpu_init
    mov rdi, rsp
    call gort_bootstrap             /* m0, g0 and fs */
    mov edi, [rsp+16]
    mov rsi, [rsp+24]
    call runtime.args
    call runtime.osinit
    call runtime.schedinit
    mov qword ptr [rsp], 0          /* newproc(siz = 0, fn = runtime.main) */
    lea rax, gort_main_funcval[rip]
    mov [rsp+8], rax
    call runtime.newproc
    call gort_mstart0
    ud2
ENDFUNC runtime.rt0_go

    .pushsection .rodata.gort.funcvals, "a", @progbits
    .p2align 3
gort_main_funcval: .quad runtime.main
    .popsection

/*
 * A constructor: entry of a program of C whose library this is (src/boot/library.rs). edi = argc,
 * rsi = argv, rdx = environment, from C libraries that pass them.
 */
GOENTRY _rt0_amd64_linux_lib -1
    /* On stacks of C: not for the stack-depth proof. */
1:  .pushsection .gort.g0paths, "", @progbits
    .quad 1b
    .popsection
    sub rsp, 8
    .cfi_adjust_cfa_offset 8
    call gort_library_loaded
    add rsp, 8
    .cfi_adjust_cfa_offset -8
    ret
ENDFUNC _rt0_amd64_linux_lib

/* First function of the library's first thread: rdi = what the kernel's entry finds at rsp. */
GOENTRY _rt0_amd64_linux_lib_go -1
1:  .pushsection .gort.g0paths, "", @progbits
    .quad 1b
    .popsection
    .cfi_undefined rip
    lea rsi, [rdi+8]
    mov rdi, [rdi]
    jmp runtime.rt0_go
ENDFUNC _rt0_amd64_linux_lib_go

    .pushsection .rodata.gort.environ, "a", @progbits
    .p2align 3
    .globl gort_c_environ
    .weak environ
gort_c_environ: .quad environ
    .popsection

    .section .text.gort, "ax", @progbits
/* First function of the main goroutine. */
GOFUNC runtime.main
    STACKCHECK runtime.main
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    GOCALL gort.mainstart 24
    GOCALL main.init 24
    GOCALL gort.maininitdone 24
    GOCALL main.main 24
    GOCALL gort.mainexit 24
    ud2
ENDFUNC runtime.main

/* Package runtime has nothing to initialise from Go code's point of view. */
GOFUNC runtime.init gort_index_runtime_init
    ret
ENDFUNC runtime.init

/*
 * Creates a thread. rdi = clone flags, rsi = its stack top, rdx = m, rcx = fs base. Returns the
 * thread id or -errno in the parent; the child goes on in runtime.mstart, on the new stack.
 */
CFUNC gort_clone
    push r12
    .cfi_adjust_cfa_offset 8
    mov r12, rdx
    mov r8, rcx                     /* tls */
    xor edx, edx
    xor r10d, r10d
    mov eax, 56                     /* clone */
    syscall
    test rax, rax
    jz 1f
    pop r12
    .cfi_adjust_cfa_offset -8
    ret
1:  jmp runtime.mstart
ENDCFUNC gort_clone

/* Where the code of a new thread begins, under Go's name for it. r12 = m. */
GOFUNC runtime.mstart
    .cfi_undefined rip
    xor ebp, ebp
    mov rdi, r12
    call gort_mstart
    ud2
ENDFUNC runtime.mstart

/* System call: rdi = number, rsi, rdx, rcx, r8, r9, 8(rsp) = arguments. Returns rax as the kernel left it. */
CFUNC gort_syscall
    mov rax, rdi
    mov rdi, rsi
    mov rsi, rdx
    mov rdx, rcx
    mov r10, r8
    mov r8, r9
    mov r9, [rsp+8]
    syscall
    ret
ENDCFUNC gort_syscall
