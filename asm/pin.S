/*
 * Staying on the P, for sync.Pool and atomic.Value: a few instructions without a frame, since a Get
 * or Put that finds its value is hardly more. sema/pin.rs says what the count means.
 */

.macro PIN name index
GOENTRY \name \index
    LOADG rax
    mov rax, [rax+G_M]
    inc dword ptr [rax+M_LOCKS]
.endm

/* Preemption that was asked for meanwhile, and refused: who asked asks again a tenth of a millisecond later. To look here would cost every Get and Put as much as the pin. */
.macro UNPIN name index
GOENTRY \name \index
    LOADG rax
    mov rax, [rax+G_M]
    dec dword ptr [rax+M_LOCKS]
    ret
ENDFUNC \name
.endm

/* sync.runtime_procPin() int: the P's number, its first field */
    PIN sync.runtime_procPin gort_index_sync_runtime_procPin
    mov rax, [rax+M_P]
    mov eax, [rax]
    mov [rsp+8], rax
    ret
ENDFUNC sync.runtime_procPin

/* sync/atomic.runtime_procPin(): its callers reserve no result */
    PIN sync/atomic.runtime_procPin gort_index_sync_atomic_runtime_procPin
    ret
ENDFUNC sync/atomic.runtime_procPin

    UNPIN sync.runtime_procUnpin gort_index_sync_runtime_procUnpin
    UNPIN sync/atomic.runtime_procUnpin gort_index_sync_atomic_runtime_procUnpin
