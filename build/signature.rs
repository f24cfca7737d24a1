//! Go signatures of `abi/surface.toml` as argument areas: `8(SP)` of the caller's frame is their
//! first byte.
//!
//! Parameters lie at their natural alignment, results follow from the next multiple of 8 (calling
//! convention of Go 1.5). Types, their sizes and where they hold pointers are those that the
//! descriptors are made of.

use super::gotype::{Go, Param, Signature};
use super::shape::Model;

/// One parameter or result.
pub struct Field {
    pub name: String,
    pub rust: String,
    pub offset: usize,
    pub size: usize,
}

/// Fields of the argument area, its size, and the words of parameters and of results that hold
/// pointers.
#[derive(Default)]
pub struct Layout {
    pub fields: Vec<Field>,
    pub size: usize,
    pub ptrs: Vec<usize>,
    pub results: Vec<usize>,
}

/// Lays out a signature; a receiver is the first parameter.
pub fn layout(model: &Model, text: &str) -> Result<Layout, String> {
    let signature: Signature = text.parse()?;
    let mut out = Layout::default();
    if let Some(receiver) = signature.receiver {
        out.ptrs = out.push(model, String::from("recv"), &receiver.ty)?;
    }
    let params = out.list(model, &signature.params, "a")?;
    out.ptrs.extend(params);
    out.size = out.size.next_multiple_of(8);
    out.results = out.list(model, &signature.results, "r")?;
    out.size = out.size.next_multiple_of(8);
    Ok(out)
}

impl Layout {
    /// Appends parameters or results; their pointer words.
    fn list(&mut self, model: &Model, list: &[Param], prefix: &str) -> Result<Vec<usize>, String> {
        let mut words = Vec::new();
        for (i, param) in list.iter().enumerate() {
            let name = match param.name.as_deref() {
                None => format!("{prefix}{i}"),
                Some("_") => format!("_unused{i}"),
                Some(name) => field_name(name),
            };
            words.extend(self.push(model, name, &param.ty)?);
        }
        Ok(words)
    }

    /// Appends a field; its pointer words.
    fn push(&mut self, model: &Model, name: String, ty: &Go) -> Result<Vec<usize>, String> {
        if self.fields.iter().any(|f| f.name == name) {
            return Err(format!("two parameters or results are called `{name}`"));
        }
        model.check(ty, false)?;
        let rust = value(model, ty)?;
        let shape = model.shape(ty);
        let offset = self.size.next_multiple_of(shape.align);
        self.fields.push(Field {
            name,
            rust,
            offset,
            size: shape.size,
        });
        self.size = offset + shape.size;
        let words = shape.pointers.iter().enumerate().filter(|(_, p)| **p);
        Ok(words.map(|(i, _)| offset / 8 + i).collect())
    }

    /// The structure as Rust source, padding spelled out.
    pub fn rust(&self, name: &str, doc: &str) -> String {
        let mut s = format!("/// Argument area of `{doc}`.\n#[repr(C)]\npub struct {name} {{\n");
        let (mut at, mut pads) = (0, 0);
        let mut pad = |s: &mut String, from: usize, to: usize| {
            if to > from {
                s.push_str(&format!("    _pad{pads}: [u8; {}],\n", to - from));
                pads += 1;
            }
        };
        for f in &self.fields {
            pad(&mut s, at, f.offset);
            s.push_str(&format!(
                "    /// Argument or result.\n    pub {}: {},\n",
                f.name, f.rust
            ));
            at = f.offset + f.size;
        }
        pad(&mut s, at, self.size);
        s.push_str("    _private: (),\n}\n");
        s
    }
}

/// A parameter's name in Rust, which has other keywords; `typ` and `new` go with `type_` and `fn_`.
fn field_name(name: &str) -> String {
    match name {
        "type" | "fn" | "in" | "typ" | "new" => format!("{name}_"),
        _ => String::from(name),
    }
}

/// The Rust type of a value.
fn value(model: &Model, ty: &Go) -> Result<String, String> {
    if let Some(structure) = model.structure(ty) {
        return Ok(String::from(structure.name));
    }
    Ok(match model.underlying(ty) {
        Go::Named(name) => String::from(basic(&name)),
        Go::Ptr(elem) => pointer(model, &elem)?,
        Go::Slice(_) => String::from("GoSlice"),
        Go::Array(n, elem) => format!("[{}; {n}]", value(model, &elem)?),
        Go::Func(..) => String::from("*const FuncVal"),
        Go::Interface(methods) if methods.is_empty() => String::from("Eface"),
        Go::Interface(_) => String::from("Iface"),
        Go::Struct(_) => {
            return Err(format!(
                "`{ty}` is a structure without a name in Rust: \
                 give it one as `rust` in abi/types.toml"
            ));
        }
    })
}

fn basic(name: &str) -> &'static str {
    match name {
        "bool" => "bool",
        "int8" => "i8",
        "int16" => "i16",
        "int32" => "i32",
        "int" | "int64" => "i64",
        "uint8" => "u8",
        "uint16" => "u16",
        "uint32" => "u32",
        "uint" | "uint64" => "u64",
        "uintptr" => "usize",
        "float32" => "f32",
        "float64" => "f64",
        "complex64" => "[f32; 2]",
        "complex128" => "[f64; 2]",
        "string" => "GoString",
        "unsafe.Pointer" => "*mut u8",
        _ => unreachable!("{name}: Model::check lets no other pass"),
    }
}

/// The Rust type of a pointer: to what Rust code looks into, else an address.
fn pointer(model: &Model, elem: &Go) -> Result<String, String> {
    if let Some(structure) = model.structure(elem) {
        let mutability = if structure.read_only { "const" } else { "mut" };
        return Ok(format!("*{mutability} {}", structure.name));
    }
    let looks_into = match model.underlying(elem) {
        Go::Ptr(_) | Go::Slice(_) | Go::Interface(_) => true,
        Go::Named(name) => ["uint32", "uintptr", "unsafe.Pointer"].contains(&&*name),
        _ => false,
    };
    Ok(if looks_into {
        format!("*mut {}", value(model, elem)?)
    } else {
        String::from("*mut u8")
    })
}
