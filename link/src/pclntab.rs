//! `.gopclntab`: the function table in Go 1.5's format.
//!
//! Promise: `go tool nm`, `addr2line`, `objdump`, `pprof` and package debug/gosym read it: entry,
//! name, files and lines of every Go function; entry, name and place of the library's functions
//! that Go code can name, so that tools can tell what a goroutine waits in and people find it.
//! gort's runtime uses it for names and lines of frames, and for the rare pc that is not a call
//! site. Two deviations, both invisible to those readers: stack maps are not referenced (the
//! call-site tables replace them), and the file table's count includes word 0, so that readers
//! which check `number < count` also see the last file (Go 1.5's own linker writes one less, and
//! its runtime reports `?` for that file).

use crate::error::{Error, Result};
use crate::host::CodeFunction;
use crate::layout::{Layout, Section};
use crate::places::{Place, Places};
use crate::resolve::{Program, SymId};
use crate::specialise::stands_for;
use gort_tables::pcvalue::PcValues;
use gort_tables::place;
use hashbrown::HashMap;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// A finished table.
#[derive(Debug, Default)]
pub struct Pclntab {
    /// Contents; fields listed in `addresses` are zero.
    pub bytes: Vec<u8>,
    /// Offsets of 8-byte fields that hold an address, with the offset in Go text.
    pub addresses: Vec<(u32, u64)>,
    /// Offsets of such fields with the address of a function of the library: its number among them,
    /// and one more for their end.
    pub library: Vec<(u32, u32)>,
    /// Offset of the record of each function of the library.
    pub library_records: Vec<u32>,
    /// Offset of each Go function's record, in text order.
    pub records: Vec<u32>,
    /// Source files; number `i + 1` in the tables.
    pub files: Vec<String>,
}

const MAGIC: u32 = 0xffff_fffb;
const HEADER: usize = 16;
/// Field of a function record that once held a frame size; readers skip it. Functions of the
/// library have their place in the Go tree there ([`gort_tables::place`]).
const UNUSED_FRAME: u32 = 0x0123_4567;

/// What lies between Go's functions and the library's that Go code can name: other code of the
/// library, with some linkers.
const BETWEEN: &[u8] = b"gort";

/// Builds the table of all functions of the text section, and of those of the library, whose code
/// follows: `library` as [`HostLib::code`] answers it, `places` of them.
///
/// [`HostLib::code`]: crate::host::HostLib::code
pub fn build(
    p: &Program<'_>,
    layout: &Layout,
    library: &[CodeFunction<'_>],
    places: &FxHashMap<&str, Places>,
) -> Result<Pclntab> {
    let texts = layout.symbols(Section::Text);
    // And what lies between.
    let count = texts.len() + library.len() + usize::from(!library.is_empty());
    let mut b = Builder {
        t: Pclntab::default(),
        blobs: HashMap::default(),
        encoded: HashMap::default(),
        files: HashMap::default(),
    };
    let functab = HEADER + 16 * count + 8 + 4;
    b.t.bytes.resize(functab.next_multiple_of(8), 0);
    b.t.bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    b.t.bytes[6] = 1;
    b.t.bytes[7] = 8;
    b.t.bytes[8..16].copy_from_slice(&(count as u64).to_le_bytes());
    let mut end = 0;
    for (i, &id) in texts.iter().enumerate() {
        let entry = layout.place(id).map_or(0, |pl| pl.offset);
        end = entry + p.sym(id).size;
        let record = b.function(p, id, entry);
        b.slot(i, record);
        b.t.addresses.push(((HEADER + 16 * i) as u32, entry));
        b.t.records.push(record);
    }
    let slot = HEADER + 16 * count;
    if library.is_empty() {
        b.t.addresses.push((slot as u32, end));
    } else {
        b.library(texts.len(), end, library, places);
        b.t.library.push((slot as u32, library.len() as u32));
    }
    let files = b.file_table();
    b.t.bytes[slot + 8..slot + 12].copy_from_slice(&files.to_le_bytes());
    // Its offsets are numbers of 31 bits.
    if i32::try_from(b.t.bytes.len()).is_err() {
        return Err(Error::new(format!(
            "the names, files and lines of the program's functions take {} bytes, more than the {} that their table may have",
            b.t.bytes.len(),
            i32::MAX
        )));
    }
    Ok(b.t)
}

struct Builder<'b> {
    t: Pclntab,
    /// Offsets of tables already written: many functions share them.
    blobs: HashMap<&'b [u8], u32>,
    /// Offsets of encoded file tables.
    encoded: HashMap<Vec<u8>, u32>,
    files: HashMap<Cow<'b, [u8]>, u32>,
}

