//! What comes out of a link: programs made of synthetic objects, reread and run.

mod support;

use object::{Object as _, ObjectSection as _};
use std::process::Command;
use support::exe::{Exe, check_sites};
use support::*;

fn bench() -> Bench {
    Bench::new(&Library {
        functions: &[
            "runtime.f",
            "runtime.morestack_noctxt",
            "runtime.deferreturn",
        ],
        ..Library::default()
    })
}

/// lea sym(%rip), %rax; ret
fn lea() -> Vec<u8> {
    [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat()
}

/// A main that refers to one symbol.
fn main_using(symbol: &str) -> Encoder {
    Encoder::new(&[])
        .function("\"\".main", &lea(), &[(3, 4, R_PCREL, 0, symbol)])
        .function("\"\".init", RET, &[])
}

/// Address that `main.main`'s operand means.
fn operand(exe: &Exe<'_>) -> u64 {
    let main = exe.symbol("main.main").expect("main.main");
    (main + 7).wrapping_add_signed(i64::from(exe.u32(main + 3) as i32))
}

#[test]
fn a_program_runs() {
    let b = bench();
    b.write("main.o", &Encoder::new(&[]).main().finish());
    b.linked(&["-o", "out", "main.o"]);
    let status = Command::new(b.path("out")).status().expect("run it");
    assert_eq!(status.code(), Some(7));
}

#[test]
fn segments_have_one_purpose_each() {
    let b = bench();
    b.write("main.o", &main_using("runtime.zerovalue").finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    let at = |name: &str| exe.elf.section_by_name(name).map(|s| s.address());
    assert_eq!(at(".text"), exe.symbol("main.main"), "Go text comes first");
    assert!(
        at(".rodata")
            .zip(at(".text"))
            .is_some_and(|(r, t)| r / 4096 != t / 4096)
    );
    assert!(
        exe.elf.section_by_name(".interp").is_none()
            && exe.elf.section_by_name(".dynamic").is_none()
    );
}

#[test]
fn names_expand_to_the_package_and_order_is_kept() {
    let b = bench();
    let main = Encoder::new(&["a/b.c.a"]).function(
        "\"\".main",
        &lea(),
        &[(3, 4, R_PCREL, 0, "a/b%2ec.V")],
    );
    b.write(
        "main.a",
        &package(&main.function("\"\".init", RET, &[]).finish()),
    );
    let p = Encoder::new(&[])
        .symbol(&Symbol {
            kind: NOPTRBSS,
            name: "\"\".V",
            data: &[5],
            size: 8,
            ..Symbol::default()
        })
        .finish();
    b.write("lib/a/b.c.a", &package(&p));
    let bytes = b.linked(&["-L", "lib", "-o", "out", "main.a"]);
    let exe = Exe::new(&bytes);
    assert_eq!(exe.u64(operand(&exe)), 5);
    assert_eq!(exe.symbol("a/b%2ec.V"), Some(operand(&exe)));
}

#[test]
fn unreachable_code_is_left_out() {
    let b = bench();
    b.write(
        "main.o",
        &Encoder::new(&[])
            .main()
            .function("\"\".unused", RET, &[])
            .finish(),
    );
    let bytes = b.linked(&["-o", "out", "main.o"]);
    assert_eq!(Exe::new(&bytes).symbol("main.unused"), None);
    assert_eq!(Exe::new(&bytes).tables().funcs.len(), 2);
}

#[test]
fn constants_come_from_their_names() {
    let b = bench();
    b.write("main.o", &main_using("$f64.400921fb54442d18").finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    assert_eq!(f64::from_bits(exe.u64(operand(&exe))), std::f64::consts::PI);
}

#[test]
fn weak_references_do_not_keep_anything() {
    let b = bench();
    let cell = |name, target| Symbol {
        kind: RODATA,
        name,
        dupok: true,
        size: 8,
        relocs: target,
        ..Symbol::default()
    };
    let absent = [(0, 8, R_ADDR, 0, "go.weak.p.other")];
    let object = main_using("p.cell").symbol(&cell("p.cell", &absent));
    b.write("main.o", &object.clone().finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    assert_eq!(exe.u64(operand(&exe)), 0);
    // Defined, but nothing else refers to it.
    b.write(
        "main.o",
        &object.clone().symbol(&cell("p.other", &[])).finish(),
    );
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    assert_eq!(exe.u64(operand(&exe)), 0);
    // Defined and needed: the typelink of the type does not count, a variable does.
    let strong = [(0, 8, R_ADDR, 0, "p.other"), (8, 8, R_ADDR, 0, "p.cell")];
    let var = Symbol {
        kind: NOPTRBSS,
        name: "\"\".v",
        data: &[0; 16],
        relocs: &strong,
        ..Symbol::default()
    };
    let object = main_using("\"\".v")
        .symbol(&var)
        .symbol(&cell("p.cell", &absent))
        .symbol(&cell("p.other", &[]));
    b.write("main.o", &object.finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    let (pointer, value) = (exe.u64(operand(&exe)), exe.u64(operand(&exe) + 8));
    assert_eq!(exe.u64(value), pointer);
}

#[test]
fn typelinks_of_reachable_types_are_sorted() {
    let b = bench();
    let link = |name, target| Symbol {
        kind: RODATA,
        name,
        dupok: true,
        size: 8,
        relocs: target,
        ..Symbol::default()
    };
    let types = [(0, 8, R_ADDR, 0, "type.[]z"), (8, 8, R_ADDR, 0, "type.[]a")];
    let object = main_using("\"\".v")
        .symbol(&Symbol {
            kind: NOPTRBSS,
            name: "\"\".v",
            data: &[0; 16],
            relocs: &types,
            ..Symbol::default()
        })
        .type_parts()
        .symbol(&scalar("type.[]z"))
        .symbol(&scalar("type.[]a"))
        .symbol(&scalar("type.[]unused"))
        .symbol(&link(
            "go.typelink.[]z\t[]z",
            &[(0, 8, R_ADDR, 0, "type.[]z")],
        ))
        .symbol(&link(
            "go.typelink.[]unused\t[]unused",
            &[(0, 8, R_ADDR, 0, "type.[]unused")],
        ))
        .symbol(&link(
            "go.typelink.[]a\t[]a",
            &[(0, 8, R_ADDR, 0, "type.[]a")],
        ));
    b.write("main.o", &object.finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    let v = operand(&exe);
    assert_eq!(exe.tables().typelinks, [exe.u64(v + 8), exe.u64(v)]);
}

#[test]
fn the_zero_value_is_as_large_as_the_largest() {
    let b = bench();
    let zero = |size| Symbol {
        kind: RODATA,
        name: "runtime.zerovalue",
        dupok: true,
        size,
        ..Symbol::default()
    };
    let object = main_using("runtime.zerovalue").symbol(&zero(8)).finish();
    let big = Encoder::new(&[]).symbol(&zero(5000)).finish();
    b.write(
        "main.a",
        &archive(&[("__.PKGDEF", b""), ("_go_.o", &object), ("x.o", &big)]),
    );
    let bytes = b.linked(&["-o", "out", "main.a"]);
    let exe = Exe::new(&bytes);
    assert_eq!(exe.at(operand(&exe), 5000), vec![0; 5000]);
}

#[test]
fn pointer_masks_follow_types() {
    let b = bench();
    let mut head = [0u8; 72];
    head[0] = 24;
    head[8] = 24;
    head[23] = 25;
    let gcdata = [(32, 8, R_ADDR, 0, "runtime.gcbits.05")];
    let refs = [(0, 8, R_ADDR, 0, "\"\".v"), (8, 8, R_ADDR, 0, "\"\".w")];
    let object = main_using("\"\".cells")
        .symbol(&Symbol {
            kind: NOPTRBSS,
            name: "\"\".cells",
            data: &[0; 16],
            relocs: &refs,
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: BSS,
            name: "\"\".v",
            size: 24,
            gotype: "type.T",
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: BSS,
            name: "\"\".w",
            data: &[1; 24],
            gotype: "type.T",
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "type.T",
            data: &head,
            relocs: &gcdata,
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "runtime.gcbits.05",
            dupok: true,
            data: &[5],
            ..Symbol::default()
        });
    b.write("main.o", &object.finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    let header = exe.tables().header;
    let field = |at: usize| exe.u64(header + at as u64);
    for (start, end, mask, var) in [
        (
            std::mem::offset_of!(gort_tables::Header, bss),
            std::mem::offset_of!(gort_tables::Header, ebss),
            std::mem::offset_of!(gort_tables::Header, bss_mask),
            exe.u64(operand(&exe)),
        ),
        (
            std::mem::offset_of!(gort_tables::Header, data),
            std::mem::offset_of!(gort_tables::Header, edata),
            std::mem::offset_of!(gort_tables::Header, data_mask),
            exe.u64(operand(&exe) + 8),
        ),
    ] {
        assert_eq!((field(start), field(end)), (var, var + 24));
        assert_eq!(exe.at(field(mask), 1), [0b101]);
    }
}

#[test]
fn call_sites() {
    let b = bench();
    // sub $40, %rsp; call runtime.f; call *%rax; nop; call runtime.deferreturn; jmp runtime.f; call
    // runtime.morestack_noctxt
    let mut code = vec![
        0x48, 0x83, 0xec, 40, 0xe8, 0, 0, 0, 0, 0xff, 0xd0, 0x90, 0xe8, 0, 0, 0, 0, 0xe9, 0, 0, 0,
        0, 0xe8, 0, 0, 0, 0,
    ];
    code.resize(32, 0);
    let relocs = [
        (5, 4, R_CALL, 0, "runtime.f"),
        (9, 0, R_CALLIND, 0, ""),
        (13, 4, R_CALL, 0, "runtime.deferreturn"),
        (18, 4, R_CALL, 0, "runtime.f"),
        (23, 4, R_CALL, 0, "runtime.morestack_noctxt"),
    ];
    // Map 0: argument word 0. Map 1: argument word 1, locals words 1 and 2 of 3.
    let args = [2, 0, 0, 0, 2, 0, 0, 0, 0b01, 0, 0, 0, 0b10, 0, 0, 0];
    let locals = [2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0b110, 0, 0, 0];
    let maps = [stack_map_name(&args), stack_map_name(&locals)];
    let text = Text {
        args: 16,
        locals: 40,
        // Depth 0 for 4 bytes, then 40; line 11 for 9 bytes, then 12; map 1 up to the NOP's end,
        // then 0.
        pcsp: &[2, 4, 80, 28, 0],
        pcline: &[24, 9, 2, 23, 0],
        pcdata: &[4, 12, 1, 20, 0],
        funcdata: &[&maps[0], &maps[1]],
        ..Text::default()
    };
    let object = Encoder::new(&[])
        .symbol(&Symbol {
            kind: TEXT,
            name: "\"\".main",
            data: &code,
            relocs: &relocs,
            text: Some(text),
            ..Symbol::default()
        })
        .function("\"\".init", RET, &[])
        .stack_map(&args)
        .stack_map(&locals)
        .finish();
    b.write("main.o", &object);
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let t = Exe::new(&bytes).tables();
    let pcs: Vec<u32> = t.sites.iter().map(|s| s.pc).collect();
    assert_eq!(
        pcs,
        [9, 11, 12, 17],
        "deferreturn has two, the jump and morestack none"
    );
    assert_eq!(t.lines, [11, 12, 12, 12]);
    for (i, s) in t.sites.iter().enumerate() {
        assert_eq!(t.site(s.pc), Some(i));
        let f = t.frames[s.frame as usize];
        assert_eq!(f.size, 40);
        // Locals: words 1 and 2 of 3 below the top are words 0 and 1 of 2.
        assert_eq!(
            (f.locals_words, t.map(f.locals, f.locals_words)),
            (2, vec![0, 1])
        );
        assert_eq!(t.map(f.args, f.args_words), [1]);
    }
    let f = t.funcs[0];
    assert_eq!((f.entry, f.args), (0, 16));
    let entry = t.frames[f.entry_frame as usize];
    assert_eq!((entry.size, entry.locals_words), (0, 0));
    assert_eq!(t.map(entry.args, entry.args_words), [0]);
    assert_eq!(t.site(6), None);
    assert_eq!((t.func(31), t.func(32), t.func(47)), (0, 1, 1));
}

#[test]
fn x_sets_strings() {
    let b = bench();
    let var = Symbol {
        kind: BSS,
        name: "\"\".v",
        size: 16,
        gotype: "type.string",
        ..Symbol::default()
    };
    let mut string = [0u8; 72];
    (string[0], string[8], string[23]) = (16, 8, 24);
    let gcdata = [(32, 8, R_ADDR, 0, "runtime.gcbits.01")];
    let object = main_using("\"\".v")
        .symbol(&var)
        .symbol(&Symbol {
            kind: RODATA,
            name: "type.string",
            data: &string,
            relocs: &gcdata,
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "runtime.gcbits.01",
            dupok: true,
            data: &[1],
            ..Symbol::default()
        });
    b.write("main.o", &object.finish());
    let bytes = b.linked(&[
        "-o",
        "out",
        "-X",
        "main.v=one",
        "-X",
        "main.v=two words",
        "-X",
        "no.such=1",
        "main.o",
    ]);
    let exe = Exe::new(&bytes);
    let v = operand(&exe);
    assert_eq!(exe.at(exe.u64(v), exe.u64(v + 8)), b"two words");
    std::fs::remove_file(b.path("out")).expect("remove");
    let text = b.refused(&["-o", "out", "-X", "main.main=x", "main.o"]);
    assert!(
        text.contains("-X main.main") && text.contains("not a string variable"),
        "{text}"
    );
}

#[test]
fn notes_and_stripping() {
    let b = bench();
    b.write("main.o", &Encoder::new(&[]).main().finish());
    let bytes = b.linked(&[
        "-buildid=0123456789abcdef",
        "-B",
        "0xcafe",
        "-o",
        "out",
        "main.o",
    ]);
    let exe = Exe::new(&bytes);
    let note = exe.section(".note.go.buildid").expect("build id").1;
    assert_eq!(&note[..16], b"\x04\0\0\0\x10\0\0\0\x04\0\0\0Go\0\0");
    assert_eq!(&note[16..], b"0123456789abcdef");
    assert!(
        exe.section(".note.gnu.build-id")
            .is_some_and(|(_, n)| n.ends_with(b"\xca\xfe\0\0"))
    );
    // GNU ld wants an index in the archive; its own tools make one.
    let ranlib = Command::new("ranlib").arg(b.path("libgort.a")).status();
    if ranlib.is_ok_and(|s| s.success()) {
        let bytes = b.linked(&[
            "-extld=ld",
            "-buildid=ab",
            "-B",
            "0xcafe",
            "-o",
            "out",
            "main.o",
        ]);
        let exe = Exe::new(&bytes);
        assert!(
            exe.section(".note.gnu.build-id")
                .is_some_and(|(_, n)| n[16..].starts_with(b"\xca\xfe"))
        );
        assert!(exe.section(".note.go.buildid").is_some());
    }
    // The go command reads the id through a PT_NOTE segment.
    assert!(
        bytes.len() > 64
            && exe.elf.elf_program_headers().iter().any(|h| {
                use object::read::elf::ProgramHeader as _;
                h.p_type(object::Endianness::Little) == object::elf::PT_NOTE
            })
    );
    assert!(exe.section(".debug_info").is_some() && exe.section(".debug_line").is_some());
    let bytes = b.linked(&["-w", "-o", "out", "main.o"]);
    assert!(
        Exe::new(&bytes).section(".debug_info").is_none()
            && Exe::new(&bytes).symbol("main.main").is_some()
    );
    let bytes = b.linked(&["-s", "-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    assert!(exe.section(".debug_info").is_none() && exe.symbol("main.main").is_none());
    assert_eq!(
        Command::new(b.path("out")).status().expect("run it").code(),
        Some(7)
    );
    assert_eq!(exe.tables().funcs.len(), 2, "tables stay");
    // Package debug/gosym's readers ask for both.
    assert!(exe.section(".gopclntab").is_some() && exe.section(".gosymtab").is_some());
}

#[test]
fn placement_flags() {
    let b = bench();
    b.write("main.o", &Encoder::new(&[]).main().finish());
    let bytes = b.linked(&["-T", "0x800000", "-o", "out", "main.o"]);
    assert_eq!(
        Exe::new(&bytes)
            .elf
            .section_by_name(".text")
            .map(|s| s.address()),
        Some(0x80_0000)
    );
    assert_eq!(
        Command::new(b.path("out")).status().expect("run it").code(),
        Some(7)
    );
    let bytes = b.linked(&["-R", "65536", "-o", "out", "main.o"]);
    assert_eq!(
        Command::new(b.path("out")).status().expect("run it").code(),
        Some(7)
    );
    drop(bytes);
    b.linked(&["-E", "main.main", "-o", "out", "main.o"]);
    std::fs::create_dir(b.path("keep")).expect("make directory");
    b.linked(&["-tmpdir", "keep", "-o", "out", "main.o"]);
    assert!(std::fs::read(b.path("keep/go.o")).is_ok_and(|o| o.starts_with(b"\x7fELF")));
}

#[test]
fn data_address() {
    let b = bench();
    let var = Symbol {
        kind: NOPTRBSS,
        name: "\"\".v",
        data: &[9; 8],
        ..Symbol::default()
    };
    b.write("main.o", &main_using("\"\".v").symbol(&var).finish());
    let bytes = b.linked(&["-D", "0x900000", "-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    assert!((0x90_0000..0x90_1000).contains(&operand(&exe)));
    assert_eq!(exe.u64(operand(&exe)), u64::from_le_bytes([9; 8]));
}

#[test]
fn unsafe_packages_on_request() {
    let b = bench();
    let object = Encoder::new(&[]).main().finish();
    let export =
        |clause: &str| format!("go object linux amd64 go1.5.4 X:none\n\n$$\n{clause}\n$$\n");
    b.write(
        "main.a",
        &archive(&[
            ("__.PKGDEF", export("package main safe").as_bytes()),
            ("_go_.o", &object),
        ]),
    );
    b.linked(&["-u", "-o", "out", "main.a"]);
    b.write(
        "main.a",
        &archive(&[
            ("__.PKGDEF", export("package main").as_bytes()),
            ("_go_.o", &object),
        ]),
    );
    let text = b.refused(&["-u", "-o", "out", "main.a"]);
    assert!(text.contains("load of unsafe package main"), "{text}");
}

#[test]
fn weak_definitions_of_the_library_give_way() {
    let b = Bench::new(&Library {
        weak: &["p.F"],
        ..Library::default()
    });
    let code = [&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat();
    let main = Encoder::new(&[])
        .function("\"\".main", &code, &[(1, 4, R_CALL, 0, "p.F")])
        .function("\"\".init", RET, &[]);
    b.write("main.o", &main.clone().finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    let target = |exe: &Exe<'_>| {
        let main = exe.symbol("main.main").expect("main.main");
        (main + 5).wrapping_add_signed(i64::from(exe.u32(main + 1) as i32))
    };
    assert!(!exe.tables().text.contains(&target(&exe)), "the library's");
    b.write("main.o", &main.function("p.F", RET, &[]).finish());
    let bytes = b.linked(&["-o", "out", "main.o"]);
    let exe = Exe::new(&bytes);
    assert!(exe.tables().text.contains(&target(&exe)), "Go's");
    assert_eq!(exe.symbol("p.F"), Some(target(&exe)));
}

#[test]
fn printing_flags() {
    let b = bench();
    let code = [&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat();
    let object = Encoder::new(&[]).function("\"\".main", &code, &[(1, 4, R_CALL, 0, "\"\".f")]);
    b.write(
        "main.o",
        &object
            .function("\"\".init", RET, &[])
            .function("\"\".f", RET, &[])
            .finish(),
    );
    let out = b.link(&["-c", "-n", "-v", "-o", "out", "main.o"]);
    let (stdout, stderr) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(
        stdout.contains("main.main calls main.f\n") && stdout.contains("T main.main\n"),
        "{stdout}"
    );
    assert!(stderr.contains("final link"), "{stderr}");
    let out = b.link(&["-V"]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(out.stderr, b"link: version go1.5.4\n");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let b = bench();
    b.write("main.o", &main_using("runtime.zerovalue").finish());
    assert_eq!(
        b.linked(&["-o", "out", "main.o"]),
        b.linked(&["-o", "out", "main.o"])
    );
}

/// Programs that write a byte at a symbol.
#[test]
fn what_is_relocated_is_read_only() {
    let b = Bench::new(&Library {
        relro: &["runtime.fixed"],
        data: &["runtime.variable"],
        ..Library::default()
    });
    // movb $1, sym(%rip); ret
    let code = [&[0xc6, 0x05, 0, 0, 0, 0, 1][..], &RET[..9]].concat();
    for linker in [&[][..], &["-extld=ld"]] {
        for (symbol, fails) in [("runtime.fixed", true), ("runtime.variable", false)] {
            let object = Encoder::new(&[])
                .function("\"\".main", &code, &[(2, 4, R_PCREL, -1, symbol)])
                .function("\"\".init", RET, &[]);
            b.write("main.o", &object.finish());
            if !linker.is_empty() && !b.has_ld() {
                continue;
            }
            b.linked(&[linker, &["-o", "out", "main.o"]].concat());
            let status = Command::new(b.path("out")).status().expect("run it");
            let expected = if fails {
                (None, Some(11))
            } else {
                (Some(7), None)
            };
            let got = (
                status.code(),
                std::os::unix::process::ExitStatusExt::signal(&status),
            );
            assert_eq!(got, expected, "{linker:?} {symbol}");
        }
    }
}

/// Calls of `runtime.duffzero` at offsets, from a compiled function or from assembly: names of what
/// is called. `flags` of the link.
fn sent(offsets: &[i64], compiled: bool, entries: &[&str], flags: &[&str]) -> Vec<String> {
    let names = ["runtime.duffzero", "runtime.morestack_noctxt"];
    let functions: Vec<&str> = names.iter().chain(entries).copied().collect();
    let b = Bench::new(&Library {
        functions: &functions,
        ..Library::default()
    });
    let mut code = Vec::new();
    let mut relocs = Vec::new();
    for &offset in offsets {
        code.extend([0xe8, 0, 0, 0, 0]);
        relocs.push((code.len() as i64 - 4, 4, R_CALL, offset, "runtime.duffzero"));
    }
    code.push(0xc3);
    code.resize(code.len().next_multiple_of(16), 0x90);
    let map = [1, 0, 0, 0, 0, 0, 0, 0];
    let map = &map[..];
    let name = stack_map_name(map);
    let len = code.len() as u8;
    let text = Text {
        pcsp: &[2, len, 0],
        pcline: &[2, len, 0],
        nosplit: true,
        funcdata: if compiled { &[&name, &name] } else { &[] },
        ..Text::default()
    };
    let object = Encoder::new(&[])
        .symbol(&Symbol {
            kind: TEXT,
            name: "\"\".main",
            data: &code,
            relocs: &relocs,
            text: Some(text),
            ..Symbol::default()
        })
        .function("\"\".init", RET, &[])
        .stack_map(map);
    b.write("main.o", &object.finish());
    let args = [flags, &["-o", "out", "main.o"]].concat();
    let bytes = b.linked(&args);
    let exe = Exe::new(&bytes);
    check_sites(&exe);
    let main = exe.symbol("main.main").expect("main.main");
    let target = |field: u64| {
        let at = main + field;
        (at + 4).wrapping_add_signed(i64::from(exe.u32(at) as i32))
    };
    let name = |target: u64| {
        let entry = entries.iter().find(|e| exe.symbol(e) == Some(target));
        entry.map_or_else(
            || {
                let base = exe.symbol("runtime.duffzero").expect("runtime.duffzero");
                format!("+{}", target - base)
            },
            |e| (*e).to_string(),
        )
    };
    relocs.iter().map(|r| name(target(r.0 as u64))).collect()
}

#[test]
fn calls_of_duffzero_go_to_the_entry_for_their_size() {
    let entries = ["runtime.duffzero.9", "runtime.duffzero.128"];
    // 9 words; 128; 10, for which there is no entry; an offset that no compiler writes.
    let offsets = [562, 0, 558, 563];
    let got = sent(&offsets, true, &entries, &[]);
    assert_eq!(got, [entries[0], entries[1], "+558", "+563"]);
    let as_compiled = ["+562", "+0", "+558", "+563"];
    let off = sent(&offsets, true, &entries, &["-specialise=false"]);
    assert_eq!(off, as_compiled);
    assert_eq!(sent(&offsets, true, &[], &[]), as_compiled);
    assert_eq!(
        sent(&offsets, false, &entries, &[]),
        as_compiled,
        "assembly may know what registers hold"
    );
}
