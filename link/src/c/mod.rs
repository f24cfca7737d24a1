//! C code in a program: objects of a C compiler in the archives of packages, and what the packages
//! say about them.
//!
//! Promise: [`CCode::read`] decides who does the last step. A program with package `runtime/cgo`
//! has a C library, and is linked by the C compiler, which knows where that is and what belongs to
//! it. In a program without, objects of C and assembly (`.syso` files) are linked like all else:
//! such a program stays static. Every name that C code supplies is known afterwards.

mod archive;
pub mod compiler;
pub mod dynamic;
mod shared;

pub use shared::Shared;

use crate::error::{Error, Name, Problems, Result};
use crate::flags::{BuildMode, LinkMode, Options};
use crate::load::{CMember, Inputs, Loaded};
use crate::object::Directive;
use object::read::elf::{ElfFile64, FileHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, elf};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// Package whose presence means that the program has a C library.
pub const RUNTIME_CGO: &str = "runtime/cgo";
/// What the start-up code of C libraries calls; the library's own entry for that.
pub const MAIN: &[u8] = b"main";
/// What C libraries call when they load an archive's program or a shared object.
pub const LIBRARY_ENTRY: &[u8] = b"_rt0_amd64_linux_lib";

/// An object of a C compiler or assembler.
#[derive(Debug)]
pub struct CObject<'a> {
    /// Where it is.
    pub member: CMember<'a>,
    /// Names that others may use.
    pub defined: Vec<&'a [u8]>,
    /// Names that others have to define.
    pub undefined: Vec<&'a [u8]>,
}

/// All that a program has of C.
#[derive(Debug, Default)]
pub struct CCode<'a> {
    /// Its objects, in the order of their packages.
    pub objects: Vec<CObject<'a>>,
    /// The program has a C library: the C compiler links, or libwild does it for it.
    pub by_compiler: bool,
    /// The shared libraries, where libwild links.
    pub shared: Option<Shared>,
    /// Names of Go and of the library that C code may use, with the names by which it does.
    pub exports: Vec<(Vec<u8>, Vec<u8>)>,
    /// Arguments for the C compiler.
    pub flags: Vec<Vec<u8>>,
    defined: FxHashSet<&'a [u8]>,
    /// Names that objects or libraries of C define, with the names by which these do.
    imports: FxHashMap<Vec<u8>, Vec<u8>>,
}

/// What of it the last step needs.
#[derive(Debug, Default)]
pub struct CParts {
    /// Objects, each with the place that it is from.
    pub objects: Vec<(String, Vec<u8>)>,
    /// Arguments for the C compiler; none in a program without a C library.
    pub by_compiler: Option<Vec<Vec<u8>>>,
    /// Names that are for these objects and `go.o` alone.
    pub internal: Vec<String>,
    /// The shared libraries, where libwild links.
    pub shared: Option<Shared>,
}

