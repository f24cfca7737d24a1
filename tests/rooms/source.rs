//! The sources as a tree of modules, and what names mean in them.
//!
//! What exists only in tests (`cfg(test)`) is left out, with the files that only such modules lead
//! to. Of what a macro makes no more is known than the identifiers in its call and in its rules:
//! where a module calls one, those of them that it lacks count as its own.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, ForeignItem, Item, Meta, Token, UseTree};

/// Texts by path below `src`.
pub type Texts = BTreeMap<String, String>;

/// A path as written: `leading` if it begins with `::`, so with the name of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub leading: bool,
    pub segments: Vec<String>,
}

impl Path {
    /// The path of an AST, without generic arguments.
    pub fn of(path: &syn::Path) -> Self {
        Self {
            leading: path.leading_colon.is_some(),
            segments: path.segments.iter().map(|s| plain(&s.ident)).collect(),
        }
    }
    pub fn last(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }
}

/// What a name stands for.
#[derive(Debug, Clone)]
enum Def {
    Module(usize),
    /// An item of the module that the name is in.
    Item,
    /// An item of another module, as macros are that are exported.
    ItemOf(usize),
    Import(Path),
}

/// The names of a module or a block.
#[derive(Debug, Default)]
pub struct Names {
    defs: HashMap<String, Vec<Def>>,
    globs: Vec<Path>,
}

/// A module, in a file of its own or not.
#[derive(Debug, Default)]
pub struct Module {
    pub file: String,
    parent: usize,
    names: Names,
    /// A file that the build writes is part of it: what it lacks is there.
    includes: bool,
    /// Modules in the same file, in their order there.
    pub inline: Vec<usize>,
    /// Macros called where items stand, and the identifiers in those calls.
    macros: Vec<String>,
    idents: BTreeSet<String>,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Module(usize),
    Item {
        file: String,
        name: String,
    },
    /// Another crate, the prelude, a type parameter, a local variable.
    Outside,
    /// A module does not have the next name.
    Missing(String),
}

impl Target {
    fn module(&self) -> Option<usize> {
        match self {
            Self::Module(m) => Some(*m),
            _ => None,
        }
    }
}

/// Where a path is written: a module, and the blocks of function bodies around it.
pub struct Scope<'a> {
    pub module: usize,
    pub blocks: &'a [Names],
}

/// All modules. The first is the crate's root.
#[derive(Default)]
pub struct Tree {
    pub modules: Vec<Module>,
    /// Parsed files by path, and the module that each is.
    pub files: BTreeMap<String, (syn::File, usize)>,
    /// Symbols that functions are exported as: file and name.
    pub exports: HashMap<String, (String, String)>,
    /// What is wrong with the tree itself.
    pub errors: Vec<String>,
    tests: BTreeSet<String>,
    rules: HashMap<String, BTreeSet<String>>,
}

impl Tree {
    /// Reads the modules from `lib.rs` on.
    pub fn read(texts: &Texts) -> Self {
        let mut tree = Self::default();
        tree.load(texts, "lib.rs", 0);
        for path in texts.keys() {
            if !tree.files.contains_key(path) && !tree.tests.contains(path) {
                tree.errors.push(format!("{path}: no module leads to it"));
            }
        }
        tree
    }

    fn load(&mut self, texts: &Texts, path: &str, parent: usize) -> Option<usize> {
        let parsed = match texts.get(path).map(|t| syn::parse_file(t)) {
            Some(Ok(file)) => file,
            Some(Err(e)) => {
                self.errors.push(format!("{path}: {e}"));
                return None;
            }
            None => {
                self.errors.push(format!("{path}: there is no such file"));
                return None;
            }
        };
        let module = self.add(path, parent);
        self.collect(texts, &parsed.items, module, &children(path));
        self.files.insert(String::from(path), (parsed, module));
        Some(module)
    }

    fn add(&mut self, file: &str, parent: usize) -> usize {
        self.modules.push(Module {
            file: String::from(file),
            parent,
            ..Module::default()
        });
        self.modules.len() - 1
    }

