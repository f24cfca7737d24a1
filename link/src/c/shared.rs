//! The shared libraries of a program, as its packages tell of them.
//!
//! Promise: for each library there is a file that says to a linker what the library itself would:
//! its name, and the names and versions that the program takes from it. So a program is linked
//! without the libraries, and without what a C compiler knows of where they are.

use crate::error::{Error, Result};
use crate::object::Directive;
use object::write::StringId;
use object::write::elf::{FileHeader, SectionHeader, Sym, Verdef, Writer};
use object::{Endianness, elf};
use rustc_hash::FxHashMap;

/// What a program takes from shared libraries.
#[derive(Debug, Default, Clone)]
pub struct Shared {
    /// What loads them.
    pub loader: Option<Vec<u8>>,
    /// In the order in which they are searched.
    libraries: Vec<Library>,
}

#[derive(Debug, Clone)]
struct Library {
    name: Vec<u8>,
    /// The program has it, used or not.
    is_needed: bool,
    names: Vec<Import>,
}

/// A name, and its version; without one it is empty.
#[derive(Debug, Clone)]
struct Import {
    name: Vec<u8>,
    version: Vec<u8>,
}

/// What kind of thing a name is, by the way in which code refers to it.
pub type Kinds<'a> = FxHashMap<&'a [u8], elf::SymbolType>;

impl Shared {
    /// Takes in what a package says.
    pub fn obey(&mut self, directive: &Directive) {
        match directive {
            Directive::Need(library) if !library.is_empty() => {
                self.library(library).is_needed = true;
            }
            Directive::ImportDynamic {
                remote,
                version,
                library,
                ..
            } => {
                let import = Import {
                    name: remote.clone(),
                    version: version.clone(),
                };
                if !self.has(remote) {
                    self.library(library).names.push(import);
                }
            }
            Directive::Loader(path) => self.loader = Some(path.clone()),
            _ => {}
        }
    }

    fn library(&mut self, name: &[u8]) -> &mut Library {
        let known = self.libraries.iter().position(|l| l.name == name);
        let at = known.unwrap_or_else(|| {
            self.libraries.push(Library {
                name: name.to_vec(),
                is_needed: false,
                names: Vec::new(),
            });
            self.libraries.len() - 1
        });
        &mut self.libraries[at]
    }

    /// Whether a library has this name.
    pub fn has(&self, name: &[u8]) -> bool {
        self.version(name).is_some()
    }

    /// The version of a name; empty if it has none.
    pub fn version(&self, name: &[u8]) -> Option<&[u8]> {
        let mut names = self.libraries.iter().flat_map(|l| &l.names);
        let found = names.find(|import| import.name == name);
        found.map(|import| import.version.as_slice())
    }

    /// A file for each library, with a name for it, and whether the program needs it in any case.
    /// Names of no library in particular, as musl's, are in the first.
    pub fn files(&self, kinds: &Kinds<'_>) -> Result<Vec<(String, Vec<u8>, bool)>> {
        let mut libraries = self.libraries.clone();
        if let Some(any) = libraries.iter().position(|l| l.name.is_empty()) {
            let any = libraries.remove(any);
            match libraries.iter_mut().find(|l| l.is_needed) {
                Some(first) => first.names.extend(any.names),
                None if any.names.is_empty() => {}
                None => {
                    return Err(Error::new(
                        "no package of the program names the C library; leave -linkmode=internal out",
                    ));
                }
            }
        }
        let files = libraries.iter().enumerate().map(|(n, library)| {
            let bytes = library.file(kinds).map_err(|e| {
                let name = library.name.escape_ascii();
                Error::new(format!("the names of {name}: {e}"))
            })?;
            Ok((format!("/{n:06}.so"), bytes, library.is_needed))
        });
        files.collect()
    }
}