impl<'a> CCode<'a> {
    /// Reads the objects' names and the packages' directives.
    pub fn read(inputs: &'a Inputs, loaded: &[Loaded<'_>], options: &Options) -> Result<Self> {
        let members = inputs.c_members();
        let cgo = inputs.files().iter().any(|f| f.package == RUNTIME_CGO);
        if members.is_empty() && !cgo {
            return Ok(Self::default());
        }
        let objects: Vec<_> = members.into_par_iter().map(read_object).collect();
        let mut problems = Problems::default();
        let internal = cgo && options.link_mode == LinkMode::Internal;
        if internal && options.build_mode != BuildMode::Exe {
            return Err(Error::new(
                "-linkmode=internal: in a program with C code, only executables fixed in place (-buildmode=exe); leave it out, so that the C compiler links",
            ));
        }
        let mut c = Self {
            by_compiler: cgo,
            shared: internal.then(Shared::default),
            ..Self::default()
        };
        for o in objects {
            match o {
                Ok(o) => c.objects.push(o),
                Err(e) => e.messages().iter().for_each(|m| problems.add(|| m.clone())),
            }
        }
        problems.result()?;
        c.defined = c.objects.iter().flat_map(|o| &o.defined).copied().collect();
        if cgo {
            // The program that a library is part of has its own.
            if !options.build_mode.is_library() {
                c.exports.push((MAIN.to_vec(), MAIN.to_vec()));
            }
            for d in loaded.iter().flat_map(|l| &l.directives) {
                c.obey(d);
            }
            c.exports.sort_unstable();
            c.exports.dedup();
        } else {
            c.check_alone()?;
        }
        Ok(c)
    }

    fn obey(&mut self, directive: &Directive) {
        if let Some(shared) = &mut self.shared {
            shared.obey(directive);
        }
        match directive {
            Directive::ImportStatic(name) => {
                self.imports.insert(name.clone(), name.clone());
            }
            Directive::ImportDynamic { local, remote, .. } => {
                let known = self.imports.entry(local.clone());
                known.or_insert_with(|| remote.clone());
            }
            Directive::ExportStatic { local, remote } => {
                self.exports.push((local.clone(), remote.clone()));
            }
            Directive::Ldflag(flag) => self.flags.push(flag.clone()),
            Directive::Need(_) | Directive::Loader(_) => {}
        }
    }

    /// Without a C library there is no start-up code for thread-local variables and constructors.
    fn check_alone(&self) -> Result<()> {
        let mut problems = Problems::default();
        for o in &self.objects {
            let Ok(file) = ElfFile64::<Endianness>::parse(o.member.data) else {
                continue;
            };
            for s in file.sections() {
                let name = s.name_bytes().unwrap_or_default();
                let object::SectionFlags::Elf { sh_flags, .. } = s.flags() else {
                    continue;
                };
                let what = if sh_flags.0 & elf::SHF_TLS.0 != 0 {
                    "thread-local variables"
                } else if [&b".init_array"[..], b".ctors"]
                    .iter()
                    .any(|n| name.starts_with(n))
                {
                    "constructors"
                } else {
                    continue;
                };
                problems.add(|| {
                    format!(
                        "{}: {what} ({}), which need a C library, and no package of this program imports \"C\"; build with CGO_ENABLED=1 and import \"C\" in one",
                        o.member,
                        Name(name)
                    )
                });
            }
        }
        problems.result()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && !self.by_compiler
    }

    /// The name by which C code defines a name that Go uses, if it does.
    pub fn supplies<'n>(&'n self, name: &'n [u8]) -> Option<&'n [u8]> {
        match self.imports.get(name) {
            Some(remote) => Some(remote),
            None => self.defined.contains(name).then_some(name),
        }
    }

    /// Names of Go and the library that C code needs.
    pub fn wanted(&self) -> impl Iterator<Item = &[u8]> {
        let exported = self.exports.iter().map(|(local, _)| local.as_slice());
        // A C compiler that links sees exported names only.
        let objects = if self.by_compiler {
            &[][..]
        } else {
            &self.objects[..]
        };
        exported.chain(objects.iter().flat_map(|o| o.undefined.iter().copied()))
    }

    /// Says which objects want what nobody has, where no C compiler will.
    pub fn check_wanted(&self, has: &dyn Fn(&[u8]) -> bool) -> Result<()> {
        let mut problems = Problems::default();
        if self.by_compiler {
            return Ok(());
        }
        for o in &self.objects {
            for name in &o.undefined {
                if !self.defined.contains(name) && !has(name) {
                    problems.add(|| {
                        format!(
                            "undefined: {}, used by {} of package {}",
                            Name(name),
                            o.member,
                            o.member.input.package
                        )
                    });
                }
            }
        }
        problems.result()
    }

    /// What the last step needs, on its own.
    pub fn parts(&self) -> CParts {
        let objects = self.objects.iter();
        CParts {
            objects: objects
                .map(|o| (o.member.to_string(), o.member.data.to_vec()))
                .collect(),
            by_compiler: self.by_compiler.then(|| self.flags.clone()),
            internal: self.internal(),
            shared: self.shared.clone(),
        }
    }

    /// Names that nobody outside has to see: those of package `runtime/cgo`, those through which Go
    /// code calls C, and those by which C code gets back into Go.
    fn internal(&self) -> Vec<String> {
        let is_of_runtime = |o: &&CObject<'_>| o.member.input.package == RUNTIME_CGO;
        let of_runtime = self.objects.iter().filter(is_of_runtime);
        let of_runtime = of_runtime.flat_map(|o| o.defined.iter().copied());
        let bridges = self.imports.values().map(Vec::as_slice);
        let bridges = bridges.filter(|n| n.starts_with(b"_cgo_") && self.defined.contains(n));
        let exports = self.exports.iter().map(|(_, remote)| remote.as_slice());
        let names = of_runtime.chain(bridges).chain(exports);
        let mut names: Vec<String> = names
            .filter_map(|n| Some(std::str::from_utf8(n).ok()?.to_string()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Reads the names of an object.
fn read_object(member: CMember<'_>) -> Result<CObject<'_>> {
    let bad = |what: &str| Error::new(format!("{member}: {what}"));
    if member.data.get(4) == Some(&elf::ELFCLASS32.0) {
        return Err(bad(
            "a C object for a 32-bit system; compile it for x86-64 (without -m32)",
        ));
    }
    let file: ElfFile64<'_, Endianness> =
        ElfFile64::parse(member.data).map_err(|e| bad(&format!("a damaged C object ({e})")))?;
    let header = file.elf_header();
    let machine = header.e_machine(file.endian());
    if file.endian() != Endianness::Little || machine != elf::EM_X86_64 {
        let number = machine.0;
        return Err(bad(&format!(
            "a C object for another machine (ELF machine {number}); compile it for x86-64"
        )));
    }
    if header.e_type(file.endian()) != elf::ET_REL {
        return Err(bad(
            "linked already; the objects of a package are what a C compiler makes with -c",
        ));
    }
    let (mut defined, mut undefined) = (Vec::new(), Vec::new());
    for s in file.symbols().filter(|s| s.is_global()) {
        let name = s.name_bytes().unwrap_or_default();
        if !s.is_undefined() {
            defined.push(name);
        } else if !s.is_weak() && name != b"_GLOBAL_OFFSET_TABLE_" {
            undefined.push(name);
        }
    }
    Ok(CObject {
        member,
        defined,
        undefined,
    })
}
