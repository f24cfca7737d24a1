//! `gort conform damaged`: objects, archives and the library with bytes changed, cut off, moved and
//! repeated.
//!
//! Every variant is linked in a process of its own. Whatever was done to it, the link has to end by
//! itself within its time and memory, with status 0 and nothing said, or with status 2, one line of
//! printable text for each problem and no output; and nothing may be left behind. Programs whose
//! tables alone were damaged and that link all the same are run: what the linker lets through must
//! not bring the runtime down.
//!
//! The variants depend on nothing but the seed, their number and the files they are made from.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gort_link::object::{self, Kind};

use super::damage::{Damage, Random, archive};
use gort_harness::expected::Expected;
use gort_harness::process::{self, Ending, Finished, Limits};
use gort_harness::runner::{self, Attempt, Case, Options};
use gort_harness::verdict::{Cause, Verdict, text};
use gort_link::golang::GoInstall;

/// Arguments of `gort conform damaged`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  gort conform damaged go-tests --count 10000 --seed 7\n\n\
    Needs no Go, except with --stock. A variant is named by its kind, its number and the file it is made from; --filter with \
    the number makes it again from the same seed and count."
)]
pub struct Args {
    /// Folder that holds the tests from whose objects variants are made
    #[arg(default_value = "go-tests")]
    dir: PathBuf,
    /// Number of variants
    #[arg(long, value_name = "N", default_value_t = 300)]
    count: u32,
    /// Where the numbers come from that choose the damage
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Link with the stock linker what gort's accepts, and list what it refuses
    #[arg(long)]
    stock: bool,
    #[command(flatten)]
    options: Options,
}

/// Time of a link.
const TIME: Duration = Duration::from_secs(10);
/// Memory of a link. The largest of these programs takes a tenth; what a damaged size asks for
/// beyond that is refused.
const MEMORY: u64 = 512 << 20;
/// Larger objects take long and have nothing that smaller ones have not.
const MAX_OBJECT: u64 = 200 << 10;
/// Problems that a link reports, with the line that counts the rest.
const MAX_LINES: usize = 21;
/// Times that damage is tried until it changes something.
const TRIES: u32 = 20;
/// Name of the library in the folder of a variant.
const LIBRARY: &str = "libgort.a";

/// What is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// Any byte of an object.
    Object,
    /// The tables of functions, stack maps and type descriptors in an object.
    Tables,
    /// An archive of a package, its headers above all.
    Archive,
    /// The library.
    Library,
}

impl Target {
    /// Of every twenty variants, ten of any byte, five of tables, three of archives and two of the
    /// library.
    fn of(index: u32) -> Self {
        match index % 20 {
            0..10 => Self::Object,
            10..15 => Self::Tables,
            15..18 => Self::Archive,
            _ => Self::Library,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Tables => "tables",
            Self::Archive => "archive",
            Self::Library => "library",
        }
    }
}

/// What came of the variants of one kind.
#[derive(Debug, Default)]
struct Row {
    variants: u32,
    linked: u32,
    refused: u32,
    failed: u32,
    other_run: u32,
    stock_refuses: u32,
}

/// Damaged input of a link.
struct Variant {
    input: &'static str,
    bytes: Vec<u8>,
    /// Instead of the library that there is.
    library: Option<Vec<u8>>,
    damage: Damage,
}

