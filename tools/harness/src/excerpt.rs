//! Some tests or benchmarks out of Go test files: declarations that they reach, and the imports
//! they need.
//!
//! Package runtime's own tests are compiled with the package and use what it exports to them only;
//! no other runtime has that. Most need none of it. This takes those out of their files, as they
//! stand and with their line numbers, so that they can be compiled as a package of their own. What
//! a package exports to its tests can be supplied by another one ([`Hooks`]).

use std::collections::BTreeSet;
use std::ops::Range;

/// A top-level declaration, with the comment lines directly above it.
#[derive(Debug, PartialEq)]
struct Declaration {
    text: String,
    /// Line of the file where the text begins, from 1.
    line: usize,
    /// Names that it declares; for a method, that of its receiver's type.
    declares: Vec<String>,
    /// Is it a function of the package, which a test, a benchmark or an `init` is?
    function: bool,
    /// Identifiers in it.
    mentions: BTreeSet<String>,
}

/// A test file in parts.
#[derive(Debug, Default)]
pub struct File {
    /// Up to the package clause, which is its last line.
    head: String,
    /// Name (empty if there is none) and path.
    imports: Vec<(String, String)>,
    declarations: Vec<Declaration>,
}

/// A token that matters here.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    /// Its text without the quotes.
    Text(String),
    Other(u8),
    NewLine,
}

