//! Programs with C code, and what of it programs without C are spared.

mod support;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use std::process::Command;
use support::exe::Exe;
use support::*;

/// Without C, g is the word below the thread pointer, and the executable has no segment for it.
#[test]
fn the_place_of_g_is_fixed_without_c() {
    let b = Bench::new(&Library {
        uses_g: true,
        ..Library::default()
    });
    b.write("main.o", &Encoder::new(&[]).main().finish());
    let mut linkers = vec!["-s=false", "-w"];
    if b.has_ld() {
        linkers.push("-extld=ld");
    }
    for flag in linkers {
        let bytes = b.linked(&[flag, "-o", "out", "main.o"]);
        let exe = Exe::new(&bytes);
        let set_g = exe.symbol("gort_set_g").expect("gort_set_g");
        assert_eq!(exe.u32(set_g + 5) as i32, -8, "{flag}");
        let tls = exe.elf.sections().any(|s| s.name() == Ok(".tbss"));
        assert!(!tls, "{flag}");
    }
}

/// `mov rcx, [rip+...]; mov rcx, fs:[rcx]; ret`, made for shared objects: the offset is a constant in
/// a program that is fixed in place.
#[test]
fn code_for_shared_objects_is_part_of_static_programs() {
    let b = Bench::new(&Library::default());
    let code = [
        0x48, 0x8b, 0x0d, 0, 0, 0, 0, 0x64, 0x48, 0x8b, 0x09, 0xc3, 0, 0, 0, 0,
    ];
    let main = Encoder::new(&[])
        .function("\"\".main", &code, &[(3, 4, R_TLS_IE, -4, "")])
        .function("\"\".init", RET, &[])
        .finish();
    b.write("main.o", &main);
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    let main = exe.symbol("main.main").expect("main.main");
    // mov rcx, -8
    assert_eq!(exe.u32(main), 0xf8c1_c748);
    assert_eq!(exe.u32(main + 3) as i32, -8);
}

/// Compiles C code; `None`, after a word about it, without a C compiler.
fn compiled(b: &Bench, code: &str, flags: &[&str]) -> Option<Vec<u8>> {
    let source = b.write("c.c", code.as_bytes());
    let object = b.path("c.o");
    let done = Command::new("gcc")
        .args(["-c", "-O2", "-fno-asynchronous-unwind-tables"])
        .args(flags)
        .arg("-o")
        .args([&object, &source])
        .output();
    match done {
        Ok(out) if out.status.success() => Some(std::fs::read(object).expect("read the object")),
        other => {
            eprintln!("skipped: gcc cannot compile this ({other:?})");
            None
        }
    }
}

/// A call and `ret`.
const CALL: &[u8] = &[
    0x48, 0x83, 0xec, 8, 0xe8, 0, 0, 0, 0, 0x48, 0x83, 0xc4, 8, 0xc3, 0, 0,
];

/// A package main with a function of C's, which it calls.
fn main_with(object: &[u8], calls: &str) -> Vec<u8> {
    let main = Encoder::new(&[])
        .function("\"\".main", CALL, &[(5, 4, R_CALL, 0, calls)])
        .function("\"\".init", RET, &[])
        .function("\"\".helper", RET, &[])
        .finish();
    archive(&[
        ("__.PKGDEF", b"go object linux amd64 go1.5.4 X:none\n\n!\n"),
        ("_go_.o", &main),
        ("x_linux_amd64.sy", object),
    ])
}

#[test]
fn c_objects_are_linked_without_a_c_library() {
    let b = Bench::new(&Library::default());
    let code = "static int n; extern void helper(void) __asm__(\"main.helper\");
        void count(void) { n++; helper(); }";
    let Some(object) = compiled(&b, code, &["-fno-pic"]) else {
        return;
    };
    b.write("main.a", &main_with(&object, "count"));
    let mut linkers = vec!["-s=false", "-s"];
    if b.has_ld() {
        linkers.push("-extld=ld");
    }
    for flag in linkers {
        let bytes = b.linked(&[flag, "-o", "out", "main.a"]);
        let exe = Exe::new(&bytes);
        assert!(exe.elf.section_by_name(".interp").is_none());
        let status = Command::new(b.path("out")).status().expect("run it");
        assert_eq!(status.code(), Some(7), "{flag}");
    }
    has(
        &b.refused(&["-r", "/lib", "-o", "out", "main.a"]),
        &["-r", "static"],
    );
}

