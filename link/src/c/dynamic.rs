//! The last step of a program with a C library, by libwild: no C compiler is needed, and not the
//! libraries either.
//!
//! Promise: the executable starts, loads and ends as one that a C compiler has linked: the C
//! library's start-up code is called, which runs constructors and calls `main` of `go.o`. What of C
//! is in archives only a C compiler finds; names that are missing for it are named.

use super::shared::{Kinds, Shared};
use crate::elf::{Contents, Rela, SymbolInfo, Writer};
use crate::emergency;
use crate::error::{Error, Name, Problems, Result};
use crate::final_link::{build_id, run_wild};
use crate::flags::Options;
use crate::memory_files::{self, GO_O, MemoryFiles};
use object::read::elf::{ElfFile64, Rela as _, SectionHeader as _, Sym as _};
use object::{Endianness, SectionIndex, elf};
use rustc_hash::{FxHashMap, FxHashSet};

/// What of the C library runs constructors and calls `main`.
const START: &[u8] = b"__libc_start_main";
/// In this version it expects to be given a function that runs constructors; in others, and in
/// musl, it finds them itself.
const WITHOUT_CONSTRUCTORS: &[u8] = b"GLIBC_2.2.5";
/// Where the process begins.
const ENTRY: &str = "_start";
/// The object of the start-up code.
const START_O: &str = "/start.o";
/// What tells one library from another for the C library.
const HANDLE: &[u8] = b"__dso_handle";
/// What code that may be in a library calls for a thread-local variable; in an executable no call
/// is left.
const TLS_CALL: &[u8] = b"__tls_get_addr";

/// What is not C, in messages.
const GO: &str = "Go code";
/// Another way, for the end of a message.
const ADVICE: &str = "leave -linkmode=internal out, so that the C compiler links";

/// An object that is read.
type File<'a> = ElfFile64<'a, Endianness>;

/// Links: the bytes of the executable.
pub fn link(
    go_o: Vec<u8>,
    objects: &[(String, Vec<u8>)],
    shared: &Shared,
    options: &Options,
) -> Result<Vec<u8>> {
    super::compiler::refuse_places(options)?;
    let wanted = Wanted::read(&go_o, objects)?;
    let mut shared = shared.clone();
    shared.add_threads(wanted.of_runtime());
    let shared = &shared;
    wanted.check(shared)?;

    let mut args: Vec<String> = ["ld", "--no-identity-comment", "-m", "elf_x86_64"]
        .map(String::from)
        .into();
    let mut add = |list: &[&str]| args.extend(list.iter().map(|s| s.to_string()));
    add(&["-z", "noexecstack", "-z", "relro", "-z", "now"]);
    add(&["-z", "nocopyreloc", "--eh-frame-hdr", "--export-dynamic"]);
    add(&["-e", ENTRY]);
    let loader = options.interpreter.clone();
    let loader = loader.or_else(|| {
        let named = shared.loader.as_ref()?;
        Some(String::from_utf8_lossy(named).into_owned())
    });
    if let Some(loader) = loader {
        add(&["--dynamic-linker", &loader]);
    }
    let id = options.gnu_build_id.as_ref();
    let id = id.map_or("none".to_string(), |id| build_id(id));
    add(&[&format!("--build-id={id}")]);
    if let Some(path) = &options.run_path {
        add(&["-rpath", path]);
    }
    if options.strip_all {
        add(&["-s"]);
    } else if options.strip_debug {
        add(&["-S"]);
    }
    add(&["-o", "/a.out", START_O, GO_O]);
    let mut files = MemoryFiles::new();
    files.add(START_O, start(wanted.undefined.contains(HANDLE))?);
    let libraries = shared.files(&wanted.kinds)?;
    files.add(GO_O, go_o);
    for (n, (_, bytes)) in objects.iter().enumerate() {
        args.push(memory_files::c_object(n));
        files.add(memory_files::c_object(n), bytes.clone());
    }
    for (name, bytes, is_needed) in libraries {
        let always = match is_needed {
            true => "--no-as-needed",
            false => "--as-needed",
        };
        args.extend([always.to_string(), name.clone()]);
        files.add(name, bytes);
    }
    emergency::advise(ADVICE);
    let made = run_wild(&args, files);
    emergency::advise_nothing();
    made.map_err(|said| Error::new(format!("final link (libwild): {said}; {ADVICE}")))
}

