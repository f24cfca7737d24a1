//! Writes the entry of every symbol of `abi/surface.toml`.
//!
//! The instruction sequences are macros of `asm/trampoline.h`; this file only chooses among them.

use crate::surface::Symbol;

/// Source of `trampolines.S`.
pub fn assembly(symbols: &[Symbol]) -> String {
    let mut s =
        String::from("/* Made from abi/surface.toml: the entry of every exported symbol. */\n");
    let mut index = 0;
    for sym in symbols {
        index += usize::from(sym.kind == "func");
        let (name, id) = (&sym.name, sym.mangled());
        match sym.kind.as_str() {
            "func" if sym.asm => s.push_str(&format!(".set gort_index_{id}, {index}\n")),
            "func" => {
                let slow = sym.system.is_some() || sym.park.is_some();
                s.push_str(&format!("GOENTRY \"{name}\" {index}\n"));
                match (&sym.leaf, slow) {
                    (Some(_), false) => s.push_str(&format!("    LEAF gort_leaf_{id}\n")),
                    (Some(_), true) => s.push_str(&format!(
                        "    LEAF_OR gort_leaf_{id} gort_sys_{id} {index}\n"
                    )),
                    (None, true) => s.push_str(&format!("    SYSTEM gort_sys_{id} {index}\n")),
                    (None, false) => unreachable!("{name}: `parse` wants a function"),
                }
                s.push_str(&format!("ENDFUNC \"{name}\"\n"));
            }
            "funcval" => {
                let code = name
                    .strip_suffix("·f")
                    .unwrap_or_else(|| panic!("{name}: a funcval ends in ·f"));
                s.push_str(&format!("FUNCVAL \"{name}\" \"{code}\"\n"));
            }
            // Types come from types.S, data from the assembly and Rust files that own it.
            "type" | "data" | "bss" | "rodata" => {}
            other => panic!("{name}: unknown kind {other}"),
        }
    }
    s
}
