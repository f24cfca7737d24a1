//! Files of the repository that are made from `abi/`: they must say what `abi/` says. And how the
//! build reads `abi/`.
//!
//! `GORT_UPDATE=1 cargo test -p gort abi::tests` writes them again.

#[path = "../../build/gotype.rs"]
#[allow(missing_docs, unreachable_pub, reason = "part of the build")]
pub(crate) mod gotype;
#[path = "../../build/types/shape.rs"]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the build uses the rest"
)]
pub(crate) mod shape;
#[path = "../../build/signature.rs"]
mod signature;
#[path = "../../build/surface.rs"]
#[expect(dead_code, reason = "the build uses the rest")]
mod surface;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const TYPES: &str = include_str!("../../abi/types.toml");

/// Compares a kept file with what it should hold, or writes it.
fn check(kept: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept);
    if env::var_os("GORT_UPDATE").is_some() {
        fs::write(&path, expected).unwrap_or_else(|e| panic!("cannot write {kept}: {e}"));
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {kept}: {e}"));
    assert!(
        found == expected,
        "{kept} is stale; run: GORT_UPDATE=1 cargo test -p gort abi::tests"
    );
}

/// bindgen loads libclang when it runs. Where there is none, this test can only say so;
/// scripts/test installs it.
fn has_libclang() -> bool {
    let dirs = ["/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib64"].map(String::from);
    let llvm = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let llvm = llvm
        .filter(|e| e.file_name().to_string_lossy().starts_with("llvm"))
        .map(|e| e.path().join("lib").display().to_string());
    env::var_os("LIBCLANG_PATH").is_some()
        || dirs.into_iter().chain(llvm).any(|d| {
            fs::read_dir(d).into_iter().flatten().flatten().any(|f| {
                let name = f.file_name().to_string_lossy().into_owned();
                name.starts_with("libclang.so") || name.starts_with("libclang-")
            })
        })
}

/// What the typedefs of `go15.h` for racy fields are in Rust.
const ATOMICS: &str = "
use core::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
type atomic_i32 = AtomicI32;
type atomic_u32 = AtomicU32;
type atomic_i64 = AtomicI64;
type atomic_u64 = AtomicU64;
type atomic_word = AtomicUsize;
type atomic_ptr = AtomicPtr<u8>;
type atomic_g = AtomicPtr<G>;
type atomic_m = AtomicPtr<M>;";

/// Tells bindgen that the types of `go15.h` that are defined in Rust implement Debug.
#[derive(Debug)]
struct OfRust;

impl bindgen::callbacks::ParseCallbacks for OfRust {
    fn blocklisted_type_implements_trait(
        &self,
        _name: &str,
        derived: bindgen::callbacks::DeriveTrait,
    ) -> Option<bindgen::callbacks::ImplementsTrait> {
        use bindgen::callbacks::{DeriveTrait, ImplementsTrait};
        (derived == DeriveTrait::Debug).then_some(ImplementsTrait::Yes)
    }
}

