/*
 * Deferred calls, panics and goroutine exit: the frames that stand on goroutine stacks while
 * deferred functions run. All state is in heap records (Panic, Defer); these frames only sequence
 * the steps.
 */

/* deferreturn(arg0): runs the frame's pending deferred calls one by one by returning into the CALL again. */
GOFUNC runtime.deferreturn gort_index_runtime_deferreturn
    lea rdi, [rsp+8]
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    and rsp, -16
    call gort_deferreturn           /* pops the record, copies its arguments to 8(rsp) up; rax = func value, rdx = 1 if there is one */
    mov rsp, rbp
    .cfi_def_cfa rsp, 8
    test edx, edx
    jz 1f
    mov rdx, rax
    sub qword ptr [rsp], 5          /* the CALL instruction itself */
    SITE 0 -1                       /* with a nil func value it faults here */
    jmp [rdx]
1:  ret
ENDFUNC runtime.deferreturn

/*
 * gopanic(e interface{}). Outgoing area: gort.panicnext leaves there exactly reflect.call's
 * arguments.
 */
GOFUNC runtime.gopanic gort_index_runtime_gopanic
    STACKCHECK runtime.gopanic
    sub rsp, 40
    .cfi_adjust_cfa_offset 40
    mov rax, [rsp+48]
    mov [rsp], rax
    mov rax, [rsp+56]
    mov [rsp+8], rax
    mov [rsp+16], rsp
    GOCALL gort.panicstart 40 gort_index_runtime_gopanic
1:  mov [rsp], rsp                  /* reflect.call's frame finds this address in the panic and makes it that of the deferred function's arguments */
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
    cmp qword ptr [rsp], 0
    jne 2f                          /* no deferred calls are left */
    GOCALL reflect.call 40 gort_index_runtime_Goexit
    GOCALL gort.goexitdone 40 gort_index_runtime_Goexit
    jmp 1b
2:  GOCALL gort.goexit0 40 gort_index_runtime_Goexit
    ud2
ENDFUNC runtime.Goexit

/* Every goroutine's first function returns here, one byte in: pc - 1 is then still goexit. */
GOFUNC runtime.goexit
    .cfi_undefined rip
    nop
    GOCALL gort.goexit0 0
    ud2
ENDFUNC runtime.goexit

/*
 * A runtime function raised a panic: entered by jump, rsp as at that function's entry, the value in
 * g.panicarg. The frame stands for the function's own, which is gone: tracebacks show it by the
 * surface index at rsp+RAISED_IN (src/unwind/frames.rs).
 */
GOFUNC runtime.raise
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    LOADG rcx
    mov rax, [rcx+G_PANICARG]
    mov [rsp], rax
    mov rax, [rcx+G_PANICARG+8]
    mov [rsp+8], rax
    mov eax, [rcx+G_PARKMAP]
    mov [rsp+RAISED_IN], rax
    mov qword ptr [rcx+G_PANICARG], 0
    mov qword ptr [rcx+G_PANICARG+8], 0
    GOCALL runtime.gopanic 24
    ud2
ENDFUNC runtime.raise

/* Goes back to the goroutine's stack and raises g.panicarg there. rdi = g. */
CFUNC gort_raise
    STOREG rdi
    mov rsp, [rdi+G_SCHED_SP]
    sub rsp, 8
    mov rax, [rdi+G_SCHED_PC]
    mov [rsp], rax
    jmp runtime.raise
ENDCFUNC gort_raise

/*
 * Run-time panics with a fixed text, number `kind` of src/panic/values.rs. The first three are
 * called by compiled code, the others by sigpanic.
 */
.macro PANICFN name kind index=-1
GOFUNC "\name" \index
    sub rsp, 24
    .cfi_adjust_cfa_offset 24
    mov qword ptr [rsp], \kind
    GOCALL gort.panicvalue 24
    GOCALL runtime.gopanic 24
    ud2
ENDFUNC "\name"
.endm
    PANICFN runtime.panicindex 0 gort_index_runtime_panicindex
    PANICFN runtime.panicslice 1 gort_index_runtime_panicslice
    PANICFN runtime.panicdivide 2 gort_index_runtime_panicdivide
    PANICFN runtime.panicoverflow 3
    PANICFN runtime.panicfloat 4
    PANICFN runtime.panicmem 5

/*
 * The signal handler made the faulting instruction look like a call of this function. Rust decides
 * what becomes of it: the number of a run-time panic, which is raised from here, or the end of the
 * program.
 */
GOFUNC runtime.sigpanic
    /* Not behind a call stands its caller: debuggers are to look at the faulting instruction, not at the one before. */
    .cfi_signal_frame
    sub rsp, 8
    .cfi_adjust_cfa_offset 8
    GOCALL gort.sigpanickind 8
    mov rax, [rsp]
    cmp rax, 2
    jne 1f
    GOCALL runtime.panicdivide 8
1:  cmp rax, 3
    jne 1f
    GOCALL runtime.panicoverflow 8
1:  cmp rax, 4
    jne 1f
    GOCALL runtime.panicfloat 8
1:  GOCALL runtime.panicmem 8
    ud2
ENDFUNC runtime.sigpanic
