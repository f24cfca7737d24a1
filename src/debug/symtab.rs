//! From program counters to functions and lines.

use crate::stack::walk::header;
use core::slice;
use gort_tables::Func;

/// Bytes of the pclntab from `off`.
fn pclntab(off: usize) -> &'static [u8] {
    let h = header();
    // SAFETY: the linker's table, `npclntab` bytes long.
    unsafe { slice::from_raw_parts(h.pclntab.add(off), h.npclntab as usize - off) }
}

/// The function's table of frame sizes by pc.
pub fn pcsp(f: &Func) -> &'static [u8] {
    let record = pclntab(f.record as usize);
    let off = u32::from_le_bytes([record[20], record[21], record[22], record[23]]);
    if off == 0 { &[] } else { pclntab(off as usize) }
}
