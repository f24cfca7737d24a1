//! The reader of archives and objects: it takes any bytes, and what it accepts is whole.
#![no_main]

use gort_link::object;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(members) = object::members(data) else {
        return;
    };
    for m in members {
        let _ = object::header(m.data);
        let _ = object::imports(m.data);
        if let Ok(o) = object::parse(m.data, "p") {
            // What the linker relies on without checking again.
            for d in &o.defs {
                assert!(d.data.len() as u64 <= d.size);
                assert!(d.relocs.end as usize <= o.relocs.len() && d.name.ix() < o.names.len());
                for r in &o.relocs[d.relocs.start as usize..d.relocs.end as usize] {
                    assert!(
                        u64::from(r.off) <= d.size && r.sym.is_none_or(|s| s.ix() < o.names.len())
                    );
                }
            }
        }
    }
});
