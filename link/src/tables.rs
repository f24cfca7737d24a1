//! The runtime's tables (crate `gort-tables`), computed from the compiler's pc-value tables and
//! stack maps.
//!
//! Promise: a [`Site`] for every return address of a CALL in Go text and for nothing else, except
//! that calls at which no goroutine can be stopped have none (`morestack`, which restarts the
//! function, and the `duff` routines). `CALL runtime.deferreturn` has two: its return address, and
//! the CALL itself, since a deferred function returns there; both have the maps of the NOP before
//! it, to which the compiler attaches them. Bitmaps are cut to their outermost pointers, so equal
//! shapes share one [`Frame`]; a map without pointers is no map.

use crate::error::{Error, Name, Result};
use crate::layout::{Layout, Section};
use crate::object::{RelocKind, Text};
use crate::pclntab::Pclntab;
use crate::resolve::{Program, Relocation, SymId};
use crate::specialise::is_duff;
use crate::validate::StackMap;
use gort_tables::pcvalue::PcValues;
use gort_tables::{
    FRAME_LOADS_G, FRAME_NO_INTERRUPT, FRAME_NO_MAPS, FRAME_REFLECT, FUNC_BUCKET, Frame, Func,
    NO_MAP, SITE_BUCKET, Site,
};
use hashbrown::HashMap;
use iced_x86::{
    Decoder, DecoderOptions, FlowControl, InstructionInfoFactory, InstructionInfoOptions, Mnemonic,
    OpAccess, Register,
};
use rustc_hash::FxHashMap;

/// Everything but the masks of the data sections.
#[derive(Debug, Default)]
pub struct Tables {
    /// Call sites sorted by pc.
    pub sites: Vec<Site>,
    /// Line of each site.
    pub lines: Vec<u32>,
    /// First site of each bucket, and the number of sites.
    pub site_index: Vec<u32>,
    /// Distinct frames.
    pub frames: Vec<Frame>,
    /// Bitmaps.
    pub bits: Vec<u8>,
    /// Functions sorted by entry.
    pub funcs: Vec<Func>,
    /// Last function at or before the start of each bucket.
    pub func_index: Vec<u32>,
}

/// A call instruction of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSite {
    /// Offset of the byte after the instruction.
    pub ret: u32,
    /// Where a direct call goes.
    pub target: Option<SymId>,
}

/// Calls of a function, direct and indirect, in order.
pub fn calls(p: &Program<'_>, id: SymId) -> Result<Vec<CallSite>> {
    let image = p.image(id);
    let mut out = Vec::new();
    for r in p.relocs(id) {
        match r.kind {
            RelocKind::Call if is_call(image, &r) => out.push(CallSite {
                ret: r.off + 4,
                target: r.target,
            }),
            RelocKind::CallInd => {
                let at = r.off as usize;
                let mut d = Decoder::new(
                    64,
                    image.get(at..).unwrap_or_default(),
                    DecoderOptions::NONE,
                );
                let i = d.decode();
                if i.mnemonic() != Mnemonic::Call {
                    let file = p
                        .go_def(id)
                        .map(|(o, _)| p.objects[o].origin().to_string())
                        .unwrap_or_default();
                    return Err(Error::new(format!(
                        "{}: no call instruction at offset {at} ({file}); the object is damaged, compile the package again",
                        Name(p.sym(id).name)
                    )));
                }
                out.push(CallSite {
                    ret: r.off + i.len() as u32,
                    target: None,
                });
            }
            _ => {}
        }
    }
    out.sort_unstable_by_key(|c| c.ret);
    Ok(out)
}

/// `CALL rel32`, as opposed to the jumps that carry the same relocation.
pub fn is_call(image: &[u8], r: &Relocation) -> bool {
    r.off > 0 && image.get(r.off as usize - 1) == Some(&0xe8)
}

/// Steps through a pc-value table with rising pcs.
struct Stepper<'a> {
    values: PcValues<'a>,
    current: Option<(u64, i32)>,
}

