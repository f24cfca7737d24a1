//! The linker of gort: from Go 1.5 objects and libgort.a to a static executable, or to what the build
//! mode says.
//!
//! A link is a sequence of phases, one module each; every phase states what it promises to the
//! next:
//!
//! | phase | module |
//! |---|---|
//! | flags; which Go | [`flags`], [`driver`], [`golang`] |
//! | find and read packages | [`load`], [`object`] |
//! | read libgort.a | [`host`] |
//! | what of the program is C | [`c`] |
//! | one definition for each name | [`resolve`] |
//! | calls of entries made for them | [`specialise`] |
//! | what the program needs | [`reach`] |
//! | what the runtime will trust is whole | [`validate`] |
//! | places | [`layout`], [`addresses`] |
//! | stack depth of functions that do not check it | [`nosplit`] |
//! | tables for Go's tools and for the runtime | [`pclntab`], [`tables`], [`masks`] |
//! | debug information | [`dwarf`], [`debugscript`] |
//! | one ELF object of everything | [`emit`], [`elf`] |
//! | executable | [`final_link`], [`memory_files`], [`relro`], [`condense`], [`verify`] |
//! | under its name | [`output`] |
//! | ends that are no return | [`emergency`] |

pub mod addresses;
pub mod c;
pub mod condense;
pub mod debugscript;
pub mod driver;
pub mod dwarf;
pub mod elf;
pub mod emergency;
pub mod emit;
pub mod error;
pub mod final_link;
pub mod flags;
pub mod gcprog;
pub mod golang;
pub mod host;
pub mod inspect;
mod kind;
pub mod layout;
pub mod load;
pub mod masks;
pub mod memory_files;
pub mod nosplit;
pub mod object;
pub mod output;
pub mod pclntab;
pub mod places;
pub mod reach;
pub mod relro;
pub mod resolve;
pub mod specialise;
pub mod tables;
pub mod validate;
pub mod verify;
mod xvalue;

pub use error::{Error, Result};
pub use flags::{BuildMode, FinalLinker, Options};

use layout::Section;
use std::io::Write as _;

/// Links a program. `warn` gets what is in order, but not what was expected.
pub fn link(options: &Options, warn: &mut dyn FnMut(&str)) -> Result<()> {
    let mut clock = Clock::new(options.verbose);
    let inputs = load::Inputs::discover(options)?;
    clock.done("find packages");
    let library = open_library(options, &inputs)?;
    let (go_o, c) = everything_but_the_last_step(options, &inputs, &library, &mut clock)?;
    if let Some(dir) = &options.keep_dir {
        output::write(&dir.join("go.o"), &go_o, output::DATA)?;
    }
    let exe = final_link::link(go_o, library, &c, options)?;
    clock.done("final link");
    let mode = match options.build_mode {
        BuildMode::CArchive => output::DATA,
        _ => output::EXECUTABLE,
    };
    if output::write(&options.output, &exe, mode)? == output::Written::NotExecutable {
        warn(&format!(
            "{0} was written in place and is not executable, and another user's; its owner can change that: chmod +x {0}",
            options.output.display()
        ));
    }
    clock.done("write the executable");
    if options.print_symbols {
        inspect::symbols(&exe, &mut std::io::stdout().lock())?;
    }
    Ok(())
}

/// Builds `go.o`, the object that the last step links with libgort.a, without writing anything.
pub fn link_object(options: &Options) -> Result<Vec<u8>> {
    let inputs = load::Inputs::discover(options)?;
    let library = open_library(options, &inputs)?;
    let clock = &mut Clock::new(false);
    everything_but_the_last_step(options, &inputs, &library, clock).map(|(go_o, _)| go_o)
}

/// Opens the library: that for shared objects, where one is made or may be made of an archive.
fn open_library(options: &Options, inputs: &load::Inputs) -> Result<host::HostFile> {
    let path = match &options.library {
        Some(path) => path.clone(),
        None => host::find()?,
    };
    let shared = match options.build_mode {
        BuildMode::Exe | BuildMode::Pie => false,
        BuildMode::CArchive => inputs.are_for_shared_objects()?,
        BuildMode::CShared => true,
    };
    match shared {
        true => host::HostFile::open(&host::find_shared(&path)?),
        false => host::HostFile::open(&path),
    }
}