/// All that the variants share.
struct Bench {
    objects: Vec<(String, Vec<u8>)>,
    library: Vec<u8>,
    linker: PathBuf,
    stock: Option<GoInstall>,
    limits: Limits,
    seed: u64,
    rows: Mutex<BTreeMap<(Target, &'static str), Row>>,
    /// What stock refuses and gort does not.
    accepted: Mutex<Vec<String>>,
}

/// `gort conform damaged`.
pub fn run(args: &Args) -> Result<bool> {
    let linker = env::current_exe().context("cannot find gort's own executable")?;
    let library = gort_link::host::find().map_err(|e| anyhow::anyhow!("{e}"))?;
    let stock = match args.stock {
        true => Some(GoInstall::locate().map_err(|e| anyhow::anyhow!("{e}"))?),
        false => None,
    };
    let bench = Bench {
        objects: objects(&args.dir)?,
        library: fs::read(&library)
            .with_context(|| format!("cannot read {}", library.display()))?,
        linker,
        stock,
        limits: Limits {
            memory: MEMORY,
            ..args.options.limits_or(TIME)
        },
        seed: args.seed,
        rows: Mutex::default(),
        accepted: Mutex::default(),
    };
    let bench = &bench;
    let cases: Vec<Case<'_>> = (0..args.count)
        .map(|index| {
            let mut random = Random::new(args.seed, index);
            let (name, bytes) = &bench.objects[random.below(bench.objects.len())];
            let target = Target::of(index);
            let name = format!("{} {index:05} {name}", target.name());
            Case {
                name: name.clone(),
                kind: target.name(),
                run: Box::new(move |work| {
                    Attempt::only(bench.variant(&name, target, bytes, &mut random.clone(), work))
                }),
            }
        })
        .filter(|case| args.options.wants(&case.name))
        .collect();
    if args.options.lists() {
        return runner::list(&cases, &args.options);
    }
    let scratch = args.options.scratch()?;
    runner::run_and_say(
        "conform damaged",
        "gort",
        &cases,
        &args.options,
        &Expected::nothing(),
        scratch.path(),
        || bench.print(),
    )
}

/// The kept objects, by name.
fn objects(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let entries =
        fs::read_dir(dir).with_context(|| format!("cannot read the folder {}", dir.display()))?;
    let mut out = Vec::new();
    for entry in entries {
        let folder = entry?.path();
        let Some(name) = folder.file_name().and_then(|n| n.to_str()) else {
            continue;
        };
        let file = folder.join(format!("{name}.o"));
        if fs::metadata(&file).is_ok_and(|m| m.is_file() && m.len() <= MAX_OBJECT) {
            let bytes =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            out.push((name.to_string(), bytes));
        }
    }
    if out.is_empty() {
        bail!("there are no kept objects in {}", dir.display());
    }
    out.sort();
    Ok(out)
}

impl Bench {
    /// Makes a variant, links it and judges.
    fn variant(
        &self,
        name: &str,
        target: Target,
        object: &[u8],
        random: &mut Random,
        work: &Path,
    ) -> Verdict {
        let setup = |why: String| Verdict::Fail(Cause::Setup, why);
        let Some(variant) = (0..TRIES).find_map(|_| self.make(target, object, random)) else {
            return Verdict::Skip("nothing that was tried changed anything".into());
        };
        let Variant {
            input,
            bytes,
            library,
            damage,
        } = variant;

        let outcome = self
            .link(input, &bytes, library.as_deref(), work)
            .map_err(setup);
        let mut verdict = match outcome {
            Ok(done) => judge(&done, work, input, library.is_some()),
            Err(verdict) => verdict,
        };
        let linked = verdict == Verdict::Pass && work.join("out").exists();
        let mut other_run = false;
        if linked && target == Target::Tables {
            match self.compare_runs(object, work) {
                Ok(same) => other_run = !same,
                Err(fault) => verdict = fault,
            }
        }
        let stock_says = (linked && library.is_none())
            .then(|| self.stock_refuses(input, work))
            .flatten();
        if let Some(line) = &stock_says {
            let mut list = self.accepted.lock().unwrap_or_else(|e| e.into_inner());
            list.push(format!("{name}, {}: {line}", damage.name()));
        }
        let mut rows = self.rows.lock().unwrap_or_else(|e| e.into_inner());
        let row = rows.entry((target, damage.name())).or_default();
        row.variants += 1;
        match &verdict {
            Verdict::Fail(..) => row.failed += 1,
            _ if linked => row.linked += 1,
            _ => row.refused += 1,
        }
        row.other_run += u32::from(other_run);
        row.stock_refuses += u32::from(stock_says.is_some());
        verdict
    }

    /// One variant; none if the damage changed nothing.
    fn make(&self, target: Target, object: &[u8], random: &mut Random) -> Option<Variant> {
        let (input, bytes, library, damage) = match target {
            Target::Object => {
                let (bytes, damage) = self.damage(random, object);
                ("main.o", bytes, None, damage)
            }
            Target::Tables => {
                let spots = tables(object);
                let spot = spots.get(random.below(spots.len().max(1)))?.clone();
                let mut bytes = object.to_vec();
                let damage = Damage::inside(random);
                damage.apply(random, &mut bytes, spot, &[]);
                ("main.o", bytes, None, damage)
            }
            Target::Archive => {
                let damage = Damage::of_archive(random);
                let other = &self.objects[random.below(self.objects.len())].1;
                let bytes = archive(random, damage, object, other);
                ("main.a", bytes, None, damage)
            }
            Target::Library => {
                let (bytes, damage) = self.damage(random, &self.library);
                ("main.o", object.to_vec(), Some(bytes), damage)
            }
        };
        let same = bytes == object && library.as_ref().is_none_or(|l| *l == self.library);
        (!same).then_some(Variant {
            input,
            bytes,
            library,
            damage,
        })
    }