impl<'b> Builder<'b> {
    fn function(&mut self, p: &Program<'b>, id: SymId, entry: u64) -> u32 {
        let name = self.string(p.sym(id).name);
        let (args, pcsp, pcfile, pcline) = match p.text(id) {
            Some((object, t)) => {
                let numbers: Vec<u32> = t
                    .files
                    .iter()
                    .map(|&f| self.file(p.sym(p.id(object, f)).name.into()))
                    .collect();
                let pcsp = self.blob(t.pcsp);
                let pcline = self.blob(t.pcline);
                (t.args, pcsp, self.pcfile(t.pcfile, &numbers), pcline)
            }
            None => (i64::from(i32::MIN), 0, 0, 0),
        };
        let record = self.record([name, args as u32, UNUSED_FRAME, pcsp, pcfile, pcline, 0, 0]);
        self.t.addresses.push((record, entry));
        record
    }

    /// Appends a function record; its entry is left to the caller.
    fn record(&mut self, words: [u32; 8]) -> u32 {
        let out = &mut self.t.bytes;
        out.resize(out.len().next_multiple_of(8), 0);
        let record = out.len() as u32;
        out.extend_from_slice(&[0; 8]);
        for word in words {
            out.extend_from_slice(&word.to_le_bytes());
        }
        record
    }

