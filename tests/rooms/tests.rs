//! The law held against small sources, each with one thing in it that must be seen, or must not.

use super::arrows::{Arrows, Found};
use super::care::Care;
use super::law::{self, Broken};
use super::source::{Texts, Tree};

fn texts(files: &[(&str, &str)]) -> Texts {
    files
        .iter()
        .map(|(path, text)| (String::from(*path), String::from(*text)))
        .collect()
}

fn found(files: &[(&str, &str)]) -> Found {
    let tree = Tree::read(&texts(files));
    assert_eq!(tree.errors, Vec::<String>::new());
    let found = Found::read(&tree);
    assert_eq!(found.errors, Vec::<String>::new());
    found
}

fn as_lines(arrows: &Arrows) -> Vec<String> {
    let line = |((from, to), names): (&(String, String), &std::collections::BTreeSet<String>)| {
        format!(
            "{from} -> {to}: {}",
            names.iter().cloned().collect::<Vec<_>>().join(", ")
        )
    };
    arrows.iter().map(line).collect()
}

/// The arrows of sources whose `lib.rs` only declares their modules.
fn arrows(lib: &str, files: &[(&str, &str)]) -> Vec<String> {
    let files = [&[("lib.rs", lib)], files].concat();
    as_lines(&found(&files).arrows)
}

/// What breaks the law where the rooms are in the order low, high.
fn broken(files: &[(&str, &str)]) -> Vec<String> {
    let table = "//! | storey | room | holds |\n//! |---|---|---|\n//! | one | `low` | this |\n//! | | `high` | that |\n//! | | `os` | calls |\n//! | | `lib` | all |\n";
    let lib = format!("{table}mod low; mod high;");
    let files = [&[("lib.rs", lib.as_str())], files].concat();
    let texts = texts(&files);
    let tree = Tree::read(&texts);
    law::lines(&law::sources(
        &law::order(&lib),
        &texts,
        &tree,
        &found(&files),
    ))
}

#[test]
fn an_import_from_a_later_room_is_found() {
    let high = (
        "high/mod.rs",
        "use crate::low::one;\npub fn two() { one() }",
    );
    assert_eq!(broken(&[("low/mod.rs", "pub fn one() {}"), high]), [""; 0]);
    let low = ("low/mod.rs", "pub fn one() { crate::high::two() }");
    assert_eq!(broken(&[low, high]), ["low/mod.rs -> high/mod.rs: two"]);
}

#[test]
fn a_circle_in_a_room_is_found() {
    let high = ("high/mod.rs", "");
    let files = |a| {
        [
            ("low/mod.rs", "mod a; mod b; mod c;"),
            ("low/a.rs", a),
            ("low/b.rs", "use super::c::C; pub struct B(C);"),
            ("low/c.rs", "pub struct C(*const super::a::A);"),
            high,
        ]
    };
    assert_eq!(broken(&files("pub struct A;")), [""; 0]);
    assert_eq!(
        broken(&files("pub struct A(*const super::b::B);")),
        [
            "low/a.rs -> low/b.rs: B",
            "low/b.rs -> low/c.rs: C",
            "low/c.rs -> low/a.rs: A"
        ]
    );
}