    fn collect(&mut self, texts: &Texts, items: &[Item], module: usize, folder: &str) {
        let file = self.modules[module].file.clone();
        for item in items {
            if only_in_tests(attributes(item)) {
                if let Item::Mod(m) = item {
                    self.leave_out(texts, m, &file, folder);
                }
                continue;
            }
            match item {
                Item::Mod(m) => {
                    let name = plain(&m.ident);
                    let child = match &m.content {
                        Some((_, items)) => {
                            let child = self.add(&file, module);
                            self.modules[module].inline.push(child);
                            self.collect(texts, items, child, &join(folder, &name));
                            Some(child)
                        }
                        None => self.load(texts, &file_of(texts, m, &file, folder), module),
                    };
                    if let Some(child) = child {
                        self.modules[module].names.add(&name, Def::Module(child));
                    }
                }
                Item::Macro(m) => self.collect_macro(m, module),
                Item::Fn(f) => {
                    self.export(&f.attrs, &plain(&f.sig.ident), module);
                    self.modules[module].names.declare(item);
                }
                _ => self.modules[module].names.declare(item),
            }
        }
    }

    fn collect_macro(&mut self, m: &syn::ItemMacro, module: usize) {
        let mut idents = BTreeSet::new();
        identifiers(m.mac.tokens.clone(), &mut idents);
        let Some(name) = &m.ident else {
            let name = Path::of(&m.mac.path);
            let here = &mut self.modules[module];
            here.includes |= name.last() == "include";
            here.macros.push(String::from(name.last()));
            here.idents.append(&mut idents);
            return;
        };
        let name = plain(name);
        self.rules
            .entry(name.clone())
            .or_default()
            .append(&mut idents);
        self.modules[module].names.add(&name, Def::Item);
        if module != 0 && m.attrs.iter().any(|a| a.path().is_ident("macro_export")) {
            self.modules[0].names.add(&name, Def::ItemOf(module));
        }
    }

    /// Notes the files of a module that exists only in tests.
    fn leave_out(&mut self, texts: &Texts, m: &syn::ItemMod, file: &str, folder: &str) {
        let mut below = |items: &[Item], file: &str, folder: &str| {
            for item in items {
                if let Item::Mod(m) = item {
                    self.leave_out(texts, m, file, folder);
                }
            }
        };
        if let Some((_, items)) = &m.content {
            return below(items, file, &join(folder, &plain(&m.ident)));
        }
        let path = file_of(texts, m, file, folder);
        if let Some(Ok(parsed)) = texts.get(&path).map(|t| syn::parse_file(t)) {
            below(&parsed.items, &path, &children(&path));
        }
        self.tests.insert(path);
    }

    fn export(&mut self, attrs: &[Attribute], name: &str, module: usize) {
        for attr in attrs {
            // `#[unsafe(no_mangle)]`, `#[unsafe(export_name = "...")]`
            let Meta::List(list) = &attr.meta else {
                continue;
            };
            let symbol = match list.parse_args::<Meta>() {
                Ok(Meta::Path(p)) if p.is_ident("no_mangle") => String::from(name),
                Ok(Meta::NameValue(v)) if v.path.is_ident("export_name") => match v.value {
                    syn::Expr::Lit(syn::ExprLit {
                        lit: syn::Lit::Str(s),
                        ..
                    }) => s.value(),
                    _ => continue,
                },
                _ => continue,
            };
            let file = self.modules[module].file.clone();
            self.exports.insert(symbol, (file, String::from(name)));
        }
    }

    /// Where a path leads; more than one target where a name is a module and an item, say.
    pub fn resolve(&self, scope: &Scope<'_>, path: &Path) -> Vec<Target> {
        self.walk(scope, path, &mut Vec::new())
    }