    /// One of the damages that any file can suffer.
    fn damage(&self, random: &mut Random, bytes: &[u8]) -> (Vec<u8>, Damage) {
        let damage = Damage::any(random);
        let donor = &self.objects[random.below(self.objects.len())].1;
        let mut out = bytes.to_vec();
        damage.apply(random, &mut out, 0..bytes.len(), donor);
        (out, damage)
    }

    fn link(
        &self,
        input: &str,
        bytes: &[u8],
        library: Option<&[u8]>,
        work: &Path,
    ) -> Result<Finished, String> {
        let write = |name: &str, bytes: &[u8]| {
            fs::write(work.join(name), bytes).map_err(|e| format!("cannot write {name}: {e}"))
        };
        write(input, bytes)?;
        fs::create_dir(work.join("tmp")).map_err(|e| format!("cannot make tmp: {e}"))?;
        let mut link = Command::new(&self.linker);
        link.current_dir(work)
            .args(["link", "-o", "out", input])
            .env("TMPDIR", work.join("tmp"))
            .env_remove("GOROOT");
        if let Some(library) = library {
            write(LIBRARY, library)?;
            link.env("GORT_LIB", work.join(LIBRARY));
        }
        process::run(link, self.limits).map_err(|e| format!("cannot run the linker: {e}"))
    }

    /// Runs the program, and the one that the whole object makes. A program that dies of a signal
    /// or hangs where the other does not has failed.
    fn compare_runs(&self, object: &[u8], work: &Path) -> Result<bool, Verdict> {
        let setup = |why: String| Verdict::Fail(Cause::Setup, why);
        let whole = work.join("whole");
        fs::create_dir(&whole).map_err(|e| setup(e.to_string()))?;
        let done = self.link("main.o", object, None, &whole).map_err(setup)?;
        if !done.success() {
            return Err(setup(format!(
                "the whole object does not link: {}",
                text(&done.output)
            )));
        }
        let run = |dir: &Path| {
            let mut program = Command::new(dir.join("out"));
            program.current_dir(dir).env("GOMAXPROCS", "2");
            process::run(program, self.limits)
                .map_err(|e| Verdict::Fail(Cause::Setup, format!("cannot run it: {e}")))
        };
        let (damaged, whole) = (run(work)?, run(&whole)?);
        match damaged.ending {
            Ending::Signal(_) | Ending::TimeOut if damaged.ending != whole.ending => {
                Err(Verdict::Fail(
                    Cause::Crash,
                    format!(
                        "its tables were accepted, and it ended with {:?}\n{}",
                        damaged.ending,
                        text(&damaged.output)
                    ),
                ))
            }
            _ => Ok(damaged.ending == whole.ending && damaged.output == whole.output),
        }
    }

    /// What the stock linker says if it refuses what gort's has accepted.
    fn stock_refuses(&self, input: &str, work: &Path) -> Option<String> {
        let go = self.stock.as_ref()?;
        let mut link = Command::new(go.tool("link"));
        link.current_dir(work)
            .args(["-o", "stock", input])
            .env("GOROOT", &go.root);
        let limits = Limits {
            time: self.limits.time * 3,
            memory: 2 << 30,
        };
        let done = process::run(link, limits).ok()?;
        let said = text(&done.output);
        (!done.success()).then(|| said.lines().next().unwrap_or_default().to_string())
    }

