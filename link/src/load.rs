//! Finding and reading the input: the main object, then every package that it imports, directly or
//! not.
//!
//! Promise: files come in the order in which their text is laid out (main first, then breadth first
//! by import lists); each package is loaded once; package `runtime` is never opened, since
//! libgort.a takes its place. All objects are of Go 1.5, of one and the same release, for
//! linux/amd64. Discovery is serial and only touches the import lists; the symbols are read
//! afterwards, all members in parallel.

mod foreign;

use crate::c::RUNTIME_CGO;
use crate::error::{Error, Name, Problems, Result};
use crate::flags::{BuildMode, Options};
use crate::golang;
use crate::object::{self, Directive, Fault, Object, RelocKind};
use memmap2::{Mmap, MmapOptions};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Bytes of an input file.
#[derive(Debug)]
pub enum Bytes {
    /// Mapped.
    Map(Mmap),
    /// Empty files cannot be mapped.
    Empty,
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Map(m) => m,
            Bytes::Empty => &[],
        }
    }
}

/// Up to eight bytes that take the place of others in a file.
#[derive(Debug, Clone, Copy)]
pub struct Patch {
    at: usize,
    bytes: [u8; 8],
    len: u8,
}

impl Patch {
    /// These bytes, at most eight, at an offset.
    pub fn new(at: usize, new: &[u8]) -> Self {
        let mut bytes = [0; 8];
        bytes[..new.len()].copy_from_slice(new);
        let len = new.len() as u8;
        Self { at, bytes, len }
    }
}

impl Bytes {
    /// Changes this copy of the file; an error if there is not enough memory.
    pub fn change(self, patches: &[Patch]) -> std::io::Result<Self> {
        let Bytes::Map(map) = self else {
            return Ok(self);
        };
        let mut map = map.make_mut()?;
        for p in patches {
            let len = usize::from(p.len);
            map[p.at..p.at + len].copy_from_slice(&p.bytes[..len]);
        }
        Ok(Bytes::Map(map.make_read_only()?))
    }
}

/// Maps a file for reading.
pub fn map_file(path: &Path) -> std::io::Result<Bytes> {
    let meta = path.metadata()?;
    if meta.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    // To open a pipe would be to wait for who writes it.
    if !meta.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if meta.len() == 0 {
        return Ok(Bytes::Empty);
    }
    // SAFETY: the mapping is private and read-only. Its bytes are only undefined if another process
    // changes the file during the link; no linker that maps its inputs can rule that out, and no
    // reader here relies on two reads of a byte being equal for memory safety beyond what slices of
    // plain bytes already require.
    let map = unsafe { MmapOptions::new().map_copy_read_only(&file)? };
    Ok(Bytes::Map(map))
}

/// A file that takes part in the link.
#[derive(Debug)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// Import path; `main` for the program.
    pub package: String,
    /// `package` as it appears in symbol names.
    pub escaped: String,
    bytes: Bytes,
}

/// All input files, in text order.
#[derive(Debug)]
pub struct Inputs {
    files: Vec<Input>,
    /// Release that compiled them, `go1.5.4`.
    pub go_version: String,
}

/// Where an object came from, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The file.
    pub input: &'a Input,
    /// Its member; `None` for a bare object.
    pub member: Option<&'a str>,
}

impl std::fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.input.path.display())?;
        match self.member {
            Some(m) => write!(f, "({m})"),
            None => Ok(()),
        }
    }
}

/// A read object and its origin.
#[derive(Debug)]
pub struct Loaded<'a> {
    /// File index and member name, for messages.
    pub input: &'a Input,
    /// Member name; `None` for a bare object.
    pub member: Option<String>,
    /// The symbols.
    pub object: Object<'a>,
    /// What it says about C code.
    pub directives: Vec<Directive>,
}

/// An object of a C compiler in the archive of a package.
#[derive(Debug, Clone)]
pub struct CMember<'a> {
    /// The archive.
    pub input: &'a Input,
    /// The member's name.
    pub name: String,
    /// The object.
    pub data: &'a [u8],
}

impl std::fmt::Display for CMember<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.input.path.display(), self.name)
    }
}

