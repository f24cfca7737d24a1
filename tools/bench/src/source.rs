//! What the sources of benchmarks say about themselves: which benchmarks there are and what they
//! are meant to reach.
//!
//! Directives are comment lines: for a program, above its package clause; for a benchmark function,
//! directly above it.
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

/// A row of the table of a program that has many.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// Its name.
    pub name: String,
    /// The flags it is varied over, each with its values.
    pub over: Vec<(String, Vec<String>)>,
}

/// The table of rows in a source: the lines `{"NAME", "FLAG=VALUE,... ...", function},` below
/// `var rows = []row{`.
pub fn table(source: &str) -> Result<Vec<TableRow>, String> {
    let mut lines = source.lines().skip_while(|line| *line != TABLE).skip(1);
    let mut rows = Vec::new();
    for line in lines.by_ref().take_while(|line| *line != "}") {
        let row = table_row(line.trim())
            .ok_or_else(|| format!("`{}` is no row of the table", line.trim()))?;
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(format!("there are no rows below `{TABLE}`"));
    }
    Ok(rows)
}

/// The line above the rows.
const TABLE: &str = "var rows = []row{";

fn table_row(line: &str) -> Option<TableRow> {
    let rest = line.strip_prefix("{\"")?;
    let (name, rest) = rest.split_once("\", \"")?;
    let (over, function) = rest.split_once("\", ")?;
    function.strip_suffix("},")?;
    let flag = |text: &str| {
        let (flag, values) = text.split_once('=')?;
        let values = values.split(',').map(str::to_string).collect();
        Some((flag.to_string(), values))
    };
    Some(TableRow {
        name: name.to_string(),
        over: over.split_whitespace().map(flag).collect::<Option<_>>()?,
    })
}

impl TableRow {
    /// All combinations of the values, the last flag fastest.
    pub fn combinations(&self) -> Vec<Vec<(&str, &str)>> {
        self.over
            .iter()
            .fold(vec![Vec::new()], |before, (flag, values)| {
                let with = |chosen: &Vec<_>, value| [&chosen[..], &[(&flag[..], value)]].concat();
                before
                    .iter()
                    .flat_map(|chosen| values.iter().map(move |value| with(chosen, &value[..])))
                    .collect()
            })
    }
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
    fn a_table_is_read_row_by_row_and_a_line_that_is_none_is_refused() {
        let rows = table(
            "package main\n\nvar rows = []row{\n\t{\"A\", \"load=1,2 work=x,y\", a},\n\t{\"B\", \"\", b},\n}\n\nfunc c() {}\n",
        )
        .unwrap();
        assert_eq!(rows[0].name, "A");
        let of_a: Vec<String> = rows[0]
            .combinations()
            .iter()
            .map(|c| {
                let each = c.iter().map(|(flag, value)| format!("{flag}={value}"));
                each.collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(
            of_a,
            [
                "load=1 work=x",
                "load=1 work=y",
                "load=2 work=x",
                "load=2 work=y"
            ]
        );
        assert_eq!(rows[1].combinations(), [[]]);
        assert!(table("package main\n").is_err());
        assert!(table("var rows = []row{\n}\n").is_err());
        assert!(table("var rows = []row{\n\t{\"A\", \"load\", a},\n}\n").is_err());
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
