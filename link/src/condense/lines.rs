//! Line programs (DWARF 4): read to rows, written without columns.

use super::read::{Reader, is_gone, put_sleb, put_uleb};

/// A place where the line changes.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub address: u64,
    pub file: u32,
    pub line: u32,
    is_stmt: bool,
    prologue_end: bool,
}

/// The rows of one piece of code, and its end.
#[derive(Debug)]
struct Sequence {
    rows: Vec<Row>,
    end: u64,
}

/// A line program.
#[derive(Debug)]
pub struct Program<'a> {
    /// From the version on up to the opcodes.
    header: &'a [u8],
    form: Form,
    /// Which files are other projects', from number 1.
    foreign: Vec<bool>,
    sequences: Vec<Sequence>,
}

#[derive(Debug, Clone, Copy)]
struct Form {
    default_is_stmt: bool,
    line_base: i8,
    line_range: u8,
    opcode_base: u8,
}

/// Code that counts as the line which calls it.
#[derive(Debug, Clone, Copy)]
pub struct Fold {
    pub start: u64,
    pub end: u64,
    pub file: u32,
    pub line: u32,
}

/// Folders that sources of others have in debug information (scripts/rustc; Rust's own library).
const OTHERS: [&[u8]; 2] = [b"/rustc/", b"/cargo/"];

/// Whether a path is another project's.
pub fn is_foreign(path: &[u8]) -> bool {
    OTHERS.iter().any(|o| path.starts_with(o))
}

/// Bytes of the program at `at`, its length field included.
pub fn extent(line: &[u8], at: usize) -> Option<&[u8]> {
    let mut r = Reader::new(line, at);
    let size = r.u32()? as usize;
    r.take(size)?;
    line.get(at..r.at)
}

impl<'a> Program<'a> {
    /// Reads the program at `at`; with `foreign` all its files are other projects'.
    pub fn read(line: &'a [u8], at: usize, foreign: bool) -> Option<Self> {
        let bytes = extent(line, at)?;
        let mut r = Reader::new(bytes, 4);
        if r.u16()? != 4 {
            return None;
        }
        let header_size = r.u32()? as usize;
        let code_at = r.at.checked_add(header_size)?;
        let header = bytes.get(4..code_at)?;
        let min_inst = r.u8()?;
        let per_instruction = r.u8()?;
        let form = Form {
            default_is_stmt: r.u8()? != 0,
            line_base: r.u8()? as i8,
            line_range: r.u8()?,
            opcode_base: r.u8()?,
        };
        if min_inst != 1 || per_instruction != 1 || form.line_range == 0 || form.opcode_base != 13 {
            return None;
        }
        r.take(usize::from(form.opcode_base) - 1)?;
        let mut folders = vec![foreign];
        loop {
            match r.text()? {
                [] => break,
                name => folders.push(foreign || is_foreign(name)),
            }
        }
        let mut files = vec![foreign];
        loop {
            let name = r.text()?;
            if name.is_empty() {
                break;
            }
            let folder = folders.get(r.uleb()? as usize).copied()?;
            r.uleb()?;
            r.uleb()?;
            files.push(folder || is_foreign(name));
        }
        let mut program = Program {
            header,
            form,
            foreign: files,
            sequences: Vec::new(),
        };
        program.run(Reader::new(bytes, code_at), bytes.len())?;
        program.sequences.sort_by_key(|s| s.rows[0].address);
        Some(program)
    }

