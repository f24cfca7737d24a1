//! What `//go:cgo_…` lines of a package ask of the linker: lines in the text part of its object.

use super::Fault;
use memchr::memmem;

/// How the part with these lines begins.
const START: &[u8] = b"\n$$  // cgo";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    /// C code has a symbol of this name.
    ImportStatic(Vec<u8>),
    /// A shared library has it; the program knows it by `local`.
    ImportDynamic {
        /// Name in Go.
        local: Vec<u8>,
        /// Name in the library.
        remote: Vec<u8>,
        /// Version of the name; empty if it has none.
        version: Vec<u8>,
        /// The library; empty where any of the program's may have it.
        library: Vec<u8>,
    },
    /// The program needs this shared library.
    Need(Vec<u8>),
    /// What loads a program with shared libraries.
    Loader(Vec<u8>),
    /// C code may name this symbol of Go.
    ExportStatic {
        /// Name in Go.
        local: Vec<u8>,
        /// Name in C.
        remote: Vec<u8>,
    },
    /// An argument of the C compiler that links.
    Ldflag(Vec<u8>),
}

/// The lines of an object of a package, in order.
pub fn directives(object: &[u8], package: &str) -> Result<Vec<Directive>, Fault> {
    let text = memmem::find(object, b"\n!\n").map_or(object, |end| &object[..end + 1]);
    let Some(start) = memmem::find(text, START) else {
        return Ok(Vec::new());
    };
    let lines = text[start + 1..].split(|&b| b == b'\n').skip(1);
    let mut at = start + START.len() + 1;
    let mut out = Vec::new();
    for line in lines.take_while(|line| !line.starts_with(b"$$")) {
        let fault = |what: &str| {
            let line = String::from_utf8_lossy(line).into_owned();
            Fault::at(at, format!("cgo line `{line}`: {what}"))
        };
        let words = words(line).ok_or_else(|| fault("a quote is not closed"))?;
        let full = |name: &[u8]| expand(name, package);
        match words.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [] => {}
            [b"cgo_import_static", name] => out.push(Directive::ImportStatic(name.to_vec())),
            [b"cgo_import_dynamic", b"_", b"_", library] => {
                out.push(Directive::Need(library.to_vec()));
            }
            [b"cgo_import_dynamic", local, ref rest @ ..] if rest.len() <= 2 => {
                let remote = rest.first().copied().unwrap_or(local);
                let mut parts = remote.splitn(2, |&b| b == b'#').map(<[u8]>::to_vec);
                out.push(Directive::ImportDynamic {
                    local: full(local),
                    remote: parts.next().unwrap_or_default(),
                    version: parts.next().unwrap_or_default(),
                    library: rest.get(1).map_or(Vec::new(), |name| name.to_vec()),
                });
            }
            [b"cgo_export_static", local, ref rest @ ..] if rest.len() <= 1 => {
                let remote = rest.first().copied().unwrap_or(local).to_vec();
                let local = full(local);
                out.push(Directive::ExportStatic { local, remote });
            }
            [b"cgo_ldflag", flag] => out.push(Directive::Ldflag(flag.to_vec())),
            [b"cgo_dynamic_linker", path] => out.push(Directive::Loader(path.to_vec())),
            // Shared libraries see all that C code defines.
            [b"cgo_export_dynamic", _] | [b"cgo_export_dynamic", _, _] => {}
            _ => return Err(fault("not one that Go 1.5 writes")),
        }
        at += line.len() + 1;
    }
    Ok(out)
}

/// A name with the package's path in place of `""`.
fn expand(name: &[u8], package: &str) -> Vec<u8> {
    match name.strip_prefix(b"\"\".") {
        Some(rest) => [package.as_bytes(), b".", rest].concat(),
        None => name.to_vec(),
    }
}

/// Words of a line; a word in single quotes may hold blanks, and a quote as two of them. `None`
/// where one is not closed.
fn words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        let Some(&first) = rest.first() else {
            return Some(words);
        };
        let mut word = Vec::new();
        if first != b'\'' {
            let end = rest.iter().position(u8::is_ascii_whitespace);
            let (head, tail) = rest.split_at(end.unwrap_or(rest.len()));
            words.push(head.to_vec());
            rest = tail;
            continue;
        }
        rest = &rest[1..];
        loop {
            let end = memchr::memchr(b'\'', rest)?;
            word.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            if rest.first() != Some(&b'\'') {
                break;
            }
            word.push(b'\'');
            rest = &rest[1..];
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &[u8] = b"go object linux amd64 go1.5.4 X:none\n\n$$\npackage p\n\n$$\n\n\
        $$  // cgo\ncgo_import_static _cgo_1_f\ncgo_import_dynamic puts puts#GLIBC_2.2.5 'libc.so.6'\n\
        cgo_import_dynamic _ _ libc.so.6\ncgo_import_dynamic x y ''\ncgo_dynamic_linker /ld.so\ncgo_export_static \"\".F F\ncgo_export_dynamic crosscall2\n\
        cgo_ldflag '-L/a dir'\ncgo_ldflag 'it''s'\ncgo_ldflag ''\n\n$$\n\n\n!\ncgo_ldflag no\n";

    #[test]
    fn lines_are_read() {
        let read = directives(OBJECT, "a/b").unwrap();
        let flag = |f: &[u8]| Directive::Ldflag(f.to_vec());
        let expected = [
            Directive::ImportStatic(b"_cgo_1_f".to_vec()),
            Directive::ImportDynamic {
                local: b"puts".to_vec(),
                remote: b"puts".to_vec(),
                version: b"GLIBC_2.2.5".to_vec(),
                library: b"libc.so.6".to_vec(),
            },
            Directive::Need(b"libc.so.6".to_vec()),
            Directive::ImportDynamic {
                local: b"x".to_vec(),
                remote: b"y".to_vec(),
                version: Vec::new(),
                library: Vec::new(),
            },
            Directive::Loader(b"/ld.so".to_vec()),
            Directive::ExportStatic {
                local: b"a/b.F".to_vec(),
                remote: b"F".to_vec(),
            },
            flag(b"-L/a dir"),
            flag(b"it's"),
            flag(b""),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn others_are_refused() {
        for (line, why) in [
            ("cgo_ldflag 'a", "is not closed"),
            ("cgo_import_static", "not one"),
            ("cgo_import_static a b", "not one"),
            ("cgo_import_dynamic a b c d", "not one"),
            ("other", "not one"),
        ] {
            let object = format!("go object\n\n$$  // cgo\n{line}\n$$\n\n!\n");
            let fault = directives(object.as_bytes(), "p").unwrap_err();
            assert!(fault.what.contains(why), "{line}: {}", fault.what);
        }
        assert_eq!(directives(b"go object\n\n!\n", "p"), Ok(Vec::new()));
    }
}
