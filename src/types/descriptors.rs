//! Tests of the model behind the type descriptors (build/types/) against facts read off the stock
//! Go 1.5.4 toolchain.

use crate::abi::tests::gotype::parse;
use crate::abi::tests::shape::{Alg, Model, hash};

const TYPES: &str = include_str!("../../abi/types.toml");
const BY_SIZE: &str = "struct { Size uint32; Mallocs uint64; Frees uint64 }";

/// Size, bytes up to the last pointer, hash, alignment, kind byte.
const FACTS: &[(&str, usize, usize, u32, usize, u8)] = &[
    ("int", 8, 0, 0xf753_71fa, 8, 0x82),
    ("int8", 1, 0, 0xcc06_c027, 1, 0x83),
    ("int16", 2, 0, 0xecd5_80ce, 2, 0x84),
    ("int32", 4, 0, 0xbbad_4102, 4, 0x85),
    ("int64", 8, 0, 0x963f_9bff, 8, 0x86),
    ("error", 16, 16, 0x0e10_5ecb, 8, 0x14),
    ("*error", 8, 8, 0x58aa_aedc, 8, 0x36),
    ("interface {}", 16, 16, 0x18a0_57e7, 8, 0x14),
    ("func(error) string", 8, 8, 0x76e6_7805, 8, 0x33),
    ("func(uintptr) (string, int)", 8, 8, 0x1d41_8b0c, 8, 0x33),
    ("[]uint64", 24, 8, 0x2069_b53f, 8, 0x17),
    ("[32]uintptr", 256, 0, 0xe84b_6037, 8, 0x91),
    (BY_SIZE, 24, 0, 0xa000_a599, 8, 0x99),
    ("runtime.errorString", 16, 8, 0x4c0c_5f99, 8, 0x18),
    ("*runtime.errorString", 8, 8, 0x70cc_5a44, 8, 0x36),
    ("runtime.TypeAssertionError", 64, 56, 0x04f3_1495, 8, 0x19),
    ("runtime.Error", 16, 16, 0x12c6_626a, 8, 0x14),
    ("runtime.Func", 0, 0, 0x8e08_2eb4, 1, 0x99),
    ("runtime._func", 40, 0, 0x7fde_43a5, 8, 0x99),
    ("runtime.MemStats", 5776, 0, 0x3793_c5cf, 8, 0x99),
    ("runtime.MemProfileRecord", 288, 0, 0xc0a6_ec59, 8, 0x99),
    ("runtime.BlockProfileRecord", 272, 0, 0x1460_7e43, 8, 0x99),
];

#[test]
fn shapes_and_hashes_are_the_compilers() {
    let model = Model::new(TYPES);
    for &(text, size, ptrdata, want, align, kind) in FACTS {
        let ty = parse(text);
        assert_eq!(ty.to_string(), text);
        let s = model.shape(&ty);
        let last = s
            .pointers
            .iter()
            .rposition(|p| *p)
            .map_or(0, |i| 8 * (i + 1));
        assert_eq!(
            (s.size, last, s.align, s.kind),
            (size, ptrdata, align, kind),
            "{text}"
        );
        assert_eq!(hash(text), want, "{text}");
    }
}

#[test]
fn algorithms_are_the_compilers() {
    let model = Model::new(TYPES);
    let alg = |text: &str| model.shape(&parse(text)).alg;
    for (text, row) in [
        ("bool", 2),
        ("int16", 3),
        ("int", 5),
        ("runtime.Func", 1),
        ("func()", 12),
        ("runtime.errorString", 14),
        ("error", 15),
        ("interface {}", 16),
        ("[]uint64", 17),
        ("float32", 18),
        ("complex128", 21),
    ] {
        assert_eq!(alg(text), Alg::Row(row), "{text}");
    }
    assert_eq!(alg("runtime._func"), Alg::Memory(40));
    assert_eq!(alg("runtime.StackRecord"), Alg::Memory(256));
    assert_eq!(alg("[256]uint64"), Alg::Memory(2048));
    // Padding, floats and strings need functions of their own.
    for text in [BY_SIZE, "runtime.MemStats", "runtime.TypeAssertionError"] {
        assert_eq!(alg(text), Alg::Own(text.to_string()), "{text}");
    }
}

#[test]
fn pointer_masks_follow_the_fields() {
    let model = Model::new(TYPES);
    let pointers = |text: &str| model.shape(&parse(text)).pointers;
    assert_eq!(
        pointers("runtime.TypeAssertionError"),
        [true, false, true, false, true, false, true]
    );
    assert_eq!(
        pointers("struct { a int32; b string; c [2]*int }"),
        [false, true, false, true, true]
    );
    assert_eq!(
        pointers("[2]struct { a int; b *int }"),
        [false, true, false, true]
    );
    assert!(pointers("runtime.MemStats").is_empty());
}

#[test]
#[should_panic(expected = "left over")]
fn text_that_is_no_type_is_refused() {
    parse("int int");
}
