/*
 * All assembly of the runtime, one unit: its sections and the table in .gort.sites then come out in
 * address order.
 */
#include "offsets.h"
    .intel_syntax noprefix
#include "trampoline.h"
    /* For debuggers only: nothing unwinds at run time, so nothing is loaded with the program. */
    .cfi_sections .debug_frame

    .section .gort.sites, "a", @progbits
    .p2align 3
    .globl gort_sites_start
gort_sites_start:

    .section .text.gort, "ax", @progbits
    .globl gort_text_start
gort_text_start:
#include "rt0.S"
#include "switch.S"
#include "calls.S"
#include "panic.S"
#include "iface.S"
#include "memory.S"
#include "compare.S"
#include "strings.S"
#include "duff.S"
#include "signal.S"
#include "finalizer.S"
#include "clock.S"
#include "pin.S"
#include "cgo.S"
#include "assert.S"
#include "trampolines.S"
    .section .text.gort.end, "ax", @progbits
    .p2align 5
    .globl gort_text_end
gort_text_end:
    nop

#include "data.S"
#include "types.S"

    .section .gort.sites, "a", @progbits
    .globl gort_sites_end
gort_sites_end:

    /* Read by gort's linker and left out of executables (link/src/places.rs). */
    .section .gort.places, "e", @progbits
    .incbin "places.txt"

    .section .note.GNU-stack, "", @progbits