    fn walk(&self, scope: &Scope<'_>, path: &Path, seen: &mut Vec<(usize, String)>) -> Vec<Target> {
        let mut segments = path.segments.iter();
        let Some(first) = segments.next().filter(|_| !path.leading) else {
            return vec![Target::Outside];
        };
        let mut here = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(scope.module)],
            "super" => vec![Target::Module(self.modules[scope.module].parent)],
            name => self.lexical(scope, name, seen),
        };
        if here.is_empty() {
            return vec![Target::Outside];
        }
        for segment in segments {
            // Several where two are twins under different `cfg`s.
            let modules: Vec<usize> = here.iter().filter_map(Target::module).collect();
            if modules.is_empty() {
                // What is behind an item is its own: a variant, a method.
                break;
            }
            let member = |module: usize| match segment.as_str() {
                "super" => vec![Target::Module(self.modules[module].parent)],
                "self" => vec![Target::Module(module)],
                name => self.member(module, name, seen),
            };
            here = modules.into_iter().flat_map(member).collect();
            if here.is_empty() {
                return vec![Target::Missing(path.segments.join("::"))];
            }
        }
        here.sort();
        here.dedup();
        here
    }

    /// What a first name means: in the blocks from the innermost on, then in the module. Nothing:
    /// it is not ours.
    fn lexical(
        &self,
        scope: &Scope<'_>,
        name: &str,
        seen: &mut Vec<(usize, String)>,
    ) -> Vec<Target> {
        for (depth, block) in scope.blocks.iter().enumerate().rev() {
            // Blocks are told from modules by numbers from the other end.
            let around = Scope {
                module: scope.module,
                blocks: &scope.blocks[..=depth],
            };
            let found = self.named(block, &around, usize::MAX - depth, name, seen);
            if !found.is_empty() {
                return found;
            }
        }
        let found = self.member(scope.module, name, seen);
        if !found.is_empty() {
            return found;
        }
        // The rules of a macro are known in the modules below it, too.
        let mut module = scope.module;
        while self.rules.contains_key(name) && module != self.modules[module].parent {
            module = self.modules[module].parent;
            let found = self.member(module, name, seen);
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    fn member(&self, module: usize, name: &str, seen: &mut Vec<(usize, String)>) -> Vec<Target> {
        let here = &self.modules[module];
        let scope = Scope {
            module,
            blocks: &[],
        };
        let mut found = self.named(&here.names, &scope, module, name, seen);
        let made = || {
            here.includes
                || here.idents.contains(name)
                || here
                    .macros
                    .iter()
                    .any(|m| self.rules.get(m).is_some_and(|r| r.contains(name)))
        };
        if found.is_empty() && !here.names.defs.contains_key(name) && made() {
            found.push(self.item(module, name));
        }
        found
    }

    fn item(&self, module: usize, name: &str) -> Target {
        Target::Item {
            file: self.modules[module].file.clone(),
            name: String::from(name),
        }
    }

    fn named(
        &self,
        names: &Names,
        scope: &Scope<'_>,
        number: usize,
        name: &str,
        seen: &mut Vec<(usize, String)>,
    ) -> Vec<Target> {
        let asked = (number, String::from(name));
        // Asked for while it is looked up: `use sema::sema` begins with the module.
        let again = seen.contains(&asked);
        seen.push(asked);
        let mut found = Vec::new();
        for def in names.defs.get(name).into_iter().flatten() {
            match def {
                Def::Module(m) => found.push(Target::Module(*m)),
                Def::Item => found.push(self.item(scope.module, name)),
                Def::ItemOf(m) => found.push(self.item(*m, name)),
                Def::Import(_) if again => {}
                Def::Import(path) => found.extend(self.walk(scope, path, seen)),
            }
        }
        if found.is_empty() && !again {
            for glob in &names.globs {
                for target in self.walk(scope, glob, seen) {
                    if let Target::Module(m) = target {
                        found.extend(self.member(m, name, seen));
                    }
                }
            }
        }
        seen.pop();
        found
    }
}

impl Names {
    /// The names that the items of a block declare.
    pub fn of<'a>(items: impl Iterator<Item = &'a Item>) -> Self {
        let mut names = Self::default();
        for item in items.filter(|i| !only_in_tests(attributes(i))) {
            names.declare(item);
        }
        names
    }

    fn add(&mut self, name: &str, def: Def) {
        self.defs.entry(String::from(name)).or_default().push(def);
    }

    fn declare(&mut self, item: &Item) {
        let ident = match item {
            Item::Const(i) => &i.ident,
            Item::Enum(i) => &i.ident,
            Item::Fn(i) => &i.sig.ident,
            Item::Static(i) => &i.ident,
            Item::Struct(i) => &i.ident,
            Item::Trait(i) => &i.ident,
            Item::TraitAlias(i) => &i.ident,
            Item::Type(i) => &i.ident,
            Item::Union(i) => &i.ident,
            Item::Macro(i) => match &i.ident {
                Some(ident) => ident,
                None => return,
            },
            Item::ForeignMod(f) => {
                for item in &f.items {
                    match item {
                        ForeignItem::Fn(i) => self.add(&plain(&i.sig.ident), Def::Item),
                        ForeignItem::Static(i) => self.add(&plain(&i.ident), Def::Item),
                        ForeignItem::Type(i) => self.add(&plain(&i.ident), Def::Item),
                        _ => {}
                    }
                }
                return;
            }
            Item::Use(u) => {
                each_use(u, &mut |path, name, glob| {
                    if glob {
                        self.globs.push(path);
                    } else {
                        self.add(name, Def::Import(path));
                    }
                });
                return;
            }
            _ => return,
        };
        self.add(&plain(ident), Def::Item);
    }
}

