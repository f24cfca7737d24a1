//! Go signatures of `abi/surface.toml` as argument structures: `8(SP)` of the caller's frame is their first byte.
//!
//! Parameters lie at their natural alignment, results follow from the next multiple of 8 (calling convention of Go 1.5).

/// One parameter or result.
pub struct Field {
    pub name: String,
    pub rust: String,
    pub offset: usize,
    pub size: usize,
}

/// Fields of the argument area and its size.
pub struct Layout {
    pub fields: Vec<Field>,
    pub size: usize,
}

/// Lays out `sig`; a receiver in parentheses before `func` is the first parameter.
pub fn layout(sig: &str) -> Layout {
    let (mut params, rest) = match sig.strip_prefix('(') {
        Some(tail) => {
            let end = tail
                .find(')')
                .unwrap_or_else(|| panic!("bad receiver in {sig}"));
            (
                vec![(String::from("recv"), tail[..end].to_string())],
                tail[end + 1..].trim(),
            )
        }
        None => (Vec::new(), sig),
    };
    let tail = rest
        .strip_prefix("func(")
        .unwrap_or_else(|| panic!("not a signature: {sig}"));
    let close = matching(tail);
    params.extend(list(&tail[..close], "a"));
    let results = tail[close + 1..].trim();
    let results = match results.strip_prefix('(') {
        Some(inner) => list(&inner[..matching(inner)], "r"),
        None if results.is_empty() => Vec::new(),
        None => vec![(String::from("r0"), results.to_string())],
    };
    let mut out = Layout {
        fields: Vec::new(),
        size: 0,
    };
    for (name, ty) in params {
        out.push(name, &ty);
    }
    out.size = out.size.next_multiple_of(8);
    for (name, ty) in results {
        out.push(name, &ty);
    }
    out.size = out.size.next_multiple_of(8);
    out
}

impl Layout {
    fn push(&mut self, name: String, ty: &str) {
        let (rust, size, align) = map_type(ty);
        let offset = self.size.next_multiple_of(align);
        self.fields.push(Field {
            name,
            rust,
            offset,
            size,
        });
        self.size = offset + size;
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
        s.push_str("}\n");
        s
    }
}

/// Index of the parenthesis that closes one opened just before `s`.
fn matching(s: &str) -> usize {
    let mut depth = 1;
    for (i, c) in s.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return i;
        }
    }
    panic!("unbalanced parentheses: {s}")
}

/// `name type` pairs of a parameter list; unnamed ones are called `a0`, `a1`, ... and `p, q T` is allowed.
fn list(s: &str, prefix: &str) -> Vec<(String, String)> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in s.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                items.push(s[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    if !s[start..].trim().is_empty() {
        items.push(s[start..].trim());
    }
    let mut out: Vec<(String, String)> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let (name, ty) = match item.split_once(' ') {
            Some((n, t))
                if n.chars().all(|c| c.is_alphanumeric() || c == '_')
                    && n != "func"
                    && n != "chan" =>
            {
                (n.to_string(), t.trim().to_string())
            }
            _ => (format!("{prefix}{i}"), item.to_string()),
        };
        let name = match name.as_str() {
            "_" => format!("_unused{i}"),
            "type" | "fn" | "in" | "typ" | "new" => format!("{name}_"),
            _ => name,
        };
        out.push((name, ty));
    }
    // `p, q unsafe.Pointer`: a lone lower-case word that is no type takes the next one's type.
    for i in (0..out.len().saturating_sub(1)).rev() {
        if matches!(out[i].1.as_str(), "p" | "q") {
            out[i].0 = out[i].1.clone();
            out[i].1 = out[i + 1].1.clone();
        }
    }
    out
}

/// Rust type, size and alignment of a Go type.
fn map_type(ty: &str) -> (String, usize, usize) {
    let t = |s: &str, size: usize, align: usize| (s.to_string(), size, align);
    match ty {
        "string" => return t("GoString", 16, 8),
        "runtime.slice" | "reflect.sliceHeader" => return t("GoSlice", 24, 8),
        "interface{}" => return t("Eface", 16, 8),
        "runtime.fInterface" | "interface{f()}" | "error" | "runtime.Error" => {
            return t("Iface", 16, 8);
        }
        "int" | "int64" | "time.Duration" => return t("i64", 8, 8),
        "uint64" => return t("u64", 8, 8),
        "uintptr" => return t("usize", 8, 8),
        "int32" | "rune" => return t("i32", 4, 4),
        "uint32" => return t("u32", 4, 4),
        "bool" => return t("bool", 1, 1),
        "byte" => return t("u8", 1, 1),
        "float64" => return t("f64", 8, 8),
        "complex128" => return t("[f64; 2]", 16, 8),
        "unsafe.Pointer" => return t("*mut u8", 8, 8),
        _ => {}
    }
    if ty.starts_with("func(") {
        return t("*const FuncVal", 8, 8);
    }
    if ty.starts_with("[]") {
        return t("GoSlice", 24, 8);
    }
    if let Some(rest) = ty.strip_prefix('[') {
        let (n, elem) = rest
            .split_once(']')
            .unwrap_or_else(|| panic!("bad array {ty}"));
        let n: usize = n.parse().unwrap_or_else(|_| panic!("bad array {ty}"));
        let (rust, size, align) = map_type(elem);
        return (format!("[{rust}; {n}]"), size * n, align);
    }
    if let Some(elem) = ty.strip_prefix('*') {
        let rust = match elem {
            "runtime._type" | "reflect.rtype" => "*const Type",
            "runtime.chantype" => "*const ChanType",
            "runtime.maptype" => "*const MapType",
            "runtime.slicetype" => "*const SliceType",
            "runtime.interfacetype" => "*const InterfaceType",
            "runtime.funcval" => "*const FuncVal",
            "runtime.hmap" => "*mut Hmap",
            "runtime.hiter" => "*mut Hiter",
            "runtime.hselect" => "*mut Hselect",
            "runtime.itab" => "*mut Itab",
            "*runtime.itab" => "*mut *mut Itab",
            "time.runtimeTimer" => "*mut RuntimeTimer",
            "sync.syncSema" => "*mut SyncSema",
            "runtime.MemStats" => "*mut MemStats",
            "interface{}" => "*mut Eface",
            "runtime.fInterface" => "*mut Iface",
            "unsafe.Pointer" => "*mut *mut u8",
            "uint32" => "*mut u32",
            "uintptr" => "*mut usize",
            "[]time.Duration" => "*mut GoSlice",
            _ => "*mut u8",
        };
        return t(rust, 8, 8);
    }
    panic!("no Rust type for Go type {ty}")
}
