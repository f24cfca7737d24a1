//! What the runtime will trust is checked: tables of functions, stack maps, type descriptors.
//!
//! Each test links what is right first, then the same with one thing wrong.

mod support;

use support::*;

fn bench() -> Bench {
    Bench::new(&Library {
        functions: &["runtime.f", "runtime.morestack_noctxt"],
        data: &["runtime.algarray"],
        ..Library::default()
    })
}

/// sub $16, %rsp; call runtime.f; add $16, %rsp; ret
const CODE: &[u8] = &[
    0x48, 0x83, 0xec, 16, 0xe8, 0, 0, 0, 0, 0x48, 0x83, 0xc4, 16, 0xc3, 0, 0,
];
/// Two maps of two words.
const MAP: &[u8] = &[2, 0, 0, 0, 2, 0, 0, 0, 0b01, 0, 0, 0, 0b10, 0, 0, 0];
const NO_WORDS: &[u8] = &[1, 0, 0, 0, 0, 0, 0, 0];

/// A compiled function as `main.main`.
struct Function<'a> {
    text: Text<'a>,
    map: &'a [u8],
    map_name: Option<&'a str>,
}

impl Default for Function<'_> {
    fn default() -> Self {
        Self {
            text: Text {
                args: 16,
                locals: 16,
                // Depth 0 for 4 bytes, 16 for 9, 0 for 3. Line 11 for 9 bytes, then 12. Map 0 up to
                // the call's end, then 1.
                pcsp: &[2, 4, 32, 9, 31, 3, 0],
                pcfile: &[2, 16, 0],
                pcline: &[24, 9, 2, 7, 0],
                pcdata: &[2, 9, 2, 7, 0],
                ..Text::default()
            },
            map: MAP,
            map_name: None,
        }
    }
}

impl Function<'_> {
    fn link(&self) -> Result<(), String> {
        let name = self
            .map_name
            .map_or_else(|| stack_map_name(self.map), str::to_string);
        let funcdata = [name.as_str(), name.as_str()];
        let text = Text {
            funcdata: &funcdata,
            ..self.text.clone()
        };
        let object = Encoder::new(&[])
            .symbol(&Symbol {
                kind: TEXT,
                name: "\"\".main",
                data: CODE,
                relocs: &[(5, 4, R_CALL, 0, "runtime.f")],
                text: Some(text),
                ..Symbol::default()
            })
            .function("\"\".init", RET, &[])
            .symbol(&Symbol {
                kind: RODATA,
                name: &name,
                dupok: true,
                data: self.map,
                ..Symbol::default()
            });
        link(object)
    }
}

/// Links up to `go.o`.
fn link(object: Encoder) -> Result<(), String> {
    bench().link_object(&object.finish()).map(drop)
}

fn refused(done: Result<(), String>, parts: &[&str]) {
    let why = done.expect_err("a refusal");
    assert_eq!(why.lines().count(), 1, "{why}");
    has(&why, parts);
    has(&why, &["main.o", "compile the package again"]);
}

#[test]
fn a_function_that_is_whole_is_linked() {
    assert_eq!(Function::default().link(), Ok(()));
}

#[test]
fn tables_end_where_their_function_ends() {
    for pcline in [
        &[24, 9, 2, 6, 0][..],
        &[24, 9, 2, 8, 0],
        &[24, 9, 2, 7],
        &[24, 9, 2, 7, 0, 0],
    ] {
        let mut f = Function::default();
        f.text.pcline = pcline;
        refused(f.link(), &["main.main", "bad pcdata", "lines"]);
    }
    let mut f = Function::default();
    f.text.pcdata = &[2, 9, 2, 6, 0];
    refused(f.link(), &["main.main", "bad pcdata", "stack maps"]);
}

#[test]
fn values_are_what_they_number() {
    let mut f = Function::default();
    // File 1 of one, then line -2, then map 2 of two.
    f.text.pcfile = &[4, 16, 0];
    refused(f.link(), &["main.main", "bad pcdata", "files"]);
    let mut f = Function::default();
    f.text.pcline = &[1, 9, 28, 7, 0];
    refused(f.link(), &["main.main", "bad pcdata", "lines"]);
    let mut f = Function::default();
    f.text.pcdata = &[2, 9, 4, 7, 0];
    refused(f.link(), &["main.main", "bad pcdata", "stack maps has 2"]);
}

#[test]
fn stack_depths_are_those_of_the_code() {
    // The frame from the entry on; the frame a byte later; the frame never; another frame.
    for pcsp in [
        &[34, 13, 31, 3, 0][..],
        &[2, 5, 32, 8, 31, 3, 0],
        &[2, 16, 0],
        &[2, 4, 48, 9, 47, 3, 0],
    ] {
        let mut f = Function::default();
        f.text.pcsp = pcsp;
        refused(f.link(), &["main.main", "bad pcdata"]);
    }
    let mut f = Function::default();
    f.text.locals = 24;
    refused(f.link(), &["main.main", "bad pcdata"]);
}

