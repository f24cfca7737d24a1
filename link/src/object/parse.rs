//! Go object members: header line, autolib list, symbol records.

use super::cursor::{Cursor, Fault};
use super::{Auto, Def, Kind, NameIx, ObjName, Object, Reloc, RelocKind, Text};
use hashbrown::DefaultHashBuilder;
use hashbrown::HashTable;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

const START: &[u8] = b"\0\0go13ld";
const FORMAT: u8 = 1;
const END: &[u8] = b"\xff\xffgo13ld";
const SYNC: u8 = 0xfe;
/// How objects write the path of their own package.
const PLACEHOLDER: &[u8] = b"\"\".";
/// How many times as large as an object its names may be once the path of its package is filled in;
/// usual ones are smaller than the object.
const MAX_EXPANSION: usize = 32;
/// The same for small objects.
const MIN_ROOM: usize = 1 << 16;
/// Alignment of functions in the Go linker.
const MAX_PADDING: u64 = 16;

/// First line of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// Operating system.
    pub goos: &'a str,
    /// Architecture.
    pub goarch: &'a str,
    /// Compiler version, `go1.5.4`.
    pub version: &'a str,
    /// `X:none`, or the experiments that the compiler was built with.
    pub experiments: &'a str,
}

/// Reads the header line.
pub fn header(object: &[u8]) -> Result<Header<'_>, Fault> {
    let not_go = || Fault::at(0, "this is not a Go object (no `go object` line)");
    let line = object.split(|&b| b == b'\n').next().unwrap_or_default();
    let line = line
        .get(..line.len().min(512))
        .and_then(|l| std::str::from_utf8(l).ok())
        .ok_or_else(not_go)?;
    let fields = line.strip_prefix("go object ").ok_or_else(not_go)?;
    let mut fields = fields.splitn(4, ' ');
    let mut next = || fields.next().filter(|f| !f.is_empty());
    let (Some(goos), Some(goarch), Some(version)) = (next(), next(), next()) else {
        return Err(Fault::at(0, format!("incomplete header line `{line}`")));
    };
    Ok(Header {
        goos,
        goarch,
        version,
        experiments: next().unwrap_or(""),
    })
}

/// Escapes an import path the way the compiler does for symbol names.
pub fn escape_path(path: &str) -> String {
    let last_slash = path.rfind('/').map_or(0, |i| i + 1);
    let mut out = String::with_capacity(path.len());
    for (i, b) in path.bytes().enumerate() {
        if b <= b' ' || b == b'%' || b == b'"' || b >= 0x7f || (b == b'.' && i >= last_slash) {
            out.push_str(&format!("%{b:02x}"));
        } else {
            out.push(char::from(b));
        }
    }
    out
}

/// Positions a cursor after the start magic and format byte.
fn open(object: &[u8]) -> Result<Cursor<'_>, Fault> {
    let text_end = find(object, b"\n!\n").ok_or_else(|| {
        Fault::at(
            object.len(),
            "no end of the text part (truncated, or export data only)",
        )
    })?;
    let mut c = Cursor::new(object, text_end + 3);
    if c.left() < START.len() + 1 {
        return c.fault("the object ends after its text part (truncated)");
    }
    if c.bytes(START.len())? != START {
        return Err(Fault::at(
            text_end + 3,
            "no `go13ld` mark after the text part; the object is damaged",
        ));
    }
    let format = c.u8()?;
    if format != FORMAT {
        return Err(Fault::at(
            c.pos() - 1,
            format!("object format {format}; Go 1.5 writes format {FORMAT}"),
        ));
    }
    Ok(c)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Autolib entries (import path and `.a`).
pub fn imports(object: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let mut c = open(object)?;
    read_imports(&mut c)
}

fn read_imports<'a>(c: &mut Cursor<'a>) -> Result<Vec<&'a [u8]>, Fault> {
    let mut out = Vec::new();
    loop {
        let s = c.blob()?;
        if s.is_empty() {
            return Ok(out);
        }
        out.push(s);
    }
}

