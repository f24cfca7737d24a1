//! What the suites and the benchmarks of gort share: Go programs are compiled, run and judged here.
//!
//! | what | module |
//! |---|---|
//! | one program under limits of time, output and memory | [`process`] |
//! | what came of it, and why it is a failure | [`verdict`], [`normal`], [`difference`] |
//! | the cases of a suite: run in parallel, listed, counted, written down | [`runner`] |
//! | what is known and accepted, each with its reason | [`known`], [`expected`] |
//! | a goroot for one run, and its compiler and linker | [`toolchain`] |
//! | parts of the Go tree's test files, as packages of their own | [`excerpt`] |
//!
//! It knows of no suite and no benchmark.

pub mod difference;
pub mod excerpt;
pub mod expected;
pub mod known;
pub mod normal;
pub mod process;
pub mod runner;
pub mod toolchain;
pub mod verdict;