#[test]
fn stack_maps_are_what_their_name_says_and_fit_the_frame() {
    let name = stack_map_name(MAP);
    let mut changed = MAP.to_vec();
    changed[8] = 0b11;
    let f = Function {
        map: &changed,
        map_name: Some(&name),
        ..Function::default()
    };
    refused(f.link(), &["gclocals", "hash"]);
    for map in [&MAP[..12], &[MAP, &[0; 4]].concat(), &[0; 8]] {
        let f = Function {
            map,
            ..Function::default()
        };
        refused(f.link(), &["gclocals", "no stack map"]);
    }
    for (args, locals, what) in [(8, 16, "arguments"), (16, 8, "frame")] {
        let mut f = Function::default();
        (f.text.args, f.text.locals) = (args, locals);
        refused(f.link(), &["main.main", "2 words for 8 bytes", what]);
    }
    let f = Function {
        map: NO_WORDS,
        ..Function::default()
    };
    refused(f.link(), &["main.main", "bad pcdata", "stack maps has 1"]);
    let f = Function {
        map_name: Some("\"\".main"),
        ..Function::default()
    };
    assert!(f.link().is_err());
}

#[test]
fn sizes_of_arguments_and_frames() {
    for (args, locals) in [(-8, 16), (1 << 31, 16), (16, -16), (16, 1 << 31)] {
        let mut f = Function::default();
        (f.text.args, f.text.locals) = (args, locals);
        assert!(f.link().is_err(), "{args} {locals}");
    }
}