/// Splits source text into tokens with their offsets. Comments are left out, the end of a line
/// comment is a new line.
fn tokens(source: &str) -> Vec<(usize, Token)> {
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let rest = &bytes[at..];
        match bytes[at] {
            b'\n' => {
                tokens.push((start, Token::NewLine));
                at += 1;
            }
            b'/' if rest.starts_with(b"//") => {
                at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            }
            b'/' if rest.starts_with(b"/*") => {
                let end = rest.windows(2).skip(2).position(|w| w == b"*/");
                at += end.map_or(rest.len(), |end| end + 4);
            }
            quote @ (b'"' | b'\'' | b'`') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' && quote != b'`' {
                        2
                    } else {
                        1
                    };
                }
                at = (at + 1).min(bytes.len());
                let text = source
                    .get(start + 1..at.saturating_sub(1))
                    .unwrap_or_default();
                tokens.push((start, Token::Text(text.to_string())));
            }
            b if is_word(b) => {
                at += rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
                tokens.push((start, Token::Word(source[start..at].to_string())));
            }
            b => {
                if !b.is_ascii_whitespace() {
                    tokens.push((start, Token::Other(b)));
                }
                at += 1;
            }
        }
    }
    tokens
}

/// Letters outside ASCII count as letters of words.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

impl File {
    /// Takes a test file apart.
    pub fn parse(source: &str) -> Self {
        let tokens = tokens(source);
        let mut file = Self::default();
        // Where each top-level declaration begins in `tokens`.
        let mut starts = Vec::new();
        let mut depth = 0usize;
        for (at, (offset, token)) in tokens.iter().enumerate() {
            match token {
                Token::Other(b'{' | b'(' | b'[') => depth += 1,
                Token::Other(b'}' | b')' | b']') => depth = depth.saturating_sub(1),
                Token::Word(word)
                    if depth == 0
                        && (*offset == 0 || source.as_bytes()[offset - 1] == b'\n')
                        && ["package", "import", "func", "type", "var", "const"]
                            .contains(&word.as_str()) =>
                {
                    starts.push(at);
                }
                _ => {}
            }
        }
        for (number, start) in starts.iter().enumerate() {
            let next = starts.get(number + 1);
            let inside = &tokens[*start..next.map_or(tokens.len(), |next| *next)];
            let end = next.map_or(source.len(), |next| with_comment(source, tokens[*next].0));
            let begin = with_comment(source, inside[0].0);
            let Token::Word(keyword) = &inside[0].1 else {
                continue;
            };
            match keyword.as_str() {
                "package" => {
                    let line = source[inside[0].0..].find('\n').unwrap_or(0);
                    file.head = source[..inside[0].0 + line].to_string();
                }
                "import" => file.imports.extend(imports(inside)),
                _ => file
                    .declarations
                    .push(Declaration::new(keyword, inside, source, begin..end)),
            }
        }
        file
    }

    /// Names of the package's functions that begin so.
    pub fn functions(&self, start: &str) -> impl Iterator<Item = &str> {
        let functions = self.declarations.iter().filter(|d| d.function);
        functions
            .flat_map(|d| &d.declares)
            .map(String::as_str)
            .filter(move |name| name.starts_with(start))
    }

    /// The file, called `file`, with the declarations that are `kept` and the imports that they
    /// use. `None` if no declaration is left.
    fn print(&self, file: &str, kept: &[bool], hooks: Option<&Hooks>) -> Option<String> {
        let declarations: Vec<&Declaration> = self
            .declarations
            .iter()
            .zip(kept)
            .filter_map(|(declaration, kept)| kept.then_some(declaration))
            .collect();
        if declarations.is_empty() {
            return None;
        }
        let mentioned = |name: &str| declarations.iter().any(|d| d.mentions.contains(name));
        let mut text = format!("{}\n\nimport (\n", self.head);
        let mut users = String::new();
        // The name of the package whose hooks the file takes from elsewhere.
        let mut qualifier = None;
        for (name, path) in &self.imports {
            let base = path.rsplit('/').next().unwrap_or(path);
            let local = if name.is_empty() { base } else { name };
            let hooks = hooks
                .filter(|hooks| hooks.of == *path)
                .filter(|hooks| hooks.names.iter().any(|hook| mentioned(hook)));
            let user = |qualified: &str| {
                let user = USERS.iter().find(|(package, ..)| *package == base);
                user.map_or(String::new(), |(_, is, name)| {
                    format!("var _ {is}{qualified}{name}\n\n")
                })
            };
            match local {
                "." => {
                    text += &format!("\t. \"{path}\"\n");
                    // The compiler wants each import used.
                    users += &user("");
                    if let Some(hooks) = hooks {
                        text += &format!("\t. \"{}\"\n", hooks.import);
                        users += &format!("var _ = {HOOKED}\n\n");
                    }
                }
                "_" => text += &format!("\t_ \"{path}\"\n"),
                _ if mentioned(local) => {
                    text += &format!("\t{local} \"{path}\"\n");
                    if let Some(hooks) = hooks {
                        text += &format!("\t{HOOKS} \"{}\"\n", hooks.import);
                        users += &format!("var _ = {HOOKS}.{HOOKED}\n\n");
                        // Maybe nothing but hooks was taken from the package.
                        users += &user(&format!("{local}."));
                        qualifier = Some((local, hooks));
                    }
                }
                _ => {}
            }
        }
        text += ")\n\n";
        text += users.as_str();
        for declaration in declarations {
            text += &format!("//line {file}:{}\n", declaration.line);
            text += &match qualifier {
                Some((local, hooks)) => redirect(&declaration.text, local, hooks),
                None => declaration.text.clone(),
            };
        }
        Some(text)
    }
}

/// `local.NAME` becomes `hooks.NAME` where NAME is a hook.
fn redirect(text: &str, local: &str, hooks: &Hooks) -> String {
    let tokens = tokens(text);
    let (mut redirected, mut done) = (String::new(), 0);
    for (at, window) in tokens.windows(3).enumerate() {
        if let [
            (offset, Token::Word(package)),
            (_, Token::Other(b'.')),
            (_, Token::Word(name)),
        ] = window
            && package == local
            && hooks.names.contains(name)
            && (at == 0 || tokens[at - 1].1 != Token::Other(b'.'))
        {
            redirected += &text[done..*offset];
            redirected += HOOKS;
            done = offset + package.len();
        }
    }
    redirected + &text[done..]
}

/// A package of ours that stands beside one of the Go tree and declares what that exports to its
/// own tests only.
#[derive(Debug)]
pub struct Hooks {
    /// The package in the Go tree.
    of: String,
    /// The one of ours.
    import: String,
    /// What it declares.
    names: BTreeSet<String>,
}

impl Hooks {
    /// Hooks for package `of`, declared by the sources of package `import`.
    pub fn new<'a>(of: &str, import: &str, sources: impl IntoIterator<Item = &'a str>) -> Self {
        let files = sources.into_iter().map(File::parse);
        let declared =
            files.flat_map(|file| file.declarations.into_iter().flat_map(|d| d.declares));
        Self {
            of: of.to_string(),
            import: import.to_string(),
            names: declared
                .filter(|name| name != HOOKED && name.starts_with(|c: char| c.is_uppercase()))
                .collect(),
        }
    }
}

/// A constant that every package of hooks declares: where one is imported, something of it must be
/// used.
const HOOKED: &str = "Hooked";

/// The name that it is imported under, where not with a dot.
const HOOKS: &str = "hooks";

/// Something of a package that a declaration can use, so that the import counts as used; before it
/// stands what tells values from types.
const USERS: [(&str, &str, &str); 3] = [
    ("runtime", "= ", "NumCPU"),
    ("sync", "", "Mutex"),
    ("atomic", "= ", "AddInt32"),
];

/// Start of the comment lines directly above the line that begins at `offset`.
fn with_comment(source: &str, offset: usize) -> usize {
    let mut begin = offset;
    while begin > 0 {
        let line = source[..begin - 1].rfind('\n').map_or(0, |n| n + 1);
        if !source[line..begin].starts_with("//") {
            break;
        }
        begin = line;
    }
    begin
}

/// Names and paths of an import declaration.
fn imports(tokens: &[(usize, Token)]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut name = String::new();
    for (_, token) in &tokens[1..] {
        match token {
            Token::Word(word) => name = word.clone(),
            Token::Other(b'.') => name = ".".to_string(),
            Token::Text(path) => found.push((std::mem::take(&mut name), path.clone())),
            _ => {}
        }
    }
    found
}

impl Declaration {
    fn new(keyword: &str, tokens: &[(usize, Token)], source: &str, range: Range<usize>) -> Self {
        let mentions = tokens
            .iter()
            .filter_map(|(_, token)| match token {
                Token::Word(word) => Some(word.clone()),
                _ => None,
            })
            .collect();
        let declares = if keyword == "func" {
            function(tokens)
        } else {
            specifications(tokens)
        };
        let method = tokens.get(1).is_some_and(|(_, t)| *t == Token::Other(b'('));
        Self {
            line: 1 + source[..range.start].matches('\n').count(),
            text: source[range].to_string(),
            declares,
            function: keyword == "func" && !method,
            mentions,
        }
    }
}

/// The name of a function, or of the type that it is a method of: the last word before the first
/// parenthesis closes.
fn function(tokens: &[(usize, Token)]) -> Vec<String> {
    let mut last = None;
    for (_, token) in &tokens[1..] {
        match token {
            Token::Word(word) => last = Some(word.clone()),
            // Of a function.
            Token::Other(b'(') if last.is_some() => break,
            // Of a method's receiver.
            Token::Other(b')') => break,
            _ => {}
        }
    }
    last.into_iter().collect()
}

/// The names that a declaration of types, variables or constants declares, one or a group in
/// parentheses.
fn specifications(tokens: &[(usize, Token)]) -> Vec<String> {
    let mut names = Vec::new();
    let group = tokens.get(1).is_some_and(|(_, t)| *t == Token::Other(b'('));
    let outer = usize::from(group);
    // `a, b int = 1, 2`: names stand at the start and after a comma, up to the first thing that is
    // neither.
    let (mut depth, mut listing, mut name) = (0usize, true, true);
    for (_, token) in &tokens[1..] {
        match token {
            Token::Other(b'{' | b'(' | b'[') => depth += 1,
            Token::Other(b'}' | b')' | b']') => depth = depth.saturating_sub(1),
            _ if depth != outer => continue,
            Token::NewLine => {
                (listing, name) = (group, group);
                continue;
            }
            Token::Word(word) if listing && name => {
                names.push(word.clone());
                name = false;
                continue;
            }
            Token::Other(b',') if listing => {
                name = true;
                continue;
            }
            _ => {}
        }
        // The parenthesis that opens a group ends no list.
        listing = listing && group && names.is_empty() && depth == outer;
    }
    names
}

/// Keeps of the files of one package what the functions reach that are `wanted` by name. Returns
/// name and text of each file that is left.
pub fn excerpt(
    files: &[(String, String)],
    wanted: &dyn Fn(&str) -> bool,
    hooks: Option<&Hooks>,
) -> Vec<(String, String)> {
    let parsed: Vec<File> = files.iter().map(|(_, text)| File::parse(text)).collect();
    let (kept, _) = reach(&parsed, wanted);
    files
        .iter()
        .zip(parsed.iter().zip(&kept))
        .filter_map(|((name, _), (file, kept))| {
            let text = file.print(name, kept, hooks)?;
            Some((name.clone(), text))
        })
        .collect()
}

/// Do the functions that are `wanted` by name, or what they reach in the files of their package,
/// mention one of these words?
pub fn mentions(files: &[(String, String)], wanted: &dyn Fn(&str) -> bool, words: &[&str]) -> bool {
    let parsed: Vec<File> = files.iter().map(|(_, text)| File::parse(text)).collect();
    let (_, reached) = reach(&parsed, wanted);
    words.iter().any(|word| reached.contains(word))
}

/// Which declarations of the files of one package the functions reach that are `wanted` by name or
/// are `init`, and all words in them.
fn reach<'a>(
    parsed: &'a [File],
    wanted: &dyn Fn(&str) -> bool,
) -> (Vec<Vec<bool>>, BTreeSet<&'a str>) {
    let mut kept: Vec<Vec<bool>> = parsed
        .iter()
        .map(|file| {
            let declarations = file.declarations.iter();
            declarations
                .map(|d| {
                    let mut names = d.declares.iter();
                    d.function && names.any(|name| name == "init" || wanted(name))
                })
                .collect()
        })
        .collect();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = reached.len();
        for (file, kept) in parsed.iter().zip(&mut kept) {
            for (declaration, kept) in file.declarations.iter().zip(kept) {
                *kept |= declaration
                    .declares
                    .iter()
                    .any(|name| reached.contains(name.as_str()));
                if *kept {
                    reached.extend(declaration.mentions.iter().map(String::as_str));
                }
            }
        }
        if reached.len() == before {
            break;
        }
    }
    (kept, reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"// Licence.

// +build !race

package p_test

import (
	"fmt"
	. "runtime"
	"testing"
	str "strings"
)

const (
	a = 1 // comment with { in it
	b = iota
)

var unused, used2 = 1, []int{2, 3}

type kept struct {
	field int
}

//go:noinline
func (k *kept) method() string { return str.Repeat("{", a) }

func TestThing(t *testing.T) {
	fmt.Println(`
}
func BenchmarkFake(b *testing.B) {
`, '{', "\"{")
}

// About it.
func BenchmarkThing(b *testing.B) {
	var k kept
	helper(&k, used2)
}

func helper(k *kept, n []int) {}

func BenchmarkSlowThing(b *testing.B) {}
"#;

    fn benchmark(name: &str) -> bool {
        name.starts_with("Benchmark") && name != "BenchmarkSlowThing"
    }

    fn extract(source: &str) -> Vec<(String, String)> {
        let files = [("x_test.go".to_string(), source.to_string())];
        excerpt(&files, &benchmark, None)
    }

    #[test]
    fn what_is_reached_is_kept_and_nothing_else() {
        let files = extract(SOURCE);
        assert_eq!(files.len(), 1);
        let text = &files[0].1;
        for kept in [
            "// Licence.",
            "// +build !race",
            "package p_test",
            ". \"runtime\"",
            "var _ = NumCPU",
            "\ttesting \"testing\"",
            "\tstr \"strings\"",
            "a = 1",
            "var unused, used2",
            "type kept struct",
            "//line x_test.go:25\n//go:noinline\nfunc (k *kept) method()",
            "// About it.\nfunc BenchmarkThing",
            "func helper",
        ] {
            assert!(text.contains(kept), "{kept:?} is not in\n{text}");
        }
        for gone in ["TestThing", "BenchmarkFake", "BenchmarkSlow", "\"fmt\""] {
            assert!(!text.contains(gone), "{gone:?} is in\n{text}");
        }
    }

    #[test]
    fn words_are_looked_for_in_what_is_reached() {
        let files = [(
            "a_test.go".to_string(),
            "package p\n\nfunc BenchmarkA() { help() }\nfunc BenchmarkB() { x(\"go\") }\nfunc help() { go x() }\nfunc x() {}\n".to_string(),
        )];
        let of =
            |name: &str| mentions(&files, &|function| function == name, &["go", "RunParallel"]);
        assert!(of("BenchmarkA"));
        assert!(!of("BenchmarkB"));
    }

    #[test]
    fn a_file_without_what_is_wanted_is_left_out_unless_another_needs_it() {
        let files = [
            ("a_test.go", "package p\n\nfunc TestA() {}\n"),
            (
                "b_test.go",
                "package p\n\nfunc BenchmarkB(n int) { shared() }\n",
            ),
            (
                "c_test.go",
                "package p\n\nfunc shared() {}\n\nfunc TestC() {}\n",
            ),
        ]
        .map(|(name, text)| (name.to_string(), text.to_string()));
        let left = excerpt(&files, &benchmark, None);
        let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b_test.go", "c_test.go"]);
        assert!(!left[1].1.contains("TestC"));
    }

    #[test]
    fn hooks_come_from_their_own_package() {
        let hooks = Hooks::new(
            "runtime",
            "tree/hooks",
            ["package runtime\n\nconst Hooked = true\n\nfunc Enter(int) {}\n\nvar own int\n"],
        );
        let source = "package p\n\nimport \"runtime\"\n\n\
            func BenchmarkA() { runtime.Enter(a.runtime.Enter); runtime.GC() }\n";
        let files = [("a_test.go".to_string(), source.to_string())];
        let left = excerpt(&files, &benchmark, Some(&hooks));
        for text in [
            "\truntime \"runtime\"\n\thooks \"tree/hooks\"\n",
            "var _ = hooks.Hooked\n\nvar _ = runtime.NumCPU\n",
            "{ hooks.Enter(a.runtime.Enter); runtime.GC() }",
        ] {
            assert!(left[0].1.contains(text), "{}", left[0].1);
        }
        let dotted = source
            .replace("\"runtime\"", ". \"runtime\"")
            .replace(" runtime.", " ");
        let left = excerpt(
            &[("a_test.go".to_string(), dotted)],
            &benchmark,
            Some(&hooks),
        );
        for text in [
            "\t. \"runtime\"\n\t. \"tree/hooks\"\n",
            "var _ = NumCPU\n\nvar _ = Hooked\n",
            "{ Enter(",
        ] {
            assert!(left[0].1.contains(text), "{}", left[0].1);
        }
        let without = source.replace("runtime.Enter", "run");
        let left = excerpt(
            &[("a_test.go".to_string(), without)],
            &benchmark,
            Some(&hooks),
        );
        assert!(!left[0].1.contains("hooks"), "{}", left[0].1);
    }

    #[test]
    fn names_of_declarations() {
        let names = |source: &str| {
            let file = File::parse(&format!("package p\n{source}\n"));
            let all = file.declarations.into_iter();
            all.flat_map(|d| d.declares).collect::<Vec<_>>()
        };
        assert_eq!(names("func f(a int) (b int) {}"), ["f"]);
        assert_eq!(names("func (t *T) f() {}"), ["T"]);
        assert_eq!(names("func (T) f() {}"), ["T"]);
        assert_eq!(names("var x, y = g(1, 2), 3"), ["x", "y"]);
        assert_eq!(names("var x [4]int"), ["x"]);
        assert_eq!(names("type t struct {\n\ta, b int\n}"), ["t"]);
        assert_eq!(names("var (\n\tx int\n\ty = f(\n\t\tz)\n)"), ["x", "y"]);
        assert_eq!(names("const (\n\tA = iota\n\tB\n)"), ["A", "B"]);
    }
}
