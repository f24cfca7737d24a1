//! One definition for every name.
//!
//! Promise: after [`Program::new`], each name that any object uses has one [`SymId`], and its
//! definition is the one that the Go 1.5 linker would pick, or the runtime library's. Names that
//! several objects define are checked here: variables without an image merge, `dupok` definitions
//! collapse onto the first, anything else is an error. A strong definition in libgort.a beats
//! `dupok` ones; a weak one gives way to any Go definition.

use crate::c::CCode;
use crate::error::{Name, Problems, Result};
use crate::host::HostLib;
use crate::load::Loaded;
use crate::object::{Def, Kind, RelocKind, Text, hash_name};
use hashbrown::HashTable;
use rustc_hash::FxHashMap;

/// Zeros that map lookups of absent keys point to.
pub const ZERO_VALUE: &[u8] = b"runtime.zerovalue";
/// The runtime itself relies on this many zeros.
const MIN_ZERO_VALUE: u64 = 1024;

/// A name, program-wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymId(pub u32);

impl SymId {
    /// As an index.
    pub fn ix(self) -> usize {
        self.0 as usize
    }
}

/// Where a symbol's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition {
    /// Nowhere.
    None,
    /// In a Go object.
    Go {
        /// Index into [`Program::objects`].
        object: u32,
        /// Index into its definitions.
        def: u32,
    },
    /// In libgort.a.
    Host,
    /// In C code.
    C,
    /// Made by the linker: index into [`Program::made`].
    Made(u32),
}

/// A symbol of the program.
#[derive(Debug, Clone)]
pub struct Symbol<'b> {
    /// Its name.
    pub name: &'b [u8],
    /// Local to one object.
    pub is_static: bool,
    /// Its bytes.
    pub def: Definition,
    /// What it is; meaningless without definition.
    pub kind: Kind,
    /// Size in memory.
    pub size: u64,
    /// Type descriptor of a variable.
    pub gotype: Option<SymId>,
}

/// A definition that the linker makes: constants from names, `-X` strings.
#[derive(Debug, Clone)]
pub struct Made {
    /// Image.
    pub data: Vec<u8>,
    /// Addresses to store in it.
    pub relocs: Vec<Relocation>,
}

/// A relocation with its target resolved.
#[derive(Debug, Clone, Copy)]
pub struct Relocation {
    /// Offset of the field in the symbol.
    pub off: u32,
    /// What to store.
    pub kind: RelocKind,
    /// Addend.
    pub add: i64,
    /// Target.
    pub target: Option<SymId>,
}

/// All symbols, resolved.
#[derive(Debug)]
pub struct Program<'b> {
    /// Objects in text order.
    pub objects: &'b [Loaded<'b>],
    /// For each object, the symbol of each of its names.
    ids: Vec<Vec<SymId>>,
    /// Symbols by [`SymId`].
    pub symbols: Vec<Symbol<'b>>,
    /// Definitions made by the linker.
    pub made: Vec<Made>,
    /// Calls of functions that go elsewhere than the objects say ([`crate::specialise`]), in order
    /// of offset.
    sent: FxHashMap<SymId, Vec<Relocation>>,
    index: HashTable<u32>,
}

