//! Descriptors as assembly data (layouts: abi/go15.h).

use crate::gotype::{Go, parse};
use crate::shape::{Alg, Model, Shape, hash};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Bytes of the common head, and of the part that named types and types with methods add.
const HEAD: usize = 72;

/// A method as it stands in a descriptor.
struct Method {
    name: String,
    mtyp: String,
    typ: String,
    ifn: String,
    tfn: String,
}

/// Collects the output; strings, masks and algorithms are shared.
pub struct Emitter<'a> {
    model: &'a Model,
    types: &'a BTreeMap<String, Go>,
    out: String,
    strings: BTreeMap<String, usize>,
    masks: BTreeSet<Vec<u8>>,
    sizes: BTreeSet<usize>,
    own: BTreeSet<String>,
    descriptors: usize,
}

impl<'a> Emitter<'a> {
    pub fn new(model: &'a Model, types: &'a BTreeMap<String, Go>) -> Self {
        let (strings, masks) = (BTreeMap::new(), BTreeSet::new());
        Self {
            model,
            types,
            out: String::new(),
            strings,
            masks,
            sizes: BTreeSet::new(),
            own: BTreeSet::new(),
            descriptors: 0,
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str("    ");
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn quad(&mut self, value: &str) {
        self.line(&format!(".quad {value}"));
    }

    fn string(&mut self, text: &str) -> String {
        let n = self.strings.len();
        let n = *self.strings.entry(text.to_string()).or_insert(n);
        format!(".Lgostring{n}")
    }

    fn symbol(&self, ty: &Go) -> String {
        format!("\"type.{ty}\"")
    }

    /// The descriptor of `*T`: of named types always there, else only if the program has it.
    fn pointer_to(&mut self, name: &str) -> String {
        let symbol = format!("\"type.*{name}\"");
        if !self.types.contains_key(&format!("*{name}")) {
            self.line(&format!(".weak {symbol}"));
        }
        symbol
    }

    fn alg(&mut self, alg: &Alg) -> String {
        match alg {
            Alg::Row(row) => format!("runtime.algarray+{}", 16 * u32::from(*row)),
            Alg::Memory(size) => {
                self.sizes.insert(*size);
                format!(".Lalg{size}")
            }
            Alg::Own(name) => {
                self.own.insert(name.clone());
                format!("\"type..alg.{name}\"")
            }
        }
    }

    fn mask(&mut self, pointers: &[bool]) -> String {
        let mut bytes = vec![0u8; pointers.len().div_ceil(8).max(1)];
        for (i, _) in pointers.iter().enumerate().filter(|(_, p)| **p) {
            bytes[i / 8] |= 1 << (i % 8);
        }
        let label = format!(".Lmask{}", hex(&bytes));
        self.masks.insert(bytes);
        label
    }

    /// Methods of a type, sorted by name.
    fn methods(&self, ty: &Go) -> Vec<Method> {
        let (elem, by_pointer) = match ty {
            Go::Ptr(elem) => (&**elem, true),
            _ => (ty, false),
        };
        let Go::Named(name) = elem else {
            return Vec::new();
        };
        let Some(declared) = self.model.declared.get(name) else {
            return Vec::new();
        };
        if declared.pointer && !by_pointer {
            return Vec::new();
        }
        let mut methods: Vec<Method> = declared
            .methods
            .iter()
            .map(|m| Method {
                name: m.name.clone(),
                mtyp: m.signature.clone(),
                typ: with_receiver(&m.signature, ty).to_string(),
                ifn: m.code.clone(),
                tfn: if by_pointer {
                    m.code.clone()
                } else {
                    m.value.clone().expect("a method by value needs `value`")
                },
            })
            .collect();
        methods.sort_by(|a, b| a.name.cmp(&b.name));
        methods
    }

    /// One descriptor.
    pub fn descriptor(&mut self, ty: &Go) {
        let name = ty.to_string();
        let shape = self.model.shape(ty);
        let methods = self.methods(ty);
        let uncommon = matches!(ty, Go::Named(_)) || !methods.is_empty();
        let special = self.special_size(ty);
        // A section for each: programs have those that they can reach.
        self.descriptors += 1;
        let section = self.descriptors;
        self.line(&format!(
            ".section .rodata.gort.types.{section}, \"a\", @progbits"
        ));
        self.line(".p2align 5");
        self.line(&format!(".globl \"type.{name}\""));
        self.line(&format!(".type \"type.{name}\", @object"));
        let _ = writeln!(self.out, "\"type.{name}\":");
        self.head(&name, &shape, uncommon.then_some(HEAD + special));
        self.special(ty);
        if uncommon {
            self.uncommon(ty, &name, &methods);
        }
        self.line(&format!(".size \"type.{name}\", . - \"type.{name}\""));
    }

    fn head(&mut self, name: &str, shape: &Shape, uncommon: Option<usize>) {
        let ptrdata = shape
            .pointers
            .iter()
            .rposition(|p| *p)
            .map_or(0, |i| 8 * (i + 1));
        self.quad(&shape.size.to_string());
        self.quad(&ptrdata.to_string());
        self.line(&format!(".long {:#x}", hash(name)));
        self.line(&format!(
            ".byte 0, {0}, {0}, {1:#x}",
            shape.align, shape.kind
        ));
        let alg = self.alg(&shape.alg);
        self.quad(&alg);
        let mask = self.mask(&shape.pointers);
        self.quad(&mask);
        let string = self.string(name);
        self.quad(&string);
        self.quad(&uncommon.map_or(String::from("0"), |at| format!("\"type.{name}\"+{at}")));
        let pointer = self.pointer_to(name);
        self.quad(&pointer);
        self.quad("runtime.zerovalue");
    }

    /// Bytes of the part that depends on the kind.
    fn special_size(&self, ty: &Go) -> usize {
        match self.model.underlying(ty) {
            Go::Named(_) => 0,
            Go::Ptr(_) | Go::Slice(_) => 8,
            Go::Array(..) => 24,
            Go::Func(params, results) => 56 + 8 * (params.len() + results.len()),
            Go::Interface(methods) => 24 + 24 * methods.len(),
            Go::Struct(fields) => 24 + 40 * fields.len(),
        }
    }

    /// A slice header; its elements lie `at` bytes into the descriptor.
    fn slice(&mut self, name: &str, at: usize, len: usize) {
        self.quad(&format!("\"type.{name}\"+{at}"));
        self.quad(&len.to_string());
        self.quad(&len.to_string());
    }

    fn special(&mut self, ty: &Go) {
        let name = ty.to_string();
        match self.model.underlying(ty) {
            Go::Named(_) => {}
            Go::Ptr(elem) | Go::Slice(elem) => {
                let elem = self.symbol(&elem);
                self.quad(&elem);
            }
            Go::Array(n, elem) => {
                let (e, s) = (self.symbol(&elem), self.symbol(&Go::Slice(elem)));
                self.quad(&e);
                self.quad(&s);
                self.quad(&n.to_string());
            }
            Go::Func(params, results) => {
                self.quad("0");
                self.slice(&name, HEAD + 56, params.len());
                self.slice(&name, HEAD + 56 + 8 * params.len(), results.len());
                for t in params.iter().chain(&results) {
                    let t = self.symbol(t);
                    self.quad(&t);
                }
            }
            Go::Interface(methods) => {
                self.slice(&name, HEAD + 24, methods.len());
                for (method, ty) in &methods {
                    let label = self.string(method);
                    self.quad(&label);
                    self.quad(pkgpath(method));
                    let ty = self.symbol(ty);
                    self.quad(&ty);
                }
            }
            Go::Struct(fields) => {
                self.slice(&name, HEAD + 24, fields.len());
                let (offsets, ..) = self.model.offsets(&fields);
                for (f, offset) in fields.iter().zip(offsets) {
                    match &f.name {
                        Some(field) => {
                            let label = self.string(field);
                            self.quad(&label);
                            self.quad(pkgpath(field));
                        }
                        None => self.line(".quad 0, 0"),
                    }
                    let ty = self.symbol(&f.ty);
                    self.quad(&ty);
                    self.quad("0");
                    self.quad(&offset.to_string());
                }
            }
        }
    }

    fn uncommon(&mut self, ty: &Go, name: &str, methods: &[Method]) {
        match ty {
            // Basic types and `error` belong to no package.
            Go::Named(full) => {
                let (package, short) = match full.split_once('.') {
                    Some(("unsafe", short)) => ("0", short),
                    Some((_, short)) => (RUNTIME, short),
                    None => ("0", full.as_str()),
                };
                let label = self.string(short);
                self.quad(&label);
                self.quad(package);
            }
            _ => self.line(".quad 0, 0"),
        }
        let at = HEAD + self.special_size(ty) + 40;
        self.slice(name, at, methods.len());
        for m in methods {
            let label = self.string(&m.name);
            self.quad(&label);
            self.quad(pkgpath(&m.name));
            for target in [
                format!("type.{}", m.mtyp),
                format!("type.{}", m.typ),
                m.ifn.clone(),
                m.tfn.clone(),
            ] {
                self.quad(&format!("\"{target}\""));
            }
        }
    }

    /// `runtime.algarray`, whose rows descriptors and compiled code name by number.
    pub fn algarray(&mut self) {
        self.line(".section .rodata.gort.types, \"a\", @progbits");
        self.line(".p2align 5");
        self.line(".globl runtime.algarray");
        self.line(".type runtime.algarray, @object");
        self.out.push_str("runtime.algarray:\n");
        for (i, row) in ALGS.iter().enumerate() {
            match row {
                Some(_) => self.line(&format!(".quad .Lrowhash{i}, .Lrowequal{i}")),
                None => self.line(".quad 0, 0"),
            }
        }
        self.line(".size runtime.algarray, . - runtime.algarray");
        for (i, row) in ALGS.iter().enumerate() {
            if let Some((hash, equal, size)) = row {
                let _ = writeln!(self.out, ".Lrowhash{i}: .quad {hash}, {size}");
                let _ = writeln!(self.out, ".Lrowequal{i}: .quad {equal}, {size}");
            }
        }
    }

    /// Strings, masks and algorithms, and the whole text.
    pub fn finish(mut self) -> String {
        for size in std::mem::take(&mut self.sizes) {
            self.line(".p2align 3");
            let _ = writeln!(self.out, ".Lalg{size}:");
            self.line(&format!(".quad .Lhash{size}, .Lequal{size}"));
            // Func values with the size behind the code address, where the two functions look for
            // it.
            let _ = writeln!(
                self.out,
                ".Lhash{size}: .quad runtime.memhash_varlen, {size}"
            );
            let _ = writeln!(
                self.out,
                ".Lequal{size}: .quad runtime.memequal_varlen, {size}"
            );
        }
        for (i, name) in std::mem::take(&mut self.own).iter().enumerate() {
            self.line(".p2align 3");
            let _ = writeln!(self.out, "\"type..alg.{name}\":");
            self.line(&format!(".quad .Lownhash{i}, .Lownequal{i}"));
            let _ = writeln!(self.out, ".Lownhash{i}: .quad \"type..hash.{name}\"");
            let _ = writeln!(self.out, ".Lownequal{i}: .quad \"type..eq.{name}\"");
        }
        let strings = std::mem::take(&mut self.strings);
        self.line(".p2align 3");
        for (text, i) in &strings {
            let _ = writeln!(self.out, ".Lgostring{i}: .quad .Ltext{i}, {}", text.len());
        }
        for (text, i) in &strings {
            let _ = writeln!(self.out, ".Ltext{i}: .ascii {text:?}");
        }
        for mask in std::mem::take(&mut self.masks) {
            let bytes: Vec<String> = mask.iter().map(u8::to_string).collect();
            let _ = writeln!(self.out, ".Lmask{}: .byte {}", hex(&mask), bytes.join(", "));
        }
        self.out
    }
}

/// Hash function, equality function and the size that those of plain memory look for behind their
/// func value; none where values have neither (slices, functions, and structures that hold them:
/// the NOEQ rows).
type AlgRow = Option<(&'static str, &'static str, usize)>;
const ALGS: [AlgRow; 22] = [
    None,
    Some(("runtime.memhash_varlen", "runtime.memequal_varlen", 0)),
    Some(("runtime.memhash_varlen", "runtime.memequal8", 1)),
    Some(("runtime.memhash_varlen", "runtime.memequal16", 2)),
    Some(("runtime.memhash_varlen", "runtime.memequal32", 4)),
    Some(("runtime.memhash_varlen", "runtime.memequal64", 8)),
    Some(("runtime.memhash_varlen", "runtime.memequal128", 16)),
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    Some(("runtime.strhash", "runtime.strequal", 0)),
    Some(("runtime.interhash", "runtime.interequal", 0)),
    Some(("runtime.nilinterhash", "runtime.nilinterequal", 0)),
    None,
    Some(("runtime.f32hash", "runtime.f32equal", 0)),
    Some(("runtime.f64hash", "runtime.f64equal", 0)),
    Some(("runtime.c64hash", "runtime.c64equal", 0)),
    Some(("runtime.c128hash", "runtime.c128equal", 0)),
];

const RUNTIME: &str = "go.importpath.runtime.";

/// Package of a field or method: none for exported names.
fn pkgpath(name: &str) -> &'static str {
    if name.starts_with(|c: char| c.is_uppercase()) {
        "0"
    } else {
        RUNTIME
    }
}

/// The function type of a method, receiver first.
pub fn with_receiver(signature: &str, receiver: &Go) -> Go {
    let Go::Func(mut params, results) = parse(signature) else {
        panic!("{signature}: not a function type")
    };
    params.insert(0, receiver.clone());
    Go::Func(params, results)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
