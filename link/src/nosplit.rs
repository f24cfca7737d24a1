//! The stack-depth check of functions that do not check the stack themselves.
//!
//! Promise: on any path of calls that starts right after a stack check, functions without a check
//! of their own fit into what the check guarantees, [`LIMIT`]. A function with a check ends the
//! path: it only needs room to call `morestack`. An indirect call counts as a call of such a
//! function. A function of the library may go `gort.leafbudget` bytes deep, which `gort prove` shows
//! that all of them keep; what gort's guard leaves beyond [`LIMIT`] (`gort.stacklimit`) is theirs,
//! and only the rest counts.

use crate::error::{Name, Problems, Result};
use crate::host::HostLib;
use crate::layout::{Layout, Section};
use crate::object::RelocKind;
use crate::resolve::{Definition, Program, SymId};
use crate::specialise::is_duff;
use crate::tables::{calls, is_call};
use gort_tables::pcvalue::PcValues;
use rustc_hash::FxHashMap;

/// What a passed check promises to compiled functions, as Go 1.5 has it: programs are accepted and
/// refused alike.
pub const LIMIT: i64 = 512;
/// A return address.
const CALL: i64 = 8;
/// Longer chains are taken for recursion.
const MAX_DEPTH: usize = 100;

/// Checks every function of the program.
pub fn check(p: &Program<'_>, layout: &Layout, host: &HostLib<'_>) -> Result<()> {
    let constant = |name: &[u8]| {
        let value = host.get(name).and_then(|s| s.absolute)?;
        i64::try_from(value).ok()
    };
    // A runtime function may use what gort keeps beyond Go's own promise; the rest counts.
    let spare = constant(b"gort.stacklimit").unwrap_or(LIMIT) - LIMIT;
    let leaf = (constant(b"gort.leafbudget").unwrap_or(0) - spare).max(0);
    let mut c = Checker {
        p,
        leaf,
        limit: LIMIT,
        cost: FxHashMap::default(),
        path: Vec::new(),
        problems: Problems::default(),
    };
    for &id in layout.symbols(Section::Text) {
        c.top(id)?;
    }
    c.problems.result()
}

/// A way from one function into another.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// End of the instruction.
    end: u64,
    /// None for an indirect call.
    target: Option<SymId>,
    /// Bytes that the instruction pushes: a jump pushes none.
    push: i64,
}

struct Checker<'a, 'b> {
    p: &'a Program<'b>,
    /// Bytes that a function of the library takes of the limit.
    leaf: i64,
    limit: i64,
    /// Bytes that a function needs below its return address, calls included.
    cost: FxHashMap<SymId, i64>,
    path: Vec<SymId>,
    problems: Problems,
}

impl Checker<'_, '_> {
    /// A function entered right after its caller's check, or after its own.
    fn top(&mut self, id: SymId) -> Result<()> {
        let need = self.body(id)?;
        let Some((_, text)) = self.p.text(id) else {
            return Ok(());
        };
        // A function with a check has its whole frame within what the check looked for.
        let room = if text.nosplit {
            self.limit - CALL
        } else {
            self.limit + text.locals
        };
        if need > room {
            // Explaining walks the chain: it is done for those that are reported.
            let mut problems = std::mem::take(&mut self.problems);
            problems.add(|| self.explain(id, room));
            self.problems = problems;
        }
        Ok(())
    }

    /// What a call of the function needs, its return address excluded.
    fn callee(&mut self, id: SymId) -> Result<i64> {
        match self.p.sym(id).def {
            Definition::Host => return Ok(self.library(id)),
            Definition::Go { .. } => {}
            _ => return Ok(0),
        }
        match self.p.text(id) {
            Some((_, text)) if text.nosplit => self.body(id),
            // It checks the stack; for that it calls morestack.
            Some(_) => Ok(CALL),
            None => Ok(0),
        }
    }

