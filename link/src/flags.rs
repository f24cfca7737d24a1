//! The command line of Go 1.5's `link`, and what of it gort honours.
//!
//! Promise: every flag of the tool is known; one that gort cannot honour is refused by name, never
//! ignored. Flags that only tune the stock tool (`-a`, `-n`, …) are honoured in effect: what they
//! print or check is documented in docs/linker.md.

mod values;

use crate::error::{Error, Result};
use crate::golang;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use values::{parse_address, parse_bool, parse_hex, parse_number, split_words};

/// Who does the last ELF step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinalLinker {
    /// libwild, in this process.
    Wild,
    /// A program: `ld`, or a compiler driver such as `gcc`.
    System(String, Chosen),
}

/// Who is to do the last step of a program with C code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkMode {
    /// Whoever can.
    Auto,
    /// Not a C compiler.
    Internal,
    /// A system linker or C compiler.
    External,
}

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildMode {
    /// An executable at fixed addresses.
    Exe,
    /// An executable that may be anywhere in memory.
    Pie,
    /// An archive that a C program is linked with.
    CArchive,
    /// A shared object that a C program loads.
    CShared,
}

impl BuildMode {
    const ALL: [(&str, Self); 4] = [
        ("exe", Self::Exe),
        ("pie", Self::Pie),
        ("c-archive", Self::CArchive),
        ("c-shared", Self::CShared),
    ];

    /// Its name in the flag.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|&(_, mode)| mode == self);
        named.map_or("", |(name, _)| name)
    }

    /// A C program runs it, whose own `main` is the beginning.
    pub fn is_library(self) -> bool {
        matches!(self, Self::CArchive | Self::CShared)
    }
}

/// Who chose a system linker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// [`LINKER_VARIABLE`].
    Variable,
    /// `-extld`.
    Flag,
    /// Nobody; that there is one follows from `-linkmode=external` or `-extldflags`.
    Default,
}

/// Environment variable that names the linker of the last step.
pub const LINKER_VARIABLE: &str = "GORT_LD";

/// What [`LINKER_VARIABLE`] says, if it says anything.
pub fn linker_variable() -> Option<OsString> {
    std::env::var_os(LINKER_VARIABLE).filter(|value| !value.is_empty())
}

/// Environment variable by which a goroot's go command asks for a build mode that the real one does
/// not know.
pub const MODE_VARIABLE: &str = "GORT_BUILDMODE";

/// The value of [`LINKER_VARIABLE`] that means libwild.
pub const WILD: &str = "wild";

impl std::fmt::Display for Chosen {
    /// What to do if it is not the right one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable => write!(
                f,
                "{LINKER_VARIABLE} names it; name another there, or unset it to link with the built-in libwild"
            ),
            Self::Flag => write!(
                f,
                "-extld names it; name another there or in {LINKER_VARIABLE}, or neither to link with the built-in libwild"
            ),
            Self::Default => write!(
                f,
                "name another with -extld or in {LINKER_VARIABLE}, or link without -linkmode=external and -extldflags"
            ),
        }
    }
}

/// A link to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Main package: archive or object.
    pub input: PathBuf,
    /// Executable, archive or shared object to write.
    pub output: PathBuf,
    /// Which of them.
    pub build_mode: BuildMode,
    /// Package directories, first wins (`-L`).
    pub lib_dirs: Vec<PathBuf>,
    /// Root of the Go installation.
    pub goroot: Option<PathBuf>,
    /// Suffix of the package directory in GOROOT.
    pub install_suffix: String,
    /// Values of string variables, in order (`-X`).
    pub x_values: Vec<(String, Vec<u8>)>,
    /// No symbol table and no debug information (`-s`).
    pub strip_all: bool,
    /// No debug information (`-w`).
    pub strip_debug: bool,
    /// Go build id.
    pub build_id: Option<String>,
    /// GNU build id (`-B`).
    pub gnu_build_id: Option<Vec<u8>>,
    /// Entry symbol (`-E`).
    pub entry: String,
    /// Address of `.text` (`-T`).
    pub text_addr: Option<u64>,
    /// Address of `.data` (`-D`).
    pub data_addr: Option<u64>,
    /// Segment alignment (`-R`).
    pub round: Option<u64>,
    /// Print the time of each phase (`-v`).
    pub verbose: bool,
    /// Who does the last step.
    pub final_linker: FinalLinker,
    /// Flags for a system linker.
    pub extldflags: Vec<String>,
    /// Who may link C code (`-linkmode`).
    pub link_mode: LinkMode,
    /// The C compiler, or a linker (`-extld`).
    pub extld: Option<String>,
    /// Where the dynamic linker looks for libraries (`-r`).
    pub run_path: Option<String>,
    /// The dynamic linker (`-I`).
    pub interpreter: Option<String>,
    /// libgort.a, where it is not looked up.
    pub library: Option<PathBuf>,
    /// Refuse packages not compiled with `-u` (`-u`).
    pub safe_only: bool,
    /// Let objects of different 1.5 releases be linked together (`-f`).
    pub mixed_releases: bool,
    /// Print who calls whom (`-c`).
    pub call_graph: bool,
    /// Print the symbol table (`-n`).
    pub print_symbols: bool,
    /// Keep `go.o` in this directory (`-tmpdir`).
    pub keep_dir: Option<PathBuf>,
    /// Send calls to entries made for them (`-specialise`).
    pub specialise: bool,
}

