//! The benchmarks of Go test files without the tests: declarations that a benchmark reaches, and the imports they need.
//!
//! Package runtime's own tests are compiled into the package and use what it exports to them only; no other runtime has that.
//! Most of its benchmarks need none of it. This takes them out of their files, as they stand, so that they can be
//! compiled as a package of their own.

use std::collections::BTreeSet;

/// A top-level declaration, with the comment lines directly above it.
#[derive(Debug, PartialEq)]
struct Declaration {
    text: String,
    /// Names that it declares; for a method, that of its receiver's type.
    declares: Vec<String>,
    /// Is it a benchmark or an `init`?
    root: bool,
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

/// Splits source text into tokens with their offsets. Comments are left out, the end of a line comment is a new line.
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
                    .push(Declaration::new(keyword, inside, &source[begin..end])),
            }
        }
        file
    }

    /// The file with the declarations that are `kept` and the imports that they use. `None` if no declaration is left.
    ///
    /// `replace` names the package to import instead of another; beside it, where the import has a dot.
    fn print(&self, kept: &[bool], replace: &dyn Fn(&str) -> Option<String>) -> Option<String> {
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
        for (name, path) in &self.imports {
            let base = path.rsplit('/').next().unwrap_or(path);
            let instead = replace(path);
            if name == "."
                && let Some(hooks) = &instead
            {
                text += &format!("\t. \"{hooks}\"\n");
                users += &format!("var _ = {HOOKED}\n\n");
            }
            let path = instead.as_ref().filter(|_| name != ".").unwrap_or(path);
            match name.as_str() {
                "." => {
                    text += &format!("\t. \"{path}\"\n");
                    // The compiler wants each import used.
                    users += DOT_USERS
                        .iter()
                        .find(|(package, _)| *package == base)
                        .map_or("", |(_, user)| user);
                }
                "" if mentioned(base) => text += &format!("\t{base} \"{path}\"\n"),
                "" => {}
                "_" => text += &format!("\t_ \"{path}\"\n"),
                name if mentioned(name) => text += &format!("\t{name} \"{path}\"\n"),
                _ => {}
            }
        }
        text += ")\n\n";
        text += users.as_str();
        for declaration in declarations {
            text += &declaration.text;
        }
        Some(text)
    }
}

/// A constant that every package of hooks declares: where one is imported with a dot, something of it must be used.
pub const HOOKED: &str = "Hooked";

/// A declaration that uses something of a package which is imported with a dot.
const DOT_USERS: [(&str, &str); 3] = [
    ("runtime", "var _ = NumCPU\n\n"),
    ("sync", "var _ Mutex\n\n"),
    ("atomic", "var _ = AddInt32\n\n"),
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
    fn new(keyword: &str, tokens: &[(usize, Token)], text: &str) -> Self {
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
        let root = keyword == "func"
            && !method
            && declares
                .iter()
                .any(|name| name.starts_with("Benchmark") || name == "init");
        Self {
            text: text.to_string(),
            declares,
            root,
            mentions,
        }
    }
}

/// The name of a function, or of the type that it is a method of: the last word before the first parenthesis closes.
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

/// The names that a declaration of types, variables or constants declares, one or a group in parentheses.
fn specifications(tokens: &[(usize, Token)]) -> Vec<String> {
    let mut names = Vec::new();
    let group = tokens.get(1).is_some_and(|(_, t)| *t == Token::Other(b'('));
    let outer = usize::from(group);
    // `a, b int = 1, 2`: names stand at the start and after a comma, up to the first thing that is neither.
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

/// Keeps of the files of one package what its benchmarks reach. Returns name and text of each file that is left.
///
/// `replace(file, path)` names the package to import instead of another, or beside it where the import has a dot. Benchmarks
/// whose names begin with one of `without` are left out.
pub fn benchmarks(
    files: &[(String, String)],
    without: &[&str],
    replace: &dyn Fn(&str, &str) -> Option<String>,
) -> Vec<(String, String)> {
    let left_out = |name: &str| without.iter().any(|start| name.starts_with(start));
    let parsed: Vec<File> = files.iter().map(|(_, text)| File::parse(text)).collect();
    let mut kept: Vec<Vec<bool>> = parsed
        .iter()
        .map(|file| {
            let declarations = file.declarations.iter();
            declarations
                .map(|d| d.root && !d.declares.iter().any(|name| left_out(name)))
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
    files
        .iter()
        .zip(parsed.iter().zip(&kept))
        .filter_map(|((name, _), (file, kept))| {
            let text = file.print(kept, &|path| replace(name, path))?;
            Some((name.clone(), text))
        })
        .collect()
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

    fn extract(source: &str) -> Vec<(String, String)> {
        let files = [("x_test.go".to_string(), source.to_string())];
        benchmarks(&files, &["BenchmarkSlow"], &|_, _| None)
    }

    #[test]
    fn what_benchmarks_reach_is_kept_and_nothing_else() {
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
            "//go:noinline\nfunc (k *kept) method()",
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
    fn a_file_without_benchmarks_is_left_out_unless_another_needs_it() {
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
        let left = benchmarks(&files, &[], &|_, _| None);
        let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b_test.go", "c_test.go"]);
        assert!(!left[1].1.contains("TestC"));
    }

    #[test]
    fn imports_can_be_replaced_under_their_old_name() {
        let source =
            "package p\n\nimport \"runtime\"\n\nfunc BenchmarkA() { runtime.Entersyscall(0) }\n";
        let files = [("a_test.go".to_string(), source.to_string())];
        let left = benchmarks(&files, &[], &|file, path| {
            (file == "a_test.go" && path == "runtime").then(|| "tree/hooks".to_string())
        });
        assert!(
            left[0].1.contains("\truntime \"tree/hooks\"\n"),
            "{}",
            left[0].1
        );
        let dotted = source.replace("\"runtime\"", ". \"runtime\"");
        let left = benchmarks(&[("a_test.go".to_string(), dotted)], &[], &|_, _| {
            Some("tree/hooks".to_string())
        });
        for text in [
            "\t. \"tree/hooks\"\n\t. \"runtime\"\n",
            "var _ = Hooked\n\nvar _ = NumCPU\n",
        ] {
            assert!(left[0].1.contains(text), "{}", left[0].1);
        }
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
