//! The linker of gort: from Go 1.5 objects and libgort.a to a static executable.
//!
//! A link is a sequence of phases, one module each; every phase states what it promises to the next:
//!
//! | phase | module |
//! |---|---|
//! | flags | [`flags`], [`driver`] |
//! | find and read packages | [`load`], [`object`] |
//! | read libgort.a | [`host`] |
//! | one definition for each name | [`resolve`] |
//! | what the program needs | [`reach`] |
//! | places | [`layout`] |
//! | stack depth of functions that do not check it | [`nosplit`] |
//! | tables for Go's tools and for the runtime | [`pclntab`], [`tables`], [`masks`] |
//! | debug information | [`dwarf`] |
//! | one ELF object of everything | [`emit`], [`elf`] |
//! | executable | [`final_link`], [`verify`] |

pub mod driver;
pub mod dwarf;
pub mod elf;
pub mod emit;
pub mod error;
pub mod final_link;
pub mod flags;
pub mod host;
pub mod inspect;
pub mod layout;
pub mod load;
pub mod masks;
pub mod nosplit;
pub mod object;
pub mod pclntab;
pub mod reach;
pub mod resolve;
pub mod tables;
pub mod verify;
mod xvalue;

pub use error::{Error, Result};
pub use flags::{FinalLinker, Options};

use layout::Section;

/// Links a program.
pub fn link(options: &Options) -> Result<()> {
    let mut clock = Clock::new(options.verbose);
    let library = match &options.library {
        Some(l) => l.clone(),
        None => host::find()?,
    };
    let inputs = load::Inputs::discover(options)?;
    clock.done("find packages");
    let library_file = host::HostFile::open(&library)?;
    let (objects, host) = rayon::join(|| inputs.read(), || library_file.read());
    let (objects, host) = (objects?, host?);
    clock.done("read objects");
    let mut program = resolve::Program::new(&objects, &host)?;
    clock.done("resolve names");
    xvalue::apply(&mut program, &options.x_values)?;
    program.require_zero_value();
    let reached = reach::reach(
        &mut program,
        &host,
        &[b"main.main", b"main.init", options.entry.as_bytes()],
    )?;
    clock.done("reachability");
    let layout = layout::layout(&program, &reached)?;
    nosplit::check(&program, &layout, &host)?;
    clock.done("layout and stack depth");
    if options.call_graph {
        inspect::call_graph(&program, &layout, &mut std::io::stdout().lock())
            .map_err(|e| Error::new(format!("cannot print the call graph: {e}")))?;
    }
    let data_mask = masks::mask(&program, &layout, &host, Section::Data)?;
    let bss_mask = masks::mask(&program, &layout, &host, Section::Bss)?;
    clock.done("pointer masks");
    let pclntab = pclntab::build(&program, &layout);
    clock.done("function table");
    let tables = tables::build(&program, &layout, &pclntab)?;
    clock.done("call sites");
    let debug = match options.strip_all || options.strip_debug {
        true => Vec::new(),
        false => dwarf::build(&program, &layout, &pclntab)?,
    };
    clock.done("debug information");
    let mut parts = emit::Parts {
        program: &program,
        reached: &reached,
        layout: &layout,
        host: &host,
        pclntab: &pclntab,
        tables: &tables,
        masks: (&data_mask, &bss_mask),
        debug,
    };
    let go_o = emit::emit(&mut parts, options)?;
    clock.done("write go.o");
    if let Some(dir) = &options.keep_dir {
        let path = dir.join("go.o");
        std::fs::write(&path, &go_o).map_err(|e| Error::io("cannot write", &path, &e))?;
    }
    final_link::link(go_o, &library, options)?;
    clock.done("final link");
    if options.print_symbols {
        inspect::symbols(&options.output, &mut std::io::stdout().lock())?;
    }
    Ok(())
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
            eprintln!(
                "{:8.3} ms  {:8.3} ms  {phase}",
                total.as_secs_f64() * 1e3,
                own.as_secs_f64() * 1e3
            );
            self.last = now;
        }
    }
}