impl<'a> Stepper<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut values = PcValues::new(bytes, 0);
        let current = values.next();
        Self { values, current }
    }

    fn at(&mut self, pc: u64) -> i32 {
        while let Some((end, value)) = self.current {
            if pc < end {
                return value;
            }
            self.current = self.values.next();
        }
        -1
    }
}

/// Bits of one map: all, up to the last pointer.
fn bits_up_to_last(map: &StackMap<'_>, index: u32) -> Bits {
    let used = (0..map.nbit)
        .rev()
        .find(|&b| map.bit(index, b))
        .map_or(0, |b| b + 1);
    Bits::collect(used, |b| map.bit(index, b))
}

/// Bits of one map, from the first pointer on; the top stays in place.
fn bits_below_top(map: &StackMap<'_>, index: u32) -> Bits {
    let skip = (0..map.nbit)
        .find(|&b| map.bit(index, b))
        .unwrap_or(map.nbit);
    Bits::collect(map.nbit - skip, |b| map.bit(index, b + skip))
}

/// A bitmap padded to whole words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bits {
    n: u32,
    bytes: Vec<u8>,
}

impl Bits {
    fn collect(n: u32, bit: impl Fn(u32) -> bool) -> Self {
        let mut bytes = vec![0; (n as usize).div_ceil(64) * 8];
        for b in 0..n {
            bytes[b as usize / 8] |= u8::from(bit(b)) << (b % 8);
        }
        Self { n, bytes }
    }
}

/// Offset of the relocation in a prologue's load of g, its first instruction: `mov rcx, fs:[-8]`.
const PROLOGUE_G: u32 = 5;
/// The same in code made with `-shared`: `mov rcx, [rip+...]; mov rcx, fs:[rcx]`.
const PROLOGUE_G_SHARED: u32 = 3;

/// Package sync was written for a runtime that stops the world at calls only: a `Pool` reads two
/// words one after the other that the collector, which empties all pools with the world stopped,
/// must not write in between. The functions of sync/atomic that it calls are part of that.
fn counts_on_running(name: &[u8]) -> bool {
    name.starts_with(b"sync.") || name.starts_with(b"sync/atomic.")
}

/// Does the table of frame sizes tell the stack pointer at every instruction? The assembler follows
/// pushes and pops, but not what a function written by hand does to the stack pointer itself.
fn follows_stack_pointer(image: &[u8], pcsp: &[u8]) -> bool {
    let mut steps = Stepper::new(pcsp);
    let mut info = InstructionInfoFactory::new();
    let mut d = Decoder::new(64, image, DecoderOptions::NONE);
    // The frame's size where the next instruction begins; none after a jump: it is reached from
    // elsewhere.
    let mut expected = Some(0);
    while d.can_decode() {
        let i = d.decode();
        let size = i64::from(steps.at(i.ip()));
        if i.is_invalid() || size < 0 || expected.is_some_and(|e| e != size) {
            return false;
        }
        let writes_sp = info
            .info_options(&i, InstructionInfoOptions::NO_MEMORY_USAGE)
            .used_registers()
            .iter()
            .any(|r| r.register().full_register() == Register::RSP && r.access() != OpAccess::Read);
        expected = match i.flow_control() {
            FlowControl::Next | FlowControl::ConditionalBranch => {
                let change = match i.mnemonic() {
                    Mnemonic::Sub if writes_sp => immediate(&i),
                    Mnemonic::Add if writes_sp => immediate(&i).map(|n| -n),
                    _ if writes_sp && i.stack_pointer_increment() == 0 => None,
                    _ => Some(-i64::from(i.stack_pointer_increment())),
                };
                let Some(change) = change else {
                    return false;
                };
                Some(size + change)
            }
            FlowControl::Call | FlowControl::IndirectCall => Some(size),
            _ => None,
        };
    }
    true
}

