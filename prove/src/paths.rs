//! What one function does to the stack by itself, from its machine code.
//!
//! Every path through the code is followed from the first instruction, with what is known of the
//! stack's depth, of rbp and of registers; where paths meet, what holds on both is known. A path
//! ends as the top of [`crate`] says.

use crate::decode::{CALL, Step, step};
use crate::library::{Library, Place};
use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind,
    Register,
};
use object::{Object as _, ObjectSection as _};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Functions that check the stack before they use it call this.
const CHECK: &str = "runtime.morestack_noctxt";

/// What a register is known to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Address of code.
    Code(Place),
    /// Address of a jump table.
    Table(Place),
    /// A target taken from that jump table.
    Jump(Place),
}

/// What is known at an instruction: depth below the return address, the depth that rbp stands for
/// if it is a stack address, and registers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct State {
    depth: i64,
    rbp: Option<i64>,
    regs: Vec<(Register, Value)>,
}

impl State {
    fn get(&self, r: Register) -> Option<Value> {
        self.regs.iter().find(|(k, _)| *k == r).map(|(_, v)| *v)
    }

    fn set(&mut self, r: Register, v: Option<Value>) {
        self.regs.retain(|(k, _)| *k != r);
        if let Some(v) = v {
            self.regs.push((r, v));
        }
    }

    /// What holds on both of two paths that meet; the deeper stack counts.
    fn meet(&self, other: &Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            rbp: if self.rbp == other.rbp {
                self.rbp
            } else {
                None
            },
            regs: self
                .regs
                .iter()
                .filter(|e| other.regs.contains(e))
                .copied()
                .collect(),
        }
    }
}

/// What one function does to the stack by itself.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) deepest: i64,
    /// Depth at the call or jump, and where it goes.
    pub(crate) calls: Vec<(i64, Place)>,
    pub(crate) checks: bool,
}