/// What the objects want of others.
#[derive(Default)]
struct Wanted<'a> {
    defined: FxHashSet<&'a [u8]>,
    undefined: FxHashSet<&'a [u8]>,
    /// The place of the first object that wants a name.
    places: FxHashMap<&'a [u8], &'a str>,
    kinds: Kinds<'a>,
    /// Names that are referred to as though they were in the executable.
    fixed: FxHashMap<&'a [u8], &'a str>,
    has_constructors: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(go_o: &'a [u8], objects: &'a [(String, Vec<u8>)]) -> Result<Self> {
        let mut wanted = Self::default();
        let objects = objects.iter().map(|(place, bytes)| (&**place, &**bytes));
        for (place, bytes) in objects.chain([(GO, go_o)]) {
            let file = File::parse(bytes);
            let read = file.and_then(|file| wanted.add(place, &file));
            read.map_err(|e| Error::new(format!("{place}: a damaged C object ({e})")))?;
        }
        Ok(wanted)
    }

    fn add(&mut self, place: &'a str, file: &File<'a>) -> object::read::Result<()> {
        let endian = file.endian();
        let (sections, symbols) = (file.elf_section_table(), file.elf_symbol_table());
        for s in symbols.iter() {
            let name = s.name(endian, symbols.strings())?;
            match s.st_bind() {
                elf::STB_LOCAL => {}
                _ if !s.is_undefined(endian) => _ = self.defined.insert(name),
                elf::STB_WEAK => {}
                _ => {
                    self.undefined.insert(name);
                    self.places.entry(name).or_insert(place);
                }
            }
        }
        for section in sections.iter() {
            let is_array = section.sh_type(endian) == elf::SHT_INIT_ARRAY
                || sections.section_name(endian, section)? == b".ctors";
            if is_array && section.sh_size(endian) != 0 {
                self.has_constructors.get_or_insert(place);
            }
            let Some((relocations, _)) = section.rela(endian, file.data())? else {
                continue;
            };
            let target = sections.section(SectionIndex(section.sh_info(endian) as usize))?;
            let flags = target.sh_flags(endian).0;
            if flags & elf::SHF_ALLOC.0 == 0 {
                continue;
            }
            let is_written = flags & elf::SHF_WRITE.0 != 0;
            for r in relocations {
                let Some(symbol) = r.symbol(endian, false) else {
                    continue;
                };
                let symbol = symbols.symbol(symbol)?;
                if !symbol.is_undefined(endian) || symbol.st_bind() == elf::STB_LOCAL {
                    continue;
                }
                let name = symbol.name(endian, symbols.strings())?;
                self.refer(place, name, r.r_type(endian, false), is_written);
            }
        }
        Ok(())
    }

    /// Takes in how code refers to a name of others.
    fn refer(
        &mut self,
        place: &'a str,
        name: &'a [u8],
        how: elf::RelocationType,
        is_written: bool,
    ) {
        match how {
            elf::R_X86_64_TLSGD
            | elf::R_X86_64_GOTTPOFF
            | elf::R_X86_64_TPOFF32
            | elf::R_X86_64_GOTPC32_TLSDESC
            | elf::R_X86_64_TLSDESC_CALL
            | elf::R_X86_64_DTPOFF32 => _ = self.kinds.insert(name, elf::STT_TLS),
            elf::R_X86_64_PLT32 => _ = self.kinds.entry(name).or_insert(elf::STT_FUNC),
            elf::R_X86_64_PC32 | elf::R_X86_64_32 | elf::R_X86_64_32S => {
                self.fixed.entry(name).or_insert(place);
            }
            elf::R_X86_64_64 if !is_written => _ = self.fixed.entry(name).or_insert(place),
            _ => {}
        }
    }

    /// What the runtime calls of the C library's threads, of which no package tells.
    fn of_runtime(&self) -> impl Iterator<Item = &'a [u8]> {
        let names = self.undefined.iter().copied();
        names.filter(|name| name.starts_with(b"pthread_") && self.places[name] == GO)
    }

    /// Says what nobody has, and what libwild cannot do.
    fn check(&self, shared: &Shared) -> Result<()> {
        let mut problems = Problems::default();
        let mut missing: Vec<&[u8]> = self.undefined.iter().copied().collect();
        missing.sort_unstable();
        // What the linker itself defines.
        let of_linker = |name: &[u8]| {
            name == b"_GLOBAL_OFFSET_TABLE_"
                || name.starts_with(b"__start_")
                || name.starts_with(b"__stop_")
                || [
                    &b"_end"[..],
                    b"end",
                    b"_edata",
                    b"edata",
                    b"_etext",
                    b"etext",
                ]
                .contains(&name)
                || [&b"__bss_start"[..], b"__ehdr_start", b"__executable_start"].contains(&name)
        };
        for name in missing {
            let known = self.defined.contains(name)
                || shared.has(name)
                || of_linker(name)
                || [HANDLE, TLS_CALL].contains(&name);
            if !known {
                problems.add(|| {
                    let user = match self.places[name] {
                        GO => GO.to_string(),
                        place => format!("C code of {place}"),
                    };
                    format!(
                        "undefined: {}, used by {user}; no shared library of the program has it. If a library of C (.a) does, {ADVICE}",
                        Name(name)
                    )
                });
            }
        }
        let mut fixed: Vec<_> = self.fixed.iter().collect();
        fixed.sort_unstable();
        for (name, place) in fixed {
            if shared.has(name) && !self.defined.contains(name) {
                problems.add(|| {
                    format!(
                        "{place}: {} is of a shared library, but the code refers to it as part of the executable; compile it with -fPIC, or {ADVICE}",
                        Name(name)
                    )
                });
            }
        }
        match (shared.version(START), self.has_constructors) {
            (None, _) => problems.add(|| {
                format!(
                    "no package of the program names the start-up code of the C library; {ADVICE}"
                )
            }),
            (Some(WITHOUT_CONSTRUCTORS), Some(place)) => {
                problems.add(|| {
                    format!("{place}: constructors, which the start-up code of this C library does not find; {ADVICE}")
                });
            }
            _ => {}
        }
        problems.result()
    }
}