/// Reads a whole object of the package with the given escaped import path.
pub fn parse<'a>(object: &'a [u8], package: &str) -> Result<Object<'a>, Fault> {
    let mut c = open(object)?;
    read_imports(&mut c)?;
    let mut r = Reader {
        c,
        package: package.as_bytes(),
        raws: Vec::new(),
        hashes: Vec::new(),
        index: HashTable::new(),
        placeholder: Finder::new(PLACEHOLDER),
        room: (object.len() * MAX_EXPANSION).max(MIN_ROOM),
        out: Object::default(),
    };
    loop {
        let at = r.c.pos();
        match r.c.u8()? {
            SYNC => r.symbol()?,
            0xff => {
                let rest = object.get(at..).unwrap_or_default();
                if rest == END {
                    return Ok(r.out);
                }
                return Err(Fault::at(at, "the end mark is damaged or not at the end"));
            }
            b => {
                return Err(Fault::at(
                    at,
                    format!("byte {b:#04x} where a symbol must start; the object is damaged"),
                ));
            }
        }
    }
}

struct Reader<'a, 'p> {
    c: Cursor<'a>,
    package: &'p [u8],
    /// Names as the file spells them, parallel to `out.names`: most references repeat one.
    raws: Vec<&'a [u8]>,
    /// Hash of each: the index grows without hashing them again.
    hashes: Vec<u64>,
    /// Index of `raws`.
    index: HashTable<u32>,
    placeholder: Finder<'static>,
    /// Bytes that names may still take once the package is filled in.
    room: usize,
    out: Object<'a>,
}