impl<'a> Loaded<'a> {
    /// Where it came from.
    pub fn origin(&self) -> Origin<'_> {
        Origin {
            input: self.input,
            member: self.member.as_deref(),
        }
    }
}

/// Names the packages that were not compiled for shared objects.
pub fn all_for_shared_objects(objects: &[Loaded<'_>]) -> Result<()> {
    let mut problems = Problems::default();
    let mut named = None;
    for o in objects {
        let relocations = &o.object.relocs;
        let fixed = relocations.iter().any(|r| r.kind == RelocKind::TlsLe);
        if fixed && named.replace(&o.input.path) != Some(&o.input.path) {
            problems.add(|| {
                format!(
                    "{}: package {} was not compiled for shared objects; compile it with -shared, as go build -buildmode=c-shared does",
                    o.origin(),
                    o.input.package
                )
            });
        }
    }
    problems.result()
}

/// The package whose place libgort.a takes.
const PROVIDED: &str = "runtime";

impl Inputs {
    /// Opens the main file and everything that it imports.
    pub fn discover(options: &Options) -> Result<Self> {
        let mut inputs = Self {
            files: Vec::new(),
            go_version: String::new(),
        };
        let mut seen = FxHashSet::default();
        let mut queue: VecDeque<(String, String)> = VecDeque::new();
        let mut release: Option<(String, String)> = None;
        let mut next = Some((options.input.clone(), "main".to_string()));
        while let Some((path, package)) = next {
            let bytes = map_file(&path).map_err(|e| Error::io("cannot open", &path, &e))?;
            let escaped = object::escape_path(&package);
            let input = Input {
                path,
                package,
                escaped,
                bytes,
            };
            if options.safe_only && !input.is_safe() {
                return Err(Error::new(format!(
                    "{}: load of unsafe package {} (-u); compile it with -u",
                    input.path.display(),
                    input.package
                )));
            }
            let clause = input
                .package_clause()
                .and_then(|c| c.split(|&b| b == b' ').next());
            if let Some(name) = clause.filter(|&n| inputs.files.is_empty() && n != b"main") {
                let path = input.path.display();
                return Err(Error::new(format!(
                    "{path}: not package main, but package {}",
                    Name(name)
                )));
            }
            for member in input.go_members()? {
                input.check_release(&member, &mut release, options.mixed_releases)?;
                let imports = object::imports(member.data).map_err(|f| input.fault(&member, &f))?;
                for import in imports {
                    let Ok(file) = std::str::from_utf8(import) else {
                        let f = Fault::at(0, "an import path that is not UTF-8");
                        return Err(input.fault(&member, &f));
                    };
                    let file = &*clean(file);
                    let import = package_of(file);
                    if import == "runtime/race" {
                        return Err(Error::new(format!(
                            "{} was compiled for the race detector, which gort does not support; build without -race",
                            input.path.display()
                        )));
                    }
                    if import != PROVIDED && seen.insert(import.to_string()) {
                        queue.push_back((file.to_string(), input.package.clone()));
                    }
                }
            }
            inputs.files.push(input);
            // A C library starts all but a plain executable, and this package knows it.
            let needed = options.build_mode != BuildMode::Exe && queue.is_empty();
            if needed && seen.insert(RUNTIME_CGO.to_string()) {
                queue.push_back((RUNTIME_CGO.to_string(), "main".to_string()));
            }
            next = match queue.pop_front() {
                Some((file, importer)) => Some((
                    find_package(options, &file, &importer)?,
                    package_of(&file).to_string(),
                )),
                None => None,
            };
        }
        inputs.go_version = release.map(|(version, _)| version).unwrap_or_default();
        Ok(inputs)
    }

    /// Whether the packages were compiled for shared objects (`-shared`): the first function that
    /// looks for its g says.
    pub fn are_for_shared_objects(&self) -> Result<bool> {
        for input in &self.files {
            for member in input.go_members()? {
                let object = object::parse(member.data, &input.escaped);
                let object = object.map_err(|f| input.fault(&member, &f))?;
                for r in &object.relocs {
                    match r.kind {
                        RelocKind::TlsIe => return Ok(true),
                        RelocKind::TlsLe => return Ok(false),
                        _ => {}
                    }
                }
            }
        }
        Ok(false)
    }

    /// Reads the symbols of all members, in parallel.
    pub fn read(&self) -> Result<Vec<Loaded<'_>>> {
        let mut work = Vec::new();
        for input in &self.files {
            for member in input.go_members()? {
                work.push((input, member));
            }
        }
        work.into_par_iter()
            .with_max_len(1)
            .map(|(input, member)| {
                let object = object::parse(member.data, &input.escaped)
                    .map_err(|f| input.fault(&member, &f))?;
                let directives = object::directives(member.data, &input.escaped)
                    .map_err(|f| input.fault(&member, &f))?;
                let member = (!member.name.is_empty()).then_some(member.name);
                Ok(Loaded {
                    input,
                    member,
                    object,
                    directives,
                })
            })
            .collect()
    }

    /// The objects of C compilers, in the order of their files.
    pub fn c_members(&self) -> Vec<CMember<'_>> {
        let mut out = Vec::new();
        for input in &self.files {
            if !input.bytes.starts_with(object::archive::MAGIC) {
                continue;
            }
            let members = object::members(&input.bytes).unwrap_or_default();
            let of_c = members
                .into_iter()
                .filter(|m| m.data.starts_with(foreign::ELF));
            out.extend(of_c.map(|m| CMember {
                input,
                name: m.name,
                data: m.data,
            }));
        }
        out
    }

    /// Files, in text order.
    pub fn files(&self) -> &[Input] {
        &self.files
    }
}