impl Library {
    /// A shared library that has these names, and nothing behind them.
    fn file(&self, kinds: &Kinds<'_>) -> object::write::Result<Vec<u8>> {
        let mut versions: Vec<&[u8]> = self.names.iter().map(|i| i.version.as_slice()).collect();
        versions.retain(|version| !version.is_empty());
        versions.sort_unstable();
        versions.dedup();
        let index = |version: &[u8]| match versions.binary_search(&version) {
            // 0 and 1 are what has no version.
            Ok(at) => elf::VersionIndex(at as u16 + 2),
            Err(_) => elf::VER_NDX_GLOBAL,
        };

        let mut bytes = Vec::new();
        let mut w = Writer::new(Endianness::Little, true, &mut bytes);
        w.reserve_file_header();
        let name = w.add_dynamic_string(&self.name);
        let names: Vec<StringId> = self
            .names
            .iter()
            .map(|import| w.add_dynamic_string(&import.name))
            .collect();
        let version_names: Vec<StringId> =
            versions.iter().map(|v| w.add_dynamic_string(v)).collect();
        w.reserve_null_section_index();
        let text_name = w.add_section_name(b".text");
        let text = w.reserve_section_index();
        w.reserve_null_dynamic_symbol_index();
        names
            .iter()
            .for_each(|_| _ = w.reserve_dynamic_symbol_index());
        w.reserve_dynsym_section_index();
        w.reserve_dynstr_section_index();
        w.reserve_dynamic_section_index();
        w.reserve_dynsym();
        w.reserve_dynstr()?;
        let count = versions.len() as u16 + 1;
        w.reserve_gnu_versym_section_index();
        w.reserve_gnu_versym();
        w.reserve_gnu_verdef_section_index();
        w.reserve_gnu_verdef(count, usize::from(count));
        // Its name, how many versions, and the end.
        let dynamic = 3;
        w.reserve_dynamic(dynamic);
        w.reserve_shstrtab_section_index();
        w.reserve_shstrtab()?;
        w.reserve_section_headers();

        w.write_file_header(&FileHeader {
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            e_type: elf::ET_DYN,
            e_machine: elf::EM_X86_64,
            e_entry: 0,
            e_flags: elf::FileFlags(0),
        })?;
        w.write_null_dynamic_symbol();
        for (import, name) in self.names.iter().zip(names) {
            let kind = kinds.get(&*import.name).copied();
            let kind = kind.unwrap_or(elf::STT_NOTYPE);
            let symbol = Sym {
                section: Some(text.0),
                st_name: w.dynamic_string_offset(Some(name)),
                st_info: elf::SymbolInfo::new(elf::STB_GLOBAL, kind),
                st_other: elf::SymbolOther(0),
                st_shndx: elf::SymbolSection(0),
                st_value: 0,
                st_size: 0,
            };
            w.write_dynamic_symbol(&symbol);
        }
        w.write_dynstr();
        w.write_null_gnu_versym();
        for import in &self.names {
            w.write_gnu_versym(index(&import.version).versym(false));
        }
        w.write_align_gnu_verdef();
        let own = (
            elf::VER_NDX_GLOBAL,
            elf::VER_FLG_BASE,
            name,
            self.name.as_slice(),
        );
        let others = versions.iter().zip(version_names);
        let others = others.map(|(&v, name)| (index(v), elf::VersionFlags(0), name, v));
        for (index, flags, name, text) in std::iter::once(own).chain(others) {
            let name = w.dynamic_string_offset(Some(name));
            w.write_gnu_verdef(&Verdef {
                version: elf::VER_DEF_CURRENT,
                flags,
                index,
                aux_count: 1,
                name,
                hash: elf::hash(text),
            });
        }
        w.write_align_dynamic();
        w.write_dynamic_string(elf::DT_SONAME, name)?;
        w.write_dynamic(elf::DT_VERDEFNUM, u64::from(count))?;
        w.write_dynamic(elf::DT_NULL, 0)?;
        w.write_shstrtab();
        w.write_null_section_header();
        w.write_section_header(&SectionHeader {
            sh_name: w.section_name_offset(Some(text_name)),
            sh_type: elf::SHT_NOBITS,
            sh_flags: elf::SHF_ALLOC | elf::SHF_EXECINSTR,
            sh_addr: 0,
            sh_offset: 0,
            sh_size: 1,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: 1,
            sh_entsize: 0,
        });
        w.write_dynsym_section_header(0, 1);
        w.write_dynstr_section_header(0);
        w.write_dynamic_section_header(0);
        w.write_gnu_versym_section_header(0);
        w.write_gnu_verdef_section_header(0);
        w.write_shstrtab_section_header();
        Ok(bytes)
    }
}