impl<'a> Reader<'a, '_> {
    /// A reference to a symbol; the empty name is the null reference.
    fn symref(&mut self) -> Result<Option<NameIx>, Fault> {
        let name = self.c.blob()?;
        let at = self.c.pos();
        let version = self.c.int()?;
        if name.is_empty() {
            return Ok(None);
        }
        self.name(name, version, at).map(Some)
    }

    fn name(&mut self, raw: &'a [u8], version: i64, at: usize) -> Result<NameIx, Fault> {
        let is_static = match version {
            0 => false,
            1 => true,
            v => {
                return Err(Fault::at(
                    at,
                    format!("symbol version {v}; only 0 and 1 exist"),
                ));
            }
        };
        let (names, raws, hashes) = (&mut self.out.names, &mut self.raws, &mut self.hashes);
        let hash = hash_name(raw);
        let same = |&i: &u32| raws[i as usize] == raw && names[i as usize].is_static == is_static;
        if let Some(&i) = self.index.find(hash, same) {
            return Ok(NameIx(i));
        }
        let i = names.len() as u32;
        let name = expand(raw, self.package, &self.placeholder);
        let full_hash = match &name {
            Cow::Borrowed(_) => hash,
            Cow::Owned(full) => {
                self.room = self.room.checked_sub(full.len()).ok_or_else(|| {
                    Fault::at(at, "the path of the package makes the names too long")
                })?;
                hash_name(full)
            }
        };
        names.push(ObjName {
            name,
            is_static,
            hash: full_hash,
        });
        raws.push(raw);
        hashes.push(hash);
        self.index.insert_unique(hash, i, |&i| hashes[i as usize]);
        Ok(NameIx(i))
    }

    fn symbol(&mut self) -> Result<(), Fault> {
        let at = self.c.pos();
        let kind = self.c.int()?;
        let raw_name = self.c.blob()?;
        if raw_name.is_empty() {
            return Err(Fault::at(at, "a symbol without a name"));
        }
        let version_at = self.c.pos();
        let version = self.c.int()?;
        let name = self.name(raw_name, version, version_at)?;
        let flags = self.c.int_in(0..=3, "symbol flags")?;
        let size_at = self.c.pos();
        let size = self.c.int_in(0..=1 << 46, "symbol size")? as u64;
        let gotype = self.symref()?;
        let data = self.c.blob()?;
        if (data.len() as u64) > size {
            return Err(Fault::at(
                size_at,
                format!("symbol of {size} bytes with {} bytes of data", data.len()),
            ));
        }
        // Functions are padded to their alignment; the zeros are not stored.
        if kind == 1 && size >= data.len() as u64 + MAX_PADDING {
            return Err(Fault::at(
                size_at,
                format!("function of {size} bytes with {} bytes of code", data.len()),
            ));
        }
        let first = self.out.relocs.len() as u32;
        let nreloc = self.c.count(9, "number of relocations")?;
        self.out.relocs.reserve(nreloc);
        let is_text = kind == 1;
        for _ in 0..nreloc {
            let r = self.reloc(if is_text { data.len() as u64 } else { size }, is_text)?;
            self.out.relocs.push(r);
        }
        self.fields_apart(first as usize, is_text, at)?;
        let has_image = !data.is_empty() || nreloc > 0;
        let kind = match (kind, has_image) {
            (1, _) => Kind::Text,
            (8, _) => Kind::Rodata,
            (22, _) | (23, true) => Kind::Data,
            (23, false) => Kind::Bss,
            (20, _) | (24, true) => Kind::NoptrData,
            (24, false) => Kind::NoptrBss,
            (k, _) => {
                return Err(Fault::at(
                    at,
                    format!("symbol kind {k} is not one that Go 1.5 writes for linux/amd64"),
                ));
            }
        };
        let text = if is_text {
            let t = self.text()?;
            self.out.texts.push(t);
            Some(self.out.texts.len() as u32 - 1)
        } else {
            None
        };
        let relocs = first..self.out.relocs.len() as u32;
        self.out.defs.push(Def {
            name,
            kind,
            dupok: flags & 1 != 0,
            size,
            gotype,
            data,
            relocs,
            text,
        });
        Ok(())
    }

    /// No byte of a symbol belongs to two relocations, from number `first` on. In functions they
    /// are in order.
    fn fields_apart(&self, first: usize, in_text: bool, at: usize) -> Result<(), Fault> {
        let relocs = &self.out.relocs[first..];
        let apart = |a: &Reloc, b: &Reloc| u64::from(a.off) + a.kind.bytes() <= u64::from(b.off);
        if relocs.windows(2).all(|w| apart(&w[0], &w[1])) {
            return Ok(());
        }
        let mut sorted = relocs.to_vec();
        sorted.sort_unstable_by_key(|r| r.off);
        if !in_text && sorted.windows(2).all(|w| apart(&w[0], &w[1])) {
            return Ok(());
        }
        Err(Fault::at(
            at,
            "a symbol with relocations over each other or out of order",
        ))
    }

    fn reloc(&mut self, size: u64, in_text: bool) -> Result<Reloc, Fault> {
        let at = self.c.pos();
        let off = self
            .c
            .int_in(0..=i64::from(u32::MAX), "relocation offset")? as u32;
        let siz = self.c.int()?;
        let kind = self.c.int()?;
        let add = self.c.int()?;
        self.c.int()?;
        let sym = self.symref()?;
        self.symref()?;
        let (kind, want, needs_sym) = match kind {
            1 => (RelocKind::Addr, 8, true),
            5 => (RelocKind::Call, 4, true),
            8 => (RelocKind::CallInd, 0, false),
            11 => (RelocKind::PcRel, 4, true),
            13 => (RelocKind::TlsLe, 4, false),
            14 => (RelocKind::TlsIe, 4, false),
            // Through a global offset table.
            21 => {
                return Err(Fault::at(
                    at,
                    "made for a shared library of packages (-dynlink), which gort has not; compile it without -dynlink or -linkshared",
                ));
            }
            k => {
                return Err(Fault::at(
                    at,
                    format!(
                        "relocation kind {k} is not one that Go 1.5 writes for a linux/amd64 executable"
                    ),
                ));
            }
        };
        let in_text_only = !matches!(kind, RelocKind::Addr);
        if siz != want {
            return Err(Fault::at(at, format!("{kind:?} relocation of {siz} bytes")));
        }
        if u64::from(off) + siz as u64 > size {
            return Err(Fault::at(
                at,
                format!("relocation at offset {off} of a symbol of {size} bytes"),
            ));
        }
        if in_text_only && !in_text {
            return Err(Fault::at(
                at,
                format!("{kind:?} relocation outside a function"),
            ));
        }
        if needs_sym != sym.is_some() {
            return Err(Fault::at(
                at,
                format!("{kind:?} relocation with a wrong symbol field"),
            ));
        }
        if i32::try_from(add).is_err() && kind != RelocKind::Addr {
            return Err(Fault::at(
                at,
                format!("relocation addend {add} is out of range"),
            ));
        }
        Ok(Reloc {
            off,
            kind,
            add,
            sym,
        })
    }

    fn text(&mut self) -> Result<Text<'a>, Fault> {
        let args = self
            .c
            .int_in(i64::from(i32::MIN)..=i64::from(i32::MAX), "argument size")?;
        let locals = self
            .c
            .int_in(i64::from(i32::MIN)..=i64::from(i32::MAX), "frame size")?;
        let nosplit = self.c.int()? != 0;
        self.c.int()?; // leaf and C-function flags: nothing here depends on them
        let nautos = self.c.count(5, "number of variables")?;
        let first = self.out.autos.len() as u32;
        for _ in 0..nautos {
            let at = self.c.pos();
            let name = self.symref()?;
            let offset = self
                .c
                .int_in(i64::from(i32::MIN)..=i64::from(i32::MAX), "variable offset")?;
            let is_param = match self.c.int()? {
                1 => false,
                2 => true,
                k => return Err(Fault::at(at, format!("variable kind {k}"))),
            };
            let gotype = self.symref()?;
            let Some(name) = name else {
                return Err(Fault::at(at, "a variable without a name"));
            };
            self.out.autos.push(Auto {
                name,
                offset,
                is_param,
                gotype,
            });
        }
        let autos = first..self.out.autos.len() as u32;
        let pcsp = self.c.blob()?;
        let pcfile = self.c.blob()?;
        let pcline = self.c.blob()?;
        let n = self.c.count(1, "number of pcdata tables")?;
        let pcdata = (0..n).map(|_| self.c.blob()).collect::<Result<_, _>>()?;
        let n = self.c.count(3, "number of funcdata symbols")?;
        let funcdata = (0..n).map(|_| self.symref()).collect::<Result<_, _>>()?;
        for _ in 0..n {
            self.c.int_in(0..=0, "funcdata offset")?;
        }
        let n = self.c.count(2, "number of files")?;
        let mut files = Vec::with_capacity(n);
        for _ in 0..n {
            let at = self.c.pos();
            match self.symref()? {
                Some(f) => files.push(f),
                None => return Err(Fault::at(at, "a source file without a name")),
            }
        }
        Ok(Text {
            args,
            locals,
            nosplit,
            autos,
            pcsp,
            pcfile,
            pcline,
            pcdata,
            funcdata,
            files,
        })
    }
}

