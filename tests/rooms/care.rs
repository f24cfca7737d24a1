//! How unsafe code is written, and what is public: figures that are printed, not judged.

use crate::source::{Texts, Tree};
use std::fmt::Write as _;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ImplItemFn, Item, ItemFn, ItemImpl, Macro, Signature, Stmt, Visibility};

/// Longest line of code.
const COLUMNS: usize = 120;
/// A comment of so few words says that something is safe, not why.
const FEW_WORDS: usize = 5;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Care {
    pub lines: usize,
    pub long: usize,
    pub public: usize,
    pub asserts: usize,
    /// Blocks, functions and implementations.
    pub sites: usize,
    pub blocks: usize,
    /// Blocks that are all there is of a function.
    pub whole: usize,
    pub functions: usize,
    /// Unsafe functions whose documentation has a section on safety.
    pub told: usize,
    pub comments: usize,
    pub short: usize,
}

impl Care {
    /// What is in these files, tests left out.
    pub fn of(tree: &Tree, sources: &Texts) -> Self {
        let mut care = Self::default();
        for (path, (file, _)) in &tree.files {
            care.text(&sources[path]);
            care.visit_file(file);
        }
        care
    }

    fn text(&mut self, text: &str) {
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            self.lines += 1;
            let Some(why) = line.strip_prefix("// SAFETY:") else {
                self.long += usize::from(!line.starts_with("//") && line.chars().count() > COLUMNS);
                continue;
            };
            let mut words = why.split_whitespace().count();
            while let Some(more) = lines.next_if(|l| l.starts_with("//")) {
                self.lines += 1;
                words += more.split_whitespace().count() - 1;
            }
            self.comments += 1;
            self.short += usize::from(words <= FEW_WORDS);
        }
    }

    fn function(&mut self, attrs: &[syn::Attribute], sig: &Signature, body: &Block) {
        if sig.unsafety.is_some() {
            self.sites += 1;
            self.functions += 1;
            self.told += usize::from(attrs.iter().any(is_safety_section));
        }
        if let [Stmt::Expr(Expr::Unsafe(_), _)] = &body.stmts[..] {
            self.whole += 1;
        }
    }

    /// As lines of a table.
    pub fn table(&self) -> String {
        let per_thousand = |n: usize| format!("{:.1}", n as f64 * 1000.0 / self.lines as f64);
        let percent = |n: usize, of: usize| format!("{} %", (n * 100 + of / 2) / of.max(1));
        let rows = [
            ("unsafe sites per thousand lines", per_thousand(self.sites)),
            (
                "blocks that are a whole body",
                percent(self.whole, self.blocks),
            ),
            (
                "safety comments of five words",
                percent(self.short, self.comments),
            ),
            (
                "unsafe fns with a Safety section",
                percent(self.told, self.functions),
            ),
            (
                "debug_assert per thousand lines",
                per_thousand(self.asserts),
            ),
            ("pub items", self.public.to_string()),
            ("code lines over 120 columns", self.long.to_string()),
        ];
        rows.iter().fold(String::new(), |mut s, (what, figure)| {
            let _ = writeln!(s, "{what:32} {figure:>24}");
            s
        })
    }
}

fn is_safety_section(attr: &syn::Attribute) -> bool {
    let syn::Meta::NameValue(pair) = &attr.meta else {
        return false;
    };
    let Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(text),
        ..
    }) = &pair.value
    else {
        return false;
    };
    pair.path.is_ident("doc") && text.value().trim() == "# Safety"
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| {
        a.path().is_ident("cfg")
            && a.parse_args::<syn::Path>()
                .is_ok_and(|p| p.is_ident("test"))
    })
}

fn visibility(item: &Item) -> Option<&Visibility> {
    match item {
        Item::Const(i) => Some(&i.vis),
        Item::Enum(i) => Some(&i.vis),
        Item::Fn(i) => Some(&i.vis),
        Item::Mod(i) => Some(&i.vis),
        Item::Static(i) => Some(&i.vis),
        Item::Struct(i) => Some(&i.vis),
        Item::Trait(i) => Some(&i.vis),
        Item::Type(i) => Some(&i.vis),
        Item::Union(i) => Some(&i.vis),
        _ => None,
    }
}

impl<'a> Visit<'a> for Care {
    fn visit_item(&mut self, item: &'a Item) {
        if let Item::Mod(m) = item
            && is_test(&m.attrs)
        {
            return;
        }
        if let Some(Visibility::Public(_)) = visibility(item) {
            self.public += 1;
        }
        visit::visit_item(self, item);
    }
    fn visit_item_fn(&mut self, f: &'a ItemFn) {
        self.function(&f.attrs, &f.sig, &f.block);
        visit::visit_item_fn(self, f);
    }
    fn visit_impl_item_fn(&mut self, f: &'a ImplItemFn) {
        if matches!(f.vis, Visibility::Public(_)) {
            self.public += 1;
        }
        self.function(&f.attrs, &f.sig, &f.block);
        visit::visit_impl_item_fn(self, f);
    }
    fn visit_item_impl(&mut self, i: &'a ItemImpl) {
        self.sites += usize::from(i.unsafety.is_some());
        visit::visit_item_impl(self, i);
    }
    fn visit_expr_unsafe(&mut self, e: &'a syn::ExprUnsafe) {
        self.sites += 1;
        self.blocks += 1;
        visit::visit_expr_unsafe(self, e);
    }
    fn visit_macro(&mut self, m: &'a Macro) {
        let name = m.path.segments.last().map(|s| s.ident.to_string());
        self.asserts += usize::from(name.is_some_and(|n| n.starts_with("debug_assert")));
        visit::visit_macro(self, m);
    }
}
