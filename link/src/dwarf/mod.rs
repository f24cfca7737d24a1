//! DWARF for debuggers: lines, frames, functions with their variables, types, globals.
//!
//! Promise: gdb stops at functions and lines of Go code, walks its frames and prints variables. One
//! compile unit holds all compiled code. Everything comes from what the compiler left in the
//! objects: pc-value tables, lists of variables, type descriptors. Descriptors are read from the
//! inputs, whether or not they are part of the image. The structures behind maps, channels and
//! interfaces are the runtime's. gimli writes the encodings.
//!
//! Types that a value of an interface may have are described, too, whether or not a variable has
//! them.

mod frames;
mod lines;
mod runtime;
mod types;

use crate::error::{Error, Result};
use crate::layout::{Layout, Section};
use crate::pclntab::Pclntab;
use crate::resolve::{Program, SymId};
use gimli::write::{
    Address, AttributeValue, EndianVec, Expression, LineString, RelocateWriter, Relocation,
    RelocationTarget, Sections, UnitEntryId,
};
use gimli::{Encoding, Format, LittleEndian, constants as dw};
use hashbrown::HashMap;
use std::borrow::Cow;

/// Vendor attribute: the reflect kind of a type.
const AT_GO_KIND: dw::DwAt = dw::DwAt(0x2900);
/// Vendor attribute: key type of a map.
const AT_GO_KEY: dw::DwAt = dw::DwAt(0x2901);
/// Vendor attribute: element type of a map, channel or slice.
const AT_GO_ELEM: dw::DwAt = dw::DwAt(0x2902);

const ENCODING: Encoding = Encoding {
    format: Format::Dwarf32,
    version: 4,
    address_size: 8,
};

/// What a debug section refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A section with Go symbols.
    Go(Section),
    /// The debug section of this name.
    Debug(&'static str),
}

/// A value to fill in when addresses are known.
#[derive(Debug, Clone, Copy)]
pub struct DebugReloc {
    /// Where.
    pub offset: u64,
    /// 4 or 8 bytes.
    pub size: u8,
    /// Section meant.
    pub target: Target,
    /// Offset in it.
    pub addend: i64,
}

/// A finished section.
#[derive(Debug)]
pub struct DebugSection {
    /// Its name.
    pub name: &'static str,
    /// Contents.
    pub bytes: Vec<u8>,
    /// What remains to be filled in.
    pub relocs: Vec<DebugReloc>,
}

/// Builds the debug sections of the program.
pub fn build(p: &Program<'_>, layout: &Layout, pclntab: &Pclntab) -> Result<Vec<DebugSection>> {
    let failed = |e: gimli::write::Error| {
        Error::new(format!("cannot write debug information: {e}; link with -w"))
    };
    let mut sections = Sections::new(DebugWriter::default());
    let line_program = lines::program(p, layout, pclntab);
    let mut dwarf = gimli::write::DwarfUnit::new(ENCODING);
    dwarf.unit.line_program = line_program;
    let mut u = Unit {
        p,
        layout,
        types: types::Types::new(p),
        dwarf: &mut dwarf,
    };
    u.compile_unit();
    u.functions();
    u.globals();
    u.types.finish(&mut u.dwarf.unit);
    dwarf.write(&mut sections).map_err(failed)?;
    frames::table(p, layout)
        .write_debug_frame(&mut sections.debug_frame)
        .map_err(failed)?;
    let mut out = Vec::new();
    sections.for_each_mut(|id, w| {
        let bytes = std::mem::replace(&mut w.bytes, EndianVec::new(LittleEndian)).into_vec();
        if !bytes.is_empty() {
            let relocs = std::mem::take(&mut w.relocs);
            out.push(DebugSection {
                name: id.name(),
                bytes,
                relocs,
            });
        }
        Ok::<(), Error>(())
    })?;
    Ok(out)
}

/// Address of a place in a Go section, as gimli passes it through.
fn address(section: Section, offset: u64) -> Address {
    Address::Symbol {
        symbol: section as usize,
        addend: offset as i64,
    }
}

/// Names must not contain NUL bytes; those of damaged objects might.
fn text(name: &[u8]) -> Vec<u8> {
    if name.contains(&0) {
        name.iter()
            .map(|&b| if b == 0 { b'?' } else { b })
            .collect()
    } else {
        name.to_vec()
    }
}

fn string(name: &[u8]) -> AttributeValue {
    AttributeValue::String(text(name))
}

fn line_string(name: &[u8]) -> LineString {
    let name: Cow<'_, [u8]> = if name.is_empty() {
        Cow::Borrowed(b"?")
    } else {
        Cow::Borrowed(name)
    };
    LineString::String(text(&name))
}

struct Unit<'u, 'p, 'b> {
    p: &'p Program<'b>,
    layout: &'p Layout,
    types: types::Types<'p, 'b>,
    dwarf: &'u mut gimli::write::DwarfUnit,
}