/// The constant that an instruction adds or subtracts.
fn immediate(i: &iced_x86::Instruction) -> Option<i64> {
    i.try_immediate(1).ok().map(|n| n as i64)
}

/// Whether no goroutine can be stopped in a call of the function.
fn is_unstopped(name: &[u8]) -> bool {
    name == b"runtime.morestack" || name == b"runtime.morestack_noctxt" || is_duff(name)
}

struct Builder<'p, 'b> {
    p: &'p Program<'b>,
    t: Tables,
    frames: HashMap<Frame, u32>,
    bits: HashMap<Vec<u8>, u32>,
    /// (words, offset) of each map of each stack map symbol.
    maps: FxHashMap<(SymId, u32, bool), (u32, u32)>,
    deferreturn: Option<SymId>,
}

/// Computes the tables.
pub fn build(p: &Program<'_>, layout: &Layout, pclntab: &Pclntab) -> Result<Tables> {
    let mut b = Builder {
        p,
        t: Tables::default(),
        frames: HashMap::default(),
        bits: HashMap::default(),
        maps: FxHashMap::default(),
        deferreturn: p.find(b"runtime.deferreturn"),
    };
    for (i, &id) in layout.symbols(Section::Text).iter().enumerate() {
        let entry = layout.place(id).map_or(0, |pl| pl.offset);
        b.function(id, entry, pclntab.records[i])?;
    }
    b.index(layout.size(Section::Text));
    Ok(b.t)
}

impl Builder<'_, '_> {
    fn function(&mut self, id: SymId, entry: u64, record: u32) -> Result<()> {
        let Some((object, text)) = self.p.text(id) else {
            return Ok(());
        };
        let name = self.p.sym(id).name;
        let mut flags = 0;
        if name == b"reflect.makeFuncStub" || name == b"reflect.methodValueCall" {
            flags |= FRAME_REFLECT;
        }
        let funcdata = |i: usize| {
            text.funcdata
                .get(i)
                .copied()
                .flatten()
                .map(|n| self.p.id(object, n))
        };
        let (args_map, locals_map) = (funcdata(0), funcdata(1));
        if args_map.is_none() && locals_map.is_none() {
            flags |= FRAME_NO_MAPS;
        }
        let loads_g = |r: Relocation| match r.kind {
            RelocKind::TlsLe => r.off != PROLOGUE_G,
            RelocKind::TlsIe => r.off != PROLOGUE_G_SHARED,
            _ => false,
        };
        if self.p.relocs(id).any(loads_g) {
            flags |= FRAME_LOADS_G;
        }
        // Compiled functions have both maps; the library's says that there is nothing to map.
        let compiled = locals_map.is_some_and(|m| self.p.go_def(m).is_some());
        let known_args = u32::try_from(text.args).is_ok();
        if !known_args
            || !(compiled || follows_stack_pointer(self.p.image(id), text.pcsp))
            || counts_on_running(name)
        {
            flags |= FRAME_NO_INTERRUPT;
        }
        let (args_words, args) = self.map(id, args_map, 0, false)?;
        let none = (0, NO_MAP);
        let entry_frame = self.frame(Frame {
            size: 0,
            locals_words: none.0,
            locals: none.1,
            args_words,
            args,
            flags,
        });
        let args_size = u32::try_from(text.args).unwrap_or(u32::MAX);
        self.t.funcs.push(Func {
            entry: entry as u32,
            record,
            entry_frame,
            args: args_size,
        });

        let mut steps = FunctionSteps::new(text);
        for call in calls(self.p, id)? {
            if call
                .target
                .is_some_and(|t| is_unstopped(self.p.sym(t).name))
            {
                continue;
            }
            let is_deferreturn = call.target.is_some() && call.target == self.deferreturn;
            // The compiler attaches the maps of deferreturn to the NOP before the CALL (5 bytes).
            let pc = u64::from(call.ret)
                - if is_deferreturn {
                    6.min(u64::from(call.ret))
                } else {
                    1
                };
            let (size, index, line) = steps.at(pc);
            let index = u32::try_from(index).unwrap_or(0);
            let (locals_words, locals) = self.map(id, locals_map, index, true)?;
            let (args_words, args) = self.map(id, args_map, index, false)?;
            // Its one frame is whole wherever a compiled function calls: that is what the maps
            // describe.
            if compiled && i64::from(size) != text.locals {
                return Err(self.damaged(
                    id,
                    &format!(
                        "bad pcdata: {size} bytes of stack at the call before offset {}, the frame has {}",
                        call.ret, text.locals
                    ),
                ));
            }
            let size = u32::try_from(size).unwrap_or(0);
            let frame = self.frame(Frame {
                size,
                locals_words,
                locals,
                args_words,
                args,
                flags,
            });
            let line = u32::try_from(line).unwrap_or(0);
            let ret = entry as u32 + call.ret;
            if is_deferreturn {
                self.site(ret - 5, frame, line);
            }
            self.site(ret, frame, line);
        }
        Ok(())
    }