fn everything_but_the_last_step(
    options: &Options,
    inputs: &load::Inputs,
    library: &host::HostFile,
    clock: &mut Clock,
) -> Result<(Vec<u8>, c::CParts)> {
    let (objects, host) = rayon::join(|| inputs.read(), || library.read());
    let (objects, mut host) = (objects?, host?);
    clock.done("read objects");
    if options.build_mode == BuildMode::CShared {
        load::all_for_shared_objects(&objects)?;
    }
    let c = c::CCode::read(inputs, &objects, options)?;
    if c.by_compiler {
        host.with_c();
    }
    let mut program = resolve::Program::new(&objects, &host, &c)?;
    clock.done("resolve names");
    xvalue::apply(&mut program, &options.x_values)?;
    program.require_zero_value();
    if options.specialise {
        specialise::specialise(&mut program, &host);
        clock.done("calls of entries made for them");
    }
    let entry = match c.by_compiler {
        true if options.build_mode.is_library() => c::LIBRARY_ENTRY,
        true => c::MAIN,
        false => options.entry.as_bytes(),
    };
    let entries: [&[u8]; 3] = [b"main.main", b"main.init", entry];
    let reached = reach::reach(&mut program, &host, &c, &entries)?;
    clock.done("reachability");
    validate::check(&program, &reached)?;
    clock.done("check of tables, maps and types");
    let layout = layout::layout(&program, &reached)?;
    addresses::check(&program, &layout, &host, options)?;
    clock.done("layout");
    if options.call_graph {
        inspect::call_graph(&program, &layout, &mut std::io::stdout().lock())
            .map_err(|e| Error::new(format!("cannot print the call graph: {e}")))?;
    }
    let places = places::read(&host, &places::goroot(&program, &layout, options));
    let live = host.live(emit::host_names(&program, &reached, &c, entry));
    let library_code = host.code(&live);
    let pclntab = pclntab::build(&program, &layout, &library_code, &places)?;
    clock.done("function table");
    // These only read the program; the debug information is the longest of them.
    let with_debug = !options.strip_all && !options.strip_debug;
    let (debug, (tables, checks)) = rayon::join(
        || {
            if with_debug {
                let script = debugscript::find(options, &library.path);
                dwarf::build(&program, &layout, &pclntab).map(|mut sections| {
                    sections.extend(script.map(|file| debugscript::section(&file)));
                    sections
                })
            } else {
                Ok(Vec::new())
            }
        },
        || {
            let tables = tables::build(&program, &layout, &pclntab);
            let data = masks::mask(&program, &layout, &host, Section::Data);
            let bss = masks::mask(&program, &layout, &host, Section::Bss);
            (
                tables,
                nosplit::check(&program, &layout, &host).and(Ok((data, bss))),
            )
        },
    );
    let (data_mask, bss_mask) = checks?;
    let (tables, data_mask, bss_mask) = (tables?, data_mask?, bss_mask?);
    clock.done("call sites, masks, stack depth, debug information");
    let mut parts = emit::Parts {
        program: &program,
        reached: &reached,
        layout: &layout,
        host: &host,
        live: &live,
        c: &c,
        pclntab: &pclntab,
        library: &library_code,
        tables: &tables,
        masks: (&data_mask, &bss_mask),
        debug: debug?,
    };
    let go_o = emit::emit(&mut parts, options)?;
    clock.done("write go.o");
    Ok((go_o, c.parts()))
}

/// Prints how long phases take.
struct Clock {
    on: bool,
    start: std::time::Instant,
    last: std::time::Instant,
}

impl Clock {
    fn new(on: bool) -> Self {
        let now = std::time::Instant::now();
        Self {
            on,
            start: now,
            last: now,
        }
    }

    fn done(&mut self, phase: &str) {
        if self.on {
            let now = std::time::Instant::now();
            let (total, own) = (now - self.start, now - self.last);
            let _ = writeln!(
                std::io::stderr(),
                "{:8.3} ms  {:8.3} ms  {phase}",
                total.as_secs_f64() * 1e3,
                own.as_secs_f64() * 1e3
            );
            self.last = now;
        }
    }
}