/// A program with a type, after `change` to its descriptor.
fn with_type(
    change: impl Fn(&mut Vec<u8>, &mut Vec<(i64, i64, i64, i64, &'static str)>),
) -> Result<(), String> {
    let right = scalar("type.T");
    let (mut data, mut relocs) = (right.data.to_vec(), right.relocs.to_vec());
    change(&mut data, &mut relocs);
    let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
    let object = Encoder::new(&[])
        .function("\"\".main", &code, &[(3, 4, R_PCREL, 0, "type.T")])
        .function("\"\".init", RET, &[])
        .type_parts()
        .symbol(&scalar("type.E"))
        .symbol(&Symbol {
            data: &data,
            relocs: &relocs,
            ..right
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "runtime.gcbits.01",
            dupok: true,
            data: &[1],
            ..Symbol::default()
        });
    link(object)
}

#[test]
fn heads_of_type_descriptors() {
    assert_eq!(with_type(|_, _| {}), Ok(()));
    // Size, words with pointers, alignment, kind.
    for (at, value) in [
        (0, 7),
        (8, 8),
        (8, 1),
        (20, 1),
        (21, 3),
        (22, 4),
        (23, 0x82 - 0x80),
        (23, 0x9b),
        (23, 0x80),
    ] {
        refused(
            with_type(|data, _| data[at] = value),
            &["type.T", "descriptor"],
        );
    }
    // A pointer type without the type that it points to.
    refused(
        with_type(|data, _| data[23] = 22 | 0x80),
        &["type.T", "descriptor has 72 bytes"],
    );
    // Algorithms, mask, name, zero value.
    for i in 0..4 {
        refused(
            with_type(|_, relocs| {
                relocs.remove(i);
            }),
            &["type.T", "descriptor"],
        );
    }
    // A mask of one byte for no words; algorithms that are none.
    refused(
        with_type(|_, relocs| relocs[1].4 = "runtime.gcbits.01"),
        &["type.T", "mask"],
    );
    refused(
        with_type(|_, relocs| relocs[0].4 = "type.E"),
        &["type.T", "algorithms"],
    );
    refused(
        with_type(|_, relocs| relocs[0].3 = 8),
        &["type.T", "algorithms"],
    );
}

/// Makes the integer type a type of another kind.
fn of_kind(data: &mut Vec<u8>, kind: u8, size: u8, parts: usize) {
    data[0] = size;
    data[23] = kind | 0x80;
    data.resize(72 + parts, 0);
}

#[test]
fn parts_of_kinds() {
    // An array of three.
    type Relocs = Vec<(i64, i64, i64, i64, &'static str)>;
    let array = |data: &mut Vec<u8>, relocs: &mut Relocs| {
        of_kind(data, 17, 24, 24);
        data[88] = 3;
        relocs.extend([(72, 8, R_ADDR, 0, "type.E"), (80, 8, R_ADDR, 0, "type.E")]);
    };
    assert_eq!(with_type(array), Ok(()));
    refused(
        with_type(|data, relocs| {
            array(data, relocs);
            data[88] = 4;
        }),
        &["type.T", "4 elements", "24 bytes"],
    );
    refused(
        with_type(|data, relocs| {
            array(data, relocs);
            relocs[4].4 = "runtime.gcbits.01";
        }),
        &["type.T", "element is no type"],
    );
    // A struct of one field.
    let structure = |data: &mut Vec<u8>, relocs: &mut Relocs| {
        of_kind(data, 25, 8, 64);
        (data[80], data[88]) = (1, 1);
        relocs.extend([(72, 8, R_ADDR, 96, "type.T"), (112, 8, R_ADDR, 0, "type.E")]);
    };
    assert_eq!(with_type(structure), Ok(()));
    for (at, value) in [(80, 2), (88, 2), (128, 8)] {
        let done = with_type(|data, relocs| {
            structure(data, relocs);
            data[at] = value;
        });
        refused(done, &["type.T", "field"]);
    }
    // Fields outside the descriptor: after it, in another one.
    for (add, target) in [(104, "type.T"), (88, "type.T"), (96, "type.E")] {
        let done = with_type(|data, relocs| {
            structure(data, relocs);
            (relocs[4].3, relocs[4].4) = (add, target);
        });
        refused(done, &["type.T", "fields", "not inside"]);
    }
    // Methods.
    let named = |data: &mut Vec<u8>, relocs: &mut Relocs| {
        data.resize(72 + 40 + 48, 0);
        (data[72 + 24], data[72 + 32]) = (1, 1);
        relocs.insert(3, (48, 8, R_ADDR, 72, "type.T"));
        for (at, add, target) in [
            (88, 112, "type.T"),
            (112, 0, "type.E"),
            (128, 0, "type.E"),
            (136, 0, "type.E"),
            (144, 0, "\"\".init"),
            (152, 0, "\"\".init"),
        ] {
            relocs.push((at, 8, R_ADDR, add, target));
        }
    };
    assert_eq!(with_type(named), Ok(()));
    for (i, say) in [
        (6, "name of a method"),
        (7, "type of a method"),
        (9, "code of a method"),
    ] {
        let done = with_type(|data, relocs| {
            named(data, relocs);
            relocs.remove(i);
        });
        refused(done, &["type.T", say]);
    }
    let done = with_type(|data, relocs| {
        named(data, relocs);
        relocs[9].4 = "type.E";
    });
    refused(done, &["type.T", "without code"]);
}

#[test]
fn masks_strings_links_and_cells() {
    let program = |symbols: &[Symbol<'_>]| {
        let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &RET[..9]].concat();
        let mut e = Encoder::new(&[])
            .function("\"\".main", &code, &[(3, 4, R_PCREL, 0, symbols[0].name)])
            .function("\"\".init", RET, &[])
            .type_parts()
            .symbol(&scalar("type.E"));
        for s in symbols {
            e = e.symbol(s);
        }
        link(e)
    };
    let constant = |name, data, relocs| Symbol {
        kind: RODATA,
        name,
        dupok: true,
        data,
        relocs,
        ..Symbol::default()
    };
    assert_eq!(program(&[constant("runtime.gcbits.05", &[5], &[])]), Ok(()));
    refused(
        program(&[constant("runtime.gcbits.05", &[4], &[])]),
        &["runtime.gcbits.05"],
    );
    let bytes = constant("go.string.\"abc\"", b"abc\0", &[]);
    let to_bytes = [(0, 8, R_ADDR, 0, "go.string.\"abc\"")];
    let header = |len: &'static [u8; 16]| constant("go.string.hdr.\"abc\"", len, &to_bytes);
    let right = &[0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(program(&[header(right), bytes.clone()]), Ok(()));
    let wrong = &[0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0];
    refused(
        program(&[header(wrong), bytes]),
        &["259 bytes, 4 are there"],
    );
    let cell = |data| Symbol {
        kind: NOPTRBSS,
        name: "go.itab.main.T.main.I",
        size: 8,
        data,
        ..Symbol::default()
    };
    assert_eq!(program(&[cell(&[])]), Ok(()));
    refused(program(&[cell(&[1])]), &["go.itab", "itab"]);
    let typelink = |target| constant("go.typelink.x\tx", &[0; 8], target);
    let to_type = [(0, 8, R_ADDR, 0, "type.E")];
    let inside = [(0, 8, R_ADDR, 8, "type.E")];
    assert_eq!(program(&[scalar("type.F"), typelink(&to_type)]), Ok(()));
    let uses = [(0, 8, R_ADDR, 0, "type.E")];
    let user = constant("\"\".user", &[0; 8], &uses);
    refused(
        program(&[user, typelink(&inside)]),
        &["go.typelink.x", "type link"],
    );
}