/// Entry of every gort program.
pub const ENTRY: &str = "_rt0_amd64_linux";

impl Options {
    /// Default options for an input.
    pub fn new(input: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            output: PathBuf::from("a.out"),
            build_mode: BuildMode::Exe,
            lib_dirs: Vec::new(),
            goroot: None,
            install_suffix: String::new(),
            x_values: Vec::new(),
            strip_all: false,
            strip_debug: false,
            build_id: None,
            gnu_build_id: None,
            entry: ENTRY.to_string(),
            text_addr: None,
            data_addr: None,
            round: None,
            verbose: false,
            final_linker: FinalLinker::Wild,
            extldflags: Vec::new(),
            link_mode: LinkMode::Auto,
            extld: None,
            run_path: None,
            interpreter: None,
            library: None,
            safe_only: false,
            mixed_releases: false,
            call_graph: false,
            print_symbols: false,
            keep_dir: None,
            specialise: true,
        }
    }

    /// Where the standard library's archives are.
    pub fn pkg_dir(&self) -> Option<PathBuf> {
        let root = self.goroot.as_ref()?;
        Some(golang::packages(root, &self.install_suffix))
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Request {
    /// A link.
    Link(Box<Options>),
    /// The version (`-V`).
    Version,
    /// The list of flags (`-help`).
    Help,
}

/// How a flag is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `-f`, `-f=true`, `-f=false`.
    Switch,
    /// `-f value`, `-f=value`.
    Value,
}

use Form::{Switch, Value};

/// Every flag of Go 1.5's link, with the text of the help.
const FLAGS: &[(&str, Form, &str)] = &[
    ("B", Value, "add a GNU build id note with these bytes (0x…)"),
    ("C", Switch, "check calls from Go to C (there are none)"),
    ("D", Value, "address of the data section"),
    ("E", Value, "entry symbol"),
    ("H", Value, "header type: linux"),
    ("I", Value, "dynamic linker of a program with C code"),
    (
        "L",
        Value,
        "look for packages in this directory first; may be repeated",
    ),
    ("R", Value, "segment alignment"),
    ("T", Value, "address of the text section"),
    (
        "V",
        Switch,
        "print the version on standard error and exit with status 2, as the stock tool does",
    ),
    (
        "W",
        Switch,
        "(refused: use go tool objdump) disassemble the input",
    ),
    (
        "X",
        Value,
        "set a string variable: importpath.name=value; may be repeated",
    ),
    (
        "a",
        Switch,
        "(refused: use go tool objdump) disassemble the output",
    ),
    ("buildid", Value, "record a Go build id"),
    (
        "buildmode",
        Value,
        "exe, pie, c-archive or c-shared (shared is refused)",
    ),
    ("c", Switch, "print which function calls which"),
    (
        "cpuprofile",
        Value,
        "(refused: use perf) profile the linker",
    ),
    ("d", Switch, "no dynamic executable (it never is)"),
    (
        "extld",
        Value,
        "a linker to use for the last step; a C compiler is used only with -linkmode=external or -extldflags",
    ),
    (
        "extldflags",
        Value,
        "flags for the system linker; implies -linkmode=external",
    ),
    ("f", Switch, "allow objects of different Go 1.5 releases"),
    ("g", Switch, "no package data checks (there are none)"),
    (
        "h",
        Switch,
        "print this help, as -help does, and exit with status 0; the stock tool halts on errors",
    ),
    (
        "installsuffix",
        Value,
        "suffix of the package directory in GOROOT",
    ),
    ("k", Value, "(refused) field tracking symbol"),
    (
        "linkmode",
        Value,
        "internal, auto (libwild or what GORT_LD names) or external (the system linker)",
    ),
    (
        "linkshared",
        Switch,
        "(refused: packages are in the program) link against shared Go libraries",
    ),
    (
        "memprofile",
        Value,
        "(refused: use perf) profile the linker",
    ),
    (
        "memprofilerate",
        Value,
        "(refused: use perf) profile the linker",
    ),
    ("n", Switch, "print the symbol table"),
    ("o", Value, "write the executable here"),
    (
        "r",
        Value,
        "where a program with C code looks for shared libraries",
    ),
    ("race", Switch, "(refused) race detector"),
    ("s", Switch, "no symbol table and no debug information"),
    ("shared", Switch, "the same as -buildmode=c-shared"),
    (
        "specialise",
        Switch,
        "(gort's own) send calls whose operands are known to entries made for them; -specialise=false to compare",
    ),
    (
        "tmpdir",
        Value,
        "keep the intermediate object go.o in this directory",
    ),
    ("u", Switch, "refuse packages not compiled with -u"),
    ("v", Switch, "print how long each phase takes"),
    ("w", Switch, "no debug information"),
];