/// Hash used for names everywhere in the linker. It is another one in each run, so that no file can
/// be made whose names all have the same.
pub fn hash_name(name: &[u8]) -> u64 {
    static HASH: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
    let mut h = HASH.build_hasher();
    h.write(name);
    h.finish()
}

/// Puts the package in place of every `""` that is followed by a dot.
fn expand<'a>(raw: &'a [u8], package: &[u8], placeholder: &Finder<'_>) -> Cow<'a, [u8]> {
    let Some(mut at) = placeholder.find(raw) else {
        return Cow::Borrowed(raw);
    };
    let mut out = Vec::with_capacity(raw.len() + package.len());
    let mut rest = raw;
    loop {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(package);
        rest = &rest[at + 2..];
        // The dot is copied with what follows, so that it cannot start another match.
        match placeholder.find(&rest[1..]) {
            Some(next) => at = next + 1,
            None => break,
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(escape_path("net/http"), "net/http");
        assert_eq!(escape_path("gopkg.in/yaml.v2"), "gopkg.in/yaml%2ev2");
        assert_eq!(escape_path("a.b"), "a%2eb");
        assert_eq!(escape_path("caf\u{e9} \"%"), "caf%c3%a9%20%22%25");
    }

    #[test]
    fn names_are_expanded_everywhere() {
        let e = |s: &str| {
            String::from_utf8(expand(s.as_bytes(), b"p/q", &Finder::new(PLACEHOLDER)).into_owned())
                .unwrap()
        };
        assert_eq!(e("\"\".F"), "p/q.F");
        assert_eq!(e("type.map[string]\"\".T"), "type.map[string]p/q.T");
        assert_eq!(e("type.map[\"\".K]\"\".T"), "type.map[p/q.K]p/q.T");
        assert_eq!(e("go.string.\"\""), "go.string.\"\"");
        assert_eq!(e("\"\".\"\"."), "p/q.p/q.");
    }

    #[test]
    fn headers() {
        let h = header(b"go object linux amd64 go1.5.4 X:none\nrest").unwrap();
        assert_eq!(
            (h.goos, h.goarch, h.version, h.experiments),
            ("linux", "amd64", "go1.5.4", "X:none")
        );
        assert!(header(b"\x7fELF").is_err());
        assert!(header(b"go object linux\n").is_err());
        assert!(header(b"").is_err());
    }
}