    fn print(&self) {
        let accepted = self.accepted.lock().unwrap_or_else(|e| e.into_inner());
        if !accepted.is_empty() {
            println!("accepted here, refused by the stock linker:");
            for line in accepted.iter() {
                println!("  {line}");
            }
        }
        let rows = self.rows.lock().unwrap_or_else(|e| e.into_inner());
        println!("variants of seed {}:", self.seed);
        println!(
            "{:<8} {:<18} {:>8} {:>7} {:>8} {:>7} {:>10} {:>14}",
            "damaged",
            "by",
            "variants",
            "linked",
            "refused",
            "failed",
            "other run",
            "stock refuses"
        );
        for ((target, damage), row) in rows.iter() {
            println!(
                "{:<8} {damage:<18} {:>8} {:>7} {:>8} {:>7} {:>10} {:>14}",
                target.name(),
                row.variants,
                row.linked,
                row.refused,
                row.failed,
                row.other_run,
                row.stock_refuses
            );
        }
    }
}

/// How a link of damaged input may end.
fn judge(done: &Finished, work: &Path, input: &str, has_library: bool) -> Verdict {
    let said = text(&done.output);
    let fail = |cause, why: String| Verdict::Fail(cause, format!("{why}\n{said}"));
    let linked = match done.ending {
        Ending::Exit(0) => true,
        Ending::Exit(2) => false,
        Ending::TimeOut => return fail(Cause::TimeOut, "the link did not end".into()),
        other => return fail(Cause::Crash, format!("the link ended with {other:?}")),
    };
    let lines = said.lines().count();
    let printable =
        |line: &str| line.starts_with("gort link: ") && !line.contains(char::is_control);
    if linked && lines > 0 {
        return fail(
            Cause::WrongOutput,
            "a link that worked said something".into(),
        );
    }
    if !linked && (!(1..=MAX_LINES).contains(&lines) || !said.lines().all(printable)) {
        return fail(
            Cause::WrongOutput,
            "a refusal is one line of printable text for each problem".into(),
        );
    }
    let mut expected = vec![input, "tmp"];
    expected.extend(linked.then_some("out"));
    expected.extend(has_library.then_some(LIBRARY));
    let names = |dir: &Path| -> Vec<String> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect()
    };
    let left: Vec<String> = names(work)
        .into_iter()
        .filter(|name| !expected.contains(&name.as_str()))
        .chain(names(&work.join("tmp")))
        .collect();
    if !left.is_empty() {
        return fail(
            Cause::TestFailed,
            format!("left behind: {}", left.join(", ")),
        );
    }
    if linked && !work.join("out").is_file() {
        return fail(Cause::TestFailed, "there is no output".into());
    }
    Verdict::Pass
}

/// Where in an object the tables of its functions, its stack maps and its type descriptors are.
fn tables(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let Ok(parsed) = object::parse(bytes, "main") else {
        return Vec::new();
    };
    let start = bytes.as_ptr().addr();
    let place = |part: &[u8]| {
        // The parts are borrowed from the object.
        let at = part.as_ptr().addr().wrapping_sub(start);
        at..at + part.len()
    };
    let mut out = Vec::new();
    for t in &parsed.texts {
        let tables = [t.pcsp, t.pcfile, t.pcline];
        out.extend(tables.iter().chain(&t.pcdata).map(|table| place(table)));
    }
    for d in &parsed.defs {
        let name = &parsed.names[d.name.ix()].name;
        let described = [
            &b"type."[..],
            "gclocals\u{b7}".as_bytes(),
            b"runtime.gcbits.",
        ];
        if d.kind == Kind::Rodata && described.iter().any(|prefix| name.starts_with(prefix)) {
            out.push(place(d.data));
        }
    }
    out.retain(|range| !range.is_empty() && range.end <= bytes.len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(ending: Ending, said: &str) -> Finished {
        Finished::at_once(ending, said)
    }

    #[test]
    fn a_link_is_judged_by_its_end_its_words_and_what_it_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path();
        fs::create_dir(work.join("tmp")).unwrap();
        fs::write(work.join("main.o"), "x").unwrap();
        let verdict = |ending, said: &str| judge(&done(ending, said), work, "main.o", false);
        let is_failure = |v: Verdict, want: Cause| matches!(v, Verdict::Fail(c, _) if c == want);
        let one = "gort link: main.o: damaged\n";
        assert_eq!(verdict(Ending::Exit(2), one), Verdict::Pass);
        assert!(is_failure(verdict(Ending::Exit(2), ""), Cause::WrongOutput));
        let more = "gort link: main.o: damaged\n  at offset 3\n";
        assert!(is_failure(
            verdict(Ending::Exit(2), more),
            Cause::WrongOutput
        ));
        let raw = "gort link: \u{1b}[31m: damaged\n";
        assert!(is_failure(
            verdict(Ending::Exit(2), raw),
            Cause::WrongOutput
        ));
        assert!(is_failure(verdict(Ending::Exit(101), one), Cause::Crash));
        assert!(is_failure(verdict(Ending::Signal(6), one), Cause::Crash));
        assert!(is_failure(verdict(Ending::TimeOut, ""), Cause::TimeOut));
        assert!(is_failure(verdict(Ending::Exit(0), ""), Cause::TestFailed));
        fs::write(work.join("tmp/part"), "").unwrap();
        assert!(is_failure(verdict(Ending::Exit(2), one), Cause::TestFailed));
        fs::remove_file(work.join("tmp/part")).unwrap();
        fs::write(work.join("out"), "").unwrap();
        assert!(is_failure(verdict(Ending::Exit(2), one), Cause::TestFailed));
        assert_eq!(verdict(Ending::Exit(0), ""), Verdict::Pass);
    }
}