/// Flags without effect in a linker that makes static programs without C.
const VACUOUS: &[&str] = &["C", "d", "g"];

/// Text of `-help`, after the first line.
pub fn help() -> String {
    let mut out = String::from("Flags (those of Go 1.5's link):\n");
    for (name, form, text) in FLAGS {
        let value = if *form == Value { " value" } else { "" };
        out.push_str(&format!("  -{name}{value}\n    \t{text}\n"));
    }
    out
}

fn refused(flag: &str, why: &str) -> Error {
    Error::new(format!("flag -{flag} is not supported: {why}"))
}

/// Reads the arguments that follow the program's name. `warn` gets what is accepted but should be
/// written differently.
pub fn parse(
    args: impl Iterator<Item = OsString>,
    warn: &mut dyn FnMut(String),
) -> Result<Request> {
    let args: Vec<OsString> = args.collect();
    let mut o = Options::new("");
    let mut i = 0;
    while i < args.len() {
        let arg = args[i].as_bytes();
        i += 1;
        if arg == b"--" || !arg.starts_with(b"-") || arg == b"-" {
            if arg != b"--" {
                i -= 1;
            }
            break;
        }
        let text = arg.strip_prefix(b"--").unwrap_or(&arg[1..]);
        let (name, inline) = match text.iter().position(|&b| b == b'=') {
            Some(at) => (&text[..at], Some(OsStr::from_bytes(&text[at + 1..]))),
            None => (text, None),
        };
        let name = String::from_utf8_lossy(name);
        if name == "help" || name == "h" {
            return Ok(Request::Help);
        }
        let Some(&(name, form, _)) = FLAGS.iter().find(|(n, _, _)| *n == name) else {
            let advice = match &*name {
                "version" => "-V prints the version",
                _ => "-help lists the flags",
            };
            return Err(Error::new(format!(
                "flag provided but not defined: -{name}; {advice}"
            )));
        };
        if form == Switch {
            let on = match inline {
                None => true,
                Some(v) => v.to_str().and_then(parse_bool).ok_or_else(|| {
                    let v = v.display();
                    Error::new(format!("invalid value \"{v}\" for flag -{name}"))
                })?,
            };
            if name == "V" && on {
                return Ok(Request::Version);
            }
            set_switch(&mut o, name, on)?;
            continue;
        }
        let mut value = match inline {
            Some(v) => v.to_os_string(),
            None if i < args.len() => {
                i += 1;
                args[i - 1].clone()
            }
            None => return Err(Error::new(format!("flag needs an argument: -{name}"))),
        };
        if name == "X" && !value.as_bytes().contains(&b'=') && i < args.len() {
            let (first, second) = (value.display(), args[i].display());
            warn(format!(
                "option -X {first} {second} may not work in future releases; use -X {first}={second}"
            ));
            value.push("=");
            value.push(&args[i]);
            i += 1;
        }
        set_value(&mut o, name, value)?;
    }
    let mut inputs = args[i..].iter();
    match (inputs.next(), inputs.next()) {
        (Some(input), None) => o.input = input.into(),
        (None, _) => {
            return Err(Error::new(
                "no object to link; name the archive or object of package main",
            ));
        }
        (Some(_), Some(extra)) => {
            return Err(Error::new(format!(
                "one object is linked, package main; what to do with {} is not clear (flags come before it)",
                extra.to_string_lossy()
            )));
        }
    }
    if let Some(mode) = std::env::var_os(MODE_VARIABLE).filter(|value| !value.is_empty()) {
        match mode.to_str() {
            Some("pie") if o.build_mode == BuildMode::Exe => o.build_mode = BuildMode::Pie,
            Some("pie") => {}
            _ => {
                let mode = mode.display();
                return Err(Error::new(format!(
                    "{MODE_VARIABLE}={mode}: pie is possible; unset it for other modes"
                )));
            }
        }
    }
    // As the stock linker is asked for such an executable.
    let position_independent = |f: &String| f == "-pie" || f == "-static-pie";
    if o.build_mode == BuildMode::Exe && o.extldflags.iter().any(position_independent) {
        o.build_mode = BuildMode::Pie;
    }
    o.goroot = golang::tree().map(|tree| tree.root);
    let from_env = linker_variable().map(|v| v.into_string());
    let from_env = from_env.transpose().map_err(|v| {
        let v = v.display();
        Error::new(format!("{LINKER_VARIABLE}={v}: it is not UTF-8"))
    })?;
    o.final_linker = choose(&o, from_env);
    Ok(Request::Link(Box::new(o)))
}