    fn library(&self, id: SymId) -> i64 {
        let name = self.p.sym(id).name;
        // morestack switches stacks first thing; the duff routines need a word or two below their
        // return address.
        if name == b"runtime.morestack" || name == b"runtime.morestack_noctxt" || is_duff(name) {
            return 0;
        }
        self.leaf
    }

    /// Deepest point of a function, counted from its return address.
    fn body(&mut self, id: SymId) -> Result<i64> {
        if let Some(&known) = self.cost.get(&id) {
            return Ok(known);
        }
        if self.path.contains(&id) || self.path.len() > MAX_DEPTH {
            // Recursion without a check has no bound.
            return Ok(i64::from(u32::MAX));
        }
        self.path.push(id);
        let mut need = 0;
        for (depth, call) in self.spans(id)? {
            need = need.max(depth);
            if let Some(call) = call {
                need = need.max(depth + call.push + self.call_cost(&call)?);
            }
        }
        self.path.pop();
        self.cost.insert(id, need);
        Ok(need)
    }

    fn call_cost(&mut self, call: &Edge) -> Result<i64> {
        match call.target {
            Some(t) => self.callee(t),
            None => Ok(CALL),
        }
    }

    /// Stack depth of each stretch of the function and of each call in it.
    fn spans(&self, id: SymId) -> Result<Vec<(i64, Option<Edge>)>> {
        let Some((_, text)) = self.p.text(id) else {
            return Ok(Vec::new());
        };
        let mut out = Vec::new();
        let mut edges: Vec<Edge> = calls(self.p, id)?
            .iter()
            .map(|c| Edge {
                end: u64::from(c.ret),
                target: c.target,
                push: CALL,
            })
            .collect();
        let image = self.p.image(id);
        let jumps = self
            .p
            .relocs(id)
            .filter(|r| r.kind == RelocKind::Call && !is_call(image, r));
        edges.extend(jumps.map(|r| Edge {
            end: u64::from(r.off) + 4,
            target: r.target,
            push: 0,
        }));
        edges.sort_by_key(|e| e.end);
        let mut edges = edges.into_iter().peekable();
        for (end, value) in PcValues::new(text.pcsp, 0) {
            out.push((i64::from(value), None));
            while let Some(call) = edges.next_if(|e| e.end <= end) {
                // The call of morestack comes after the body; the stack is at its entry level
                // there.
                let is_morestack = call
                    .target
                    .is_some_and(|t| self.p.sym(t).name.starts_with(b"runtime.morestack"));
                let depth = if is_morestack { 0 } else { i64::from(value) };
                out.push((depth, Some(call)));
            }
        }
        Ok(out)
    }

    /// The chain of calls that goes deepest.
    fn explain(&mut self, id: SymId, room: i64) -> String {
        let mut out = String::from("nosplit stack overflow");
        let (mut at, mut left) = (id, room);
        for _ in 0..MAX_DEPTH {
            out.push_str(&format!(
                ": {left} bytes guaranteed after entry of {}",
                Name(self.p.sym(at).name)
            ));
            let mut worst: Option<(i64, i64, Edge)> = None;
            for (depth, call) in self.spans(at).unwrap_or_default() {
                let Some(call) = call else { continue };
                let need = depth + call.push + self.call_cost(&call).unwrap_or(0);
                if worst.is_none_or(|(w, _, _)| need > w) {
                    worst = Some((need, depth, call));
                }
            }
            let Some((need, depth, call)) = worst.filter(|w| w.0 > left) else {
                break;
            };
            left -= depth + call.push;
            let Some(target) = call.target else {
                out.push_str(&format!(
                    "; {left} after {} makes an indirect call",
                    Name(self.p.sym(at).name)
                ));
                break;
            };
            let is_go = self.p.text(target).is_some_and(|(_, t)| t.nosplit);
            if !is_go || left < 0 {
                let by = need - depth - call.push;
                out.push_str(&format!(
                    "; {left} left for {}, which needs {by}",
                    Name(self.p.sym(target).name)
                ));
                break;
            }
            at = target;
        }
        out.push_str(
            "; remove //go:nosplit from a function of the chain, or make its frame smaller",
        );
        out
    }
}
