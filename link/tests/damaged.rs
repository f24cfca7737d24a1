//! Real objects with bytes changed or cut off: the reader, and the whole linker behind it, refuse
//! or link, but never panic.

mod support;

use gort_link::object::{members, parse};
use proptest::prelude::*;
use support::*;

/// Small objects that Go 1.5.4 compiled, and a synthetic one that has every part of the format.
fn samples() -> Vec<Vec<u8>> {
    let map = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
    let map_name = stack_map_name(&map);
    let text = Text {
        args: 8,
        locals: 16,
        pcsp: &[34, 16, 0],
        pcline: &[24, 16, 0],
        pcdata: &[2, 16, 0],
        funcdata: &[&map_name, ""],
        ..Text::default()
    };
    let code = [&[0xe8, 0, 0, 0, 0, 0xff, 0xd0][..], &RET[..9]].concat();
    let relocs = [
        (1, 4, R_CALL, 0, "\"\".init"),
        (5, 0, R_CALLIND, 0, ""),
        (9, 4, R_PCREL, -1, "\"\".v"),
    ];
    let synthetic = Encoder::new(&[])
        .symbol(&Symbol {
            kind: TEXT,
            name: "\"\".main",
            data: &code,
            relocs: &relocs,
            text: Some(text),
            ..Symbol::default()
        })
        .function("\"\".init", RET, &[])
        .symbol(&Symbol {
            kind: DATA,
            name: "\"\".v",
            data: &[1; 8],
            size: 24,
            gotype: "type.T",
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "type.T",
            data: &[
                24, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 25,
            ],
            size: 72,
            relocs: &[(32, 8, R_ADDR, 0, "runtime.gcbits.01")],
            ..Symbol::default()
        })
        .symbol(&Symbol {
            kind: RODATA,
            name: "runtime.gcbits.01",
            dupok: true,
            data: &[1],
            ..Symbol::default()
        })
        .stack_map(&map);
    let kept = kept_objects()
        .into_iter()
        .filter_map(|p| std::fs::read(p).ok())
        .filter(|o| o.len() < 5_000);
    std::iter::once(synthetic.finish())
        .chain(kept.take(4))
        .collect()
}

/// Links an object with a library that provides what the sample mentions.
fn link(object: &[u8], bench: &Bench) {
    if let Err(why) = bench.link_object(object) {
        assert!(!why.is_empty());
    }
}

fn bench() -> Bench {
    let functions = [
        "runtime.morestack_noctxt",
        "runtime.morestack",
        "runtime.printlock",
        "runtime.printunlock",
        "runtime.printstring",
        "runtime.printnl",
        "runtime.printint",
        "runtime.throwinit",
        "runtime.printsp",
    ];
    Bench::new(&Library {
        functions: &functions,
        ..Library::default()
    })
}

#[test]
fn every_cut_is_refused() {
    for object in samples() {
        parse(&object, "main").expect("the sample itself is whole");
        for n in 0..object.len() {
            assert!(parse(&object[..n], "main").is_err(), "cut at {n}");
        }
    }
}

#[test]
fn every_byte_changed_of_the_synthetic_object() {
    let bench = bench();
    let object = &samples()[0];
    for at in 0..object.len() {
        let mut changed = object.clone();
        changed[at] ^= [0x01, 0x10, 0x80][at % 3];
        link(&changed, &bench);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(sample in 0usize..5, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let samples = samples();
        let mut object = samples[sample % samples.len()].clone();
        for (at, byte) in changes {
            let at = at.index(object.len());
            object[at] = byte;
        }
        if parse(&object, "main").is_ok() {
            link(&object, &bench());
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, "p");
        let mut object = b"go object linux amd64 go1.5.4 X:none\n\n!\n\0\0go13ld\x01\0".to_vec();
        object.extend(&bytes);
        let _ = parse(&object, "p");
        let mut archive = b"!<arch>\n".to_vec();
        archive.extend(&bytes);
        let _ = members(&archive);
    }
}
