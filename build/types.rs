//! Writes the type descriptors that libgort.a owns: the basic types, the types of package runtime,
//! and every type that these mention, so that no descriptor of ours refers to one that only some
//! programs have.
//!
//! Compiled code holds addresses of descriptors and compares them, so every type has exactly one:
//! where a Go object has a copy of one of ours, the linker takes ours.

#[path = "types/emit.rs"]
mod emit;

use crate::gotype::{Go, parse};
use crate::shape::Model;
use crate::surface::Symbol;
use std::collections::BTreeMap;

/// Types that compiled code does not name but runtime errors have.
const INTERNAL: [&str; 1] = ["runtime.errorString"];

/// Source of `types.S`.
pub fn assembly(symbols: &[Symbol], model: &Model) -> String {
    let roots = symbols
        .iter()
        .filter(|s| s.kind == "type")
        .map(|s| s.name["type.".len()..].to_string());
    let mut types = BTreeMap::new();
    for root in roots
        .chain(INTERNAL.map(String::from))
        .chain(model.declared.keys().cloned())
    {
        let ty = parse(&root);
        assert_eq!(ty.to_string(), root, "not the compiler's notation");
        close(model, ty, &mut types);
    }
    let mut emitter = emit::Emitter::new(model, &types);
    for ty in types.values() {
        emitter.descriptor(ty);
    }
    emitter.algarray();
    emitter.finish()
}

/// Adds a type and all that its descriptor refers to.
fn close(model: &Model, ty: Go, types: &mut BTreeMap<String, Go>) {
    if types.insert(ty.to_string(), ty.clone()).is_some() {
        return;
    }
    if let Go::Named(name) = &ty {
        assert!(
            !model.foreign.contains_key(name),
            "abi/types.toml: a descriptor refers to {name}, which has none as [[foreign]]: \
             declare it as [[type]]"
        );
        close(model, Go::Ptr(Box::new(ty.clone())), types);
    }
    match model.underlying(&ty) {
        Go::Named(_) => {}
        Go::Ptr(elem) | Go::Slice(elem) => close(model, *elem, types),
        Go::Array(_, elem) => {
            close(model, Go::Slice(elem.clone()), types);
            close(model, *elem, types);
        }
        Go::Struct(fields) => fields.into_iter().for_each(|f| close(model, f.ty, types)),
        Go::Func(params, results) => params
            .into_iter()
            .chain(results)
            .for_each(|t| close(model, t, types)),
        Go::Interface(methods) => methods
            .into_iter()
            .for_each(|(_, t)| close(model, t, types)),
    }
    let (receiver, by_pointer) = match &ty {
        Go::Ptr(elem) => (&**elem, true),
        _ => (&ty, false),
    };
    if let Go::Named(name) = receiver
        && let Some(declared) = model.declared.get(name)
        && (by_pointer || !declared.pointer)
    {
        for m in &declared.methods {
            close(model, parse(&m.signature), types);
            close(model, emit::with_receiver(&m.signature, &ty), types);
        }
    }
}
