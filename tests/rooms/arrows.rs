//! The arrows between files: who names an item of whom.
//!
//! A `use` counts, a re-export too, and so does every path in code and in the tokens of macros,
//! each to the file that defines the item, however many re-exports are between. The name of a
//! module alone does not count, what is named through it does. A function that is declared in an
//! `extern` block counts as an item of the file that exports it. What is called as a method names
//! no file and is not seen; nor are attributes.

use crate::source::{Names, Path, Scope, Target, Tree, attributes, each_use, only_in_tests, plain};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Stmt};

/// From one file to another: the names.
pub type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// What is read out of the sources.
#[derive(Debug, Default)]
pub struct Found {
    /// All arrows.
    pub arrows: Arrows,
    /// Those of `use` alone, with the modules that it names.
    pub imports: Arrows,
    /// Numbers of system calls, by file.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// Statics of type `Hook`: file and name.
    pub hooks: BTreeSet<(String, String)>,
    /// Paths that lead nowhere: the reader errs, or the source does not compile.
    pub errors: Vec<String>,
}

impl Found {
    /// Reads all files of the tree.
    pub fn read(tree: &Tree) -> Self {
        let mut found = Self::default();
        for (path, (parsed, module)) in &tree.files {
            let mut reader = Reader {
                tree,
                file: path,
                module: *module,
                blocks: Vec::new(),
                inline: BTreeMap::new(),
                found: &mut found,
            };
            for item in &parsed.items {
                reader.visit_item(item);
            }
        }
        found
    }
}

struct Reader<'a> {
    tree: &'a Tree,
    file: &'a str,
    module: usize,
    blocks: Vec<Names>,
    /// Inline modules that were met, by the module that they are in.
    inline: BTreeMap<usize, usize>,
    found: &'a mut Found,
}

impl Reader<'_> {
    fn resolve(&mut self, path: &Path) -> Vec<Target> {
        let scope = Scope {
            module: self.module,
            blocks: &self.blocks,
        };
        let mut targets = self.tree.resolve(&scope, path);
        targets.retain(|t| {
            if let Target::Missing(path) = t {
                let file = self.file;
                self.found.errors.push(format!("{file}: {path} is nowhere"));
            }
            !matches!(t, Target::Missing(_))
        });
        targets
    }

    fn arrow(&mut self, file: &str, name: &str, import: bool) {
        if file == self.file {
            return;
        }
        let ends = (String::from(self.file), String::from(file));
        let found = &mut *self.found;
        if import {
            let names = found.imports.entry(ends.clone()).or_default();
            names.insert(String::from(name));
        }
        let names = found.arrows.entry(ends).or_default();
        names.insert(String::from(name));
    }

    fn path(&mut self, path: &Path, import: bool) {
        for target in self.resolve(path) {
            match target {
                Target::Item { file, name } => self.arrow(&file, &name, import),
                Target::Module(m) if import => {
                    let tree = self.tree;
                    let to = &tree.modules[m].file;
                    if to != self.file {
                        let ends = (String::from(self.file), to.clone());
                        let names = self.found.imports.entry(ends).or_default();
                        names.insert(String::from(path.last()));
                    }
                }
                _ => {}
            }
        }
    }

    fn ident(&mut self, ident: &str) {
        if ident.starts_with("SYS_") {
            let calls = self.found.calls.entry(String::from(self.file)).or_default();
            calls.insert(String::from(ident));
        }
    }

    /// Paths in tokens that nobody has parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(g) => {
                    self.tokens(g.stream());
                    at += 1;
                }
                TokenTree::Ident(_) => {
                    let (path, after) = path_at(&tokens, at);
                    for segment in &path.segments {
                        self.ident(segment);
                    }
                    if begins_path(&tokens, at) {
                        self.path(&path, false);
                    }
                    at = after;
                    if is_separator(&tokens, at)
                        && let Some(TokenTree::Group(g)) = tokens.get(at + 2)
                        && g.delimiter() == Delimiter::Brace
                    {
                        self.group(&path, g.stream());
                        at += 3;
                    }
                }
                _ => at += 1,
            }
        }
    }

    /// The rest of a `use` in tokens: what is in the braces behind `before::`.
    fn group(&mut self, before: &Path, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if matches!(tokens[at], TokenTree::Ident(_)) {
                let (mut path, after) = path_at(&tokens, at);
                path.segments.splice(0..0, before.segments.iter().cloned());
                for segment in &path.segments {
                    self.ident(segment);
                }
                self.path(&path, false);
                at = after;
                if let Some(TokenTree::Group(g)) = tokens.get(at + 2) {
                    self.group(&path, g.stream());
                }
            }
            // Past a new name and the braces, to the next.
            while at < tokens.len() && !is_punct(&tokens[at], ',') {
                at += 1;
            }
            at += 1;
        }
    }
}

