//! Writer of Go objects and of a stand-in for libgort.a, so that the linker can be tested without
//! Go and without the runtime.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod exe;

use gort_link::elf::{Contents, Rela, SectionId, SymbolInfo, SymbolRef, Writer};
use md5::{Digest as _, Md5};
use object::elf;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Encodes Go objects.
#[derive(Debug, Clone)]
pub struct Encoder {
    bytes: Vec<u8>,
}

/// Symbol kinds in files.
pub const TEXT: i64 = 1;
pub const RODATA: i64 = 8;
pub const NOPTRDATA: i64 = 20;
pub const DATA: i64 = 22;
pub const BSS: i64 = 23;
pub const NOPTRBSS: i64 = 24;
/// Relocation kinds.
pub const R_ADDR: i64 = 1;
pub const R_CALL: i64 = 5;
pub const R_CALLIND: i64 = 8;
pub const R_PCREL: i64 = 11;
pub const R_TLS_IE: i64 = 14;

/// A symbol to encode.
#[derive(Debug, Clone, Default)]
pub struct Symbol<'a> {
    pub kind: i64,
    pub name: &'a str,
    pub dupok: bool,
    pub size: i64,
    pub gotype: &'a str,
    pub data: &'a [u8],
    /// Offset, size, kind, addend, symbol.
    pub relocs: &'a [(i64, i64, i64, i64, &'a str)],
    pub text: Option<Text<'a>>,
}

/// Function part of a symbol.
#[derive(Debug, Clone, Default)]
pub struct Text<'a> {
    pub args: i64,
    pub locals: i64,
    pub nosplit: bool,
    pub pcsp: &'a [u8],
    /// Empty: one run, of file 0.
    pub pcfile: &'a [u8],
    pub pcline: &'a [u8],
    pub pcdata: &'a [u8],
    pub funcdata: &'a [&'a str],
}

impl Encoder {
    pub fn new(imports: &[&str]) -> Self {
        Self::with_header("go object linux amd64 go1.5.4 X:none", imports)
    }

    /// An object with lines about C code.
    pub fn with_directives(imports: &[&str], lines: &str) -> Self {
        let text = format!("$$\npackage main\n\n$$\n\n$$  // cgo\n{lines}\n$$\n\n");
        Self::with_header(
            &format!("go object linux amd64 go1.5.4 X:none\n\n{text}"),
            imports,
        )
    }

    pub fn with_header(header: &str, imports: &[&str]) -> Self {
        let mut e = Self {
            bytes: format!("{header}\n\n!\n").into_bytes(),
        };
        e.bytes.extend(b"\0\0go13ld\x01");
        for i in imports {
            e.blob(i.as_bytes());
        }
        e.blob(b"");
        e
    }

    fn int(&mut self, v: i64) {
        let mut u = (v << 1 ^ v >> 63) as u64;
        while u >= 0x80 {
            self.bytes.push(u as u8 | 0x80);
            u >>= 7;
        }
        self.bytes.push(u as u8);
    }

    fn blob(&mut self, b: &[u8]) {
        self.int(b.len() as i64);
        self.bytes.extend(b);
    }

    fn symref(&mut self, name: &str) {
        self.blob(name.as_bytes());
        self.int(0);
    }

    pub fn symbol(mut self, s: &Symbol<'_>) -> Self {
        self.bytes.push(0xfe);
        self.int(s.kind);
        self.symref(s.name);
        self.int(i64::from(s.dupok));
        self.int(s.size.max(s.data.len() as i64));
        self.symref(s.gotype);
        self.blob(s.data);
        self.int(s.relocs.len() as i64);
        for &(off, siz, kind, add, sym) in s.relocs {
            for v in [off, siz, kind, add, 0] {
                self.int(v);
            }
            self.symref(sym);
            self.symref("");
        }
        if let Some(t) = &s.text {
            for v in [t.args, t.locals, i64::from(t.nosplit), 0, 0] {
                self.int(v);
            }
            self.blob(t.pcsp);
            match t.pcfile {
                [] => self.blob(&[0x02, s.data.len() as u8, 0]),
                table => self.blob(table),
            }
            self.blob(t.pcline);
            if t.pcdata.is_empty() {
                self.int(0);
            } else {
                self.int(1);
                self.blob(t.pcdata);
            }
            self.int(t.funcdata.len() as i64);
            for f in t.funcdata {
                self.symref(f);
            }
            for _ in t.funcdata {
                self.int(0);
            }
            self.int(1);
            self.symref("/src/x.go");
        }
        self
    }

