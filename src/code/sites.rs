//! Functions and call sites of compiled code and of the assembly that may stand on goroutine
//! stacks: the linker's tables answer with one lookup (crate gort-tables), the sections that
//! asm/trampoline.h fills with a search.

use core::slice;
use core::sync::atomic::{AtomicPtr, Ordering};
use gort_tables as tables;
use gort_tables::{FUNC_BUCKET, SITE_BUCKET};

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "gort.tables"]
    static TABLES: tables::Header;
}

unsafe extern "C" {
    static gort_text_start: u8;
    static gort_text_end: u8;
    static gort_sites_start: AsmSite;
    static gort_sites_end: AsmSite;
}

/// A return address in an assembly frame (asm/trampoline.h, SITE).
#[repr(C)]
pub(crate) struct AsmSite {
    pc: usize,
    pub(crate) size: u32,
    /// Surface index of the function, whose arguments' map it gives; -1 for none.
    pub(crate) index: i32,
}

/// The linker's tables.
#[doc(alias = "firstmoduledata")]
pub fn header() -> &'static tables::Header {
    #[cfg(not(test))]
    // SAFETY: the linker writes the tables, and nobody changes them.
    unsafe {
        &TABLES
    }
    #[cfg(test)]
    panic!("host tests have no linked program")
}

/// Bounds of the table for asm/cgo.S, which that registers when it first runs: programs without C
/// are linked without it.
#[unsafe(export_name = "gort_cgo_sites")]
static CGO_SITES: AtomicPtr<[*const AsmSite; 2]> = AtomicPtr::new(core::ptr::null_mut());

/// `pc` is a described place in an assembly frame.
pub fn is_asm_site(pc: usize) -> bool {
    asm_site(pc).is_some()
}

/// The described place in an assembly frame that `pc` is.
pub(crate) fn asm_site(pc: usize) -> Option<&'static AsmSite> {
    let (a, b) = (&raw const gort_sites_start, &raw const gort_sites_end);
    // SAFETY: the linker put all sites of the one assembly unit between the two symbols, in address
    // order.
    let sites = unsafe { between(a, b) };
    if let Ok(i) = sites.binary_search_by_key(&pc, |s| s.pc) {
        return Some(&sites[i]);
    }
    let more = CGO_SITES.load(Ordering::Relaxed);
    if more.is_null() {
        return None;
    }
    // SAFETY: asm/cgo.S wrote the address of its constant.
    let [a, b] = unsafe { *more };
    // SAFETY: its two addresses enclose the sites of that file, in any order.
    unsafe { between(a, b) }.iter().find(|s| s.pc == pc)
}

/// The sites from `a` up to `b`.
///
/// # Safety
/// Start and end of a constant array.
unsafe fn between(a: *const AsmSite, b: *const AsmSite) -> &'static [AsmSite] {
    // SAFETY: the caller's two are of one array, which nobody writes.
    unsafe { slice::from_raw_parts(a, b.offset_from(a) as usize) }
}

/// `pc` lies in compiled Go code.
pub fn in_go_text(pc: usize) -> bool {
    let h = header();
    (h.text as usize..h.etext as usize).contains(&pc)
}

/// `pc` lies in the assembly of the runtime that may stand on goroutine stacks.
pub fn in_asm_text(pc: usize) -> bool {
    (&raw const gort_text_start as usize..&raw const gort_text_end as usize).contains(&pc)
}

/// The function of Go text that `pc` lies in.
#[doc(alias = "findfunc")]
pub fn find_func(pc: usize) -> Option<&'static tables::Func> {
    let h = header();
    if !in_go_text(pc) {
        return None;
    }
    let off = (pc as u64 - h.text) as u32;
    // SAFETY: the index covers the text; the table is sorted by entry.
    unsafe {
        let mut i = *h.func_index.add((u64::from(off) / FUNC_BUCKET) as usize) as usize;
        while i + 1 < h.nfuncs as usize && (*h.funcs.add(i + 1)).entry <= off {
            i += 1;
        }
        let f = &*h.funcs.add(i);
        (f.entry <= off).then_some(f)
    }
}

/// Index of the call site with this return address, in the linker's site table.
#[doc(alias = "funcdata")]
pub fn find_site(pc: usize) -> Option<usize> {
    let h = header();
    if !in_go_text(pc) && pc != h.etext as usize {
        return None;
    }
    let off = (pc as u64 - h.text) as u32;
    let bucket = (u64::from(off) / SITE_BUCKET) as usize;
    if bucket + 1 >= h.nsite_index as usize {
        return None;
    }
    // SAFETY: the index has an entry for each bucket and one more.
    unsafe {
        let (mut i, end) = (
            *h.site_index.add(bucket) as usize,
            *h.site_index.add(bucket + 1) as usize,
        );
        while i < end {
            let at = (*h.sites.add(i)).pc;
            if at >= off {
                return (at == off).then_some(i);
            }
            i += 1;
        }
    }
    None
}
