//! What the linker refuses: one clear message, exit status 2, no output file.

mod support;

use support::*;

fn bench() -> Bench {
    Bench::new(&Library::default())
}

#[test]
fn truncated_object() {
    let b = bench();
    let object = Encoder::new(&[]).main().finish();
    b.write("main.o", &object[..object.len() - 20]);
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["main.o", "offset", "compile the package again"],
    );
}

#[test]
fn truncated_archive() {
    let b = bench();
    let a = package(&Encoder::new(&[]).main().finish());
    b.write("main.a", &a[..a.len() - 20]);
    has(
        &b.refused(&["-o", "out", "main.a"]),
        &["main.a", "_go_.o", "truncated"],
    );
}

#[test]
fn empty_and_foreign_files() {
    let b = bench();
    b.write("main.o", b"");
    has(&b.refused(&["-o", "out", "main.o"]), &["main.o", "empty"]);
    b.write("main.o", b"#!/bin/sh\n");
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["main.o", "not a Go object"],
    );
    has(
        &b.refused(&["-o", "out", "absent.o"]),
        &["absent.o", "no such file"],
    );
}

#[test]
fn corrupt_object() {
    let b = bench();
    let mut object = Encoder::new(&[]).main().finish();
    let at = object.len() - 3;
    object[at] ^= 0x55;
    b.write("main.o", &object);
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["main.o", "offset", "end mark"],
    );
}

#[test]
fn other_releases_systems_and_experiments() {
    let b = bench();
    let cases = [
        ("go object linux amd64 go1.4.3 X:none", "go1.4.3"),
        ("go object linux amd64 go1.6 X:none", "go1.6"),
        ("go object linux amd64 devel +1234 X:none", "devel"),
        ("go object darwin amd64 go1.5.4 X:none", "darwin/amd64"),
        ("go object linux arm go1.5.4 X:none", "linux/arm"),
        (
            "go object linux amd64 go1.5.4 X:framepointer",
            "framepointer",
        ),
    ];
    for (header, say) in cases {
        b.write("main.o", &Encoder::with_header(header, &[]).main().finish());
        has(&b.refused(&["-o", "out", "main.o"]), &["main.o", say]);
    }
}

#[test]
fn two_releases() {
    let b = bench();
    b.write("main.o", &Encoder::new(&["p.a"]).main().finish());
    let p = Encoder::with_header("go object linux amd64 go1.5.1 X:none", &[]).finish();
    b.write("lib/p.a", &package(&p));
    has(
        &b.refused(&["-o", "out", "-L", "lib", "main.o"]),
        &["p.a", "go1.5.1", "go1.5.4", "main.o"],
    );
    b.linked(&["-f", "-o", "out", "-L", "lib", "main.o"]);
}

#[test]
fn missing_package() {
    let b = bench();
    b.write("main.o", &Encoder::new(&["p/q.a"]).main().finish());
    b.write("lib/p/q.a", &package(&Encoder::new(&["deep.a"]).finish()));
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["package p/q, imported by main", "GO15ROOT", "gort doctor"],
    );
    has(
        &b.refused(&["-o", "out", "-L", "lib", "main.o"]),
        &["package deep, imported by p/q", "lib/deep.a"],
    );
    // In a Go that is there, too.
    let out = b
        .command(&["-o", "out", "main.o"])
        .env("GO15ROOT", b.path("go"))
        .output()
        .expect("run the linker");
    has(
        &String::from_utf8_lossy(&out.stderr),
        &["go/pkg/linux_amd64/p/q.a", "GO15ROOT", "gort doctor"],
    );
}

