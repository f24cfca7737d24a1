//! The scheduler does not come back to itself.
//!
//! Promise: from the function that runs goroutines for ever no direct call leads to that function
//! again. Each round starts where the last one started, then, so a g0 stack does not grow with the
//! goroutines that have run on it. The code is read in a straight line, from a function's first
//! instruction to the next function: every call and jump in it counts, reached or not.

use crate::library::{Library, Place};
use iced_x86::{Decoder, DecoderOptions, FlowControl, Mnemonic};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// The function's name (src/dispatch/schedule.rs).
const SCHEDULE: &[u8] = b"gort_schedule";

/// Looks for a path from the scheduler to itself; answers it as an error.
pub(crate) fn check(lib: &Library<'_>) -> Result<(), String> {
    let Some(&start) = lib.globals.get(SCHEDULE) else {
        return Err(format!(
            "{} is not a function of the library",
            String::from_utf8_lossy(SCHEDULE)
        ));
    };
    let mut caller: FxHashMap<Place, Place> = FxHashMap::default();
    let mut work = VecDeque::from([start]);
    while let Some(place) = work.pop_front() {
        for callee in calls(lib, place) {
            if callee == start {
                let mut path = vec![start, place];
                while path[path.len() - 1] != start {
                    path.push(caller[&path[path.len() - 1]]);
                }
                path.reverse();
                let names: Vec<String> = path.iter().map(|p| lib.name(*p)).collect();
                return Err(format!(
                    "the scheduler calls itself, so its stack has no bound: {}",
                    names.join(" -> ")
                ));
            }
            if !lib.is_dying(callee) && !caller.contains_key(&callee) {
                caller.insert(callee, place);
                work.push_back(callee);
            }
        }
    }
    Ok(())
}

/// Where the calls and jumps of the function at `place` lead, outside of itself.
fn calls(lib: &Library<'_>, place: Place) -> Vec<Place> {
    let Some(section) = lib.sections.get(&(place.member, place.section)) else {
        return Vec::new();
    };
    let end = lib
        .names
        .iter()
        .filter(|(p, name)| {
            p.member == place.member
                && p.section == place.section
                && p.offset > place.offset
                && !name.starts_with('.')
        })
        .map(|(p, _)| p.offset)
        .min()
        .unwrap_or(section.data.len() as u64);
    let code = section
        .data
        .get(place.offset as usize..end as usize)
        .unwrap_or_default();
    let mut out = Vec::new();
    for i in Decoder::with_ip(64, code, place.offset, DecoderOptions::NONE) {
        let near = match i.flow_control() {
            FlowControl::Call
            | FlowControl::UnconditionalBranch
            | FlowControl::ConditionalBranch => i.mnemonic() != Mnemonic::Syscall,
            // Through the GOT.
            FlowControl::IndirectCall | FlowControl::IndirectBranch => false,
            _ => continue,
        };
        let field = i.next_ip().wrapping_sub(4);
        if let Some(t) = lib.target(place.member, section, field, 4) {
            out.push(t);
        } else if near && !(place.offset..end).contains(&i.near_branch_target()) {
            out.push(Place {
                offset: i.near_branch_target(),
                ..place
            });
        } else if near && i.near_branch_target() == place.offset {
            out.push(place);
        }
    }
    out
}
