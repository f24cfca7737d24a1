/*
 * The goroutine that calls finalizers. Its frame is nothing but the outgoing area of its calls:
 *
 *   0(rsp) .. 31(rsp)   arguments of reflect.call, written by gort.nextfinalizer as its results
 *
 * The results area of gort.nextfinalizer has the layout of reflect.call's arguments, so nothing is
 * moved between the two calls.
 */
GOFUNC runtime.runfinq
    STACKCHECK runtime.runfinq
    sub rsp, 40
    .cfi_adjust_cfa_offset 40
1:  GOCALL gort.nextfinalizer 40
    GOCALL reflect.call 40
    jmp 1b
ENDFUNC runtime.runfinq