#[test]
fn c_objects_that_cannot_be_part_of_a_static_program() {
    let b = Bench::new(&Library::default());
    for (code, flags, says) in [
        (
            "int puts(const char *); void count(void) { puts(\"\"); }",
            &[][..],
            "undefined: puts, used by",
        ),
        (
            "__thread int n; void count(void) { n++; }",
            &[],
            "thread-local variables",
        ),
        (
            "volatile int n; __attribute__((constructor)) void count(void) { n++; }",
            &[],
            "constructors",
        ),
    ] {
        let Some(object) = compiled(&b, code, flags) else {
            return;
        };
        b.write("main.a", &main_with(&object, "count"));
        has(
            &b.refused(&["-o", "out", "main.a"]),
            &[says, "main.a(x_linux_amd64.sy)"],
        );
    }
}

#[test]
fn objects_for_other_machines_are_refused() {
    let b = Bench::new(&Library::default());
    let Some(mut object) = compiled(&b, "void count(void) {}", &[]) else {
        return;
    };
    object[18..20].copy_from_slice(&183u16.to_le_bytes());
    b.write("main.a", &main_with(&object, "count"));
    has(
        &b.refused(&["-o", "out", "main.a"]),
        &["another machine (ELF machine 183)"],
    );
    object[4] = 1;
    b.write("main.a", &main_with(&object, "count"));
    has(&b.refused(&["-o", "out", "main.a"]), &["32-bit"]);
}

/// A program with package runtime/cgo, whose C code is this.
fn with_cgo(b: &Bench, code: &str) -> Option<()> {
    with_cgo_object(b, &compiled(b, code, &["-fPIC"])?);
    Some(())
}

/// The same with what a compiler has made.
fn with_cgo_object(b: &Bench, object: &[u8]) {
    let main = Encoder::with_directives(
        &["runtime/cgo.a"],
        "cgo_import_static c_code\ncgo_export_static \"\".exported go_code\ncgo_ldflag '-lm'\n\
         cgo_import_dynamic sqrt sqrt#GLIBC_2.2.5 libm.so.6\n\
         cgo_import_dynamic puts puts#GLIBC_2.2.5 libc.so.6\n\
         cgo_import_dynamic __libc_start_main __libc_start_main#GLIBC_2.34 libc.so.6\n\
         cgo_import_dynamic _ _ libm.so.6\ncgo_import_dynamic _ _ libc.so.6\n\
         cgo_dynamic_linker /lib64/ld-linux-x86-64.so.2",
    );
    // How packages name C code.
    let main = main.symbol(&Symbol {
        kind: NOPTRBSS,
        name: "c_code",
        size: 1,
        ..Symbol::default()
    });
    let g = &[
        0x64, 0x48, 0x8b, 0x0c, 0x25, 0, 0, 0, 0, 0xc3, 0, 0, 0, 0, 0, 0,
    ];
    let main = main
        .function("\"\".main", CALL, &[(5, 4, R_CALL, 0, "c_code")])
        .function("\"\".init", RET, &[])
        .function("\"\".exported", g, &[(5, 4, 13, 0, "")]);
    b.write("main.a", &package(&main.finish()));
    let cgo = archive(&[
        ("__.PKGDEF", b"go object linux amd64 go1.5.4 X:none\n\n!\n"),
        (
            "_go_.o",
            &Encoder::new(&[]).function("\"\".f", RET, &[]).finish(),
        ),
        ("_all.o", object),
    ]);
    b.write("runtime/cgo.a", &cgo);
}

const C_CODE: &str = "void go_code(void); extern double sqrt(double); volatile double x;
    __thread int calls; int seen;
    void c_code(void) { calls++; go_code(); x = sqrt(x); seen = calls; }";

#[test]
fn a_c_compiler_links_programs_with_cgo() {
    let b = Bench::new(&Library {
        uses_g: true,
        with_c: true,
        functions: &["runtime.f"],
        ..Library::default()
    });
    if with_cgo(&b, C_CODE).is_none() {
        return;
    }
    for flags in [
        &["-s=false"][..],
        &["-w"],
        &["-s"],
        &["-extldflags=-static"],
    ] {
        let bytes = b.linked(&[flags, &["-L", ".", "-o", "out", "main.a"]].concat());
        let status = Command::new(b.path("out")).status().expect("run it");
        assert_eq!(status.code(), Some(7), "{flags:?}");
        let exe = Exe::new(&bytes);
        let is_static = flags[0].contains("static");
        assert_eq!(exe.elf.section_by_name(".interp").is_none(), is_static);
        let exported: Vec<_> = exe
            .elf
            .dynamic_symbols()
            .filter_map(|s| s.name().ok())
            .collect();
        if !is_static {
            assert!(exported.contains(&"go_code") && exported.contains(&"main"));
        }
        for hidden in [
            "memcpy",
            "main.main",
            "main.exported",
            "gort_set_g",
            "runtime.tlsg",
        ] {
            let own = exe.elf.dynamic_symbols().filter(|s| !s.is_undefined());
            assert!(!own.flat_map(|s| s.name()).any(|n| n == hidden), "{hidden}");
        }
    }
    b.linked(&["-L", ".", "-tmpdir", ".", "-o", "out", "main.a"]);
    let bytes = std::fs::read(b.path("go.o")).expect("go.o");
    let go_o: object::read::elf::ElfFile64<'_> =
        object::read::elf::ElfFile64::parse(&*bytes).unwrap();
    let globals = go_o
        .symbols()
        .filter(|s| s.is_global() && s.is_definition());
    let mut globals: Vec<_> = globals.filter_map(|s| s.name().ok()).collect();
    globals.sort_unstable();
    assert_eq!(globals, ["go_code", "main"]);
    let undefined = go_o.symbols().filter(|s| s.is_global() && s.is_undefined());
    let undefined: Vec<_> = undefined.filter_map(|s| s.name().ok()).collect();
    assert_eq!(undefined, ["c_code"]);
    assert!(b.names().contains(&"000000.o".to_string()));
}