impl Input {
    /// Whether the compiler vouches, in the export data, that the package does not use package
    /// unsafe.
    fn is_safe(&self) -> bool {
        self.package_clause()
            .is_some_and(|line| line.ends_with(b" safe"))
    }

    /// What follows `package` in the export data.
    fn package_clause(&self) -> Option<&[u8]> {
        let start = b"\n$$\npackage ";
        let at = memchr::memmem::find(&self.bytes, start)? + start.len();
        self.bytes.get(at..)?.split(|&b| b == b'\n').next()
    }

    /// The members with Go code.
    fn go_members(&self) -> Result<Vec<object::Member<'_>>> {
        if self.bytes.is_empty() {
            return Err(Error::new(format!(
                "{}: the file is empty; compile the package again",
                self.path.display()
            )));
        }
        if let Some(what) = foreign::describe(&self.path, &self.bytes) {
            return Err(Error::new(format!("{}: {what}", self.path.display())));
        }
        let members = object::members(&self.bytes).map_err(|f| {
            Error::new(format!(
                "{}: offset {}: {}; build the package again",
                self.path.display(),
                f.offset,
                f.what
            ))
        })?;
        let mut rest = &members[..];
        if self.bytes.starts_with(object::archive::MAGIC) {
            if rest.first().is_some_and(|m| m.name == "__.GOSYMDEF") {
                rest = &rest[1..];
            }
            if rest.first().is_none_or(|m| m.name != "__.PKGDEF") {
                let what = foreign::describe_archive(&members).unwrap_or_else(|| {
                    "not a Go package archive (its first member is not __.PKGDEF)".into()
                });
                return Err(Error::new(format!("{}: {what}", self.path.display())));
            }
            rest = &rest[1..];
        }
        // Slashes name the tables of GNU's tools.
        let is_table =
            |m: &object::Member<'_>| !m.name.is_empty() && m.name.trim_matches('/').is_empty();
        let of_go = rest
            .iter()
            .filter(|m| !m.data.starts_with(foreign::ELF) && !is_table(m));
        Ok(of_go.cloned().collect())
    }

    fn fault(&self, member: &object::Member<'_>, fault: &Fault) -> Error {
        let path = self.path.display();
        let at = member.offset + fault.offset;
        let member = if member.name.is_empty() {
            String::new()
        } else {
            format!("({})", member.name)
        };
        Error::new(format!(
            "{path}{member}: offset {at}: {}; compile the package again with Go 1.5",
            fault.what
        ))
    }

    /// Every object must be of one 1.5 release for linux/amd64.
    fn check_release(
        &self,
        member: &object::Member<'_>,
        release: &mut Option<(String, String)>,
        mixed: bool,
    ) -> Result<()> {
        let h = object::header(member.data).map_err(|f| self.fault(member, &f))?;
        let origin = Origin {
            input: self,
            member: Some(&member.name)
                .filter(|n| !n.is_empty())
                .map(|n| n.as_str()),
        };
        if (h.goos, h.goarch) != ("linux", "amd64") {
            return Err(Error::new(format!(
                "{origin}: compiled for {}/{}; gort links linux/amd64, set GOOS=linux GOARCH=amd64",
                h.goos, h.goarch
            )));
        }
        if h.version != "go1.5" && !h.version.starts_with("go1.5.") {
            return Err(Error::new(format!(
                "{origin}: compiled by {}; gort links objects of Go 1.5, compile it with a 1.5 release",
                h.version
            )));
        }
        if !matches!(h.experiments, "X:none" | "") {
            return Err(Error::new(format!(
                "{origin}: compiled with GOEXPERIMENT {}; gort needs a compiler without experiments (X:none)",
                h.experiments.trim_start_matches("X:")
            )));
        }
        match release {
            None => *release = Some((h.version.to_string(), origin.to_string())),
            Some((version, first)) if version != h.version && !mixed => {
                return Err(Error::new(format!(
                    "{origin}: compiled by {}, but {first} by {version}; build everything with one release",
                    h.version
                )));
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// The shortest path that means the same, without a look at links: else one file could be read
/// under any number of names.
fn clean(path: &str) -> Cow<'_, str> {
    let odd = |part: &str| matches!(part, "" | "." | "..");
    let relative = path.strip_prefix('/').unwrap_or(path);
    if !relative.split('/').any(odd) {
        return path.into();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/")).into()
}

/// Import path of a library as an object names it: `fmt.a`, or `p.o` for an object file imported by
/// its place.
fn package_of(file: &str) -> &str {
    file.strip_suffix(".a")
        .or_else(|| file.strip_suffix(".o"))
        .unwrap_or(file)
}

/// Looks a library up in the `-L` directories, then in GOROOT.
fn find_package(options: &Options, library: &str, importer: &str) -> Result<PathBuf> {
    let package = package_of(library);
    let file = if library == package {
        format!("{package}.a")
    } else {
        library.to_string()
    };
    let candidates: Vec<PathBuf> = if package.starts_with('/') {
        vec![PathBuf::from(file)]
    } else {
        options
            .lib_dirs
            .iter()
            .chain(options.pkg_dir().as_ref())
            .map(|d| d.join(&file))
            .collect()
    };
    if let Some(found) = candidates.iter().find(|c| c.is_file()) {
        return Ok(found.clone());
    }
    let looked: Vec<_> = candidates.iter().map(|c| c.display().to_string()).collect();
    let mut reasons = Vec::new();
    if !looked.is_empty() {
        reasons.push(format!("looked for {}", looked.join(", ")));
    }
    reasons.push(match &options.goroot {
        _ if package.starts_with('/') => "compile it there".into(),
        Some(root) => format!(
            "name its folder with -L, or another Go than {} with {}; `gort doctor` says what is used and why",
            root.display(),
            golang::variable_that_wins()
        ),
        None => format!(
            "no Go 1.5 was found: {}; set {} to one, `gort doctor` says how to get it",
            golang::looked(),
            golang::ROOT_VARIABLE
        ),
    });
    Err(Error::new(format!(
        "package {package}, imported by {importer}, is missing: {}",
        reasons.join("; ")
    )))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn one_file_has_one_import_path() {
        for (path, short) in [
            ("net/http.a", "net/http.a"),
            ("/abs/p.o", "/abs/p.o"),
            ("a//b.a", "a/b.a"),
            ("./a/./b.a", "a/b.a"),
            ("a/../b.a", "b.a"),
            ("../../b.a", "../../b.a"),
            ("//x///y/../z.a", "/x/z.a"),
            ("/../x.a", "/x.a"),
        ] {
            assert_eq!(clean(path), short);
        }
    }
}