    /// Appends the library's functions, from slot `first` on; Go text ends at `end`.
    fn library(
        &mut self,
        first: usize,
        end: u64,
        functions: &[CodeFunction<'_>],
        places: &FxHashMap<&str, Places>,
    ) {
        let name = self.string(BETWEEN);
        let record = self.record([name, i32::MIN as u32, 0, 0, 0, 0, 0, 0]);
        self.slot(first, record);
        for field in [HEADER + 16 * first, record as usize] {
            self.t.addresses.push((field as u32, end));
        }
        for (i, f) in functions.iter().enumerate() {
            let shown = stands_for(f.name);
            let places = std::str::from_utf8(shown).ok().and_then(|n| places.get(n));
            let in_tree = places.and_then(|p| p.go.as_ref());
            let in_tree = in_tree.map_or(0, |p| place::packed(self.place(p)));
            let (pcfile, pcline) = match places.and_then(|p| p.own.as_ref()) {
                Some(own) => {
                    let (file, line) = self.place(own);
                    let mut table =
                        |value: u32| self.encoded(encode(core::iter::once((f.size, value as i32))));
                    (table(file), table(line))
                }
                None => (0, 0),
            };
            let name = self.string(shown);
            let record = self.record([name, i32::MIN as u32, in_tree, 0, pcfile, pcline, 0, 0]);
            let slot = first + 1 + i;
            self.slot(slot, record);
            for field in [HEADER + 16 * slot, record as usize] {
                self.t.library.push((field as u32, i as u32));
            }
            self.t.library_records.push(record);
        }
    }

    /// Stores the record of the function in a slot of the list.
    fn slot(&mut self, slot: usize, record: u32) {
        let at = HEADER + 16 * slot + 8;
        self.t.bytes[at..at + 8].copy_from_slice(&u64::from(record).to_le_bytes());
    }

    /// Number of a place's file, and its line.
    fn place(&mut self, place: &Place) -> (u32, u32) {
        (self.file(place.file.clone().into()), place.line)
    }

    fn string(&mut self, s: &[u8]) -> u32 {
        let at = self.t.bytes.len() as u32;
        self.t.bytes.extend_from_slice(s);
        self.t.bytes.push(0);
        at
    }

    fn blob(&mut self, table: &'b [u8]) -> u32 {
        if table.is_empty() {
            return 0;
        }
        let bytes = &mut self.t.bytes;
        *self.blobs.entry(table).or_insert_with(|| {
            bytes.extend_from_slice(table);
            bytes.len() as u32 - table.len() as u32
        })
    }

    fn file(&mut self, name: Cow<'b, [u8]>) -> u32 {
        let files = &mut self.t.files;
        *self.files.entry(name).or_insert_with_key(|name| {
            files.push(String::from_utf8_lossy(name).into_owned());
            files.len() as u32
        })
    }

    /// Rewrites a table of indices into a function's own list to global file numbers.
    fn pcfile(&mut self, table: &[u8], numbers: &[u32]) -> u32 {
        if table.is_empty() {
            return 0;
        }
        let runs = PcValues::new(table, 0).map(|(end, index)| {
            let number = usize::try_from(index).ok().and_then(|i| numbers.get(i));
            (end, number.map_or(-1, |&n| n as i32))
        });
        self.encoded(encode(runs))
    }

    /// Offset of an encoded table.
    fn encoded(&mut self, table: Vec<u8>) -> u32 {
        let bytes = &mut self.t.bytes;
        *self.encoded.entry(table).or_insert_with_key(|table| {
            bytes.extend_from_slice(table);
            bytes.len() as u32 - table.len() as u32
        })
    }

    fn file_table(&mut self) -> u32 {
        let offsets: Vec<u32> = (0..self.t.files.len())
            .map(|i| {
                let at = self.t.bytes.len() as u32;
                self.t.bytes.extend_from_slice(self.t.files[i].as_bytes());
                self.t.bytes.push(0);
                at
            })
            .collect();
        let out = &mut self.t.bytes;
        out.resize(out.len().next_multiple_of(4), 0);
        let at = out.len() as u32;
        out.extend_from_slice(&(offsets.len() as u32 + 1).to_le_bytes());
        for o in offsets {
            out.extend_from_slice(&o.to_le_bytes());
        }
        at
    }
}

/// Encodes (end, value) runs; neighbours of equal value become one run, since a zero delta would
/// end the table.
pub fn encode(runs: impl Iterator<Item = (u64, i32)>) -> Vec<u8> {
    let mut merged: Vec<(u64, i32)> = Vec::new();
    for (end, value) in runs {
        match merged.last_mut() {
            Some(last) if last.1 == value => last.0 = end,
            _ => merged.push((end, value)),
        }
    }
    let mut out = Vec::with_capacity(merged.len() * 3 + 1);
    let (mut pc, mut value) = (0, -1);
    for (end, v) in merged {
        let delta = v.wrapping_sub(value);
        varint(&mut out, ((delta << 1) ^ (delta >> 31)) as u32);
        varint(&mut out, (end - pc) as u32);
        (pc, value) = (end, v);
    }
    out.push(0);
    out
}

fn varint(out: &mut Vec<u8>, mut v: u32) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_reads_back_and_merges() {
        let runs = [(4, 1), (20, 1), (300, 7), (310, -1), (400, 70_000)];
        let bytes = encode(runs.into_iter());
        let back: Vec<_> = PcValues::new(&bytes, 0).collect();
        assert_eq!(back, [(20, 1), (300, 7), (310, -1), (400, 70_000)]);
        let first_is_minus_one = encode([(8, -1), (9, 3)].into_iter());
        let back: Vec<_> = PcValues::new(&first_is_minus_one, 0).collect();
        assert_eq!(back, [(8, -1), (9, 3)]);
    }
}