impl Library<'_> {
    /// Follows every path through one function's code.
    pub(crate) fn shape(&self, place: Place) -> std::result::Result<Shape, String> {
        let section = self
            .sections
            .get(&(place.member, place.section))
            .ok_or_else(|| format!("{} is not code of the library", self.name(place)))?;
        let name = self.name(place);
        let mut out = Shape::default();
        let mut indirect = None;
        let mut info = InstructionInfoFactory::new();
        let mut seen: FxHashMap<u64, State> = FxHashMap::default();
        let mut work: VecDeque<(u64, State)> = VecDeque::from([(place.offset, State::default())]);
        while let Some((at, mut state)) = work.pop_front() {
            if let Some(old) = seen.get(&at) {
                state = old.meet(&state);
                if state == *old {
                    continue;
                }
            }
            // On g0 already, or past a call that does not return.
            if self.system.contains(&Place {
                offset: at,
                ..place
            }) || at >= section.data.len() as u64
            {
                continue;
            }
            if seen.len() > 100_000 {
                return Err(format!("{name} is too large"));
            }
            seen.insert(at, state.clone());
            let depth = state.depth;
            let code = section.data.get(at as usize..).unwrap_or_default();
            let mut decoder = Decoder::with_ip(64, code, at, DecoderOptions::NONE);
            let i = decoder.decode();
            if i.is_invalid() {
                return Err(format!("{name}: undecodable instruction at {at:#x}"));
            }
            let next = at + i.len() as u64;
            let field = next.wrapping_sub(4);
            let linked = section.relocations.contains_key(&field);
            let flow = if i.mnemonic() == Mnemonic::Syscall {
                FlowControl::Next
            } else {
                i.flow_control()
            };
            match flow {
                FlowControl::Return | FlowControl::Exception | FlowControl::Interrupt => continue,
                FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                    if linked {
                        match self.target(place.member, section, field, 4) {
                            Some(t)
                                if t.member == place.member
                                    && t.section == place.section
                                    && self.same_function(place, t) =>
                            {
                                work.push_back((t.offset, state.clone()))
                            }
                            Some(t) => out.calls.push((depth, t)),
                            // Go code or a symbol of the linker: it checks the stack itself.
                            None => {}
                        }
                    } else {
                        let t = Place {
                            offset: i.near_branch_target(),
                            ..place
                        };
                        if self.names.contains_key(&t)
                            && t != place
                            && !self.same_function(place, t)
                        {
                            out.calls.push((depth, t));
                        } else {
                            work.push_back((t.offset, state.clone()));
                        }
                    }
                    if flow == FlowControl::ConditionalBranch {
                        work.push_back((next, state));
                    }
                    continue;
                }
                FlowControl::IndirectBranch => {
                    let known = if i.op0_kind() == OpKind::Register {
                        state.get(i.op0_register())
                    } else {
                        None
                    };
                    match known {
                        Some(Value::Code(callee)) => out.calls.push((depth, callee)),
                        Some(Value::Jump(table)) => {
                            for target in self.jump_table(table, place) {
                                work.push_back((target, state.clone()));
                            }
                        }
                        // Through the GOT: an ordinary tail call.
                        _ if linked => out.calls.extend(
                            self.target(place.member, section, field, 4)
                                .map(|t| (depth, t)),
                        ),
                        // Out of the assembly into Go code, which checks the stack itself.
                        _ if depth == 0 && self.is_assembly(place) => {}
                        _ => return Err(format!("{name}: computed jump at {at:#x}")),
                    }
                    continue;
                }
                FlowControl::Call | FlowControl::IndirectCall => {
                    let callee = if flow == FlowControl::Call && !linked {
                        Some(Place {
                            offset: i.near_branch_target(),
                            ..place
                        })
                    } else if linked {
                        let target = self.target(place.member, section, field, 4);
                        let called = self.target_name(place.member, section, field);
                        if called == CHECK {
                            out.checks = true;
                        }
                        if target.is_none() && !called.starts_with("main.") {
                            return Err(format!(
                                "{name} calls {called}, which the library does not define"
                            ));
                        }
                        target
                    } else if let (OpKind::Register, Some(Value::Code(callee))) =
                        (i.op0_kind(), state.get(i.op0_register()))
                    {
                        Some(callee)
                    } else {
                        // Go code, called from a frame that the function's own stack check covers.
                        indirect.get_or_insert(at);
                        None
                    };
                    out.deepest = out.deepest.max(depth + CALL);
                    if let Some(callee) = callee {
                        if self.names.get(&callee) == Some(&CHECK) {
                            out.checks = true;
                        }
                        let dying = self.is_dying(callee);
                        out.calls.push((depth + CALL, callee));
                        if dying {
                            continue;
                        }
                    }
                }
                _ => match step(&i, &mut state.depth, &mut state.rbp) {
                    Step::On => {}
                    Step::Off => continue,
                    Step::Unknown => {
                        return Err(format!(
                            "{name}: the stack pointer is computed at {at:#x} ({:?})",
                            i.code()
                        ));
                    }
                },
            }
            out.deepest = out.deepest.max(state.depth);
            self.registers(
                &i,
                &mut state,
                linked
                    .then(|| self.target(place.member, section, field, 4))
                    .flatten(),
                &mut info,
            );
            work.push_back((next, state));
        }
        if let (Some(at), false) = (indirect, out.checks) {
            return Err(format!("{name}: indirect call at {at:#x}"));
        }
        Ok(out)
    }

    /// Effect of one instruction on what registers are known to hold. `linked`: where its
    /// relocation points.
    fn registers(
        &self,
        i: &Instruction,
        state: &mut State,
        linked: Option<Place>,
        info: &mut InstructionInfoFactory,
    ) {
        let dst = (i.op_count() > 0 && i.op0_kind() == OpKind::Register).then(|| i.op0_register());
        let value = match (i.mnemonic(), dst, linked) {
            // The address itself, or the same loaded from the GOT.
            (Mnemonic::Lea | Mnemonic::Mov, Some(_), Some(target))
                if i.op1_kind() == OpKind::Memory && i.is_ip_rel_memory_operand() =>
            {
                let code = self.members[target.member]
                    .section_by_index(target.section)
                    .is_ok_and(|s| s.kind() == object::SectionKind::Text);
                match (code, i.mnemonic()) {
                    (true, _) => Some(Value::Code(target)),
                    (false, Mnemonic::Lea) => Some(Value::Table(target)),
                    _ => None,
                }
            }
            (Mnemonic::Mov, Some(_), None) if i.op1_kind() == OpKind::Register => {
                state.get(i.op1_register())
            }
            (Mnemonic::Add, Some(d), None) if i.op1_kind() == OpKind::Register => {
                match (state.get(d), state.get(i.op1_register())) {
                    (Some(Value::Table(t)), None) | (None, Some(Value::Table(t))) => {
                        Some(Value::Jump(t))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let call = matches!(
            i.flow_control(),
            FlowControl::Call | FlowControl::IndirectCall
        );
        let written: Vec<Register> = info
            .info(i)
            .used_registers()
            .iter()
            .filter(|u| {
                u.access() != iced_x86::OpAccess::Read && u.access() != iced_x86::OpAccess::CondRead
            })
            .map(|u| u.register().full_register())
            .collect();
        state.regs.retain(|(r, _)| {
            let saved = matches!(
                r,
                Register::RBX
                    | Register::RBP
                    | Register::R12
                    | Register::R13
                    | Register::R14
                    | Register::R15
            );
            !written.contains(r) && (saved || !call)
        });
        if let (Some(d), Some(_)) = (dst, value) {
            state.set(d, value);
        }
    }

    /// Targets of a jump table: each entry is a relocation to the function's section.
    fn jump_table(&self, table: Place, function: Place) -> Vec<u64> {
        let mut out = Vec::new();
        if let Some(section) = self.sections.get(&(table.member, table.section)) {
            for k in 0.. {
                let at = table.offset + 4 * k;
                if k > 0
                    && self.referenced.contains(&Place {
                        offset: at,
                        ..table
                    })
                {
                    break;
                }
                // An entry counts from the start of the table, a relocation from the entry.
                match self.target(table.member, section, at, -(4 * k as i64)) {
                    Some(t) if t.member == function.member && t.section == function.section => {
                        out.push(t.offset)
                    }
                    _ => break,
                }
            }
        }
        out
    }

    /// The place is in the hand-written assembly.
    fn is_assembly(&self, place: Place) -> bool {
        self.members[place.member]
            .section_by_index(place.section)
            .is_ok_and(|s| s.name() == Ok(".text.gort"))
    }

    /// No other function starts between the two places.
    fn same_function(&self, a: Place, b: Place) -> bool {
        if b.offset < a.offset {
            return false;
        }
        !self.names.keys().any(|n| {
            n.member == a.member
                && n.section == a.section
                && n.offset > a.offset
                && n.offset <= b.offset
                && self.names.get(n).is_some_and(|s| !s.starts_with('.'))
        })
    }
}
