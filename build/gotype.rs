//! Go types, as the compiler writes them in symbol names.

use std::fmt;

/// A Go type. Named types are references: `Model` knows what they stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Go {
    /// Basic or declared type.
    Named(String),
    Ptr(Box<Go>),
    Slice(Box<Go>),
    Array(usize, Box<Go>),
    Struct(Vec<Field>),
    /// Parameters and results.
    Func(Vec<Go>, Vec<Go>),
    /// Name and signature of each method, sorted by name.
    Interface(Vec<(String, Go)>),
}

/// A field of a structure; embedded ones have no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: Option<String>,
    pub ty: Go,
}

impl fmt::Display for Go {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Go]| -> fmt::Result {
            for (i, t) in items.iter().enumerate() {
                write!(f, "{}{t}", if i > 0 { ", " } else { "" })?;
            }
            Ok(())
        };
        let signature =
            |f: &mut fmt::Formatter<'_>, params: &[Go], results: &[Go]| -> fmt::Result {
                f.write_str("(")?;
                list(f, params)?;
                f.write_str(")")?;
                match results {
                    [] => Ok(()),
                    [one] => write!(f, " {one}"),
                    _ => {
                        f.write_str(" (")?;
                        list(f, results)?;
                        f.write_str(")")
                    }
                }
            };
        match self {
            Go::Named(name) => f.write_str(name),
            Go::Ptr(elem) => write!(f, "*{elem}"),
            Go::Slice(elem) => write!(f, "[]{elem}"),
            Go::Array(n, elem) => write!(f, "[{n}]{elem}"),
            Go::Struct(fields) if fields.is_empty() => f.write_str("struct {}"),
            Go::Struct(fields) => {
                f.write_str("struct { ")?;
                for (i, field) in fields.iter().enumerate() {
                    f.write_str(if i > 0 { "; " } else { "" })?;
                    if let Some(name) = &field.name {
                        write!(f, "{name} ")?;
                    }
                    write!(f, "{}", field.ty)?;
                }
                f.write_str(" }")
            }
            Go::Func(params, results) => {
                f.write_str("func")?;
                signature(f, params, results)
            }
            Go::Interface(methods) if methods.is_empty() => f.write_str("interface {}"),
            Go::Interface(methods) => {
                f.write_str("interface { ")?;
                for (i, (name, ty)) in methods.iter().enumerate() {
                    f.write_str(if i > 0 { "; " } else { "" })?;
                    let Go::Func(params, results) = ty else {
                        unreachable!("a method is a function")
                    };
                    f.write_str(name)?;
                    signature(f, params, results)?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// Parses one type; panics with the text where it is none.
pub fn parse(text: &str) -> Go {
    let mut p = Parser { text, at: 0 };
    let ty = p.ty();
    assert!(p.rest().is_empty(), "{text}: `{}` is left over", p.rest());
    ty
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text[self.at..].trim_start()
    }

    /// Skips `token` if it comes next.
    fn eat(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest().strip_prefix(token) else {
            return false;
        };
        self.at = self.text.len() - rest.len();
        true
    }

    fn expect(&mut self, token: &str) {
        assert!(
            self.eat(token),
            "{}: `{token}` expected at `{}`",
            self.text,
            self.rest()
        );
    }

    /// An identifier, with package name.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(rest.len());
        assert!(end > 0, "{}: a name expected at `{rest}`", self.text);
        self.at = self.text.len() - rest.len() + end;
        &rest[..end]
    }

    fn ty(&mut self) -> Go {
        if self.eat("*") {
            return Go::Ptr(Box::new(self.ty()));
        }
        if self.eat("[]") {
            return Go::Slice(Box::new(self.ty()));
        }
        if self.eat("[") {
            let n = self
                .word()
                .parse()
                .unwrap_or_else(|_| panic!("{}: bad array length", self.text));
            self.expect("]");
            return Go::Array(n, Box::new(self.ty()));
        }
        if self.rest().starts_with("func(") {
            self.expect("func");
            return self.signature();
        }
        match self.word() {
            "struct" => self.structure(),
            "interface" => self.interface(),
            name => Go::Named(name.to_string()),
        }
    }

    fn list(&mut self) -> Vec<Go> {
        let mut items = Vec::new();
        while !self.eat(")") {
            items.push(self.ty());
            self.eat(",");
        }
        items
    }

    fn signature(&mut self) -> Go {
        self.expect("(");
        let params = self.list();
        let results = match self.rest().chars().next() {
            Some('(') => {
                self.expect("(");
                self.list()
            }
            None | Some(';' | '}' | ',' | ')') => Vec::new(),
            Some(_) => vec![self.ty()],
        };
        Go::Func(params, results)
    }

    fn structure(&mut self) -> Go {
        let mut fields = Vec::new();
        self.expect("{");
        while !self.eat("}") {
            let start = self.at;
            let word = self.word();
            let name = if self.rest().starts_with([';', '}']) {
                // Nothing but a type: an embedded field.
                self.at = start;
                None
            } else {
                Some(word.to_string())
            };
            fields.push(Field {
                name,
                ty: self.ty(),
            });
            self.eat(";");
        }
        Go::Struct(fields)
    }

    fn interface(&mut self) -> Go {
        let mut methods = Vec::new();
        self.expect("{");
        while !self.eat("}") {
            let name = self.word().to_string();
            methods.push((name, self.signature()));
            self.eat(";");
        }
        Go::Interface(methods)
    }
}