    fn site(&mut self, pc: u32, frame: u32, line: u32) {
        self.t.sites.push(Site { pc, frame });
        self.t.lines.push(line);
    }

    fn frame(&mut self, frame: Frame) -> u32 {
        let frames = &mut self.t.frames;
        *self.frames.entry(frame).or_insert_with(|| {
            frames.push(frame);
            frames.len() as u32 - 1
        })
    }

    /// Words and offset of one bitmap of a stack map symbol.
    fn map(
        &mut self,
        func: SymId,
        map: Option<SymId>,
        index: u32,
        from_top: bool,
    ) -> Result<(u32, u32)> {
        let Some(map) = map else {
            return Ok((0, NO_MAP));
        };
        if let Some(&known) = self.maps.get(&(map, index, from_top)) {
            return Ok(known);
        }
        let damaged = |what: String| {
            let map = Name(self.p.sym(map).name);
            Err(self.damaged(func, &format!("stack map {map} {what}")))
        };
        let bits = if self.p.go_def(map).is_none() {
            // `runtime.no_pointers_stackmap` of the library: no words, any index.
            if self.p.sym(map).def == crate::resolve::Definition::None {
                return damaged("is not defined".into());
            }
            Bits {
                n: 0,
                bytes: Vec::new(),
            }
        } else {
            let Some(m) = StackMap::read(self.p.image(map)) else {
                return damaged("is damaged".into());
            };
            if index >= m.n {
                return damaged(format!("has {} bitmaps, number {index} is wanted", m.n));
            }
            if from_top {
                bits_below_top(&m, index)
            } else {
                bits_up_to_last(&m, index)
            }
        };
        let found = if bits.n == 0 {
            (0, NO_MAP)
        } else {
            let all = &mut self.t.bits;
            let at = *self.bits.entry(bits.bytes).or_insert_with_key(|bytes| {
                all.extend_from_slice(bytes);
                (all.len() - bytes.len()) as u32
            });
            (bits.n, at)
        };
        self.maps.insert((map, index, from_top), found);
        Ok(found)
    }

    fn damaged(&self, func: SymId, what: &str) -> Error {
        let file = self
            .p
            .go_def(func)
            .map(|(o, _)| self.p.objects[o].origin().to_string())
            .unwrap_or_default();
        Error::new(format!(
            "{}: {what} ({file}); the object is damaged, compile the package again",
            Name(self.p.sym(func).name)
        ))
    }

    fn index(&mut self, text_size: u64) {
        let t = &mut self.t;
        // One bucket more than full ones: a call may end exactly where the text ends.
        let buckets = text_size / SITE_BUCKET + 1;
        let mut next = 0;
        for i in 0..buckets {
            while t
                .sites
                .get(next)
                .is_some_and(|s| u64::from(s.pc) < i * SITE_BUCKET)
            {
                next += 1;
            }
            t.site_index.push(next as u32);
        }
        t.site_index.push(t.sites.len() as u32);
        let mut func = 0;
        for i in 0..text_size / FUNC_BUCKET + 1 {
            while t
                .funcs
                .get(func + 1)
                .is_some_and(|f| u64::from(f.entry) <= i * FUNC_BUCKET)
            {
                func += 1;
            }
            t.func_index.push(func as u32);
        }
    }
}