#[test]
fn what_c_code_lacks_is_named() {
    let b = Bench::new(&Library {
        with_c: true,
        ..Library::default()
    });
    if with_cgo(
        &b,
        "void missing_one(void); void c_code(void) { missing_one(); }",
    )
    .is_none()
    {
        return;
    }
    let args = ["-L", ".", "-o", "out", "main.a"];
    has(
        &b.refused(&args),
        &["undefined: missing_one, used by C code at", "cgo.a(_all.o)"],
    );
    let none = [&["-extld=no-such-gcc"][..], &args].concat();
    has(
        &b.refused(&none),
        &["cannot run the C compiler no-such-gcc", "CGO_ENABLED=0"],
    );
    let placed = [&["-T", "0x500000"][..], &args].concat();
    has(
        &b.refused(&placed),
        &["-T: not possible in a program with C code"],
    );
}

/// No C compiler and no library is looked at: what packages say is enough.
#[test]
fn libwild_links_programs_with_cgo() {
    let b = Bench::new(&Library {
        uses_g: true,
        with_c: true,
        functions: &["runtime.f"],
        ..Library::default()
    });
    let code = format!(
        "{C_CODE} __attribute__((constructor)) static void begin(void) {{ seen = 1; }}
        int puts(const char *); int (*pointer)(const char *) = puts;
        void *find(void) {{ return pointer == puts ? (void *)puts : (void *)0; }}"
    );
    if with_cgo(&b, &code).is_none() {
        return;
    }
    for flags in [&["-s=false"][..], &["-w"], &["-s"], &["-r=/nowhere"]] {
        let more = ["-linkmode=internal", "-extld=no-such-compiler"];
        let args = [flags, &more, &["-L", ".", "-o", "out", "main.a"]].concat();
        let bytes = b.linked(&args);
        let status = Command::new(b.path("out")).status().expect("run it");
        assert_eq!(status.code(), Some(7), "{flags:?}");
        let exe = Exe::new(&bytes);
        let dynamic = |name: &str| {
            let mut symbols = exe.elf.dynamic_symbols();
            symbols.any(|s| s.name() == Ok(name))
        };
        assert!(dynamic("go_code") && dynamic("sqrt") && dynamic("puts"));
        assert!(!dynamic("memcpy") && !dynamic("runtime.tlsg"));
        let text = String::from_utf8_lossy(&bytes);
        for named in [
            "libm.so.6",
            "libc.so.6",
            "GLIBC_2.34",
            "ld-linux-x86-64.so.2",
        ] {
            assert!(text.contains(named), "{named}");
        }
        assert_eq!(text.contains("/nowhere"), flags[0].starts_with("-r"));
    }
}

#[test]
fn what_libwild_lacks_for_c_code_is_named() {
    let library = Library {
        with_c: true,
        ..Library::default()
    };
    for (code, flags, says) in [
        (
            "void missing_one(void); void c_code(void) { missing_one(); }",
            "-fPIC",
            "undefined: missing_one, used by C code of ",
        ),
        (
            "int puts(const char *); void *c_code(void) { return (void *)puts; }",
            "-fno-pic",
            "puts is of a shared library, but the code refers to it as part of the executable",
        ),
    ] {
        let b = Bench::new(&library);
        let Some(object) = compiled(&b, code, &[flags]) else {
            return;
        };
        with_cgo_object(&b, &object);
        let args = ["-linkmode=internal", "-L", ".", "-o", "out", "main.a"];
        has(
            &b.refused(&args),
            &[says, "cgo.a(_all.o)", "leave -linkmode=internal out"],
        );
    }
}
