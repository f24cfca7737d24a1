//! What one instruction does to the depth of the stack.

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

/// A return address.
pub(crate) const CALL: i64 = 8;

/// Where an instruction leaves the stack pointer.
pub(crate) enum Step {
    /// On the goroutine's stack.
    On,
    /// The stack pointer now is another stack's.
    Off,
    /// At an address that is not known here.
    Unknown,
}

/// Effect of one instruction that is no branch on stack depth and rbp.
pub(crate) fn step(i: &Instruction, depth: &mut i64, rbp: &mut Option<i64>) -> Step {
    let writes = |r: Register| {
        i.op_count() > 0
            && i.op0_kind() == OpKind::Register
            && i.op0_register().full_register() == r
    };
    let immediate = || match i.op1_kind() {
        OpKind::Immediate8to64
        | OpKind::Immediate32to64
        | OpKind::Immediate64
        | OpKind::Immediate8
        | OpKind::Immediate32 => Some(i.immediate(1) as i64),
        _ => None,
    };
    match i.mnemonic() {
        Mnemonic::Push | Mnemonic::Pushfq => *depth += 8,
        Mnemonic::Pop | Mnemonic::Popfq => {
            *depth -= 8;
            if writes(Register::RBP) {
                *rbp = None;
            }
        }
        Mnemonic::Leave => match *rbp {
            Some(d) => *depth = d - 8,
            None => return Step::Unknown,
        },
        Mnemonic::Sub if writes(Register::RSP) => match immediate() {
            Some(n) => *depth += n,
            None => return Step::Unknown,
        },
        Mnemonic::Add if writes(Register::RSP) => match immediate() {
            Some(n) => *depth -= n,
            None => return Step::Unknown,
        },
        // Alignment: at most 8 more, since the stack pointer is a multiple of 8.
        Mnemonic::And if writes(Register::RSP) => match immediate() {
            Some(-16) => *depth += 8,
            Some(n) if n < 0 => *depth += -n - 8,
            _ => return Step::Unknown,
        },
        Mnemonic::Mov if writes(Register::RSP) => match (i.op1_kind(), *rbp) {
            (OpKind::Memory, _) => return Step::Off,
            (OpKind::Register, Some(d)) if i.op1_register() == Register::RBP => *depth = d,
            // Another register: the switch back to a saved stack pointer.
            (OpKind::Register, _) => return Step::Off,
            _ => return Step::Unknown,
        },
        Mnemonic::Lea if writes(Register::RSP) => match (i.memory_base(), *rbp) {
            (Register::RSP, _) if i.memory_index() == Register::None => {
                *depth -= i.memory_displacement64() as i64
            }
            (Register::RBP, Some(d)) if i.memory_index() == Register::None => {
                *depth = d - i.memory_displacement64() as i64
            }
            _ => return Step::Unknown,
        },
        Mnemonic::Mov if writes(Register::RBP) => {
            *rbp = (i.op1_kind() == OpKind::Register && i.op1_register() == Register::RSP)
                .then_some(*depth);
        }
        _ if writes(Register::RSP) && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test) => {
            return Step::Unknown;
        }
        _ if writes(Register::RBP) && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test) => {
            *rbp = None
        }
        _ => {}
    }
    Step::On
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced_x86::{Decoder, DecoderOptions};

    fn depth_after(code: &[u8]) -> Vec<i64> {
        let (mut depth, mut rbp, mut out) = (0, None, Vec::new());
        let mut d = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
        while d.can_decode() {
            let i = d.decode();
            match step(&i, &mut depth, &mut rbp) {
                Step::On => out.push(depth),
                Step::Off => out.push(-1),
                Step::Unknown => out.push(-2),
            }
        }
        out
    }

    #[test]
    fn instructions_move_the_stack_pointer() {
        // push rbp; mov rbp,rsp; and rsp,-16; sub rsp,0x20; mov rsp,rbp; pop rbp
        let code = [
            0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xf0, 0x48, 0x83, 0xec, 0x20, 0x48, 0x89,
            0xec, 0x5d,
        ];
        assert_eq!(depth_after(&code), [8, 8, 16, 48, 8, 0]);
        // mov rsp,[rsi+0x40] leaves the stack; sub rsp,rax has no bound
        assert_eq!(depth_after(&[0x48, 0x8b, 0x66, 0x40]), [-1]);
        assert_eq!(depth_after(&[0x48, 0x29, 0xc4]), [-2]);
        // sub rsp, 0x188 (32-bit immediate), lea rsp,[rsp+0x188]
        assert_eq!(
            depth_after(&[
                0x48, 0x81, 0xec, 0x88, 1, 0, 0, 0x48, 0x8d, 0xa4, 0x24, 0x88, 1, 0, 0
            ]),
            [0x188, 0]
        );
    }
}
