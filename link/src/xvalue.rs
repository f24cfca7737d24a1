//! `-X importpath.name=value`: string variables set by the linker.
//!
//! Promise: the last value given for a name wins; a name that the program does not have is no error
//! (build scripts set variables of packages that may not be there); a name of something that is not
//! a string variable is.

use crate::error::{Error, Name, Result};
use crate::object::{Kind, RelocKind, escape_path};
use crate::resolve::{Definition, Made, Program, Relocation, SymId};
use rustc_hash::FxHashMap;

/// Name of the bytes of a value; nothing refers to them by name.
const BYTES: &[u8] = b"go.string.-X";

/// Defines the variables anew.
pub fn apply(p: &mut Program<'_>, values: &[(String, Vec<u8>)]) -> Result<()> {
    let mut errors = Vec::new();
    let last: FxHashMap<&str, usize> = values
        .iter()
        .enumerate()
        .map(|(i, (name, _))| (name.as_str(), i))
        .collect();
    for (i, (name, value)) in values.iter().enumerate() {
        if last.get(name.as_str()) != Some(&i) {
            continue;
        }
        let Some(id) = find(p, name) else { continue };
        let s = p.sym(id);
        if matches!(s.def, Definition::None | Definition::C) {
            continue;
        }
        let is_string = s.gotype.is_some_and(|t| p.sym(t).name == b"type.string");
        if s.kind == Kind::Text || !is_string {
            let what = if s.def == Definition::Host {
                "a symbol of the runtime"
            } else {
                "not a string variable"
            };
            errors.push(format!(
                "-X {name}: {} is {what}, so it cannot be set",
                Name(s.name)
            ));
            continue;
        }
        let mut bytes = value.clone();
        bytes.push(0);
        let text = p.make_anonymous(
            BYTES,
            Kind::Rodata,
            Made {
                data: bytes,
                relocs: Vec::new(),
            },
        );
        let mut data = vec![0; 16];
        data[8..].copy_from_slice(&(value.len() as u64).to_le_bytes());
        let pointer = Relocation {
            off: 0,
            kind: RelocKind::Addr,
            add: 0,
            target: Some(text),
        };
        p.make(
            id,
            Kind::Data,
            Made {
                data,
                relocs: vec![pointer],
            },
        );
    }
    Error::from_list(errors)
}

/// The name as written, or with its import path escaped as in symbol names. A variable's own name
/// has no dot.
fn find(p: &Program<'_>, name: &str) -> Option<SymId> {
    p.find(name.as_bytes()).or_else(|| {
        let (path, variable) = name.rsplit_once('.')?;
        p.find(format!("{}.{variable}", escape_path(path)).as_bytes())
    })
}