fn set_switch(o: &mut Options, name: &str, on: bool) -> Result<()> {
    match name {
        "s" => o.strip_all = on,
        "w" => o.strip_debug = on,
        "v" => o.verbose = on,
        "u" => o.safe_only = on,
        "f" => o.mixed_releases = on,
        "c" => o.call_graph = on,
        "n" => o.print_symbols = on,
        "specialise" => o.specialise = on,
        "shared" if on => o.build_mode = BuildMode::CShared,
        n if VACUOUS.contains(&n) => {}
        _ if !on => {}
        "race" => {
            return Err(refused(
                name,
                "gort has no race detector; build without -race",
            ));
        }
        "linkshared" => return Err(refused(name, "gort puts all packages into the program")),
        "a" | "W" => {
            return Err(refused(
                name,
                "use go tool objdump, or objdump -d, on the file",
            ));
        }
        _ => return Err(refused(name, "gort cannot honour it")),
    }
    Ok(())
}

fn set_value(o: &mut Options, name: &str, value: OsString) -> Result<()> {
    // Paths and strings of programs may be any bytes.
    match name {
        "o" if value.is_empty() => {}
        "o" => o.output = value.into(),
        "L" => o.lib_dirs.push(value.into()),
        "tmpdir" => o.keep_dir = Some(value.into()).filter(|p: &PathBuf| !p.as_os_str().is_empty()),
        "X" => o.x_values.push(x_value(value)?),
        _ => {
            let value = value
                .into_string()
                .map_err(|v| Error::new(format!("-{name} {}: it is not UTF-8", v.display())))?;
            set_text(o, name, value)?;
        }
    }
    Ok(())
}

/// Name and value of `importpath.name=value`.
fn x_value(given: OsString) -> Result<(String, Vec<u8>)> {
    let bytes = given.as_bytes();
    let at = bytes.iter().position(|&b| b == b'=');
    let name = at.and_then(|at| std::str::from_utf8(&bytes[..at]).ok());
    match at.zip(name) {
        Some((at, name))
            if name
                .rsplit_once('.')
                .is_some_and(|(path, variable)| !path.is_empty() && !variable.is_empty()) =>
        {
            Ok((name.to_string(), bytes[at + 1..].to_vec()))
        }
        _ => Err(Error::new(format!(
            "-X {}: write it as -X importpath.name=value",
            given.display()
        ))),
    }
}