#[test]
fn files_of_other_kinds_are_told_what_they_are() {
    let b = bench();
    b.write("main.o", &Encoder::new(&[]).main().finish());
    b.linked(&["-o", "out", "main.o"]);
    std::fs::rename(b.path("out"), b.path("hello")).expect("rename");
    b.write("x.go", b"package main\n\nfunc main() {}\n");
    // GNU's tools keep long names apart.
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0".to_vec();
    b.write("c.o", &elf);
    let names = b"a_name_that_is_too_long.o/\n".to_vec();
    b.write("c.a", &archive(&[("//", &names), ("/0", &elf)]));
    elf.truncate(16);
    let cgo = [
        (
            "__.PKGDEF",
            &b"go object linux amd64 go1.5.4 X:none\n\n!\n"[..],
        ),
        ("//", &names),
        ("/0", &elf),
    ];
    b.write("cgo.a", &archive(&cgo));
    for (file, parts) in [
        ("./hello", ["linked already", "gort goroot DIR"]),
        ("x.go", ["a Go source file", "DIR/bin/go build"]),
        ("c.o", ["an object of a C compiler", "part of a package"]),
        (
            "c.a",
            ["an archive of objects of a C compiler", "part of a package"],
        ),
        (
            "cgo.a",
            ["(a_name_that_is_too_long.o)", "a damaged C object"],
        ),
    ] {
        let text = b.refused(&["-o", "out", file]);
        has(&text, &parts);
        assert!(text.starts_with(&format!("gort link: {file}")), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains("()"), "{text}");
    }
}

#[test]
fn system_linkers_that_are_not_there_or_fail() {
    let b = bench();
    b.write("main.o", &Encoder::new(&[]).main().finish());
    let refused = |args: &[&str], variable: Option<&str>| {
        let mut command = b.command(args);
        command.envs(variable.map(|value| ("GORT_LD", value)));
        let out = command.args(["-o", "out", "main.o"]).output();
        let out = out.expect("run the linker");
        assert_eq!(out.status.code(), Some(2));
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        has(&text, &["gort link: final link: "]);
        text
    };
    let one_line = |text: &str| assert_eq!(text.lines().count(), 1, "{text}");
    for (args, variable, parts) in [
        (
            &[][..],
            Some("nowhere"),
            ["cannot run nowhere", "GORT_LD names it"],
        ),
        (&["-extld=nowhere"], None, ["-extld names it", "GORT_LD"]),
        (
            &["-extld=nogcc", "-linkmode=external"],
            None,
            ["cannot run nogcc", "with -extld or in GORT_LD"],
        ),
    ] {
        let text = refused(args, variable);
        has(&text, &parts);
        one_line(&text);
    }
    // One that says much: its first line, and all of them for who asks.
    let script = "#!/bin/sh\nprintf 'first\\nsecond\\033\\nthird\\n' >&2\nexit 3\n";
    let program = b.write("ld.bad", script.as_bytes());
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("chmod");
    let program = program.to_str().expect("a name in UTF-8");
    let text = refused(&[], Some(program));
    one_line(&text);
    has(
        &text,
        &["(exit status: 3): first (-v prints all 3 lines); GORT_LD"],
    );
    let text = refused(&["-v"], Some(program));
    has(
        &text,
        &["\nfirst\nsecond\\u{1b}\nthird\n", "(all 3 lines are above)"],
    );
}

#[test]
fn undefined_symbol() {
    let b = bench();
    let code = [&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat();
    let object = Encoder::new(&[])
        .function("\"\".main", &code, &[(1, 4, R_CALL, 0, "runtime.nowhere")])
        .function("\"\".init", RET, &[])
        .finish();
    b.write("main.o", &object);
    let text = b.refused(&["-o", "out", "main.o"]);
    has(
        &text,
        &["undefined: runtime.nowhere", "used by main.main", "main.o"],
    );
}

#[test]
fn names_with_control_characters() {
    let b = bench();
    let code = [&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat();
    let object = Encoder::new(&[])
        .function(
            "\"\".main",
            &code,
            &[(1, 4, R_CALL, 0, "runtime.no\n\x1b[31mwhere\u{202e}")],
        )
        .function("\"\".init", RET, &[])
        .finish();
    b.write("ma\nin.o", &object);
    let text = b.refused(&["-o", "out", "ma\nin.o"]);
    has(
        &text,
        &["runtime.no\\n\\u{1b}[31mwhere\\u{202e}", "ma\\nin.o"],
    );
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    let text = b.refused(&["-o", "no\n/out", "ma\nin.o", "x"]);
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    let text = b.refused(&["-X", "a\nb"]);
    assert_eq!(text.matches('\n').count(), 1, "{text}");
}

#[test]
fn an_input_that_is_no_file() {
    let b = bench();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(b.path("main.o"))
            .status()
            .is_ok_and(|s| s.success())
    );
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["main.o", "no regular file"],
    );
}

