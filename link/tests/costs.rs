//! What is cheap to write is cheap to link: small objects that claim much are refused, or cost in
//! proportion to what they are and what comes out.
//!
//! Nothing here looks at a clock. Memory is counted by the allocator of this program; instructions
//! of pointer programs are counted beside their code.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::*;

/// Bytes asked for since the start, whether or not they have been given back.
static ASKED: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: everything is the system allocator's doing; the counter has no part in it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(p, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One link at a time, so that the counter is one link's.
static ALONE: Mutex<()> = Mutex::new(());

/// Links up to `go.o`, and holds the bytes asked for against what went in and came out: the size of
/// `go.o`, or the refusal.
fn in_proportion(object: &[u8]) -> Result<usize, String> {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let b = Bench::new(&Library::default());
    let before = ASKED.load(Ordering::Relaxed);
    let done = b.link_object(object).map(|go_o| go_o.len());
    let asked = ASKED.load(Ordering::Relaxed) - before;
    let output = *done.as_ref().unwrap_or(&0);
    // The first is what every link needs.
    let allowed = (8 << 20) + 60 * object.len() + 12 * output;
    assert!(
        asked <= allowed,
        "{asked} bytes for an object of {} and an output of {output}",
        object.len()
    );
    done
}

fn refused(object: &[u8], parts: &[&str]) {
    let why = in_proportion(object).expect_err("a refusal");
    assert!(why.len() < 2000 && !why.contains('\n'), "{why}");
    has(&why, parts);
}

/// lea sym(%rip), %rax; ret
fn main_using(symbol: &str) -> Encoder {
    let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
    Encoder::new(&[])
        .function("\"\".main", &code, &[(3, 4, R_PCREL, 0, symbol)])
        .function("\"\".init", RET, &[])
}

fn variable<'a>(kind: i64, size: i64, gotype: &'a str) -> Symbol<'a> {
    Symbol {
        kind,
        name: "\"\".v",
        size,
        gotype,
        ..Symbol::default()
    }
}

/// Head of a descriptor of an array full of pointers.
fn array(size: u64, flags: u8) -> [u8; 72] {
    let mut head = [0; 72];
    head[..8].copy_from_slice(&size.to_le_bytes());
    head[8..16].copy_from_slice(&size.to_le_bytes());
    head[23] = 17 | flags;
    head
}

/// A variable whose type has a pointer program.
fn with_program(size: u64, program: &[u8]) -> Vec<u8> {
    let data = [&(program.len() as u32).to_le_bytes()[..], program].concat();
    main_using("\"\".v")
        .symbol(&variable(BSS, size as i64, "type.T"))
        .symbol(&Symbol {
            kind: RODATA,
            name: "type.T",
            data: &array(size, 0x40),
            relocs: &[(32, 8, R_ADDR, 0, "type..gcprog.T")],
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "type..gcprog.T",
            data: &data,
            ..Symbol::default()
        })
        .finish()
}

#[test]
fn pointer_programs() {
    let refusal = ["type.T", "damaged pointer program"];
    // A pointer, then repeats of which each is allowed alone.
    let mut bomb = vec![1, 1];
    bomb.extend([0x81, 0xff, 0xff, 0x3f].repeat(1000));
    bomb.push(0);
    refused(&with_program(8 << 20, &bomb), &refusal);
    // Repeats that produce nothing.
    let mut idle = vec![1, 1];
    idle.extend([0x81, 0].repeat(5000));
    idle.push(0);
    refused(&with_program(8 << 20, &idle), &refusal);
    // One that is right: 2^20 words.
    let words = [1, 1, 0x81, 0xff, 0xff, 0x3f, 0];
    let output = in_proportion(&with_program(8 << 20, &words)).expect("linked");
    assert!(output >= 1 << 17, "the mask is in it");
}

#[test]
fn a_type_that_claims_more_than_its_variable() {
    let object = main_using("\"\".v")
        .symbol(&variable(BSS, 8, "type.T"))
        .symbol(&Symbol {
            kind: RODATA,
            name: "type.T",
            data: &array(1 << 30, 0),
            ..Symbol::default()
        })
        .finish();
    refused(&object, &["main.v", "8 bytes", "type.T"]);
}