fn set_text(o: &mut Options, name: &str, value: String) -> Result<()> {
    match name {
        "installsuffix" => o.install_suffix = value,
        "buildid" => o.build_id = Some(value),
        "B" => o.gnu_build_id = Some(parse_hex(&value)?),
        "E" if value.is_empty() => o.entry = ENTRY.to_string(),
        "E" => o.entry = value,
        "T" => o.text_addr = parse_address(name, &value)?,
        "D" => o.data_addr = parse_address(name, &value)?,
        "R" => {
            o.round = parse_number(name, &value)?;
            if let Some(r) = o
                .round
                .filter(|r| !r.is_power_of_two() || *r < 4096 || *r > 1 << 16)
            {
                return Err(Error::new(format!(
                    "-R {r:#x}: segment alignment must be a power of two from 4096 to 65536"
                )));
            }
        }
        "extld" => o.extld = Some(value).filter(|v| !v.is_empty()),
        "extldflags" => o.extldflags = split_words(&value),
        "linkmode" => match value.as_str() {
            "internal" => o.link_mode = LinkMode::Internal,
            "auto" => o.link_mode = LinkMode::Auto,
            "external" => o.link_mode = LinkMode::External,
            _ => {
                return Err(Error::new(format!(
                    "-linkmode={value}: unknown mode; internal, auto and external exist"
                )));
            }
        },
        "buildmode" => {
            let known = BuildMode::ALL.into_iter().find(|(name, _)| *name == value);
            match known {
                Some((_, mode)) => o.build_mode = mode,
                None if value.is_empty() || value == "default" => {}
                None => {
                    let why = format!("{value} is none of exe, pie, c-archive and c-shared");
                    return Err(refused("buildmode", &why));
                }
            }
        }
        "H" => {
            if value != "linux" && value != "elf" && !value.is_empty() {
                return Err(refused(
                    "H",
                    &format!(
                        "{value} is not possible, gort makes linux/amd64 executables only (linux)"
                    ),
                ));
            }
        }
        "I" => o.interpreter = Some(value).filter(|v| !v.is_empty()),
        "r" => o.run_path = Some(value).filter(|v| !v.is_empty()),
        "k" if value.is_empty() => {}
        "k" => return Err(refused("k", "field tracking needs a compiler built for it")),
        "cpuprofile" | "memprofile" | "memprofilerate" => {
            return Err(refused(name, "to profile gort's linker use perf record"));
        }
        _ => return Err(refused(name, "gort cannot honour it")),
    }
    Ok(())
}

/// The go command passes `-extld=$CC` with every link, so a C compiler there says nothing about what
/// the user wants. A linker there does; so do `-linkmode=external` and `-extldflags`, which nobody
/// passes by default, and `GORT_LD`.
fn choose(o: &Options, from_env: Option<String>) -> FinalLinker {
    if let Some(program) = from_env {
        return if program == WILD {
            FinalLinker::Wild
        } else {
            FinalLinker::System(program, Chosen::Variable)
        };
    }
    match &o.extld {
        Some(p) if !is_compiler(p) => FinalLinker::System(p.clone(), Chosen::Flag),
        // The go command names a compiler in every link.
        p if o.link_mode == LinkMode::External || !o.extldflags.is_empty() => {
            FinalLinker::System(p.clone().unwrap_or_else(|| "gcc".into()), Chosen::Default)
        }
        _ => FinalLinker::Wild,
    }
}

impl Options {
    /// Flags for a dynamic linker mean nothing in a program without one.
    pub fn refuse_dynamic(&self) -> Result<()> {
        let given = [("I", &self.interpreter), ("r", &self.run_path)];
        match given.into_iter().find(|(_, value)| value.is_some()) {
            Some((name, _)) => Err(refused(
                name,
                "a program without C code is static and has no dynamic linker",
            )),
            None => Ok(()),
        }
    }
}

