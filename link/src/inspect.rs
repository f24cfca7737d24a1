//! What `-c` and `-n` print.

use crate::error::{Error, Name, Result};
use crate::layout::{Layout, Section};
use crate::object::RelocKind;
use crate::resolve::Program;
use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSymbol as _, SymbolKind};
use std::io::Write;

/// Prints `CALLER calls CALLEE` for every direct call and jump between functions.
pub fn call_graph(p: &Program<'_>, layout: &Layout, out: &mut dyn Write) -> std::io::Result<()> {
    for &id in layout.symbols(Section::Text) {
        for r in p.relocs(id).filter(|r| r.kind == RelocKind::Call) {
            if let Some(target) = r.target {
                writeln!(
                    out,
                    "{} calls {}",
                    Name(p.sym(id).name),
                    Name(p.sym(target).name)
                )?;
            }
        }
    }
    Ok(())
}

/// Prints address, kind and name of the executable's symbols by rising address.
pub fn symbols(exe: &[u8], out: &mut dyn Write) -> Result<()> {
    let file = ElfFile64::<Endianness>::parse(exe)
        .map_err(|e| Error::new(format!("cannot reread the executable: {e}")))?;
    let mut list: Vec<(u64, char, &[u8])> = file
        .symbols()
        .filter_map(|s| {
            let kind = match s.kind() {
                SymbolKind::Text => 'T',
                SymbolKind::Data => 'D',
                SymbolKind::Section | SymbolKind::File => return None,
                _ => '?',
            };
            s.name_bytes()
                .ok()
                .filter(|n| !n.is_empty())
                .map(|n| (s.address(), kind, n))
        })
        .collect();
    list.sort_unstable();
    for (address, kind, name) in list {
        writeln!(out, "{address:8x} {kind} {}", Name(name))
            .map_err(|e| Error::new(format!("cannot print symbols: {e}")))?;
    }
    Ok(())
}
