//! The linker as a program of its own: what `gort link` runs.

fn main() {
    std::process::exit(gort_link::driver::run(std::env::args_os().skip(1)));
}
