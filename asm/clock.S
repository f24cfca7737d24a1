/*
 * The time of day for kernels without vDSO: C's gettimeofday(tv, tz), whose arguments are where the
 * system call wants them (src/time/clock.rs). Like the vDSO's code it is none of the functions that
 * stand on goroutine stacks, so it lies outside their range.
 */
    .section .text.clock, "ax", @progbits
CFUNC gort_gettimeofday
    mov eax, 96                     /* SYS_gettimeofday */
    syscall
    ret
ENDCFUNC gort_gettimeofday
    .section .text.gort, "ax", @progbits
