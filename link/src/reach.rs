//! Which symbols the program needs.
//!
//! Promise: exactly the symbols reachable from the entry are marked: from the names that libgort.a
//! wants (`main.main` among them), through relocations. Weak references (`go.weak.`) and type links
//! (`go.typelink.`) do not keep anything alive; a type link is kept when the type that it points to
//! is. Literal constants (`$f64.…`) come into being at their first use. Stack maps, types of local
//! variables and types of globals are read by the linker but are not part of the image, so they are
//! not followed: debug information alone keeps no type in the program. What is needed and defined
//! nowhere is an error that says who refers to it.

use crate::c::CCode;
use crate::error::{Name, Problems, Result};
use crate::host::HostLib;
use crate::object::Kind;
use crate::resolve::{Definition, Made, Program, SymId, ZERO_VALUE};
use rustc_hash::FxHashMap;

/// Prefix of weak references.
pub const WEAK: &[u8] = b"go.weak.";
const TYPELINK: &[u8] = b"go.typelink.";

/// The reachable symbols.
#[derive(Debug)]
pub struct Reached {
    /// Functions in text order.
    pub texts: Vec<SymId>,
    /// Everything else defined by Go objects or made by the linker, without type links.
    pub data: Vec<SymId>,
    /// Type links, sorted by name.
    pub typelinks: Vec<SymId>,
    marks: Vec<bool>,
}

impl Reached {
    /// Whether the symbol is part of the program.
    pub fn contains(&self, id: SymId) -> bool {
        self.marks.get(id.ix()).copied().unwrap_or(false)
    }
}

/// Marks from the roots. `entries` are names that must exist beside those that the library wants.
pub fn reach(
    p: &mut Program<'_>,
    host: &HostLib<'_>,
    c: &CCode<'_>,
    entries: &[&[u8]],
) -> Result<Reached> {
    let mut marks = vec![false; p.symbols.len()];
    let mut work = Vec::new();
    let mut problems = Problems::default();
    for name in entries {
        match p.find(name) {
            Some(id) if p.go_def(id).is_some_and(|(_, d)| d.kind == Kind::Text) => work.push(id),
            Some(id) if p.go_def(id).is_some() => problems.add(|| not_a_function(name)),
            _ if host.get(name).is_some_and(|h| h.is_text) => {}
            _ if host.get(name).is_some() => problems.add(|| not_a_function(name)),
            _ => problems.add(|| missing_entry(p, name)),
        }
    }
    // The library's weak definitions count as wanted: where Go defines them, Go's are used.
    let wanted = host.undefined.iter().copied().chain(host.weak_names());
    let wanted = wanted.chain(c.wanted());
    work.extend(
        wanted
            .filter_map(|n| p.find(n))
            .filter(|&id| p.go_def(id).is_some()),
    );
    c.check_wanted(&|name| {
        host.get(name).is_some() || p.find(name).is_some_and(|id| p.go_def(id).is_some())
    })?;
    // The library has a weak one only so that it can be linked alone.
    work.extend(p.find(ZERO_VALUE));
    problems.result()?;

    let mut undefined: FxHashMap<SymId, SymId> = FxHashMap::default();
    let mut constants = Vec::new();
    for &id in &work {
        marks[id.ix()] = true;
    }
    while let Some(id) = work.pop() {
        for r in p.relocs(id) {
            let Some(target) = r.target else { continue };
            if marks[target.ix()] {
                continue;
            }
            let s = p.sym(target);
            match s.def {
                Definition::None if s.name.starts_with(WEAK) => continue,
                Definition::None => match constant(s.name) {
                    Some(data) => constants.push((target, data)),
                    None => {
                        undefined.entry(target).or_insert(id);
                        continue;
                    }
                },
                _ => work.push(target),
            }
            marks[target.ix()] = true;
        }
    }
    report_undefined(p, &undefined)?;
    for (id, data) in constants {
        p.make(
            id,
            Kind::Rodata,
            Made {
                data,
                relocs: Vec::new(),
            },
        );
    }

    let (mut texts, mut data, mut typelinks) = (Vec::new(), Vec::new(), Vec::new());
    for id in p.go_defs() {
        let s = p.sym(id);
        if s.name.starts_with(TYPELINK) {
            if p.relocs(id)
                .next()
                .and_then(|r| r.target)
                .is_some_and(|t| marks[t.ix()])
            {
                typelinks.push(id);
            }
        } else if marks[id.ix()] {
            if s.kind == Kind::Text {
                texts.push(id)
            } else {
                data.push(id)
            }
        }
    }
    // What the linker made (constants, `-X` values) is not among the definitions of any object.
    let made = p
        .symbols
        .iter()
        .enumerate()
        .filter(|&(i, s)| marks[i] && matches!(s.def, Definition::Made(_)));
    data.extend(made.map(|(i, _)| SymId(i as u32)));
    typelinks.sort_by_key(|&id| p.sym(id).name);
    for &id in &typelinks {
        marks[id.ix()] = true;
    }
    Ok(Reached {
        texts,
        data,
        typelinks,
        marks,
    })
}

