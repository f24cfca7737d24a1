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

/// Names of the C library itself: glibc's and musl's.
const C_LIBRARIES: [&[u8]; 3] = [b"libc.so.6", b"libc.so", b"libc.musl-x86_64.so.1"];

/// What runtime/cgo makes threads with.
const THREADS: &[u8] = b"pthread_create";

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

    /// Takes in functions of threads: they are in the library that has [`THREADS`].
    pub fn add_threads<'a>(&mut self, names: impl Iterator<Item = &'a [u8]>) {
        let has = |l: &Library| l.names.iter().any(|import| import.name == THREADS);
        let Some(at) = self.libraries.iter().position(has) else {
            return;
        };
        for name in names {
            if !self.has(name) {
                self.libraries[at].names.push(Import {
                    name: name.to_vec(),
                    version: Vec::new(),
                });
            }
        }
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

    /// A process can have one C library only; packages may have been compiled for different ones.
    fn check_one_c_library(&self) -> Result<()> {
        let is_c = |l: &&Library| C_LIBRARIES.contains(&&*l.name);
        let mut found = self.libraries.iter().filter(is_c);
        match (found.next(), found.next()) {
            (Some(one), Some(other)) => {
                let names = [one, other].map(|l| l.name.escape_ascii());
                let [one, other] = names;
                Err(Error::new(format!(
                    "packages of the program were compiled for different C libraries ({one}, {other}); make a goroot for each C compiler (gort goroot DIR), or leave -linkmode=internal out"
                )))
            }
            _ => Ok(()),
        }
    }

    /// A file for each library, with a name for it, and whether the program needs it in any case.
    /// Names of no library in particular, as musl's, are in the first.
    pub fn files(&self, kinds: &Kinds<'_>) -> Result<Vec<(String, Vec<u8>, bool)>> {
        self.check_one_c_library()?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::elf::{Dyn as _, ElfFile64};
    use object::{Object as _, ObjectSymbol as _};

    fn import(name: &str, version: &str, library: &str) -> Directive {
        Directive::ImportDynamic {
            local: name.into(),
            remote: name.into(),
            version: version.into(),
            library: library.into(),
        }
    }

    fn shared(directives: &[Directive]) -> Shared {
        let mut shared = Shared::default();
        directives.iter().for_each(|d| shared.obey(d));
        shared
    }

    #[test]
    fn a_file_says_what_the_library_would() {
        let s = shared(&[
            Directive::Need(b"libm.so.6".to_vec()),
            import("puts", "GLIBC_2.2.5", "libc.so.6"),
            import("stat", "GLIBC_2.33", "libc.so.6"),
            import("free", "", ""),
            // Another package says so once more.
            import("puts", "GLIBC_2.2.5", "libc.so.6"),
        ]);
        let kinds = Kinds::from_iter([(&b"puts"[..], elf::STT_FUNC)]);
        let files = s.files(&kinds).unwrap();
        let needed: Vec<bool> = files.iter().map(|(_, _, needed)| *needed).collect();
        assert_eq!(needed, [true, false]);
        let names = |bytes: &[u8]| -> Vec<String> {
            let file: ElfFile64<'_> = ElfFile64::parse(bytes).unwrap();
            let symbols = file.dynamic_symbols();
            let names = symbols.map(|s| s.name().unwrap().to_string());
            names.collect()
        };
        // A name without a library is in the first that the program needs.
        assert_eq!(names(&files[0].1), ["free"]);
        assert_eq!(names(&files[1].1), ["puts", "stat"]);
        let file: ElfFile64<'_> = ElfFile64::parse(&*files[1].1).unwrap();
        let (endian, table) = (file.endian(), file.elf_section_table());
        let (dynamic, link) = table.dynamic(endian, file.data()).unwrap().unwrap();
        let strings = table.strings(endian, file.data(), link).unwrap();
        let name = dynamic.iter().find(|d| d.d_tag(endian) == elf::DT_SONAME);
        let name = strings.get(name.unwrap().d_val(endian) as u32);
        assert_eq!(name, Ok(&b"libc.so.6"[..]));
        let versions = table.versions(endian, file.data()).unwrap().unwrap();
        let puts = versions.version_index(endian, object::SymbolIndex(1));
        let version = versions.version(puts.index()).unwrap().unwrap();
        assert_eq!(version.name(), b"GLIBC_2.2.5");
    }

    #[test]
    fn a_program_has_one_c_library() {
        let refused = |directives: &[Directive]| {
            let done = shared(directives).files(&Kinds::default());
            done.err()
                .map(|e| e.messages()[0].clone())
                .unwrap_or_default()
        };
        let need = |name: &str| Directive::Need(name.into());
        assert_eq!(refused(&[need("libc.so.6"), need("libm.so.6")]), "");
        let both = refused(&[need("libc.so.6"), need("libc.so")]);
        assert!(
            both.contains("different C libraries (libc.so.6, libc.so)"),
            "{both}"
        );
        let nowhere = refused(&[import("puts", "", "")]);
        assert!(
            nowhere.contains("no package of the program names"),
            "{nowhere}"
        );
    }
}
