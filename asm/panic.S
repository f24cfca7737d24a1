/*
 * Deferred calls, panics and goroutine exit: the frames that stand on goroutine stacks while deferred functions run.
 * All state is in heap records (Panic, Defer); these frames only sequence the steps.
 */

/* deferreturn(arg0): runs the frame's pending deferred calls one by one by returning into the CALL again. */
GOFUNC runtime.deferreturn gort_index_runtime_deferreturn
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call gort_deferreturn           /* pops the record, copies its arguments to 8(rsp) up; rax = func value or 0 */
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test rax, rax
    jz 1f
    mov rdx, rax
    sub qword ptr [rsp], 5          /* the CALL instruction itself */
    jmp [rdx]
1:  ret
ENDFUNC runtime.deferreturn

/*
 * gopanic(e interface{}). Outgoing area: gort.panicnext leaves there exactly reflect.call's arguments.
 */
GOFUNC runtime.gopanic gort_index_runtime_gopanic
    STACKCHECK runtime.gopanic
    sub rsp, 40
    .cfi_adjust_cfa_offset 40
    mov rax, [rsp+48]
    mov [rsp], rax
    mov rax, [rsp+56]
    mov [rsp+8], rax
    mov [rsp+16], rsp               /* argp: reflect.call's frame rewrites it to the deferred function's arguments */
    GOCALL gort.panicstart 40 gort_index_runtime_gopanic
1:  mov [rsp], rsp
    GOCALL gort.panicnext 40 gort_index_runtime_gopanic
    GOCALL reflect.call 40 gort_index_runtime_gopanic
    GOCALL gort.panicdone 40 gort_index_runtime_gopanic
    jmp 1b
ENDFUNC runtime.gopanic

/* Goexit(): runs all deferred calls, then ends the goroutine. */
GOFUNC runtime.Goexit gort_index_runtime_Goexit
    STACKCHECK runtime.Goexit
    sub rsp, 40
    .cfi_adjust_cfa_offset 40
1:  GOCALL gort.goexitnext 40 gort_index_runtime_Goexit
    GOCALL reflect.call 40 gort_index_runtime_Goexit
    GOCALL gort.goexitdone 40 gort_index_runtime_Goexit
    jmp 1b
ENDFUNC runtime.Goexit

/* Every goroutine's first function returns here, one byte in: pc - 1 is then still goexit. */
GOFUNC runtime.goexit
    .cfi_undefined rip
    nop
    GOCALL gort.goexit0 0
    ud2
ENDFUNC runtime.goexit

/*
 * A runtime function raised a panic: entered by jump, rsp as at that function's entry, the value in g.panicarg.
 */
GOFUNC runtime.raise
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov rcx, qword ptr fs:[-8]
    mov rax, [rcx+G_PANICARG]
    mov [rsp], rax
    mov rax, [rcx+G_PANICARG+8]
    mov [rsp+8], rax
    mov qword ptr [rcx+G_PANICARG], 0
    mov qword ptr [rcx+G_PANICARG+8], 0
    GOCALL runtime.gopanic 24
    ud2
ENDFUNC runtime.raise

/* Goes back to the goroutine's stack and raises g.panicarg there. rdi = g. */
CFUNC gort_raise
    mov qword ptr fs:[-8], rdi
    mov rsp, [rdi+G_SCHED_SP]
    sub rsp, 8
    mov rax, [rdi+G_SCHED_PC]
    mov [rsp], rax
    jmp runtime.raise
ENDCFUNC gort_raise

/*
 * The signal handler made the faulting instruction look like a call of this function. Whether it becomes a panic is decided
 * in Rust, which raises it in the name of the faulting instruction.
 */
GOFUNC runtime.sigpanic
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    GOCALL gort.sigpanicvalue 24
    GOCALL runtime.gopanic 24
    ud2
ENDFUNC runtime.sigpanic