#[test]
fn duplicate_definition() {
    let b = bench();
    let object = Encoder::new(&[]).main().function("p.F", RET, &[]).finish();
    let a = archive(&[
        ("__.PKGDEF", b""),
        ("_go_.o", &object),
        (
            "p_amd64.o",
            &Encoder::new(&[]).function("p.F", RET, &[]).finish(),
        ),
    ]);
    b.write("main.a", &a);
    has(
        &b.refused(&["-o", "out", "main.a"]),
        &["p.F", "_go_.o", "p_amd64.o", "again"],
    );
}

#[test]
fn definition_of_the_runtime() {
    let b = Bench::new(&Library {
        functions: &["p.F"],
        ..Library::default()
    });
    b.write(
        "main.o",
        &Encoder::new(&[]).main().function("p.F", RET, &[]).finish(),
    );
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["p.F", "main.o", "libgort.a"],
    );
}

#[test]
fn not_package_main() {
    let b = bench();
    b.write(
        "main.o",
        &Encoder::new(&[]).function("\"\".F", RET, &[]).finish(),
    );
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["main.main", "main.o", "package main"],
    );
    // With a function main, but another package clause.
    let export = b"go object linux amd64 go1.5.4 X:none\n\n$$\npackage notmain\n$$\n";
    let object = Encoder::new(&[]).main().finish();
    b.write(
        "main.a",
        &archive(&[("__.PKGDEF", export), ("_go_.o", &object)]),
    );
    has(
        &b.refused(&["-o", "out", "main.a"]),
        &["main.a", "package notmain"],
    );
}

#[test]
fn unwritable_output() {
    let b = bench();
    b.write("main.o", &Encoder::new(&[]).main().finish());
    has(
        &b.refused(&["-o", "no/such/dir/out", "main.o"]),
        &["cannot write", "no/such/dir/out"],
    );
    std::fs::create_dir(b.path("dir")).expect("make directory");
    has(&b.refused(&["-o", "dir", "main.o"]), &["dir", "directory"]);
}

#[test]
fn output_of_an_earlier_link_is_removed() {
    let b = bench();
    b.write("out", b"old");
    b.write("main.o", b"bad");
    b.refused(&["-o", "out", "main.o"]);
}

#[test]
fn library_of_another_version_and_no_library() {
    let b = Bench::new(&Library {
        other_version: true,
        ..Library::default()
    });
    b.write("main.o", &Encoder::new(&[]).main().finish());
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["libgort.a", "another version"],
    );
    std::fs::write(b.path("libgort.a"), b"!<arch>\nbroken").expect("write");
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &[
            "libgort.a",
            "damaged, build libgort.a again with scripts/build",
        ],
    );
    std::fs::remove_file(b.path("libgort.a")).expect("remove");
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["libgort.a", "GORT_LIB"],
    );
}

#[test]
fn race_and_cgo() {
    let b = bench();
    b.write("main.o", &Encoder::new(&["runtime/race.a"]).main().finish());
    has(&b.refused(&["-o", "out", "main.o"]), &["race detector"]);
    let a = archive(&[
        ("__.PKGDEF", b""),
        ("_go_.o", &Encoder::new(&[]).main().finish()),
        ("c.o", b"\x7fELF"),
    ]);
    b.write("main.a", &a);
    has(
        &b.refused(&["-o", "out", "main.a"]),
        &["c.o", "a damaged C object"],
    );
    has(&b.refused(&["-race", "-o", "out", "main.a"]), &["-race"]);
}