    fn run(&mut self, mut r: Reader<'_>, end: usize) -> Option<()> {
        let form = self.form;
        let start = Row {
            address: 0,
            file: 1,
            line: 1,
            is_stmt: form.default_is_stmt,
            prologue_end: false,
        };
        let (mut now, mut rows) = (start, Vec::new());
        let step = u64::from((255 - form.opcode_base) / form.line_range);
        while r.at < end {
            let op = r.u8()?;
            if let Some(special) = op.checked_sub(form.opcode_base) {
                now.address += u64::from(special / form.line_range);
                let delta = i32::from(form.line_base) + i32::from(special % form.line_range);
                now.line = now.line.wrapping_add_signed(delta);
                rows.push(now);
                now.prologue_end = false;
                continue;
            }
            match op {
                0 => {
                    let size = r.uleb()? as usize;
                    let mut operand = Reader::new(r.take(size)?, 0);
                    match operand.u8()? {
                        1 => {
                            let rows = std::mem::take(&mut rows);
                            if rows.first().is_some_and(|row: &Row| !is_gone(row.address)) {
                                let end = now.address;
                                self.sequences.push(Sequence { rows, end });
                            }
                            now = start;
                        }
                        2 => now.address = operand.u64()?,
                        // Discriminators.
                        4 => {}
                        _ => return None,
                    }
                }
                1 => {
                    rows.push(now);
                    now.prologue_end = false;
                }
                2 => now.address = now.address.wrapping_add(r.uleb()?),
                3 => now.line = now.line.wrapping_add_signed(r.sleb()? as i32),
                4 => now.file = r.uleb()? as u32,
                5 => drop(r.uleb()?),
                6 => now.is_stmt = !now.is_stmt,
                7 | 11 => {}
                8 => now.address += step,
                9 => now.address += u64::from(r.u16()?),
                10 => now.prologue_end = true,
                12 => drop(r.uleb()?),
                _ => return None,
            }
        }
        Some(())
    }

    /// Whether a file is another project's.
    pub fn foreign(&self, file: u32) -> bool {
        self.foreign.get(file as usize).copied().unwrap_or(false)
    }

    /// File of the code at an address.
    pub fn file_at(&self, address: u64) -> Option<u32> {
        let after = self
            .sequences
            .partition_point(|s| s.rows[0].address <= address);
        let rows = &self.sequences.get(after.checked_sub(1)?)?.rows;
        let after = rows.partition_point(|row| row.address <= address);
        Some(rows[after.checked_sub(1)?].file)
    }

    /// Writes it; `folds` are in order and apart.
    pub fn write(&self, folds: &[Fold], out: &mut Vec<u8>) {
        let length_at = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(self.header);
        for s in &self.sequences {
            self.sequence(s, folds, out);
        }
        let length = (out.len() - length_at - 4) as u32;
        out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }

    fn sequence(&self, s: &Sequence, folds: &[Fold], out: &mut Vec<u8>) {
        let first = s.rows[0].address;
        out.extend_from_slice(&[0, 9, 2]);
        out.extend_from_slice(&first.to_le_bytes());
        let (mut file, mut line, mut address) = (1, 1, first);
        let mut is_stmt = self.form.default_is_stmt;
        let mut folds = &folds[folds.partition_point(|f| f.end <= first)..];
        let mut written = false;
        for row in &s.rows {
            while folds.first().is_some_and(|f| f.end <= row.address) {
                folds = &folds[1..];
            }
            let mut row = *row;
            if let Some(f) = folds.first().filter(|f| f.start <= row.address) {
                (row.file, row.line) = (f.file, f.line);
            }
            // Code of no line goes on with the one before.
            let same = row.line == 0 || (row.file, row.line, row.is_stmt) == (file, line, is_stmt);
            if written && same && !row.prologue_end {
                continue;
            }
            written = true;
            if row.file != file {
                out.push(4);
                put_uleb(out, u64::from(row.file));
            }
            if row.is_stmt != is_stmt {
                out.push(6);
            }
            if row.prologue_end {
                out.push(10);
            }
            let by = i64::from(row.line) - i64::from(line);
            self.advance(row.address - address, by, out);
            (file, line, is_stmt, address) = (row.file, row.line, row.is_stmt, row.address);
        }
        if s.end > address {
            out.push(2);
            put_uleb(out, s.end - address);
        }
        out.extend_from_slice(&[0, 1, 1]);
    }