/// Whether a program is a C compiler or a wrapper of one, by name: `gcc`,
/// `x86_64-linux-gnu-gcc-13`, `/usr/bin/clang`, `ccache`.
pub fn is_compiler(program: &str) -> bool {
    let name = Path::new(program)
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let exact = [
        "cc", "c++", "gort-cc", "gort-c++", "tcc", "icc", "icx", "ccache", "distcc", "zig",
    ];
    exact.contains(&name.as_str()) || ["gcc", "clang", "g++"].iter().any(|c| name.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request> {
        parse(words.split(' ').map(OsString::from), &mut |_| {})
    }

    fn options(words: &str) -> Options {
        match parse_words(words) {
            Ok(Request::Link(o)) => *o,
            other => panic!("{words}: {other:?}"),
        }
    }

    #[test]
    fn what_the_go_command_passes() {
        let o = options("-o out -L work -extld=gcc -buildmode=exe -buildid=abc main.a");
        assert_eq!(
            (o.output.to_str(), o.build_id.as_deref()),
            (Some("out"), Some("abc"))
        );
        assert_eq!(o.final_linker, FinalLinker::Wild);
        let o = options("-installsuffix s -o out -L a -L b -w -extld=clang main.a");
        assert_eq!(
            (o.lib_dirs.len(), o.strip_debug, o.install_suffix.as_str()),
            (2, true, "s")
        );
    }

    #[test]
    fn every_flag_is_honoured_or_refused_by_name() {
        for (name, form, text) in FLAGS {
            let words = if *form == Switch {
                format!("-{name} x.a")
            } else {
                format!("-{name} 0x1 x.a")
            };
            let refused = parse_words(&words).err().map(|e| e.to_string());
            if text.starts_with("(refused") {
                assert!(
                    refused.is_some_and(|e| e.contains(&format!("-{name}"))),
                    "{name}"
                );
            } else if let Some(e) = refused {
                assert!(e.contains(&format!("-{name}")), "{e}");
            }
        }
    }

    #[test]
    fn values() {
        let o = options("-X a/b.c=d=e -X=x.y= -T 0x500000 -B 0x0aff -R 8192 -s=false x.a");
        assert_eq!(
            o.x_values,
            [("a/b.c".into(), "d=e".into()), ("x.y".into(), Vec::new())]
        );
        assert_eq!(
            (o.text_addr, o.round, o.strip_all),
            (Some(0x50_0000), Some(8192), false)
        );
        assert_eq!(o.gnu_build_id, Some(vec![0x0a, 0xff]));
        for bad in [
            "-B 0x1 x.a",
            "-B ff x.a",
            "-R 3 x.a",
            "-T x x.a",
            "-X nothing",
            "-o",
            "a.o b.o",
            "-zz x.a",
            "-H windows x.a",
        ] {
            assert!(parse_words(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_and_strings_are_any_bytes() {
        let args = [&b"-o"[..], b"d\xff/out", b"-X", b"a.b=\xfe", b"in\xfd.o"];
        let args = args.map(|a| OsStr::from_bytes(a).to_os_string());
        let Ok(Request::Link(o)) = parse(args.into_iter(), &mut |_| {}) else {
            panic!()
        };
        assert_eq!(o.output.as_os_str().as_bytes(), b"d\xff/out");
        assert_eq!(o.input.as_os_str().as_bytes(), b"in\xfd.o");
        assert_eq!(o.x_values, [("a.b".into(), vec![0xfe])]);
    }

    #[test]
    fn old_form_of_x_warns() {
        let mut warnings = Vec::new();
        let args = ["-X", "main.v", "1", "x.a"].map(OsString::from);
        let Ok(Request::Link(o)) = parse(args.into_iter(), &mut |w| warnings.push(w)) else {
            panic!()
        };
        assert_eq!(o.x_values, [("main.v".into(), "1".into())]);
        assert!(warnings[0].contains("use -X main.v=1"));
    }

    #[test]
    fn choice_of_the_final_linker() {
        let system = |p: &str, chosen| FinalLinker::System(p.into(), chosen);
        assert_eq!(
            options("-extld=x86_64-linux-gnu-gcc-13 x.a").final_linker,
            FinalLinker::Wild
        );
        assert_eq!(
            options("-extld=ld.lld x.a").final_linker,
            system("ld.lld", Chosen::Flag)
        );
        assert_eq!(
            options("-extld=gcc -linkmode=external x.a").final_linker,
            system("gcc", Chosen::Default)
        );
        assert_eq!(
            options("-extldflags=-Map=m x.a").final_linker,
            system("gcc", Chosen::Default)
        );
        let o = options("-extld=gcc -linkmode=external x.a");
        let mold = system("mold", Chosen::Variable);
        assert_eq!(choose(&o, Some("mold".into())), mold);
        assert_eq!(choose(&o, Some("wild".into())), FinalLinker::Wild);
    }
}