/// An object with what a C compiler adds of its own: the process's first instructions.
fn start(with_handle: bool) -> Result<Vec<u8>> {
    #[rustfmt::skip]
    const CODE: [u8; 34] = [
        0x31, 0xed,                     // xor ebp, ebp: the outermost frame
        0x49, 0x89, 0xd1,               // mov r9, rdx: what the loader wants called at the end
        0x5e,                           // pop rsi: the number of arguments
        0x48, 0x89, 0xe2,               // mov rdx, rsp: the arguments
        0x48, 0x83, 0xe4, 0xf0,         // and rsp, -16
        0x50,                           // push rax: for the alignment
        0x54,                           // push rsp: the end of the stack
        0x45, 0x31, 0xc0,               // xor r8d, r8d: no functions of this object
        0x31, 0xc9,                     // xor ecx, ecx: at the beginning and at the end
        0x48, 0x8d, 0x3d, 0, 0, 0, 0,   // lea rdi, [rip + main]
        0xff, 0x15, 0, 0, 0, 0,         // call [rip + __libc_start_main@GOTPCREL]
        0xf4,                           // hlt
    ];
    let mut w = Writer::new();
    let flags = elf::SHF_ALLOC.0 | elf::SHF_EXECINSTR.0;
    let code = Contents::Bytes(CODE.to_vec());
    let text = w.section(".text", elf::SHT_PROGBITS.0, flags, 16, code);
    let global = |section| SymbolInfo {
        section: Some(section),
        value: 0,
        size: 0,
        kind: elf::STT_NOTYPE.0,
    };
    w.global(ENTRY.as_bytes(), global(text));
    let (main, begin) = (w.undefined(super::MAIN), w.undefined(START));
    let to = |offset, kind: elf::RelocationType, symbol| Rela {
        offset,
        kind: kind.0,
        symbol,
        addend: -4,
    };
    w.set_relocs(
        text,
        vec![
            to(23, elf::R_X86_64_PC32, main),
            to(29, elf::R_X86_64_GOTPCRELX, begin),
        ],
    );
    if with_handle {
        let flags = elf::SHF_ALLOC.0 | elf::SHF_WRITE.0;
        let handle = Contents::Bytes(vec![0; 8]);
        let data = w.section(".data.rel.ro", elf::SHT_PROGBITS.0, flags, 8, handle);
        w.global(HANDLE, global(data));
    }
    w.section(
        ".note.GNU-stack",
        elf::SHT_PROGBITS.0,
        0,
        1,
        Contents::Bytes(Vec::new()),
    );
    w.finish()
        .map_err(|e| Error::new(format!("no memory for the start-up code ({e})")))
}