/// The path that begins at an identifier, and where it ends.
fn path_at(tokens: &[TokenTree], mut at: usize) -> (Path, usize) {
    let mut segments = Vec::new();
    while let Some(TokenTree::Ident(i)) = tokens.get(at) {
        segments.push(plain(i));
        at += 1;
        if !(is_separator(tokens, at) && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))) {
            break;
        }
        at += 2;
    }
    let path = Path {
        leading: false,
        segments,
    };
    (path, at)
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == c)
}

/// `::`
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':' && p.spacing() == Spacing::Joint)
        && tokens.get(at + 1).is_some_and(|t| is_punct(t, ':'))
}

/// The identifier at `at` is no field, lifetime or parameter of a macro. What is behind `>::` or
/// such a parameter nobody can follow, and a leading `::` is another crate.
fn begins_path(tokens: &[TokenTree], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else {
        return true;
    };
    let range = before > 0 && is_punct(&tokens[before - 1], '.');
    let crate_root = matches!(&tokens[at], TokenTree::Ident(i) if i == "crate");
    match &tokens[before] {
        TokenTree::Punct(p) => match p.as_char() {
            '$' => crate_root,
            '.' => range,
            '\'' => false,
            ':' => before == 0 || !is_separator(tokens, before - 1),
            _ => true,
        },
        _ => true,
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        if only_in_tests(attributes(item)) {
            return;
        }
        match item {
            Item::Mod(m) => {
                let Some((_, items)) = &m.content else { return };
                if !self.blocks.is_empty() {
                    let file = self.file;
                    let name = &m.ident;
                    let error = format!("{file}: module {name} in a function is not understood");
                    return self.found.errors.push(error);
                }
                let met = self.inline.entry(self.module).or_default();
                let module = self.tree.modules[self.module].inline[*met];
                *met += 1;
                let around = std::mem::replace(&mut self.module, module);
                let blocks = std::mem::take(&mut self.blocks);
                items.iter().for_each(|i| self.visit_item(i));
                self.module = around;
                self.blocks = blocks;
                return;
            }
            Item::Use(u) => each_use(u, &mut |path, _, _| self.path(&path, true)),
            Item::Static(s) => {
                if let syn::Type::Path(t) = &*s.ty
                    && t.path.segments.last().is_some_and(|s| s.ident == "Hook")
                {
                    let hook = (String::from(self.file), plain(&s.ident));
                    self.found.hooks.insert(hook);
                }
            }
            Item::ForeignMod(f) => {
                for item in &f.items {
                    if let syn::ForeignItem::Fn(f) = item {
                        let name = symbol(&f.attrs).unwrap_or_else(|| plain(&f.sig.ident));
                        if let Some((file, name)) = self.tree.exports.get(&name) {
                            let (file, name) = (file.clone(), name.clone());
                            self.arrow(&file, &name, false);
                        }
                    }
                }
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        let items = block.stmts.iter().filter_map(|s| match s {
            Stmt::Item(i) => Some(i),
            _ => None,
        });
        self.blocks.push(Names::of(items));
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.path(&Path::of(path), false);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, m: &'a syn::Macro) {
        self.visit_path(&m.path);
        self.tokens(m.tokens.clone());
    }

    fn visit_ident(&mut self, ident: &'a syn::Ident) {
        self.ident(&plain(ident));
    }

    fn visit_impl_item(&mut self, item: &'a syn::ImplItem) {
        let attrs = match item {
            syn::ImplItem::Const(i) => &i.attrs,
            syn::ImplItem::Fn(i) => &i.attrs,
            syn::ImplItem::Type(i) => &i.attrs,
            syn::ImplItem::Macro(i) => &i.attrs,
            _ => return,
        };
        if !only_in_tests(attrs) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'a syn::Field) {
        if !only_in_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let attrs: &[Attribute] = match stmt {
            Stmt::Local(l) => &l.attrs,
            Stmt::Macro(m) => &m.attrs,
            Stmt::Expr(e, _) => match e {
                syn::Expr::Block(e) => &e.attrs,
                syn::Expr::Call(e) => &e.attrs,
                syn::Expr::If(e) => &e.attrs,
                syn::Expr::MethodCall(e) => &e.attrs,
                syn::Expr::Return(e) => &e.attrs,
                syn::Expr::Unsafe(e) => &e.attrs,
                _ => &[],
            },
            Stmt::Item(_) => &[],
        };
        if !only_in_tests(attrs) {
            visit::visit_stmt(self, stmt);
        }
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        if !only_in_tests(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    // `pub(in path)` asks for nothing, and attributes are the compiler's.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}
    fn visit_attribute(&mut self, _: &'a Attribute) {}
}

/// The symbol that `#[link_name = "..."]` gives.
fn symbol(attrs: &[Attribute]) -> Option<String> {
    attrs.iter().find_map(|a| match &a.meta {
        syn::Meta::NameValue(v) if v.path.is_ident("link_name") => match &v.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(s),
                ..
            }) => Some(s.value()),
            _ => None,
        },
        _ => None,
    })
}