#[test]
fn stack_maps_that_claim_more_than_they_have() {
    // 2^26 bits in 12 bytes, of a symbol that says it is large enough.
    let map = [1, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0];
    let name = stack_map_name(&map);
    let text = Text {
        pcsp: &[2, 16, 0],
        pcline: &[2, 16, 0],
        pcdata: &[2, 16, 0],
        funcdata: &[&name, &name],
        ..Text::default()
    };
    let object = Encoder::new(&[])
        .symbol(&Symbol {
            kind: TEXT,
            name: "\"\".main",
            data: RET,
            text: Some(text),
            ..Symbol::default()
        })
        .function("\"\".init", RET, &[])
        .symbol(&Symbol {
            kind: RODATA,
            name: &name,
            size: 8 + (1 << 23),
            data: &map,
            ..Symbol::default()
        })
        .finish();
    refused(&object, &["gclocals", "stack map"]);
}

#[test]
fn sizes_that_claim_more_than_fits() {
    let object = main_using("\"\".v")
        .symbol(&variable(NOPTRBSS, 1 << 46, ""))
        .finish();
    refused(&object, &["main.v", "too large", "2000000000"]);
    // Many together: the sum has more bits than any of them.
    let names: Vec<String> = (0..50).map(|i| format!("\"\".v{i}")).collect();
    let relocs: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (8 * i as i64, 8, R_ADDR, 0, name.as_str()))
        .collect();
    let mut e = main_using("\"\".all").symbol(&Symbol {
        kind: NOPTRBSS,
        name: "\"\".all",
        data: &[0; 400],
        relocs: &relocs,
        ..Symbol::default()
    });
    for name in &names {
        e = e.symbol(&Symbol {
            name,
            ..variable(NOPTRBSS, 1_900_000_000, "")
        });
    }
    let parts = ["too much data", "main.v", "1900000000", "2000000000"];
    refused(&e.finish(), &parts);
}

#[test]
fn names_of_types_without_descriptors() {
    // Each layer would be a type with a name of its own.
    for layer in ["[]", "*", "[]*"] {
        let name = format!("type.{}int", layer.repeat(20_000));
        let object = main_using("\"\".v")
            .symbol(&variable(NOPTRBSS, 8, &name))
            .finish();
        in_proportion(&object).expect("linked");
    }
}

#[test]
fn messages_about_many_symbols_with_long_names() {
    // One function with a long name calls many that do not exist.
    let long = format!("\"\".{}", "x".repeat(100_000));
    let names: Vec<String> = (0..2000).map(|i| format!("p.f{i}")).collect();
    let mut code = Vec::new();
    let mut relocs = Vec::new();
    for name in &names {
        relocs.push((code.len() as i64 + 1, 4, R_CALL, 0, name.as_str()));
        code.extend([0xe8, 0, 0, 0, 0]);
    }
    let call = [&[0xe8, 0, 0, 0, 0][..], &RET[..11]].concat();
    let object = Encoder::new(&[])
        .function("\"\".main", &call, &[(1, 4, R_CALL, 0, &long)])
        .function("\"\".init", RET, &[])
        .symbol(&Symbol {
            kind: TEXT,
            name: &long,
            data: &code,
            relocs: &relocs,
            text: Some(Text::default()),
            ..Symbol::default()
        })
        .finish();
    let why = in_proportion(&object).expect_err("a refusal");
    assert_eq!(why.lines().count(), 21, "20 of them, and how many more");
    assert!(why.ends_with("and 1980 more problems of this kind"));
}

#[test]
fn paths_of_packages_in_names() {
    // A long path, filled into a name that is hardly more than places for it.
    let import = format!("{}p.a", "d/".repeat(1500));
    let places = "\"\".".repeat(20_000);
    let p = Encoder::new(&[])
        .symbol(&Symbol {
            kind: NOPTRBSS,
            name: &places,
            size: 8,
            ..Symbol::default()
        })
        .finish();
    let b = Bench::new(&Library::default());
    b.write(&format!("lib/{import}"), &package(&p));
    b.write("main.o", &Encoder::new(&[&import]).main().finish());
    let why = b.refused(&["-o", "out", "-L", "lib", "main.o"]);
    assert!(
        why.contains("the path of the package makes the names too long"),
        "{why}"
    );
}

#[test]
fn one_file_under_many_import_paths_is_read_once() {
    let b = Bench::new(&Library::default());
    // Read twice, it would define its function twice.
    let p = Encoder::new(&[]).function("p.F", RET, &[]).finish();
    b.write("lib/p.a", &package(&p));
    let imports: Vec<String> = (1..300).map(|n| format!("{}p.a", "./".repeat(n))).collect();
    let imports: Vec<&str> = imports.iter().map(String::as_str).collect();
    b.write("main.o", &Encoder::new(&imports).main().finish());
    b.linked(&["-o", "out", "-L", "lib", "main.o"]);
}