    /// One row further.
    fn advance(&self, mut addresses: u64, mut lines: i64, out: &mut Vec<u8>) {
        let Form {
            line_base,
            line_range,
            opcode_base,
            ..
        } = self.form;
        let (base, range) = (i64::from(line_base), u64::from(line_range));
        let special = |addresses: u64, lines: i64| {
            let line = u64::try_from(lines - base).ok().filter(|&l| l < range)?;
            let op = addresses.checked_mul(range)? + line + u64::from(opcode_base);
            u8::try_from(op).ok()
        };
        if special(0, lines).is_none() {
            out.push(3);
            put_sleb(out, lines);
            lines = 0;
        }
        if special(addresses, lines).is_none() {
            let step = u64::from(255 - opcode_base) / range;
            if addresses >= step && special(addresses - step, lines).is_some() {
                out.push(8);
                addresses -= step;
            } else {
                out.push(2);
                put_uleb(out, addresses);
                addresses = 0;
            }
        }
        match special(addresses, lines) {
            Some(op) => out.push(op),
            None => out.push(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with two files, the second another project's, and this code.
    fn program(code: &[u8]) -> Vec<u8> {
        let mut header = vec![
            1, 1, 1, -5i8 as u8, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1,
        ];
        header.extend_from_slice(b"/rustc/x\0\0a.rs\0\0\0\0cell.rs\0\x01\0\0\0");
        let size = (2 + 4 + header.len() + code.len()) as u32;
        let mut all = size.to_le_bytes().to_vec();
        all.extend_from_slice(&4u16.to_le_bytes());
        all.extend_from_slice(&(header.len() as u32).to_le_bytes());
        all.extend_from_slice(&header);
        all.extend_from_slice(code);
        all
    }

    fn rows(p: &Program<'_>) -> Vec<(u64, u32, u32)> {
        let all = p.sequences.iter().flat_map(|s| &s.rows);
        all.map(|r| (r.address, r.file, r.line)).collect()
    }

    #[test]
    fn code_of_others_counts_as_the_line_that_calls_it() {
        let mut code = vec![0, 9, 2];
        code.extend_from_slice(&0x1000u64.to_le_bytes());
        // Line 10 of a.rs, column 3; 4 bytes on line 500 of cell.rs; 8 bytes on line 12 of a.rs; an
        // end after 40 more.
        code.extend_from_slice(&[5, 3, 3, 9, 1]);
        code.extend_from_slice(&[4, 2, 3, 0xea, 3, 2, 4, 1]);
        code.extend_from_slice(&[4, 1, 3, 0x98, 0x7c, 2, 8, 1]);
        code.extend_from_slice(&[2, 40, 0, 1, 1]);
        // Another function, which is not there.
        code.extend_from_slice(&[0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 5, 0, 1, 1]);
        let bytes = program(&code);
        let p = Program::read(&bytes, 0, false).expect("well-formed");
        assert_eq!(
            rows(&p),
            [(0x1000, 1, 10), (0x1004, 2, 500), (0x100c, 1, 12)]
        );
        assert!(p.foreign(2) && !p.foreign(1));
        assert_eq!(p.file_at(0x1007), Some(2));

        let fold = Fold {
            start: 0x1004,
            end: 0x100c,
            file: 1,
            line: 11,
        };
        let mut out = Vec::new();
        p.write(&[fold], &mut out);
        assert!(out.len() < bytes.len());
        let again = Program::read(&out, 0, false).expect("well-formed");
        assert_eq!(
            rows(&again),
            [(0x1000, 1, 10), (0x1004, 1, 11), (0x100c, 1, 12)]
        );
        assert_eq!(again.sequences[0].end, 0x1034);
    }

    #[test]
    fn every_step_is_written_so_that_it_reads_back() {
        let bytes = program(&[]);
        let mut p = Program::read(&bytes, 0, false).expect("well-formed");
        let (mut address, mut line) = (0x4000, 1u32);
        let mut rows = Vec::new();
        for (by, lines) in [
            (0, 0),
            (1, 8),
            (17, -5),
            (18, 9),
            (34, 3),
            (500, -7),
            (3, 4000),
        ] {
            address += by;
            line = line.wrapping_add_signed(lines);
            let prologue_end = true;
            let (file, is_stmt) = (1, by % 2 == 0);
            rows.push(Row {
                address,
                file,
                line: line.max(1),
                is_stmt,
                prologue_end,
            });
            line = line.max(1);
        }
        let want: Vec<_> = rows
            .iter()
            .map(|r| (r.address, r.line, r.is_stmt))
            .collect();
        p.sequences.push(Sequence { rows, end: address });
        let mut out = Vec::new();
        p.write(&[], &mut out);
        let again = Program::read(&out, 0, false).expect("well-formed");
        let read = again.sequences[0].rows.iter();
        assert_eq!(
            read.map(|r| (r.address, r.line, r.is_stmt))
                .collect::<Vec<_>>(),
            want
        );
    }

    #[test]
    fn damage_is_no_program() {
        let bytes = program(&[0, 9, 2, 0, 16, 0, 0, 0, 0, 0, 0, 1, 2, 5, 0, 1, 1]);
        for cut in 0..bytes.len() {
            assert!(Program::read(&bytes[..cut], 0, false).is_none());
        }
    }
}