    /// A function with the given code.
    pub fn function(self, name: &str, code: &[u8], relocs: &[(i64, i64, i64, i64, &str)]) -> Self {
        let text = Text {
            pcsp: &[0x02, 16, 0],
            pcline: &[0x16, 16, 0],
            nosplit: true,
            ..Text::default()
        };
        self.symbol(&Symbol {
            kind: TEXT,
            name,
            data: code,
            relocs,
            text: Some(text),
            ..Symbol::default()
        })
    }

    /// `main.main` and `main.init` that return at once.
    pub fn main(self) -> Self {
        self.function("\"\".main", RET, &[])
            .function("\"\".init", RET, &[])
    }

    /// What descriptors of [`scalar`] types point to.
    pub fn type_parts(self) -> Self {
        let part = |name, data| Symbol {
            kind: RODATA,
            name,
            dupok: true,
            data,
            ..Symbol::default()
        };
        self.symbol(&part("type..alg.t", &[0; 16]))
            .symbol(&part("runtime.gcbits.", &[]))
            .symbol(&part("runtime.zerovalue", &[]))
    }

    /// A stack map, under the name that the compiler gives it.
    pub fn stack_map(self, data: &[u8]) -> Self {
        self.symbol(&Symbol {
            kind: RODATA,
            name: &stack_map_name(data),
            dupok: true,
            data,
            ..Symbol::default()
        })
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.extend(b"\xff\xffgo13ld");
        self.bytes
    }
}

/// Name of a stack map with these bytes.
pub fn stack_map_name(data: &[u8]) -> String {
    let hash = Md5::digest(data);
    let digits: String = hash.iter().map(|b| format!("{b:02x}")).collect();
    format!("gclocals\u{b7}{digits}")
}

/// Descriptor of an integer type.
pub fn scalar(name: &str) -> Symbol<'_> {
    const IMAGE: [u8; 72] = {
        let mut image = [0; 72];
        (image[0], image[21], image[22], image[23]) = (8, 8, 8, 2 | 0x80);
        image
    };
    Symbol {
        kind: RODATA,
        name,
        dupok: true,
        data: &IMAGE,
        relocs: &[
            (24, 8, R_ADDR, 0, "type..alg.t"),
            (32, 8, R_ADDR, 0, "runtime.gcbits."),
            (40, 8, R_ADDR, 0, "type..alg.t"),
            (64, 8, R_ADDR, 0, "runtime.zerovalue"),
        ],
        ..Symbol::default()
    }
}

/// `ret` and padding.
pub const RET: &[u8] = &[0xc3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Packs members into an archive.
pub fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, data) in members {
        out.extend(
            format!(
                "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                0,
                0,
                0,
                644,
                data.len()
            )
            .bytes(),
        );
        out.extend(*data);
        if data.len() % 2 == 1 {
            out.push(0);
        }
    }
    out
}

/// A package archive of one object.
pub fn package(object: &[u8]) -> Vec<u8> {
    archive(&[
        ("__.PKGDEF", b"go object linux amd64 go1.5.4 X:none\n\n!\n"),
        ("_go_.o", object),
    ])
}