impl Unit<'_, '_, '_> {
    fn compile_unit(&mut self) {
        let size = self.layout.size(Section::Text);
        let root = self.dwarf.unit.root();
        let e = self.dwarf.unit.get_mut(root);
        e.set(dw::DW_AT_name, string(b"go"));
        e.set(dw::DW_AT_producer, string(b"Go 1.5 compiler, gort linker"));
        e.set(dw::DW_AT_language, AttributeValue::Language(dw::DW_LANG_Go));
        e.set(
            dw::DW_AT_low_pc,
            AttributeValue::Address(address(Section::Text, 0)),
        );
        e.set(dw::DW_AT_high_pc, AttributeValue::Udata(size));
        e.set(dw::DW_AT_stmt_list, AttributeValue::LineProgramRef);
        e.set(dw::DW_AT_comp_dir, string(lines::DIRECTORY));
    }

    fn functions(&mut self) {
        let root = self.dwarf.unit.root();
        for &id in self.layout.symbols(Section::Text) {
            let Some(place) = self.layout.place(id) else {
                continue;
            };
            let s = self.p.sym(id);
            let function = self.dwarf.unit.add(root, dw::DW_TAG_subprogram);
            let mut base = Expression::new();
            base.op(dw::DW_OP_call_frame_cfa);
            let e = self.dwarf.unit.get_mut(function);
            e.set(dw::DW_AT_name, string(s.name));
            e.set(
                dw::DW_AT_low_pc,
                AttributeValue::Address(address(Section::Text, place.offset)),
            );
            e.set(dw::DW_AT_high_pc, AttributeValue::Udata(s.size));
            e.set(dw::DW_AT_frame_base, AttributeValue::Exprloc(base));
            // Not DW_AT_external: of the external functions of a Go unit gdb 13 makes one package,
            // here an arbitrary one of the many, and its parser reads what it never set when asked
            // for a name which that package has not. It crashes.
            self.variables(id, function);
        }
    }

    fn variables(&mut self, id: SymId, function: UnitEntryId) {
        let Some((object, t)) = self.p.text(id) else {
            return;
        };
        let autos =
            &self.p.objects[object].object.autos[t.autos.start as usize..t.autos.end as usize];
        let mut list: Vec<_> = autos
            .iter()
            .map(|a| {
                // Offsets count from the first argument, or from the word of the return address.
                let offset = if a.is_param { a.offset } else { a.offset - 8 };
                (offset, a)
            })
            .collect();
        list.sort_by_key(|&(offset, _)| offset);
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        for (offset, a) in list {
            let full = self.p.sym(self.p.id(object, a.name)).name;
            let Some(gotype) = a.gotype else { continue };
            if memchr::memmem::find(full, b".autotmp_").is_some() {
                continue;
            }
            let name = full.rsplit(|&b| b == b'.').next().unwrap_or(full);
            if name.is_empty() {
                continue;
            }
            let count = seen.entry(name).or_default();
            let copies = *count;
            *count += 1;
            let mut shown = name.to_vec();
            if copies > 0 {
                // Variables of the same name in nested scopes: the table does not tell the scopes.
                shown.extend_from_slice(format!("#{copies}").as_bytes());
            }
            let gotype = self
                .types
                .of(&mut self.dwarf.unit, self.p.id(object, gotype));
            let tag = if a.is_param {
                dw::DW_TAG_formal_parameter
            } else {
                dw::DW_TAG_variable
            };
            let mut place = Expression::new();
            place.op_fbreg(offset);
            let v = self.dwarf.unit.add(function, tag);
            let e = self.dwarf.unit.get_mut(v);
            e.set(dw::DW_AT_name, string(&shown));
            e.set(dw::DW_AT_location, AttributeValue::Exprloc(place));
            e.set(dw::DW_AT_type, AttributeValue::UnitRef(gotype));
        }
    }

    fn globals(&mut self) {
        let root = self.dwarf.unit.root();
        for s in [
            Section::Rodata,
            Section::NoptrData,
            Section::Data,
            Section::Bss,
            Section::NoptrBss,
        ] {
            for &id in self.layout.symbols(s) {
                let sym = self.p.sym(id);
                if sym.name.starts_with(b"type.") && !sym.name.starts_with(b"type..") {
                    self.types.of(&mut self.dwarf.unit, id);
                    continue;
                }
                let (Some(gotype), Some(place)) = (sym.gotype, self.layout.place(id)) else {
                    continue;
                };
                if memchr::memmem::find(sym.name, b".statictmp_").is_some() {
                    continue;
                }
                let gotype = self.types.of(&mut self.dwarf.unit, gotype);
                let mut at = Expression::new();
                at.op_addr(address(s, place.offset));
                let v = self.dwarf.unit.add(root, dw::DW_TAG_variable);
                let e = self.dwarf.unit.get_mut(v);
                e.set(dw::DW_AT_name, string(sym.name));
                e.set(dw::DW_AT_location, AttributeValue::Exprloc(at));
                e.set(dw::DW_AT_type, AttributeValue::UnitRef(gotype));
                if !sym.is_static {
                    e.set(dw::DW_AT_external, AttributeValue::FlagPresent);
                }
            }
        }
    }
}

/// A section being written, with its relocations.
#[derive(Debug, Clone)]
struct DebugWriter {
    bytes: EndianVec<LittleEndian>,
    relocs: Vec<DebugReloc>,
}

impl Default for DebugWriter {
    fn default() -> Self {
        Self {
            bytes: EndianVec::new(LittleEndian),
            relocs: Vec::new(),
        }
    }
}

impl RelocateWriter for DebugWriter {
    type Writer = EndianVec<LittleEndian>;

    fn writer(&self) -> &Self::Writer {
        &self.bytes
    }

    fn writer_mut(&mut self) -> &mut Self::Writer {
        &mut self.bytes
    }

    fn relocate(&mut self, r: Relocation) {
        let target = match r.target {
            RelocationTarget::Symbol(s) => Target::Go(crate::layout::SECTIONS[s]),
            RelocationTarget::Section(id) => Target::Debug(id.name()),
        };
        self.relocs.push(DebugReloc {
            offset: r.offset as u64,
            size: r.size,
            target,
            addend: r.addend,
        });
    }
}