/// The three tables that a call site needs, stepped together.
struct FunctionSteps<'a> {
    sp: Stepper<'a>,
    map: Stepper<'a>,
    line: Stepper<'a>,
}

impl<'a> FunctionSteps<'a> {
    fn new(text: &Text<'a>) -> Self {
        Self {
            sp: Stepper::new(text.pcsp),
            map: Stepper::new(text.pcdata.first().copied().unwrap_or_default()),
            line: Stepper::new(text.pcline),
        }
    }

    fn at(&mut self, pc: u64) -> (i32, i32, i32) {
        (self.sp.at(pc), self.map.at(pc), self.line.at(pc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_maps_are_cut_to_their_pointers() {
        // Two maps of 5 bits: 00110 (bits 1, 2) and none.
        let image = [2, 0, 0, 0, 5, 0, 0, 0, 0b00110, 0, 0, 0, 0, 0, 0, 0];
        let m = StackMap::read(&image).unwrap();
        assert_eq!(
            bits_up_to_last(&m, 0),
            Bits {
                n: 3,
                bytes: vec![0b110, 0, 0, 0, 0, 0, 0, 0]
            }
        );
        assert_eq!(
            bits_below_top(&m, 0),
            Bits {
                n: 4,
                bytes: vec![0b0011, 0, 0, 0, 0, 0, 0, 0]
            }
        );
        assert_eq!(bits_up_to_last(&m, 1).n, 0);
        assert_eq!(bits_below_top(&m, 1).n, 0);
    }

    #[test]
    fn a_stack_pointer_that_the_table_does_not_follow_is_seen() {
        let follows = |code: &[u8], steps: &[(u64, i32)]| {
            follows_stack_pointer(code, &crate::pclntab::encode(steps.iter().copied()))
        };
        let (push_pop, ret) = ([0x55, 0x5d], 0xc3);
        let code = [push_pop[0], push_pop[1], ret];
        assert!(follows(&code, &[(1, 0), (2, 8), (3, 0)]));
        assert!(!follows(&code, &[(3, 0)]));
        // sub rsp, 16; add rsp, 16; ret; then a block that is jumped to, with a frame.
        let code = [0x48, 0x83, 0xec, 16, 0x48, 0x83, 0xc4, 16, ret, 0x90, 0xf4];
        assert!(follows(&code, &[(4, 0), (8, 16), (9, 0), (11, 16)]));
        assert!(!follows(&code, &[(11, 0)]));
        // and rsp, -64; mov rsp, rax; lea rsp, [rsp-8].
        for code in [[0x48, 0x83, 0xe4, 0xc0, ret], [0x48, 0x89, 0xc4, 0x90, ret]] {
            assert!(!follows(&code, &[(5, 0)]));
        }
        assert!(!follows(
            &[0x48, 0x8d, 0x64, 0x24, 0xf8, ret],
            &[(5, 0), (6, 8)]
        ));
        assert!(!follows(&[0x90, ret], &[(1, 0)]), "the table ends early");
        assert!(!follows(&[0x06, ret], &[(2, 0)]), "no instruction");
    }

    #[test]
    fn steppers_agree_with_lookup() {
        let bytes = crate::pclntab::encode([(4, 0), (20, 64), (31, 0)].into_iter());
        let mut s = Stepper::new(&bytes);
        for pc in 0..40 {
            assert_eq!(
                s.at(pc),
                gort_tables::pcvalue::lookup(&bytes, 0, pc),
                "{pc}"
            );
        }
    }
}