/// Calls `found` for each name of a `use`: the path, the name it gets here, whether it is a glob.
pub fn each_use(item: &syn::ItemUse, found: &mut dyn FnMut(Path, &str, bool)) {
    let start = Path {
        leading: item.leading_colon.is_some(),
        segments: Vec::new(),
    };
    each_leaf(&start, &item.tree, found);
}

fn each_leaf(before: &Path, tree: &UseTree, found: &mut dyn FnMut(Path, &str, bool)) {
    let with = |name: &syn::Ident| {
        let mut path = before.clone();
        // `a::{self}` is `a`
        if name != "self" || path.segments.is_empty() {
            path.segments.push(plain(name));
        }
        path
    };
    match tree {
        UseTree::Path(p) => each_leaf(&with(&p.ident), &p.tree, found),
        UseTree::Name(n) => {
            let path = with(&n.ident);
            let name = String::from(path.last());
            found(path, &name, false);
        }
        UseTree::Rename(r) => found(with(&r.ident), &plain(&r.rename), false),
        UseTree::Glob(_) => found(before.clone(), "", true),
        UseTree::Group(g) => g.items.iter().for_each(|t| each_leaf(before, t, found)),
    }
}

/// The name without `r#`.
pub fn plain(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::ForeignMod(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::TraitAlias(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

/// What has these attributes exists in tests only.
pub fn only_in_tests(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| match &a.meta {
        Meta::Path(p) => p.is_ident("test"),
        Meta::List(l) if l.path.is_ident("cfg") => {
            l.parse_args::<Meta>().is_ok_and(|m| asks_test(&m))
        }
        _ => false,
    })
}

fn asks_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(p) => p.is_ident("test"),
        Meta::List(l) if l.path.is_ident("all") => l
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(asks_test)),
        _ => false,
    }
}

/// The file of a `mod` without a body, declared in `file`, whose modules are in `folder`.
fn file_of(texts: &Texts, m: &syn::ItemMod, file: &str, folder: &str) -> String {
    for attr in &m.attrs {
        if let Meta::NameValue(v) = &attr.meta
            && v.path.is_ident("path")
            && let syn::Expr::Lit(l) = &v.value
            && let syn::Lit::Str(s) = &l.lit
        {
            let beside = file.rsplit_once('/').map_or("", |(before, _)| before);
            return join(beside, &s.value());
        }
    }
    let inside = join(folder, &format!("{}.rs", m.ident));
    if texts.contains_key(&inside) {
        inside
    } else {
        join(folder, &format!("{}/mod.rs", m.ident))
    }
}

/// The folder of the modules that a file declares.
fn children(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "lib.rs" | "mod.rs" => String::from(folder),
        _ => join(folder, name.trim_end_matches(".rs")),
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        String::from(name)
    } else {
        format!("{folder}/{name}")
    }
}

fn identifiers(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(i) => {
                found.insert(plain(&i));
            }
            TokenTree::Group(g) => identifiers(g.stream(), found),
            _ => {}
        }
    }
}