/// What the stand-in for the runtime provides.
#[derive(Debug, Clone, Default)]
pub struct Library<'a> {
    /// Functions that return at once.
    pub functions: &'a [&'a str],
    /// Data symbols of 512 zero bytes.
    pub data: &'a [&'a str],
    /// Symbols of 512 zero bytes that are read-only after relocation.
    pub relro: &'a [&'a str],
    /// Functions that give way to Go's.
    pub weak: &'a [&'a str],
    /// Absolute symbols.
    pub absolute: &'a [(&'a str, u64)],
    /// Belongs to another version.
    pub other_version: bool,
    /// Has a function `gort_set_g`, which stores to `runtime.tlsg`.
    pub uses_g: bool,
    /// Has what programs with C code need: `main`, and `memcpy`, which is none of C's business.
    pub with_c: bool,
}

impl Library<'_> {
    /// The archive. Its entry calls `main.init` and `main.main` and exits with status 7.
    pub fn build(&self) -> Vec<u8> {
        let mut w = Writer::new();
        let mut code = vec![0xe8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0];
        // mov $7, %edi; mov $60, %eax; syscall
        code.extend([0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);
        let header = code.len() as u64;
        code.extend([0; 8]);
        // mov %rdi, %fs:runtime.tlsg@tpoff; ret
        let set_g = code.len() as u64;
        if self.uses_g {
            code.extend([0x64, 0x48, 0x89, 0x3c, 0x25, 0, 0, 0, 0, 0xc3]);
        }
        let flags = elf::SHF_ALLOC.0 | elf::SHF_EXECINSTR.0;
        let mut starts = Vec::new();
        for f in self.functions {
            starts.push(code.len() as u64);
            // These are entered in the middle.
            let size = if f.starts_with("runtime.duff") {
                2048
            } else {
                1
            };
            code.resize(code.len() + size, 0xc3);
        }
        let text = w.section(
            ".text",
            elf::SHT_PROGBITS.0,
            flags,
            16,
            Contents::Bytes(code),
        );
        let at = |section: SectionId, value: u64, kind: u8| SymbolInfo {
            section: Some(section),
            value,
            size: 0,
            kind,
        };
        for w_name in self.weak {
            w.weak(w_name.as_bytes(), at(text, header, elf::STT_FUNC.0));
        }
        let flags = elf::SHF_ALLOC.0 | elf::SHF_WRITE.0;
        let zeros = vec![0; 512 * self.data.len()];
        let data = w.section(
            ".data",
            elf::SHT_PROGBITS.0,
            flags,
            16,
            Contents::Bytes(zeros),
        );
        let zeros = vec![0; 512 * self.relro.len()];
        let relro = w.section(
            ".data.rel.ro",
            elf::SHT_PROGBITS.0,
            flags,
            16,
            Contents::Bytes(zeros),
        );
        w.section(
            ".note.GNU-stack",
            elf::SHT_PROGBITS.0,
            0,
            1,
            Contents::Bytes(Vec::new()),
        );
        w.global(b"_rt0_amd64_linux", at(text, 0, elf::STT_FUNC.0));
        if self.with_c {
            w.weak(b"main", at(text, 0, elf::STT_FUNC.0));
            w.global(b"memcpy", at(text, 0, elf::STT_FUNC.0));
        }
        for (i, f) in self.functions.iter().enumerate() {
            w.global(f.as_bytes(), at(text, starts[i], elf::STT_FUNC.0));
        }
        for (i, d) in self.data.iter().enumerate() {
            w.global(d.as_bytes(), at(data, i as u64 * 512, elf::STT_OBJECT.0));
        }
        for (i, r) in self.relro.iter().enumerate() {
            w.global(r.as_bytes(), at(relro, i as u64 * 512, elf::STT_OBJECT.0));
        }
        let version = if self.other_version {
            "gort.tables.version.0"
        } else {
            gort_tables::VERSION_SYMBOL
        };
        for (name, value) in self.absolute.iter().copied().chain([(version, 1)]) {
            let info = SymbolInfo {
                section: None,
                value,
                size: 0,
                kind: elf::STT_NOTYPE.0,
            };
            w.global(name.as_bytes(), info);
        }
        let init = w.undefined(b"main.init");
        let main = w.undefined(b"main.main");
        let tables = w.undefined(gort_tables::HEADER_SYMBOL.as_bytes());
        let call = |offset, symbol: SymbolRef| Rela {
            offset,
            kind: elf::R_X86_64_PLT32.0,
            symbol,
            addend: -4,
        };
        let pointer = Rela {
            offset: header,
            kind: elf::R_X86_64_64.0,
            symbol: tables,
            addend: 0,
        };
        w.relocs(text, [call(1, init), call(6, main), pointer]);
        if self.uses_g {
            w.global(b"gort_set_g", at(text, set_g, elf::STT_FUNC.0));
            let field = Rela {
                offset: set_g + 5,
                kind: elf::R_X86_64_TPOFF32.0,
                symbol: w.undefined(b"runtime.tlsg"),
                addend: 0,
            };
            w.relocs(text, [field]);
        }
        archive(&[("runtime.o", &w.finish().expect("a small object"))])
    }
}

