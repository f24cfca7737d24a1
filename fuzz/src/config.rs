//! Of the configuration: the environment.

#[path = "../../src/config/env.rs"]
pub mod env;
#[path = "../../src/config/godebug.rs"]
pub mod godebug;
