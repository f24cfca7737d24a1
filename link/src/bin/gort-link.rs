//! The linker as a program of its own: what `gort link` runs.

#[global_allocator]
static ALLOCATOR: gort_link::emergency::Allocator = gort_link::emergency::Allocator;

fn main() {
    std::process::exit(gort_link::driver::run(std::env::args_os().skip(1)));
}
