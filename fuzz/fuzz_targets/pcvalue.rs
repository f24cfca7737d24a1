//! Tables of values by pc: what a lookup answers is what reading the table plainly says, and a walk
//! through the table goes up. The first byte is the distance between two lookups.
#![no_main]

use gort_tables::pcvalue::{PcValues, lookup};
use libfuzzer_sys::fuzz_target;

/// Where the function begins, somewhere in text.
const ENTRY: u64 = 0x40_1000;

/// A number in base 128 and what follows it. Bits beyond 32 are dropped, more than six bytes are
/// none.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let end = bytes.iter().position(|b| b & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at(end + 1);
    if digits.len() > 6 {
        return None;
    }
    let value = digits
        .iter()
        .rev()
        .fold(0u64, |v, b| v << 7 | u64::from(b & 0x7f));
    Some((value as u32, rest))
}

/// The runs of a table: up to which pc each value holds.
fn runs(mut bytes: &[u8]) -> Vec<(u64, i32)> {
    let (mut runs, mut pc, mut value) = (Vec::new(), ENTRY, -1i32);
    while let Some((change, rest)) = number(bytes) {
        if change == 0 && !runs.is_empty() {
            break;
        }
        let Some((length, rest)) = number(rest) else {
            break;
        };
        let half = (change >> 1) as i32;
        value = value.wrapping_add(if change & 1 == 0 { half } else { !half });
        pc += u64::from(length);
        runs.push((pc, value));
        bytes = rest;
    }
    runs
}

fuzz_target!(|data: &[u8]| {
    let Some((&step, table)) = data.split_first() else {
        return;
    };
    let runs = runs(table);
    assert!(PcValues::new(table, ENTRY).eq(runs.iter().copied()));
    assert!(runs.is_sorted_by_key(|&(end, _)| end));
    let plain = |pc| {
        runs.iter()
            .find(|&&(end, _)| pc < end)
            .map_or(-1, |&(_, v)| v)
    };
    let pcs = (0..64).map(|i| ENTRY + i * u64::from(step));
    for pc in pcs.chain(runs.iter().flat_map(|&(end, _)| [end - 1, end, end + 1])) {
        assert_eq!(lookup(table, ENTRY, pc), plain(pc));
    }
});
