//! `.debug_line`: one sequence over all Go text.

use super::{ENCODING, address, line_string};
use crate::layout::{Layout, Section};
use crate::pclntab::Pclntab;
use crate::resolve::{Program, SymId};
use gimli::LineEncoding;
use gimli::write::{FileId, LineProgram};
use gort_tables::pcvalue::PcValues;
use hashbrown::HashMap;

/// Compilation directory; files have absolute names.
pub const DIRECTORY: &[u8] = b"/";

/// The line program of all functions.
pub fn program(p: &Program<'_>, layout: &Layout, pclntab: &Pclntab) -> LineProgram {
    let mut l = LineProgram::new(
        ENCODING,
        LineEncoding {
            line_base: -5,
            line_range: 14,
            ..LineEncoding::default()
        },
        line_string(DIRECTORY),
        None,
        line_string(b"go"),
        None,
    );
    let dir = l.default_directory();
    let mut files: HashMap<&[u8], FileId> = HashMap::new();
    for f in &pclntab.files {
        files.insert(
            f.as_bytes(),
            l.add_file(line_string(f.as_bytes()), dir, None),
        );
    }
    l.begin_sequence(Some(address(Section::Text, 0)));
    for &id in layout.symbols(Section::Text) {
        function(&mut l, p, layout, id, &files);
    }
    l.end_sequence(layout.size(Section::Text));
    l
}

fn function(
    l: &mut LineProgram,
    p: &Program<'_>,
    layout: &Layout,
    id: SymId,
    files: &HashMap<&[u8], FileId>,
) {
    let (Some((object, t)), Some(place)) = (p.text(id), layout.place(id)) else {
        return;
    };
    let numbers: Vec<Option<FileId>> = t
        .files
        .iter()
        .map(|&f| {
            let name = p.sym(p.id(object, f)).name;
            files
                .get(name)
                .or_else(|| files.get(String::from_utf8_lossy(name).as_bytes()))
                .copied()
        })
        .collect();
    let size = p.sym(id).size;
    let mut file_runs = PcValues::new(t.pcfile, 0);
    let mut file = file_runs.next();
    let mut start = 0;
    let mut rows = 0;
    for (end, line) in PcValues::new(t.pcline, 0) {
        // A run of one line may span files only through inlining; each piece gets a row.
        while start < end.min(size) {
            while file.is_some_and(|(file_end, _)| file_end <= start) {
                file = file_runs.next();
            }
            let (piece_end, index) = file.map_or((end, -1), |(e, i)| (e.min(end), i));
            let number = usize::try_from(index)
                .ok()
                .and_then(|i| numbers.get(i).copied())
                .flatten();
            if let (Some(number), Ok(line)) = (number, u64::try_from(line)) {
                let row = l.row();
                row.address_offset = place.offset + start;
                row.file = number;
                row.line = line;
                // The first line's code is the stack check and the frame's set-up.
                row.prologue_end = rows == 1;
                rows += 1;
                l.generate_row();
            }
            start = piece_end.max(start + 1);
        }
        start = start.max(end);
    }
}