#[test]
fn bindings_follow_the_header() {
    if !has_libclang() {
        eprintln!(
            "libclang is missing: src/abi/go15.rs is not compared with abi/go15.h; install libclang-dev"
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bindings = bindgen::Builder::default()
        .header(root.join("abi/go15.h").display().to_string())
        .use_core()
        .layout_tests(false)
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .allowlist_file(".*go15.h")
        .generate_comments(false)
        .no_copy("G|M|RuntimeTimer")
        .blocklist_type("resume_step|atomic_.*")
        .parse_callbacks(Box::new(OfRust))
        .disable_header_comment()
        .raw_line("// Made from abi/go15.h by bindgen; src/abi/tests.rs fails when it is stale.")
        .raw_line("type resume_step = super::mode::ResumeStep;")
        .raw_line(ATOMICS)
        .generate()
        .expect("bindgen reads abi/go15.h");
    check("src/abi/go15.rs", &bindings.to_string());
}

#[test]
fn reference_follows_the_table() {
    let symbols = surface::parse(
        include_str!("../../abi/surface.toml"),
        &shape::Model::new(TYPES),
        true,
    )
    .unwrap_or_else(|e| panic!("{e}"));
    let mut page = String::from(
        "# Exported symbols\n\n\
         Made from `abi/surface.toml` by `src/abi/tests.rs`. How each mode is entered:\n\
         [trampolines.md](trampolines.md).\n\n\
         | symbol | Go signature or kind | mode | pointer words: arguments; results | needed by |\n|---|---|---|---|---|\n",
    );
    for s in &symbols {
        let func = s.kind == "func";
        let mode = match (&s.leaf, &s.system, &s.park) {
            _ if !func => "",
            _ if s.asm => "asm",
            (Some(_), None, None) => "leaf",
            (Some(_), Some(_), _) => "leaf, system",
            (Some(_), _, Some(_)) => "leaf, park",
            (None, Some(_), _) => "system",
            (None, _, Some(_)) => "park",
            (None, None, None) => unreachable!("{}: `parse` wants a function", s.name),
        };
        let words = |w: &[usize]| w.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        let what = if s.go.is_empty() || !func {
            &s.kind
        } else {
            &s.go
        };
        let by = if s.test {
            ", in a library with the feature `test-hooks`"
        } else {
            ""
        };
        let _ = writeln!(
            page,
            "| `{}` | `{}` | {mode} | {}; {} | {}{by} |",
            s.name,
            what.replace('|', "\\|"),
            words(s.ptrs()),
            words(s.results()),
            s.needed
        );
    }
    let hooks = symbols.iter().filter(|s| s.test).count();
    let _ = writeln!(
        page,
        "\n{} symbols, and {hooks} for tests only.",
        symbols.len() - hooks
    );
    check("docs/surface.md", &page);
}

fn laid_out(signature: &str) -> Result<signature::Layout, String> {
    signature::layout(&shape::Model::new(TYPES), signature)
}

/// Fields with their offsets, size, pointer words of parameters and of results.
type Area = (
    &'static [(&'static str, &'static str, usize)],
    usize,
    &'static [usize],
    &'static [usize],
);

#[test]
fn argument_areas_of_signatures() {
    let cases: &[(&str, Area)] = &[
        ("func()", (&[], 0, &[], &[])),
        (
            "func(p, q unsafe.Pointer) bool",
            (
                &[("p", "*mut u8", 0), ("q", "*mut u8", 8), ("r0", "bool", 16)],
                24,
                &[0, 1],
                &[],
            ),
        ),
        (
            "func(a, b int32, c, d string) (n int, err error)",
            (
                &[
                    ("a", "i32", 0),
                    ("b", "i32", 4),
                    ("c", "GoString", 8),
                    ("d", "GoString", 24),
                    ("n", "i64", 40),
                    ("err", "Iface", 48),
                ],
                64,
                &[1, 3],
                &[6, 7],
            ),
        ),
        (
            "func(skip int) (pc uintptr, file string, line int, ok bool)",
            (
                &[
                    ("skip", "i64", 0),
                    ("pc", "usize", 8),
                    ("file", "GoString", 16),
                    ("line", "i64", 32),
                    ("ok", "bool", 40),
                ],
                48,
                &[],
                &[2],
            ),
        ),
        (
            "(*runtime.Func) func(uintptr) *runtime._type",
            (
                &[
                    ("recv", "*mut u8", 0),
                    ("a0", "usize", 8),
                    ("r0", "*const Type", 16),
                ],
                24,
                &[0],
                &[2],
            ),
        ),
        // Words alone in a list without names are types, and names in one with names.
        (
            "func(string, rune) (int, bool)",
            (
                &[
                    ("a0", "GoString", 0),
                    ("a1", "i32", 16),
                    ("r0", "i64", 24),
                    ("r1", "bool", 32),
                ],
                40,
                &[0],
                &[],
            ),
        ),
        (
            "func(string, rune int16, type, _ bool) (a, b *uint32)",
            (
                &[
                    ("string", "i16", 0),
                    ("rune", "i16", 2),
                    ("type_", "bool", 4),
                    ("_unused3", "bool", 5),
                    ("a", "*mut u32", 8),
                    ("b", "*mut u32", 16),
                ],
                24,
                &[],
                &[1, 2],
            ),
        ),
        (
            "func(dst *[2]uintptr, _ uintptr, src [2]*int, m [3]byte, i interface{}) []runtime.StackRecord",
            (
                &[
                    ("dst", "*mut u8", 0),
                    ("_unused1", "usize", 8),
                    ("src", "[*mut u8; 2]", 16),
                    ("m", "[u8; 3]", 32),
                    ("i", "Eface", 40),
                    ("r0", "GoSlice", 56),
                ],
                80,
                &[0, 2, 3, 5, 6],
                &[7],
            ),
        ),
        (
            "func(f func(x, y int) (int, bool), p, q interface { M(int) }, c **runtime.itab) func()",
            (
                &[
                    ("f", "*const FuncVal", 0),
                    ("p", "Iface", 8),
                    ("q", "Iface", 24),
                    ("c", "*mut *mut Itab", 40),
                    ("r0", "*const FuncVal", 48),
                ],
                56,
                &[0, 1, 2, 3, 4, 5],
                &[6],
            ),
        ),
        (
            "func(old runtime.slice, d time.Duration) complex128",
            (
                &[
                    ("old", "GoSlice", 0),
                    ("d", "i64", 24),
                    ("r0", "[f64; 2]", 32),
                ],
                48,
                &[0],
                &[],
            ),
        ),
    ];
    for (text, (fields, size, ptrs, results)) in cases {
        let area = laid_out(text).unwrap_or_else(|e| panic!("{e}"));
        let found = area.fields.iter().map(|f| (&*f.name, &*f.rust, f.offset));
        assert_eq!(found.collect::<Vec<_>>(), *fields, "{text}");
        assert_eq!(area.size, *size, "{text}");
        assert_eq!((&*area.ptrs, &*area.results), (*ptrs, *results), "{text}");
    }
}

#[test]
fn signatures_that_are_none() {
    for (text, why) in [
        ("int", "no signature; write `func(a T) R`"),
        ("(*runtime.Func) Name() string", "no signature"),
        ("(int, int) func()", "a method has one receiver"),
        ("func", "`(` expected at the end"),
        ("func(a int", "`,` or `)` expected at the end"),
        ("func(a int b int)", "`,` or `)` expected at `b int)`"),
        ("func(,)", "a type expected at `,)`"),
        ("func(a int, b)", "`b` has no type"),
        ("func(a int, *int)", "`*int` has no name"),
        (
            "func(time.Duration int)",
            "`time.Duration` is no name of a parameter",
        ),
        (
            "func(a int, a bool)",
            "two parameters or results are called `a`",
        ),
        (
            "func(a int) (a int)",
            "two parameters or results are called `a`",
        ),
        (
            "func() int (size at 8(DX))",
            "`(size at 8(DX))` is left over",
        ),
        ("func(a [n]int)", "`n` is no length of an array"),
        ("func(a [2 int)", "`]` expected at `2 int)`"),
        ("func(c chan int)", "a type of `chan`"),
        ("func(a ...int)", "a type expected at `...int)`"),
        ("func(i interface { M )", "`(` expected at `)`"),
        ("func(a, b)", "`a` is no type that is known here"),
        (
            "func(h *runtime.hamp)",
            "add it to abi/types.toml as [[foreign]]",
        ),
        ("func(h runtime.hmap)", "`runtime.hmap` has no size"),
        ("func(h [2]runtime.hmap)", "`runtime.hmap` has no size"),
        (
            "func(s struct { a int })",
            "a structure without a name in Rust",
        ),
    ] {
        let Err(problem) = laid_out(text) else {
            panic!("{text} is laid out")
        };
        assert!(problem.contains(why), "{text}: {problem}");
    }
}

/// What a type stands for is looked at, too, where its size counts, and pointers may go round in
/// circles.
#[test]
fn types_that_stand_for_others() {
    let model = shape::Model::new(&format!(
        "{TYPES}
[[foreign]]
name = \"runtime.two\"
underlying = \"[2]runtime.hmap\"
[[foreign]]
name = \"runtime.list\"
underlying = \"struct {{ next *runtime.list; n int }}\"
rust = \"List\"
"
    ));
    assert!(signature::layout(&model, "func(p *runtime.two)").is_ok());
    let Err(problem) = signature::layout(&model, "func(p runtime.two)") else {
        panic!("an opaque type has a size")
    };
    assert!(
        problem.starts_with("`runtime.hmap` has no size"),
        "{problem}"
    );
    let area = signature::layout(&model, "func(l runtime.list) bool").expect("a structure");
    assert_eq!(area.fields[0].rust, "List");
    assert_eq!((area.size, &*area.ptrs), (24, &[0][..]));
}

#[test]
fn rows_that_are_wrong_are_named() {
    let row = |name: &str, rest: &str| {
        format!("[[symbol]]\nname = \"{name}\"\nkind = \"func\"\ngroup = \"\"\n{rest}\n")
    };
    let good = row(
        "runtime.good",
        "go = \"func(p, q unsafe.Pointer) bool\"\nasm = true",
    );
    for (text, why) in [
        (
            row("runtime.f", "go = \"func(p unsafe.Ptr)\""),
            "abi/surface.toml: runtime.f: `go`: `unsafe.Ptr` is no type",
        ),
        (
            row("runtime.f", "go = \"func()\"\nsystem = \"x\"\npark = \"y\""),
            "abi/surface.toml: runtime.f: `system` and `park` exclude each other",
        ),
        (
            good.clone(),
            "abi/surface.toml: runtime.good: there is a row of that name before",
        ),
        (
            row("runtime.f", ""),
            "runtime.f: `go`: : no signature; write",
        ),
        (
            row("runtime.f", "go = \"func()\""),
            "runtime.f: no function: it needs `leaf`, `system`, `park` or `asm`",
        ),
        (
            row("runtime.f", "go = \"func(p *int)\"\nptrs = [0]"),
            "runtime.f: `ptrs` follows from `go`: leave it out",
        ),
        (
            row("runtime.f", "go = \"func(n int)\"\nresults = [1]"),
            "runtime.f: `results`: word 1 is behind the arguments, which have 8 bytes",
        ),
        (
            row("runtime.f", "go = \"(asm) AX=n\"\nptrs = [0]"),
            "runtime.f: pointer words, but no signature in `go`",
        ),
        (
            row("runtime.f", "go = \"func(a [33]*int)\""),
            "runtime.f: a pointer in word 32 of the arguments: the maps (`abi::Entry`) have 32 bits",
        ),
    ] {
        let text = format!("{good}{text}");
        match surface::parse(&text, &shape::Model::new(TYPES), true) {
            Ok(_) => panic!("not refused: {why}"),
            Err(problem) => assert!(problem.contains(why), "{problem}"),
        }
    }
}

/// Columns of a row stand against its signature.
#[test]
fn pointer_words_of_rows() {
    let table = r#"
[[symbol]]
name = "runtime.f"
kind = "func"
go = "(*runtime.Func) func(a uintptr, b []byte) (int, error)  (size at 8(DX))"
asm = true

[[symbol]]
name = "runtime.g"
kind = "func"
go = "func(a uintptr, b *int)"
asm = true
ptrs = []
results = [1]

[[symbol]]
name = "runtime.h"
kind = "func"
go = "(asm) AX=n"
asm = true
"#;
    let symbols =
        surface::parse(table, &shape::Model::new(TYPES), true).unwrap_or_else(|e| panic!("{e}"));
    let words = symbols.iter().map(|s| (s.args(), s.ptrs(), s.results()));
    let expected: [(usize, &[usize], &[usize]); 3] =
        [(64, &[0, 2], &[6, 7]), (16, &[], &[1]), (0, &[], &[])];
    assert_eq!(words.collect::<Vec<_>>(), expected);
}

/// scripts/gort-gdb.py reads structures in the memory of a program.
#[test]
fn offsets_of_the_gdb_commands() {
    use crate::abi::{ArrayType, ChanType, G, Gobuf, M, MapType, Type};
    use core::mem::offset_of;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gort-gdb.py");
    let script = fs::read_to_string(path).expect("scripts/gort-gdb.py");
    for (name, offset) in [
        ("G.m", offset_of!(G, m)),
        ("G.sched", offset_of!(G, sched)),
        ("G.parkmap", offset_of!(G, parkmap)),
        ("G.waitreason", offset_of!(G, waitreason)),
        ("G.atomicstatus", offset_of!(G, atomicstatus)),
        ("G.goid", offset_of!(G, goid)),
        ("G.gopc", offset_of!(G, gopc)),
        ("G.alllink", offset_of!(G, alllink)),
        ("G.interrupted", offset_of!(G, interrupted)),
        ("M.curg", offset_of!(M, curg)),
        ("M.tid", offset_of!(M, tid)),
        ("Gobuf.sp", offset_of!(Gobuf, sp)),
        ("Gobuf.pc", offset_of!(Gobuf, pc)),
        ("Type.kind", offset_of!(Type, kind)),
        ("ArrayType.elem", offset_of!(ArrayType, elem)),
        ("ArrayType.elem", offset_of!(ChanType, elem)),
        ("ArrayType.elem", offset_of!(MapType, key)),
        ("ArrayType.len", offset_of!(ArrayType, len)),
        ("ChanType.dir", offset_of!(ChanType, dir)),
        ("MapType.elem", offset_of!(MapType, elem)),
    ] {
        let line = format!("    \"{name}\": {offset},\n");
        assert!(
            script.contains(&line),
            "{line:?} is not in scripts/gort-gdb.py"
        );
    }
    let (_, reasons) = script.split_once("REASONS = [\n").expect("REASONS");
    let (reasons, _) = reasons.split_once("]\n").expect("the end of REASONS");
    for (code, line) in reasons.lines().enumerate() {
        let text = crate::world::WaitReason::text(code as u32);
        assert_eq!(line.trim(), format!("\"{text}\","), "reason {code}");
    }
    assert_eq!(
        crate::world::WaitReason::text(reasons.lines().count() as u32),
        "waiting"
    );
    let smallest = format!("\nMIN_TOP = {}\n", crate::map::table::MIN_TOP);
    assert!(script.contains(&smallest), "{smallest:?}");
}

/// What the linker tells debuggers of the runtime's structures.
#[test]
fn layouts_for_debuggers() {
    use crate::abi::{Eface, Hmap, Iface, Itab, MapType, Type, UncommonType};
    use crate::chan::hchan::{Hchan, WaitQ};
    use crate::world::sudog::Sudog;
    use core::mem::offset_of;
    use gort_tables::layouts::{
        BUCKET_KEYS, BUCKET_SLOTS, EFACE, Field, HCHAN, HMAP, IFACE, ITAB, Layout, MAP, SUDOG,
        TYPE, UNCOMMON_TYPE, WAITQ,
    };
    macro_rules! same {
        ($layout:expr, $structure:ty, $size:expr, $($field:ident),+) => {
            let layout: Layout = $layout;
            let offsets = [$(offset_of!($structure, $field) as u64),+];
            let described = layout.fields.iter().map(|f: &Field| f.2);
            assert_eq!(described.collect::<Vec<_>>(), offsets, "{}", layout.name);
            assert_eq!(layout.size, $size as u64, "{}", layout.name);
        };
    }
    same!(
        HMAP,
        Hmap,
        size_of::<Hmap>(),
        count,
        flags,
        b,
        hash0,
        buckets,
        oldbuckets,
        nevacuate,
        overflow
    );
    same!(
        HCHAN,
        Hchan,
        size_of::<Hchan>(),
        qcount,
        dataqsiz,
        buf,
        elemsize,
        closed,
        elemtype,
        recvx,
        recvq,
        sendq
    );
    same!(WAITQ, WaitQ, size_of::<WaitQ>(), first);
    same!(
        SUDOG,
        Sudog,
        offset_of!(Sudog, result),
        g,
        elem,
        next,
        prev,
        waitlink,
        lock
    );
    same!(
        TYPE,
        Type,
        size_of::<Type>(),
        size,
        ptrdata,
        hash,
        unused,
        align,
        field_align,
        kind,
        alg,
        gcdata,
        string,
        x,
        ptrto,
        zero
    );
    same!(
        UNCOMMON_TYPE,
        UncommonType,
        size_of::<UncommonType>(),
        name,
        pkgpath,
        methods
    );
    same!(
        ITAB,
        Itab,
        size_of::<Itab>(),
        inter,
        typ,
        link,
        bad,
        unused,
        fun
    );
    same!(EFACE, Eface, size_of::<Eface>(), typ, data);
    same!(IFACE, Iface, size_of::<Iface>(), tab, data);
    assert_eq!(BUCKET_SLOTS, crate::map::table::SLOTS as u64);
    assert_eq!(BUCKET_KEYS, BUCKET_SLOTS);
    assert_eq!(
        [
            MAP.key_size,
            MAP.key_indirect,
            MAP.value_size,
            MAP.value_indirect,
            MAP.bucket_size
        ],
        [
            offset_of!(MapType, keysize),
            offset_of!(MapType, indirectkey),
            offset_of!(MapType, valuesize),
            offset_of!(MapType, indirectvalue),
            offset_of!(MapType, bucketsize)
        ]
    );
}