#[test]
fn comments_strings_and_tests_are_left_out() {
    let low = "
        // crate::high::two()
        /* use crate::high::two; */
        /// [`crate::high::two`]
        pub const TEXT: &str = \"crate::high::two()\";
        #[cfg(test)] use crate::high::two;
        #[cfg(all(test, unix))] fn three() { crate::high::two() }
        struct S { #[cfg(test)] two: crate::high::Two }
        impl S { #[cfg(test)] fn two() { crate::high::two() } }
        fn four() { #[cfg(test)] crate::high::two(); #[cfg(test)] let _ = crate::high::two; }
        #[cfg(test)] #[path = \"checks.rs\"] mod tests;
        #[cfg(test)] mod more { mod deep; }
        pub(in crate::low) struct Seen;
    ";
    let tests = "use crate::high::two;";
    let files = [
        ("low/mod.rs", low),
        ("low/checks.rs", tests),
        ("low/more/deep.rs", tests),
        ("high/mod.rs", "pub fn two() {} pub struct Two;"),
    ];
    assert_eq!(broken(&files), [""; 0]);
    let low = "#[cfg(not(test))] use crate::high::two;";
    assert_eq!(
        broken(&[("low/mod.rs", low), files[3]]),
        ["low/mod.rs -> high/mod.rs: two"]
    );
}

#[test]
fn a_reexport_leads_to_where_the_item_is() {
    let files = [
        (
            "a.rs",
            "use crate::face::{Thing, other as mine}; use crate::face; fn f() { face::third::<Thing>(); face::inner::fourth() }",
        ),
        (
            "face/mod.rs",
            "mod one; mod two; pub use one::*; pub use two::{second as other, third}; pub mod inner { pub use super::two::fourth; }",
        ),
        ("face/one.rs", "pub struct Thing;"),
        (
            "face/two.rs",
            "pub fn second() {} pub fn third<T>() {} pub fn fourth() {}",
        ),
    ];
    assert_eq!(
        arrows("mod a; mod face;", &files),
        [
            "a.rs -> face/one.rs: Thing",
            "a.rs -> face/two.rs: fourth, second, third",
            "face/mod.rs -> face/two.rs: fourth, second, third",
        ]
    );
}

#[test]
fn all_forms_of_use_are_understood() {
    let files = [
        ("a/mod.rs", "pub mod b; pub mod c; pub fn a() {}"),
        ("a/b.rs", "use super::c::{self, one, deep::{two as _, three as four}}; use self::inner::five; use core::ptr::null; use super::*; use crate::r#d::Kind::{self, *};
            mod inner { pub use super::super::c::five; pub fn six() { super::four(); crate::a::c::six() } }
            fn f() { c::seven(); a(); null(); c::Type::method(); <c::Eight as c::Nine>::ten(); let _: crate::d::Kind; }"),
        ("a/c.rs", "pub fn one() {} pub fn five() {} pub fn six() {} pub fn seven() {} pub mod deep { pub trait two {} pub fn three() {} } pub struct Type; pub struct Eight; pub trait Nine {}"),
        ("d.rs", "pub enum Kind { X }"),
    ];
    assert_eq!(
        arrows("mod a; mod d;", &files),
        [
            "a/b.rs -> a/c.rs: Eight, Nine, Type, five, one, seven, six, three, two",
            "a/b.rs -> a/mod.rs: a",
            "a/b.rs -> d.rs: Kind",
        ]
    );
}

#[test]
fn names_of_a_block_and_of_its_module_are_told_apart() {
    let files = [
        (
            "a.rs",
            "fn f() { use crate::b::name as it; { it(); } fn other() {} } fn g() { it() } fn it() { other() } use crate::c::other;",
        ),
        ("b.rs", "pub fn name() {}"),
        ("c.rs", "pub fn other() {}"),
    ];
    assert_eq!(
        arrows("mod a; mod b; mod c;", &files),
        ["a.rs -> b.rs: name", "a.rs -> c.rs: other"]
    );
}

#[test]
fn a_module_and_an_item_may_share_a_name() {
    let files = [
        (
            "a.rs",
            "use crate::lock::lock; use crate::lock as again; fn f() { lock(); again::unlock() }",
        ),
        ("lock/mod.rs", "mod lock; pub use lock::{lock, unlock};"),
        ("lock/lock.rs", "pub fn lock() {} pub fn unlock() {}"),
    ];
    assert_eq!(
        arrows("mod a; mod lock;", &files),
        [
            "a.rs -> lock/lock.rs: lock, unlock",
            "lock/mod.rs -> lock/lock.rs: lock, unlock"
        ]
    );
}

#[test]
fn the_tokens_of_macros_are_read() {
    let files = [
        ("a.rs", "use crate::b;
            macro_rules! both { ($f:ident, $t:ty) => { pub fn $f() { $crate::b::one(); $f::five(); <$t>::b(); } use crate::b::{two, c::{three as x}}; const B: u8 = b'b'; }; }
            both! { made, u8 }
            fn f(s: S) { print!(\"{}\", b::four(..b::six)); go!(s.b::<u8>, 'b, ::b::seven); }"),
        ("b.rs", "pub mod c { pub fn three() {} } pub fn one() {} pub fn two() {} pub fn four() {} pub fn five() {} pub const six: u8 = 0; pub fn seven() {}"),
        ("d.rs", "use crate::a::made; fn f() { made(); crate::a::f() }"),
    ];
    assert_eq!(
        arrows("mod a; mod b; mod d;", &files),
        [
            "a.rs -> b.rs: four, one, six, three, two",
            "d.rs -> a.rs: f, made"
        ]
    );
}

#[test]
fn a_macro_of_a_module_above_is_found() {
    let files = [
        (
            "a/mod.rs",
            "macro_rules! twice { ($x:expr) => { $x; $x }; } mod b; mod c;",
        ),
        (
            "a/b.rs",
            "#[macro_export] macro_rules! thrice { () => {}; } fn f() { twice!(1) }",
        ),
        ("a/c.rs", "fn f() { crate::thrice!() }"),
    ];
    assert_eq!(
        arrows("mod a;", &files),
        ["a/b.rs -> a/mod.rs: twice", "a/c.rs -> a/b.rs: thrice"]
    );
}

#[test]
fn what_the_build_writes_belongs_to_the_file_that_includes_it() {
    let files = [
        (
            "a.rs",
            "pub use made::args; mod made { include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\")); }",
        ),
        ("b.rs", "use crate::a::args;"),
    ];
    assert_eq!(arrows("mod a; mod b;", &files), ["b.rs -> a.rs: args"]);
}

#[test]
fn a_function_declared_in_an_extern_block_is_of_the_file_that_exports_it() {
    let files = [
        (
            "a.rs",
            "unsafe extern \"C\" { fn gort_one(); #[link_name = \"go.two\"] fn two(); fn in_assembly(); }",
        ),
        (
            "b.rs",
            "#[unsafe(no_mangle)] pub extern \"C\" fn gort_one() {} #[unsafe(export_name = \"go.two\")] pub extern \"C\" fn second() {}",
        ),
    ];
    assert_eq!(
        arrows("mod a; mod b;", &files),
        ["a.rs -> b.rs: gort_one, second"]
    );
}

#[test]
fn a_path_that_leads_nowhere_and_a_file_without_module_are_errors() {
    let files = texts(&[
        ("lib.rs", "mod a; mod gone;"),
        ("a.rs", "use crate::a::missing;"),
        ("b.rs", ""),
    ]);
    let tree = Tree::read(&files);
    assert_eq!(
        tree.errors,
        [
            "gone/mod.rs: there is no such file",
            "b.rs: no module leads to it"
        ]
    );
    assert_eq!(
        Found::read(&tree).errors,
        ["a.rs: crate::a::missing is nowhere"]
    );
}

#[test]
fn system_calls_belong_to_os() {
    let low = "pub mod sub; use libc::SYS_futex; fn f() { call!(libc::SYS_read); g(libc::SYS_write) } // SYS_close";
    let files = [("low/mod.rs", low), ("low/sub.rs", ""), ("high/mod.rs", "")];
    assert_eq!(
        broken(&files),
        ["low/mod.rs: SYS_futex, SYS_read, SYS_write"]
    );
    let lib = "//! | s | room | h |\n//! |-|-|-|\n//! | | os | |\n//! | | lib | |\nmod os;";
    let texts = texts(&[("lib.rs", lib), ("os.rs", "use libc::SYS_futex;")]);
    let tree = Tree::read(&texts);
    assert_eq!(
        law::sources(&law::order(lib), &texts, &tree, &Found::read(&tree)),
        Broken::new()
    );
}

#[test]
fn a_fourth_hook_and_a_long_face_are_found() {
    let hooks = |n: usize| {
        (0..n)
            .map(|i| format!("static H{i}: fatal::Hook<fn()> = Hook::new();\n"))
            .collect::<String>()
    };
    let files = |low: &str| broken(&[("low/mod.rs", low), ("high/mod.rs", "")]);
    assert_eq!(files(&hooks(3)), [""; 0]);
    assert_eq!(files(&hooks(4)).len(), 1);
    assert_eq!(files(&"\n".repeat(80)), [""; 0]);
    assert_eq!(files(&"\n".repeat(81)), ["low/mod.rs: over 80 lines"]);
}

#[test]
fn a_room_that_the_table_lacks_is_found() {
    let files = texts(&[
        (
            "lib.rs",
            "//! | s | room | h |\n//! |-|-|-|\n//! | | `lib` | |\nmod low;",
        ),
        ("low/mod.rs", ""),
    ]);
    let tree = Tree::read(&files);
    let broken = law::sources(
        &law::order(&files["lib.rs"]),
        &files,
        &tree,
        &Found::default(),
    );
    assert_eq!(
        law::lines(&broken),
        ["low/mod.rs: room low is not in the table of src/lib.rs"]
    );
}

#[test]
fn pages_and_words_follow_their_lists() {
    let mut docs = texts(&[("heap.md", ""), ("gc.md", "")]);
    assert_eq!(law::pages(&docs), Broken::new());
    docs.insert(
        String::from("SUMMARY.md"),
        String::from("- [The heap](heap.md)"),
    );
    assert_eq!(
        law::lines(&law::pages(&docs)),
        ["docs/gc.md: not in docs/SUMMARY.md"]
    );

    let sources = texts(&[
        ("a.rs", "let whoever = 1; // It lets\n// go, whoever it is"),
        ("b.rs", "// Whoeverness; lets go."),
    ]);
    assert_eq!(law::words(&docs, &sources), Broken::new());
    let page = "| say | meaning | not |\n|---|---|---|\n| `caller` | the actor | `whoever`, `lets go` |\n\n`text`\n\n| literature | ours |\n|---|---|\n| g | `go` |\n";
    docs.insert(String::from("words.md"), String::from(page));
    let lines = [
        "a.rs: the word \"whoever\" (docs/words.md)",
        "b.rs: the word \"lets go\" (docs/words.md)",
    ];
    assert_eq!(law::lines(&law::words(&docs, &sources)), lines);
}

#[test]
fn care_is_counted() {
    let low = "/// One.\n///\n/// # Safety\n/// Always.\npub unsafe fn one() {\n    // SAFETY: it is.\n    unsafe { two() }\n}\n\
        unsafe fn two() {\n    debug_assert!(true);\n    // SAFETY: the caller promises that it is called\n    // once, before there is another thread.\n    unsafe { one() };\n}\n\
        #[cfg(test)]\nmod tests {\n    pub fn unsafe_too() { unsafe { super::one() } }\n}\n";
    let texts = texts(&[("lib.rs", "mod low;"), ("low.rs", low)]);
    let care = Care::of(&Tree::read(&texts), &texts);
    let expected = Care {
        lines: 19,
        long: 0,
        public: 1,
        asserts: 1,
        sites: 4,
        blocks: 2,
        whole: 1,
        functions: 2,
        told: 1,
        comments: 2,
        short: 1,
    };
    assert_eq!(care, expected);
}