/// Fails unless each of the parts is in the text.
pub fn has(text: &str, parts: &[&str]) {
    for p in parts {
        assert!(text.contains(p), "`{p}` is not in: {text}");
    }
}

/// A directory with a library, for links.
pub struct Bench {
    pub dir: tempfile::TempDir,
}

impl Bench {
    pub fn new(library: &Library<'_>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("libgort.a"), library.build()).expect("write library");
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("make directory");
        }
        std::fs::write(&path, bytes).expect("write input");
        path
    }

    /// Links an object up to `go.o`, in this process; answers that or the refusal.
    pub fn link_object(&self, object: &[u8]) -> Result<Vec<u8>, String> {
        let mut options = gort_link::Options::new(self.write("main.o", object));
        options.library = Some(self.path("libgort.a"));
        gort_link::link_object(&options).map_err(|e| e.to_string())
    }

    /// Runs the linker in the directory.
    pub fn link(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("run the linker")
    }

    /// The linker, to run in the directory. Of the environment it sees the library.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gort-link"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("GORT_LIB", self.path("libgort.a"))
            .env_remove("GOROOT")
            .env_remove("GO15ROOT")
            .env_remove("HOME")
            .env_remove("GORT_LD");
        command
    }

    /// A link that must work.
    pub fn linked(&self, args: &[&str]) -> Vec<u8> {
        let out = self.link(args);
        assert!(
            out.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        std::fs::read(self.path("out")).expect("read the executable")
    }

    /// A link that must fail: status 2, no output, and the message.
    pub fn refused(&self, args: &[&str]) -> String {
        let out = self.link(args);
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{args:?}: {text}");
        assert!(!self.path("out").exists(), "{args:?} left an output file");
        let mut left = self.names();
        left.retain(|n| n.starts_with(".gort-link"));
        assert!(left.is_empty(), "{args:?} left {left:?}");
        text
    }

    /// Makes the library one that GNU ld reads. Without GNU ld says so.
    pub fn has_ld(&self) -> bool {
        let ranlib = Command::new("ranlib").arg(self.path("libgort.a")).status();
        let has =
            ranlib.is_ok_and(|s| s.success()) && Command::new("ld").arg("-v").output().is_ok();
        if !has {
            eprintln!("skipped: there is no ld");
        }
        has
    }

    /// Names of the files in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.dir.path())
            .expect("list directory")
            .filter_map(|e| e.ok())
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// Objects of the Go programs kept in the project.
pub fn kept_objects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../go-tests");
    let mut out: Vec<PathBuf> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|e| e.ok())
        .map(|e| e.path().join(e.file_name()).with_extension("o"))
        .filter(|p| p.is_file())
        .collect();
    out.sort();
    out
}
