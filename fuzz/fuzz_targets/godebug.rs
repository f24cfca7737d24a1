//! `GODEBUG`: any list of items is read, the last one of a name counts, and what is no item changes
//! nothing.
#![no_main]

use gort_fuzz::godebug;
use libfuzzer_sys::fuzz_target;

/// What Go's `atoi` makes of a text: the last 64 bits of the number that it begins with.
fn number(text: &[u8]) -> i64 {
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0u64, |n, b| {
        n.wrapping_mul(10).wrapping_add(u64::from(b - b'0'))
    }) as i64
}

fuzz_target!(|data: &[u8]| {
    // So that no run sees another's values.
    let names = godebug(&[]).into_iter().map(|(name, _)| name);
    let before: Vec<u8> = names.flat_map(|name| [name, b"=77,"].concat()).collect();
    for (name, value) in godebug(&[&before, data]) {
        let last = data.rsplit(|&b| b == b',').find_map(|pair| {
            let rest = pair.strip_prefix(name)?;
            rest.strip_prefix(b"=")
        });
        assert_eq!(value, last.map_or(77, number));
    }
});
