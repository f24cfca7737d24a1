//! Strings: concatenation, conversions, iteration by runes. The memory primitives that they and everything else use are in asm/memory.S.

#[cfg(test)]
mod memory_test;
