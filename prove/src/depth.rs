//! The deepest point of a function: its own part, and that of what it calls.

use crate::decode::CALL;
use crate::library::{Library, Place};
use gort_link::error::Error;
use rustc_hash::FxHashMap;

/// An entry that nothing calls: it begins, as though it were called, below a function that has left
/// the goroutine's stack. Its name, the outermost function there, which compiled code calls, and
/// what that calls last.
const BELOW: [&str; 3] = [
    "runtime.cgocallback_gofunc",
    "runtime.cgocall",
    "runtime.asmcgocall",
];

impl Library<'_> {
    /// How deep the stack is already where the entry `name` begins.
    pub(crate) fn begins_at(&self, name: &str) -> Result<i64, Error> {
        let [below, outer, inner] = BELOW;
        if name != below {
            return Ok(0);
        }
        let outer = self.globals.get(outer.as_bytes()).copied();
        let shape = outer.and_then(|outer| self.shape(outer).ok());
        let calls = shape.into_iter().flat_map(|shape| shape.calls);
        let call = calls.filter(|&(_, callee)| self.name(callee) == inner);
        let depth = call.map(|(depth, _)| depth).max();
        // And its own return address.
        depth.map(|depth| depth + CALL).ok_or_else(|| {
            Error::new(format!(
                "{}: no call of {inner} found (prove/src/depth.rs)",
                BELOW[1]
            ))
        })
    }

    /// Deepest point below the return address of the function at `place`, callees included.
    pub(crate) fn depth(
        &self,
        place: Place,
        known: &mut FxHashMap<Place, i64>,
        path: &mut Vec<Place>,
    ) -> Result<i64, String> {
        if let Some(&d) = known.get(&place) {
            return Ok(d);
        }
        if path.contains(&place) {
            let names: Vec<String> = path.iter().map(|p| self.name(*p)).collect();
            return Err(format!(
                "recursion: {} -> {}",
                names.join(" -> "),
                self.name(place)
            ));
        }
        path.push(place);
        let shape = self.shape(place)?;
        let mut deepest = shape.deepest;
        if shape.checks {
            // Its own check covers the frame; the call of morestack needs its return address.
            deepest = CALL;
        } else {
            for (at, callee) in shape.calls {
                if self.is_dying(callee) {
                    continue;
                }
                deepest = deepest.max(at + self.depth(callee, known, path)?);
            }
        }
        path.pop();
        known.insert(place, deepest);
        Ok(deepest)
    }

    /// The calls that lead to the deepest point, for a message.
    pub(crate) fn deepest_path(&self, place: Place, known: &FxHashMap<Place, i64>) -> String {
        let mut out = self.name(place);
        let mut at = place;
        for _ in 0..20 {
            let Ok(shape) = self.shape(at) else { break };
            let worst = shape
                .calls
                .iter()
                .filter_map(|(d, c)| Some((d + known.get(c)?, *d, *c)))
                .max_by_key(|w| w.0);
            let Some((total, depth, callee)) = worst.filter(|w| w.0 > shape.deepest) else {
                break;
            };
            out.push_str(&format!(" ({depth} of {total}) -> {}", self.name(callee)));
            at = callee;
        }
        out
    }
}
