//! `.debug_frame`: how to find the caller's frame, from the compiler's table of stack depths.

use super::{ENCODING, address};
use crate::layout::{Layout, Section};
use crate::resolve::Program;
use gimli::write::{
    CallFrameInstruction, CommonInformationEntry, FrameDescriptionEntry, FrameTable,
};
use gimli::{Encoding, X86_64};
use gort_tables::pcvalue::PcValues;

/// Frame descriptions of all functions.
pub fn table(p: &Program<'_>, layout: &Layout) -> FrameTable {
    let mut table = FrameTable::default();
    let mut cie = CommonInformationEntry::new(
        Encoding {
            version: 4,
            ..ENCODING
        },
        1,
        -8,
        X86_64::RA,
    );
    // At entry the return address is on top of the stack. There is no frame pointer.
    cie.add_instruction(CallFrameInstruction::Cfa(X86_64::RSP, 8));
    cie.add_instruction(CallFrameInstruction::Offset(X86_64::RA, -8));
    let cie = table.add_cie(cie);
    for &id in layout.symbols(Section::Text) {
        let (Some((_, t)), Some(place)) = (p.text(id), layout.place(id)) else {
            continue;
        };
        let size = p.sym(id).size;
        let mut fde = FrameDescriptionEntry::new(address(Section::Text, place.offset), size as u32);
        let (mut start, mut depth) = (0, 0);
        for (end, value) in PcValues::new(t.pcsp, 0) {
            if value != depth && start < size {
                fde.add_instruction(
                    start as u32,
                    CallFrameInstruction::CfaOffset(value.max(0).saturating_add(8)),
                );
                depth = value;
            }
            start = end;
        }
        table.add_fde(cie, fde);
    }
    table
}