impl<'b> Program<'b> {
    /// Resolves the names of all objects against each other and against the runtime library.
    pub fn new(objects: &'b [Loaded<'b>], host: &HostLib<'_>, c: &CCode<'_>) -> Result<Self> {
        let names = objects.iter().map(|o| o.object.names.len()).sum::<usize>();
        let mut p = Program {
            objects,
            ids: Vec::with_capacity(objects.len()),
            symbols: Vec::with_capacity(names / 2),
            made: Vec::new(),
            sent: FxHashMap::default(),
            // It never grows: that would hash all names again.
            index: HashTable::with_capacity(names),
        };
        for o in objects {
            let mut ids = Vec::with_capacity(o.object.names.len());
            for n in &o.object.names {
                // A static name is one object's own: it is not entered in the index.
                ids.push(if n.is_static {
                    p.push(&n.name, true)
                } else {
                    p.intern(&n.name, n.hash)
                });
            }
            p.ids.push(ids);
        }
        let mut problems = Problems::default();
        for (object, o) in objects.iter().enumerate() {
            for def in 0..o.object.defs.len() {
                p.define(object, def, host, &mut problems);
            }
        }
        problems.result()?;
        for s in &mut p.symbols {
            if s.def == Definition::None && !s.is_static && host.get(s.name).is_some() {
                s.def = Definition::Host;
            }
        }
        if !c.is_empty() {
            p.take_from(c);
        }
        Ok(p)
    }

    /// What C code defines. Go declares such names as variables without an image, to have their
    /// addresses.
    fn take_from(&mut self, c: &CCode<'_>) {
        for i in 0..self.symbols.len() {
            let s = &self.symbols[i];
            if s.is_static || c.supplies(s.name).is_none() {
                continue;
            }
            let declared = match self.go_def(SymId(i as u32)) {
                Some((_, def)) => matches!(def.kind, Kind::Bss | Kind::NoptrBss),
                None => s.def == Definition::None,
            };
            if declared {
                self.symbols[i].def = Definition::C;
            }
        }
    }

    fn push(&mut self, name: &'b [u8], is_static: bool) -> SymId {
        let def = Definition::None;
        self.symbols.push(Symbol {
            name,
            is_static,
            def,
            kind: Kind::Rodata,
            size: 0,
            gotype: None,
        });
        SymId(self.symbols.len() as u32 - 1)
    }

    fn intern(&mut self, name: &'b [u8], hash: u64) -> SymId {
        if let Some(&i) = self
            .index
            .find(hash, |&i| self.symbols[i as usize].name == name)
        {
            return SymId(i);
        }
        let id = self.push(name, false);
        let symbols = &self.symbols;
        self.index
            .insert_unique(hash, id.0, |&i| hash_name(symbols[i as usize].name));
        id
    }

    fn define(&mut self, object: usize, def: usize, host: &HostLib<'_>, problems: &mut Problems) {
        let objects = self.objects;
        let d = &objects[object].object.defs[def];
        let id = self.ids[object][d.name.ix()];
        let gotype = d.gotype.map(|t| self.ids[object][t.ix()]);
        let place = Definition::Go {
            object: object as u32,
            def: def as u32,
        };
        let old = &self.symbols[id.ix()];
        if let Definition::Host = old.def {
            let s = &mut self.symbols[id.ix()];
            s.gotype = s.gotype.or(gotype);
            return;
        }
        let Definition::Go {
            object: old_object,
            def: old_def,
        } = old.def
        else {
            let strong = (!old.is_static)
                .then(|| host.get(old.name))
                .flatten()
                .filter(|h| !h.weak);
            let s = &mut self.symbols[id.ix()];
            s.kind = d.kind;
            s.size = d.size;
            s.gotype = gotype;
            s.def = place;
            if strong.is_some() {
                if !d.dupok {
                    problems.add(|| {
                        format!(
                            "{}: defined in {} and in the runtime library {}",
                            Name(s.name),
                            objects[object].origin(),
                            host.path.display()
                        )
                    });
                }
                s.def = Definition::Host;
            }
            return;
        };
        let o = &objects[old_object as usize].object.defs[old_def as usize];
        let empty_variable = |d: &Def<'_>| matches!(d.kind, Kind::Bss | Kind::NoptrBss);
        let s = &mut self.symbols[id.ix()];
        if empty_variable(d) {
            s.size = s.size.max(d.size);
        } else if empty_variable(o) {
            s.def = place;
            s.kind = d.kind;
            s.size = s.size.max(d.size);
        } else if !o.dupok && !d.dupok {
            problems.add(|| {
                format!(
                    "{}: defined in {} and again in {}",
                    Name(s.name),
                    objects[old_object as usize].origin(),
                    objects[object].origin()
                )
            });
        } else if o.data.is_empty() {
            s.size = s.size.max(d.size);
        } else if s.name.starts_with("gclocals\u{b7}".as_bytes()) && o.data != d.data {
            problems.add(|| {
                format!(
                    "{}: two stack maps of this name differ, in {} and {}; one of the files is damaged",
                    Name(s.name),
                    objects[old_object as usize].origin(),
                    objects[object].origin()
                )
            });
        }
        s.gotype = s.gotype.or(gotype);
    }

    /// The symbol.
    pub fn sym(&self, id: SymId) -> &Symbol<'b> {
        &self.symbols[id.ix()]
    }

    /// Looks a global name up.
    pub fn find(&self, name: &[u8]) -> Option<SymId> {
        self.index
            .find(hash_name(name), |&i| self.symbols[i as usize].name == name)
            .map(|&i| SymId(i))
    }

    /// Adds a definition made by the linker.
    pub fn make(&mut self, id: SymId, kind: Kind, made: Made) {
        let s = &mut self.symbols[id.ix()];
        s.def = Definition::Made(self.made.len() as u32);
        s.kind = kind;
        s.size = made.data.len() as u64;
        self.made.push(made);
    }

    /// Makes sure that `runtime.zerovalue` exists and is as large as the largest that any package
    /// wants.
    pub fn require_zero_value(&mut self) -> SymId {
        let id = self.intern(ZERO_VALUE, hash_name(ZERO_VALUE));
        if self.go_def(id).is_none() {
            self.make(
                id,
                Kind::Rodata,
                Made {
                    data: Vec::new(),
                    relocs: Vec::new(),
                },
            );
        }
        let s = &mut self.symbols[id.ix()];
        s.size = s.size.max(MIN_ZERO_VALUE);
        id
    }

    /// Adds a nameless symbol (not entered in the index) that the linker makes.
    pub fn make_anonymous(&mut self, name: &'b [u8], kind: Kind, made: Made) -> SymId {
        let id = self.push(name, true);
        self.make(id, kind, made);
        id
    }

    /// The definition in a Go object.
    pub fn go_def(&self, id: SymId) -> Option<(usize, &'b Def<'b>)> {
        match self.sym(id).def {
            Definition::Go { object, def } => Some((
                object as usize,
                &self.objects[object as usize].object.defs[def as usize],
            )),
            _ => None,
        }
    }

    /// The function part of a text symbol.
    pub fn text(&self, id: SymId) -> Option<(usize, &'b Text<'b>)> {
        let (object, def) = self.go_def(id)?;
        let text = def.text?;
        Some((object, &self.objects[object].object.texts[text as usize]))
    }

    /// Initial image; shorter than the size where the rest is zero.
    pub fn image(&self, id: SymId) -> &[u8] {
        match self.sym(id).def {
            Definition::Made(i) => &self.made[i as usize].data,
            _ => self.go_def(id).map_or(&[], |(_, d)| d.data),
        }
    }

    /// The symbol that a name of an object means.
    pub fn id(&self, object: usize, name: crate::object::NameIx) -> SymId {
        self.ids[object][name.ix()]
    }

    /// A name that the library defines and that no object may have used so far.
    pub fn wanted_of_library(&mut self, name: &[u8], host: &HostLib<'b>) -> Option<SymId> {
        let name = host.name(name)?;
        let id = self.intern(name, hash_name(name));
        let s = &mut self.symbols[id.ix()];
        if s.def == Definition::None {
            s.def = Definition::Host;
        }
        (s.def == Definition::Host).then_some(id)
    }

    /// From now on a call of a function is this one; calls of one function come in order of offset.
    pub fn send(&mut self, from: SymId, call: Relocation) {
        self.sent.entry(from).or_default().push(call);
    }

    /// Relocations of a symbol.
    pub fn relocs(&self, id: SymId) -> impl Iterator<Item = Relocation> + '_ {
        let sent = self.sent.get(&id).map_or(&[][..], |calls| calls);
        let (made, go) = match self.sym(id).def {
            Definition::Made(i) => (&self.made[i as usize].relocs[..], None),
            _ => (&[][..], self.go_def(id)),
        };
        let go = go.into_iter().flat_map(move |(object, def)| {
            let range = def.relocs.start as usize..def.relocs.end as usize;
            self.objects[object].object.relocs[range]
                .iter()
                .map(move |r| Relocation {
                    off: r.off,
                    kind: r.kind,
                    add: r.add,
                    target: r.sym.map(|n| self.ids[object][n.ix()]),
                })
        });
        made.iter().copied().chain(go).map(move |r| {
            let at = sent.binary_search_by_key(&r.off, |call| call.off);
            at.ok()
                .and_then(|i| sent.get(i))
                .filter(|call| call.kind == r.kind)
                .copied()
                .unwrap_or(r)
        })
    }

    /// Symbols defined by Go objects, in file order.
    pub fn go_defs(&self) -> impl Iterator<Item = SymId> + '_ {
        self.objects
            .iter()
            .enumerate()
            .flat_map(move |(object, o)| {
                o.object
                    .defs
                    .iter()
                    .enumerate()
                    .filter_map(move |(def, d)| {
                        let id = self.ids[object][d.name.ix()];
                        let here = Definition::Go {
                            object: object as u32,
                            def: def as u32,
                        };
                        (self.sym(id).def == here).then_some(id)
                    })
            })
    }
}