/// Literal constants carry their value in their name.
fn constant(name: &[u8]) -> Option<Vec<u8>> {
    let (digits, len) = if let Some(d) = name.strip_prefix(b"$f32.") {
        (d, 4)
    } else {
        (
            name.strip_prefix(b"$f64.")
                .or_else(|| name.strip_prefix(b"$i64."))?,
            8,
        )
    };
    if digits.is_empty() || digits.len() > len * 2 {
        return None;
    }
    let value = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some(value.to_le_bytes()[..len].to_vec())
}

fn not_a_function(name: &[u8]) -> String {
    format!(
        "{}: asked for as an entry point, but it is no function",
        Name(name)
    )
}

fn missing_entry(p: &Program<'_>, name: &[u8]) -> String {
    let file = p
        .objects
        .first()
        .map(|o| o.origin().to_string())
        .unwrap_or_default();
    if name == b"main.main" || name == b"main.init" {
        format!(
            "{}: not defined: {file} is not a compiled package main with a function main",
            Name(name)
        )
    } else {
        format!(
            "{}: not defined, but asked for as an entry point",
            Name(name)
        )
    }
}

fn report_undefined(p: &Program<'_>, undefined: &FxHashMap<SymId, SymId>) -> Result<()> {
    let mut list: Vec<_> = undefined
        .iter()
        .map(|(&s, &by)| (p.sym(s).name, by))
        .collect();
    list.sort_unstable();
    let mut problems = Problems::default();
    for (name, by) in list {
        problems.add(|| {
            let file = p
                .go_def(by)
                .map(|(o, _)| p.objects[o].origin().to_string())
                .unwrap_or_default();
            let what = if name.starts_with(b"runtime.race") {
                " (the race detector, which gort does not have; compile without -race)"
            } else if name.starts_with(b"runtime.") {
                " (libgort.a does not provide it)"
            } else {
                ""
            };
            format!(
                "undefined: {}, used by {} in {file}{what}",
                Name(name),
                Name(p.sym(by).name)
            )
        });
    }
    problems.result()
}

#[cfg(test)]
mod tests {
    use super::constant;

    #[test]
    fn constants_come_from_names() {
        assert_eq!(
            constant(b"$f32.3f800000"),
            Some(1f32.to_le_bytes().to_vec())
        );
        assert_eq!(
            constant(b"$f64.3ff0000000000000"),
            Some(1f64.to_le_bytes().to_vec())
        );
        assert_eq!(
            constant(b"$i64.00000000000000ff"),
            Some(255u64.to_le_bytes().to_vec())
        );
        assert_eq!(constant(b"$f64."), None);
        assert_eq!(constant(b"$f64.3ff00000000000001"), None);
        assert_eq!(constant(b"$f64.xyz"), None);
        assert_eq!(constant(b"main.f"), None);
    }
}
