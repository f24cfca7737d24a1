//! Go types, as the compiler writes them in symbol names and as Go source has them in signatures.

use std::fmt;
use std::str::FromStr;

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

/// A parameter or result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    pub name: Option<String>,
    pub ty: Go,
}

/// A signature with the names of its parameters, which are no part of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub receiver: Option<Param>,
    pub params: Vec<Param>,
    pub results: Vec<Param>,
}

/// Parses one type; panics with the text where it is none.
pub fn parse(text: &str) -> Go {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

impl FromStr for Go {
    type Err = String;

    fn from_str(text: &str) -> Result<Self> {
        let mut p = Parser { text, at: 0 };
        let ty = p.ty()?;
        p.end()?;
        Ok(ty)
    }
}

impl FromStr for Signature {
    type Err = String;

    /// `func(...) ...`, behind a receiver in parentheses if it is a method.
    fn from_str(text: &str) -> Result<Self> {
        let mut p = Parser { text, at: 0 };
        let receiver = if p.eat("(") {
            let mut list = p.list()?;
            match (list.pop(), list.is_empty()) {
                (Some(one), true) => Some(one),
                _ => return Err(format!("{text}: a method has one receiver")),
            }
        } else {
            None
        };
        if p.name() != Some("func") {
            return Err(format!(
                "{text}: no signature; write `func(a T) R`, or `(T) func(a T) R` for a method"
            ));
        }
        let (params, results) = p.signature()?;
        p.end()?;
        Ok(Self {
            receiver,
            params,
            results,
        })
    }
}

type Result<T> = std::result::Result<T, String>;

/// What begins a type although it looks like a name.
const KEYWORDS: [&str; 5] = ["chan", "func", "interface", "map", "struct"];

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

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.eat(token) {
            Ok(())
        } else {
            self.expected(&format!("`{token}`"))
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        Err(match self.rest() {
            "" => format!("{}: {what} expected at the end", self.text),
            rest => format!("{}: {what} expected at `{rest}`", self.text),
        })
    }

    fn end(&self) -> Result<()> {
        match self.rest() {
            "" => Ok(()),
            rest => Err(format!("{}: `{rest}` is left over", self.text)),
        }
    }

    /// An identifier, with package name, if one comes next.
    fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(rest.len());
        if end == 0 || rest.starts_with(|c: char| c.is_numeric() || c == '.') {
            return None;
        }
        self.at = self.text.len() - rest.len() + end;
        Some(&rest[..end])
    }

    fn ty(&mut self) -> Result<Go> {
        if self.eat("*") {
            return Ok(Go::Ptr(Box::new(self.ty()?)));
        }
        if self.eat("[") {
            let Some((len, _)) = self.rest().split_once(']') else {
                return self.expected("`]`");
            };
            self.eat(len);
            self.expect("]")?;
            let elem = Box::new(self.ty()?);
            return match len.trim() {
                "" => Ok(Go::Slice(elem)),
                len => match len.parse() {
                    Ok(n) => Ok(Go::Array(n, elem)),
                    Err(_) => Err(format!("{}: `{len}` is no length of an array", self.text)),
                },
            };
        }
        match self.name() {
            None => self.expected("a type"),
            Some("struct") => self.structure(),
            Some("interface") => self.interface(),
            Some("func") => Ok(func(self.signature()?)),
            Some(kind @ ("chan" | "map")) => Err(format!(
                "{}: no descriptor or signature here has a type of `{kind}`; \
                 name what it points to, such as `*runtime.hchan`",
                self.text
            )),
            Some(name) => Ok(named(name)),
        }
    }

    /// A list of parameters or results up to its `)`. Either all have names or none has, and names
    /// before a comma take the type of the next: a word alone is a name in the one kind of list and
    /// a type in the other.
    fn list(&mut self) -> Result<Vec<Param>> {
        let mut items = Vec::new();
        while !self.eat(")") {
            items.push(self.item()?);
            if !self.eat(",") && !self.rest().starts_with(')') {
                return self.expected("`,` or `)`");
            }
        }
        let with_names = items.iter().any(|i| matches!(i, (Some(_), Some(_))));
        let mut params = Vec::new();
        let mut following = None;
        for (word, ty) in items.into_iter().rev() {
            let (name, ty) = match (word, ty) {
                (Some(word), None) if !with_names => (None, named(word)),
                (None, Some(ty)) if with_names => {
                    return Err(format!(
                        "{}: `{ty}` has no name, but others of its list have; use `_`",
                        self.text
                    ));
                }
                (Some(word), _) if word.contains('.') => {
                    return Err(format!("{}: `{word}` is no name of a parameter", self.text));
                }
                (word, Some(ty)) => (word, ty),
                (Some(word), None) => match &following {
                    Some(ty) => (Some(word), Go::clone(ty)),
                    None => return Err(format!("{}: `{word}` has no type", self.text)),
                },
                (None, None) => unreachable!("an item is a word, a type, or both"),
            };
            following = Some(ty.clone());
            params.push(Param {
                name: name.map(String::from),
                ty,
            });
        }
        params.reverse();
        Ok(params)
    }

    /// One between the commas of a list: a word, a type that is more than a word, or both.
    fn item(&mut self) -> Result<(Option<&'a str>, Option<Go>)> {
        let start = self.at;
        match self.name() {
            Some(word) if !KEYWORDS.contains(&word) => {
                let alone = self.rest().starts_with([',', ')']);
                let ty = if alone { None } else { Some(self.ty()?) };
                Ok((Some(word), ty))
            }
            _ => {
                self.at = start;
                Ok((None, Some(self.ty()?)))
            }
        }
    }

    /// Parameters and results behind `func` or the name of a method.
    fn signature(&mut self) -> Result<(Vec<Param>, Vec<Param>)> {
        self.expect("(")?;
        let params = self.list()?;
        let results = match self.rest().chars().next() {
            Some('(') => {
                self.expect("(")?;
                self.list()?
            }
            None | Some(';' | '}' | ',' | ')') => Vec::new(),
            Some(_) => vec![Param {
                name: None,
                ty: self.ty()?,
            }],
        };
        Ok((params, results))
    }

    /// What stands between `{` and `}`, apart by semicolons.
    fn block<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = Vec::new();
        self.expect("{")?;
        while !self.eat("}") {
            items.push(one(self)?);
            if !self.eat(";") && !self.rest().starts_with('}') {
                return self.expected("`;` or `}`");
            }
        }
        Ok(items)
    }

    fn structure(&mut self) -> Result<Go> {
        let field = |p: &mut Self| {
            let start = p.at;
            let word = p.name();
            let name = if p.rest().starts_with([';', '}']) {
                // Nothing but a type: an embedded field.
                p.at = start;
                None
            } else {
                word.map(String::from)
            };
            Ok(Field { name, ty: p.ty()? })
        };
        Ok(Go::Struct(self.block(field)?))
    }

    fn interface(&mut self) -> Result<Go> {
        let method = |p: &mut Self| match p.name() {
            Some(name) => Ok((name.to_string(), func(p.signature()?))),
            None => p.expected("a method"),
        };
        Ok(Go::Interface(self.block(method)?))
    }
}

/// The type that a word stands for.
fn named(word: &str) -> Go {
    // Aliases, which symbol names never have.
    Go::Named(String::from(match word {
        "byte" => "uint8",
        "rune" => "int32",
        _ => word,
    }))
}

/// The type of a function: names of parameters are no part of it.
fn func((params, results): (Vec<Param>, Vec<Param>)) -> Go {
    let types = |list: Vec<Param>| list.into_iter().map(|p| p.ty).collect();
    Go::Func(types(params), types(results))
}
