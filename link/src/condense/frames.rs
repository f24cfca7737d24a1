//! `.debug_frame` without the functions that are not there.

use super::read::{Reader, is_gone};
use rustc_hash::FxHashMap;

/// First word of a common entry.
const COMMON: u32 = u32::MAX;

pub fn condense(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    // Where common entries have gone.
    let mut moved = FxHashMap::default();
    let mut r = Reader::new(bytes, 0);
    while r.at < bytes.len() {
        let at = r.at;
        let size = r.u32()? as usize;
        let mut entry = Reader::new(r.take(size)?, 0);
        let common = entry.u32()?;
        if common == COMMON {
            moved.insert(at as u32, out.len() as u32);
        } else if is_gone(entry.u64()?) {
            continue;
        }
        let new = out.len();
        out.extend_from_slice(bytes.get(at..r.at)?);
        if common != COMMON {
            let to: &u32 = moved.get(&common)?;
            out[new + 4..new + 8].copy_from_slice(&to.to_le_bytes());
        }
    }
    Some(out)
}
