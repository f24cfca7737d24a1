//! The assembly functions that compiled code or goroutine stacks know by name (section .gort.funcs).

use core::slice;

/// One function, as asm/trampoline.h records it.
#[repr(C)]
#[derive(Debug)]
pub struct AsmFunc {
    /// First byte.
    pub entry: usize,
    name: *const u8,
    len: u32,
    /// Row in the surface table, -1 for none.
    pub index: i32,
}

unsafe extern "C" {
    static gort_funcs_start: AsmFunc;
    static gort_funcs_end: AsmFunc;
    static gort_text_end: u8;
    #[link_name = "runtime.sigpanic"]
    static SIGPANIC: u8;
}

impl AsmFunc {
    /// Symbol name.
    pub fn name(&self) -> &'static str {
        // SAFETY: the assembler wrote the symbol's UTF-8 name.
        unsafe { core::str::from_utf8_unchecked(slice::from_raw_parts(self.name, self.len as usize)) }
    }
}

/// All of them, by address.
pub fn all() -> &'static [AsmFunc] {
    // SAFETY: one assembly unit fills the section between the two symbols.
    unsafe {
        let (a, b) = (&raw const gort_funcs_start, &raw const gort_funcs_end);
        slice::from_raw_parts(a, b.offset_from(a) as usize)
    }
}

/// The one that `pc` lies in.
pub fn find(pc: usize) -> Option<&'static AsmFunc> {
    if pc >= &raw const gort_text_end as usize {
        return None;
    }
    let i = all().partition_point(|f| f.entry <= pc);
    i.checked_sub(1).map(|i| &all()[i])
}

/// Entry of the function with this surface index.
pub fn entry_of(index: u32) -> usize {
    match all().iter().find(|f| f.index == index as i32) {
        Some(f) => f.entry,
        None => super::print::throw("runtime: call of an unknown function"),
    }
}

/// `pc` lies in runtime.sigpanic.
pub fn is_sigpanic(pc: usize) -> bool {
    find(pc).is_some_and(|f| f.entry == &raw const SIGPANIC as usize)
}
