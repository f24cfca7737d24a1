//! What the sources of benchmarks say about themselves: which benchmarks there are and what they are meant to reach.
//!
//! Directives are comment lines: for a program, above its package clause; for a benchmark function, directly above it.
//!
//! | directive | meaning |
//! |---|---|
//! | `// target: METRIC ...` | an aim, see [`Target`] |
//! | `// rounds: N` | N rounds are enough, unless `--rounds` says otherwise |
//! | `// long` | takes minutes; only with `--long` or by its full name |

use super::target::Target;

/// What the directives of one benchmark say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directives {
    /// Aims, in the order stated.
    pub targets: Vec<Target>,
    /// Rounds that are enough.
    pub rounds: Option<u32>,
    /// Only on request.
    pub long: bool,
}

/// A benchmark function of a test file.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its whole name.
    pub name: String,
    /// What the comment above it says.
    pub directives: Directives,
}

/// Directives of a program.
pub fn program(source: &str) -> Result<Directives, String> {
    let mut directives = Directives::default();
    for line in source.lines() {
        if line.starts_with("package ") {
            break;
        }
        directives.read(line)?;
    }
    Ok(directives)
}

/// Benchmark functions of a test file, in its order.
pub fn functions(source: &str) -> Result<Vec<Function>, String> {
    let mut found = Vec::new();
    let mut directives = Directives::default();
    for line in source.lines() {
        if line.starts_with("//") {
            directives.read(line)?;
            continue;
        }
        let above = std::mem::take(&mut directives);
        if let Some(name) = function(line) {
            found.push(Function {
                name: name.to_string(),
                directives: above,
            });
        }
    }
    Ok(found)
}

/// The name of the benchmark function that begins in this line.
fn function(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix("func ")?.split_once('(')?;
    let after = name.strip_prefix("Benchmark")?;
    let parameter = rest.split_once(')')?.0;
    (!after.starts_with(|c: char| c.is_lowercase()) && parameter.ends_with("*testing.B"))
        .then_some(name)
}

impl Directives {
    fn read(&mut self, line: &str) -> Result<(), String> {
        let Some(text) = line.strip_prefix("// ") else {
            return Ok(());
        };
        if let Some(target) = text.strip_prefix("target:") {
            self.targets.push(Target::parse(target)?);
        } else if let Some(rounds) = text.strip_prefix("rounds:") {
            let n = rounds.trim().parse().ok().filter(|n| *n > 0);
            self.rounds = Some(n.ok_or_else(|| format!("`{text}` does not name a number"))?);
        } else if text.trim_end() == "long" {
            self.long = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_of_a_program_end_at_the_package_clause() {
        let directives = program(
            "// Binary trees.\n//\n// target: time 0.5\n// rounds: 3\n// long\n\npackage main\n// target: nonsense\n",
        )
        .unwrap();
        assert_eq!(directives.targets, [Target::parse("time 0.5").unwrap()]);
        assert_eq!(directives.rounds, Some(3));
        assert!(directives.long);
        assert_eq!(program("package main\n").unwrap(), Directives::default());
    }

    #[test]
    fn a_directive_that_cannot_be_read_is_an_error() {
        assert!(program("// target: time\npackage main\n").is_err());
        assert!(program("// rounds: 0\npackage main\n").is_err());
    }

    #[test]
    fn functions_have_the_directives_directly_above_them() {
        let found = functions(
            "package p\n\n// target: time 2\n\n// target: time 0.8\nfunc BenchmarkA(b *testing.B) {\n}\n\
             func BenchmarkB(b *testing.B)   { f(b, 1) }\nfunc benchmarkC(b *testing.B) {}\n\
             func Benchmarks(b *testing.B) {}\nfunc BenchmarkD(n int) {}\nfunc TestE(t *testing.T) {}\n",
        )
        .unwrap();
        let names: Vec<&str> = found.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["BenchmarkA", "BenchmarkB"]);
        assert_eq!(
            found[0].directives.targets,
            [Target::parse("time 0.8").unwrap()]
        );
        assert_eq!(found[1].directives, Directives::default());
    }
}