#[test]
fn flags_of_the_compiler() {
    let b = bench();
    let call = [&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat();
    let main = |reloc: (i64, i64, i64, i64, &str)| {
        Encoder::new(&[])
            .function("\"\".main", &call, &[reloc])
            .function("\"\".init", RET, &[])
            .finish()
    };
    // R_TLS_IE of another instruction than compilers write, and R_GOTPCREL.
    for (reloc, says) in [
        ((1, 4, R_TLS_IE, -4, ""), "the object is damaged"),
        ((1, 4, 21, 0, "\"\".x"), "compile it without -dynlink"),
    ] {
        b.write("main.o", &main(reloc));
        has(&b.refused(&["-o", "out", "main.o"]), &[says, "main.o"]);
    }
    b.write("main.o", &main((1, 4, R_CALL, 0, "runtime.racefuncenter")));
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["racefuncenter", "without -race"],
    );
}

#[test]
fn stack_depth() {
    let b = bench();
    // A nosplit function whose frame is larger than what is guaranteed.
    let text = Text {
        nosplit: true,
        locals: 600,
        pcsp: &[0xb2, 0x09, 16, 0],
        ..Text::default()
    };
    let object = Encoder::new(&[])
        .symbol(&Symbol {
            kind: TEXT,
            name: "\"\".deep",
            data: RET,
            text: Some(text),
            ..Symbol::default()
        })
        .function(
            "\"\".main",
            &[&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat(),
            &[(1, 4, R_CALL, 0, "\"\".deep")],
        )
        .function("\"\".init", RET, &[])
        .finish();
    b.write("main.o", &object);
    has(
        &b.refused(&["-o", "out", "main.o"]),
        &["nosplit stack overflow", "main.deep"],
    );
    let text = b.refused(&["-o", "out", "main.o"]);
    assert!(
        text.lines().all(|l| l.starts_with("gort link: nosplit")),
        "{text}"
    );
}

#[test]
fn variable_without_type() {
    let b = bench();
    let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
    let object = Encoder::new(&[])
        .symbol(&Symbol {
            kind: BSS,
            name: "\"\".v",
            size: 8,
            ..Symbol::default()
        })
        .function("\"\".main", &code, &[(3, 4, R_PCREL, 0, "\"\".v")])
        .function("\"\".init", RET, &[])
        .finish();
    b.write("main.o", &object);
    has(&b.refused(&["-o", "out", "main.o"]), &["main.v", "NOPTR"]);
}

#[test]
fn addresses_where_a_program_cannot_be() {
    let b = bench();
    let var = Symbol {
        kind: NOPTRBSS,
        name: "\"\".v",
        data: &[9; 8],
        size: 1 << 20,
        ..Symbol::default()
    };
    let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
    let object = Encoder::new(&[])
        .symbol(&var)
        .function("\"\".main", &code, &[(3, 4, R_PCREL, 0, "\"\".v")])
        .function("\"\".init", RET, &[]);
    b.write("main.o", &object.finish());
    for (flags, say) in [
        (&["-T", "0"][..], &["-T 0", "0x10000"][..]),
        (&["-T", "0x401001"], &["-T 0x401001", "multiple"]),
        (&["-T", "-4096"], &["-4096", "-T", "not negative"]),
        (&["-T", "0x80000000"], &["-T 0x80000000", "2 GiB"]),
        (&["-T", "0x7ff80000"], &["-T 0x7ff80000", "2 GiB", "end at"]),
        (&["-D", "0x7ff80000"], &["-D 0x7ff80000", "2 GiB", "end at"]),
        (&["-D", "0x900004"], &["-D 0x900004", "multiple"]),
        (&["-D", "0"], &["-D 0", "0x10000"]),
        (
            &["-T", "0x400000"],
            &["-T 0x400000", "overlap", "the code", "the constants"],
        ),
        (
            &["-D", "0x350000"],
            &["-D 0x350000", "overlap", "the variables"],
        ),
        (
            &["-T", "0x600000", "-D", "0x600000"],
            &[
                "-T 0x600000 -D 0x600000",
                "overlap",
                "the variables",
                "the code",
            ],
        ),
        (&["-R", "0"], &["-R", "4096"]),
        (&["-R", "12288"], &["-R", "power of two"]),
        (&["-E", "no.such"], &["no.such", "entry point"]),
        (&["-E", "main.v"], &["main.v", "no function"]),
        (&["-X", "=x"], &["-X =x", "importpath.name=value"]),
        (&["-X", ".=x"], &["-X .=x", "importpath.name=value"]),
        (&["-X", "main.=x"], &["-X main.=x", "importpath.name=value"]),
        (&["-X", ".v=x"], &["-X .v=x", "importpath.name=value"]),
    ] {
        let text = b.refused(&[flags, &["-o", "out", "main.o"]].concat());
        assert_eq!(text.lines().count(), 1, "{flags:?}: {text}");
        has(&text, say);
    }
    // The default entry, and addresses where there is room, in either order.
    b.linked(&["-E", "", "-o", "out", "main.o"]);
    b.linked(&["-T", "0x900000", "-D", "0x600000", "-o", "out", "main.o"]);
    b.linked(&["-T", "0x600000", "-D", "0x7fe00000", "-o", "out", "main.o"]);
}

#[test]
fn variables_of_more_than_two_gigabytes() {
    let b = bench();
    let var = |name, size| Symbol {
        kind: NOPTRBSS,
        name,
        size,
        ..Symbol::default()
    };
    let code = [
        &[0x48, 0x8d, 0x05, 0, 0, 0, 0, 0x48, 0x8d, 0x05, 0, 0, 0, 0][..],
        &RET[..2],
    ]
    .concat();
    let program = |a, b| {
        let uses = [(3, 4, R_PCREL, 0, "\"\".a"), (10, 4, R_PCREL, 0, "\"\".b")];
        Encoder::new(&[])
            .symbol(&var("\"\".a", a))
            .symbol(&var("\"\".b", b))
            .function("\"\".main", &code, &uses)
            .function("\"\".init", RET, &[])
            .finish()
    };
    b.write("main.o", &program(1_200_000_000, 1_200_000_000));
    let text = b.refused(&["-o", "out", "main.o"]);
    assert_eq!(text.lines().count(), 1, "{text}");
    has(
        &text,
        &[
            "too much data",
            "main.a with 1200000000 bytes",
            "main.b with 1200000000 bytes",
            "2000000000",
        ],
    );
    b.write("main.o", &program(1_999_000_000, 900_000));
    b.linked(&["-o", "out", "main.o"]);
}

#[test]
fn relocations_over_each_other() {
    let b = bench();
    let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
    let program = |in_text: &[(i64, i64, i64, i64, &str)], in_data| {
        let var = Symbol {
            kind: NOPTRBSS,
            name: "\"\".v",
            data: &[0; 24],
            relocs: in_data,
            ..Symbol::default()
        };
        Encoder::new(&[])
            .symbol(&var)
            .function("\"\".main", &code, in_text)
            .function("\"\".init", RET, &[])
            .finish()
    };
    let (v, init) = ("\"\".v", "\"\".init");
    let apart = [(8, 8, R_ADDR, 0, init), (0, 8, R_ADDR, 0, init)];
    b.write("main.o", &program(&[(3, 4, R_PCREL, 0, v)], &apart));
    b.linked(&["-o", "out", "main.o"]);
    let twice = [(8, 8, R_ADDR, 0, init), (4, 8, R_ADDR, 0, init)];
    let overlapping = [(3, 4, R_PCREL, 0, v), (5, 4, R_PCREL, 0, v)];
    let back = [(9, 4, R_PCREL, 0, v), (3, 4, R_PCREL, 0, v)];
    for object in [
        program(&[(3, 4, R_PCREL, 0, v)], &twice),
        program(&overlapping, &[]),
        program(&back, &[]),
    ] {
        b.write("main.o", &object);
        has(
            &b.refused(&["-o", "out", "main.o"]),
            &["main.o", "offset", "relocations over each other"],
        );
    }
}
