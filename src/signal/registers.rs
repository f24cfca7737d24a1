//! The registers of interrupted code, as text.

use crate::fatal::out::Out;
use crate::os::context::Context;

/// Names in the order of Go's register dump, with their places in the kernel's array.
const REGISTERS: [(&str, i32); 18] = [
    ("rax    ", libc::REG_RAX),
    ("rbx    ", libc::REG_RBX),
    ("rcx    ", libc::REG_RCX),
    ("rdx    ", libc::REG_RDX),
    ("rdi    ", libc::REG_RDI),
    ("rsi    ", libc::REG_RSI),
    ("rbp    ", libc::REG_RBP),
    ("rsp    ", libc::REG_RSP),
    ("r8     ", libc::REG_R8),
    ("r9     ", libc::REG_R9),
    ("r10    ", libc::REG_R10),
    ("r11    ", libc::REG_R11),
    ("r12    ", libc::REG_R12),
    ("r13    ", libc::REG_R13),
    ("r14    ", libc::REG_R14),
    ("r15    ", libc::REG_R15),
    ("rip    ", libc::REG_RIP),
    ("rflags ", libc::REG_EFL),
];

/// All registers, one a line.
pub(super) fn dump(ctx: &Context, out: &mut Out<'_>) {
    let general = ctx.general();
    for (name, index) in REGISTERS {
        let value = general[index as usize];
        out.str(name).hex(value as u64).str("\n");
    }
    let segments = ctx.segments();
    out.str("cs     ").hex(segments & 0xffff).str("\n");
    out.str("fs     ").hex(segments >> 32 & 0xffff).str("\n");
    out.str("gs     ").hex(segments >> 16 & 0xffff).str("\n");
}
