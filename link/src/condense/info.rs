//! Units: the tree of what describes the program, cut and written again.

use super::lines::{self, Fold, Program};
use super::read::{Reader, is_gone, put_uleb};
use gimli::constants as dw;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Contents of the debug sections.
#[derive(Debug)]
pub struct Sections<'a> {
    pub info: &'a [u8],
    pub abbrev: &'a [u8],
    pub line: &'a [u8],
    pub strings: &'a [u8],
    pub ranges: &'a [u8],
}

/// New contents.
#[derive(Debug, Default)]
pub struct Condensed {
    pub info: Vec<u8>,
    pub abbrev: Vec<u8>,
    pub line: Vec<u8>,
    pub strings: Vec<u8>,
    pub ranges: Vec<u8>,
}

/// Bytes of a unit's header: length, version, abbreviations, size of addresses.
const HEADER: usize = 11;
/// `DW_AT_GNU_discriminator`.
const DISCRIMINATOR: dw::DwAt = dw::DwAt(0x2136);
/// A call in a function says where it is more surely than its code does.
const CALL: i32 = 1 << 10;
/// Votes that settle it.
const ENOUGH: i32 = 16;
/// Functions of the library start at multiples of this.
const PADDING: u64 = 16;
/// What is left out: nothing that debuggers show of functions is in them.
const DROPPED: [dw::DwAt; 3] = [dw::DW_AT_call_column, DISCRIMINATOR, dw::DW_AT_linkage_name];

/// Reads all units and writes what the program needs of them; `None` where something is in a form
/// that is not known here.
pub fn condense(s: &Sections<'_>) -> Option<Condensed> {
    let mut tree = Tree {
        s,
        units: Vec::new(),
        entries: Vec::new(),
        starts: Vec::new(),
    };
    let mut out = Out::default();
    let mut at = 0;
    while at < s.info.len() {
        let mut r = Reader::new(s.info, at);
        let size = r.u32()? as usize;
        r.take(size)?;
        let bytes = s.info.get(at..r.at)?;
        let unit = Unit::read(s, at, bytes)?;
        at = r.at;
        if unit.language() == Some(u64::from(dw::DW_LANG_Go.0)) {
            unit.pass_on(s, &mut out)?;
        } else {
            tree.add(unit)?;
        }
    }
    tree.mark()?;
    for unit in 0..tree.units.len() {
        tree.fold(unit)?;
    }
    tree.keep_named()?;
    out.moved = vec![0; tree.entries.len()];
    for unit in &tree.units {
        tree.write(unit, &mut out)?;
    }
    out.refer()?;
    Some(out.new)
}

/// What is written, and what is known to be in it.
#[derive(Default)]
struct Out {
    new: Condensed,
    strings: FxHashMap<u32, u32>,
    ranges: FxHashMap<Vec<u8>, u32>,
    /// Where entries have gone, by number.
    moved: Vec<u32>,
    /// References to fill in: place, number of what is meant, and where offsets count from.
    references: Vec<(usize, u32, u32)>,
}

#[derive(Debug)]
struct Abbreviation {
    tag: dw::DwTag,
    children: bool,
    attributes: Vec<(dw::DwAt, dw::DwForm)>,
}

/// The abbreviations of a unit, by code from 1: writers count on.
struct Abbreviations(Vec<Abbreviation>);

impl Abbreviations {
    fn get(&self, code: u32) -> Option<&Abbreviation> {
        self.0.get((code as usize).checked_sub(1)?)
    }
}

/// An entry of the tree.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where its attributes start in the unit.
    attributes: u32,
    unit: u32,
    abbreviation: u32,
    tag: dw::DwTag,
    parent: u32,
    /// Number of the entry after its last descendant.
    after: u32,
    low: Option<u64>,
    high: u64,
    ranges: Option<u32>,
    /// Of what it is a copy.
    origin: u32,
    call: (u32, u32),
    kept: bool,
}

struct Unit<'a> {
    /// Where it starts.
    start: u32,
    bytes: &'a [u8],
    abbreviations: Abbreviations,
    /// Its entries in the tree; none for a unit that is passed on.
    entries: Range<usize>,
    lines: Option<Program<'a>>,
    folds: Vec<Fold>,
}

/// All units but Go's.
struct Tree<'a, 's> {
    s: &'s Sections<'a>,
    units: Vec<Unit<'a>>,
    entries: Vec<Entry>,
    /// Where they start.
    starts: Vec<u32>,
}

impl<'a> Unit<'a> {
    fn read(s: &Sections<'a>, start: usize, bytes: &'a [u8]) -> Option<Self> {
        let mut r = Reader::new(bytes, 4);
        let (version, abbreviations, address) = (r.u16()?, r.u32()?, r.u8()?);
        if version != 4 || address != 8 {
            return None;
        }
        Some(Unit {
            start: u32::try_from(start).ok()?,
            bytes,
            abbreviations: abbreviations_at(s.abbrev, abbreviations as usize)?,
            entries: 0..0,
            lines: None,
            folds: Vec::new(),
        })
    }

    /// An attribute of the root, and where it is.
    fn root(&self, name: dw::DwAt) -> Option<(usize, u64)> {
        let mut r = Reader::new(self.bytes, HEADER);
        let root = self.abbreviations.get(r.uleb()? as u32)?;
        for &(attribute, form) in &root.attributes {
            let at = r.at;
            let value = value(&mut r, form)?;
            if attribute == name {
                return Some((at, value));
            }
        }
        None
    }

    /// Where references of a form count from; `None` for what is no reference.
    fn counts_from(&self, form: dw::DwForm) -> Option<u32> {
        match form {
            dw::DW_FORM_ref4 | dw::DW_FORM_ref_udata => Some(self.start),
            dw::DW_FORM_ref_addr => Some(0),
            _ => None,
        }
    }

    fn language(&self) -> Option<u64> {
        Some(self.root(dw::DW_AT_language)?.1)
    }

    /// Copies the unit and its lines.
    fn pass_on(&self, s: &Sections<'_>, out: &mut Out) -> Option<()> {
        let plain = |f: dw::DwForm| f != dw::DW_FORM_strp && f != dw::DW_FORM_ref_addr;
        let all = || self.abbreviations.0.iter().flat_map(|a| &a.attributes);
        let mut lists = all().filter(|a| a.1 == dw::DW_FORM_sec_offset);
        if !all().all(|a| plain(a.1)) || !lists.all(|a| a.0 == dw::DW_AT_stmt_list) {
            return None;
        }
        let mut unit = self.bytes.to_vec();
        let abbreviations = out.new.abbrev.len() as u32;
        unit[6..10].copy_from_slice(&abbreviations.to_le_bytes());
        for (code, a) in (1..).zip(&self.abbreviations.0) {
            declare(&mut out.new.abbrev, code, a.tag, a.children, &a.attributes);
        }
        out.new.abbrev.push(0);
        if let Some((at, line)) = self.root(dw::DW_AT_stmt_list) {
            let program = lines::extent(s.line, line as usize)?;
            unit[at..at + 4].copy_from_slice(&(out.new.line.len() as u32).to_le_bytes());
            out.new.line.extend_from_slice(program);
        }
        out.new.info.extend_from_slice(&unit);
        Some(())
    }
}

impl<'a> Tree<'a, '_> {
    /// Reads a unit's lines and entries.
    fn add(&mut self, mut unit: Unit<'a>) -> Option<()> {
        let (_, line) = unit.root(dw::DW_AT_stmt_list)?;
        let name = unit.root(dw::DW_AT_name);
        let name = name.and_then(|(_, at)| Reader::new(self.s.strings, at as usize).text());
        let foreign = name.is_some_and(lines::is_foreign);
        unit.lines = Some(Program::read(self.s.line, line as usize, foreign)?);

        let first = self.entries.len();
        let mut r = Reader::new(unit.bytes, HEADER);
        let mut open: Vec<u32> = Vec::new();
        while r.at < unit.bytes.len() {
            let at = r.at as u32;
            let code = r.uleb()? as u32;
            if code == 0 {
                let closed = open.pop()?;
                self.entries[closed as usize].after = self.entries.len() as u32;
                if open.is_empty() {
                    break;
                }
                continue;
            }
            let a = unit.abbreviations.get(code)?;
            let number = self.entries.len() as u32;
            let mut e = Entry {
                attributes: r.at as u32,
                unit: self.units.len() as u32,
                abbreviation: code,
                tag: a.tag,
                parent: open.last().copied().unwrap_or(number),
                after: number + 1,
                low: None,
                high: 0,
                ranges: None,
                origin: 0,
                call: (0, 0),
                kept: false,
            };
            for &(name, form) in &a.attributes {
                let value = value(&mut r, form)?;
                match name {
                    dw::DW_AT_low_pc => e.low = Some(value),
                    dw::DW_AT_high_pc => {
                        let absolute = form == dw::DW_FORM_addr;
                        let base = if absolute { 0 } else { e.low? };
                        e.high = base.wrapping_add(value);
                    }
                    dw::DW_AT_ranges => e.ranges = Some(value as u32),
                    dw::DW_AT_abstract_origin => {
                        e.origin = unit.counts_from(form)? + value as u32;
                    }
                    dw::DW_AT_call_file => e.call.0 = value as u32,
                    dw::DW_AT_call_line => e.call.1 = value as u32,
                    _ => {}
                }
            }
            self.entries.push(e);
            self.starts.push(unit.start + at);
            if a.children {
                open.push(number);
            } else if open.is_empty() {
                break;
            }
        }
        unit.entries = first..self.entries.len();
        self.units.push(unit);
        Some(())
    }

    fn abbreviation(&self, e: &Entry) -> Option<&Abbreviation> {
        let unit = self.units.get(e.unit as usize)?;
        unit.abbreviations.get(e.abbreviation)
    }

    /// Number of the entry that starts there.
    fn number(&self, at: u32) -> Option<u32> {
        Some(self.starts.binary_search(&at).ok()? as u32)
    }

    /// Keeps functions that are there, with what is in them; those that are only named wait for
    /// somebody to name them.
    fn mark(&mut self) -> Option<()> {
        for i in 0..self.entries.len() {
            let e = self.entries[i];
            let kept = match e.tag {
                dw::DW_TAG_subprogram => match (e.low, e.ranges) {
                    (Some(low), _) => !is_gone(low),
                    (None, Some(list)) => !self.spans(e.unit, list)?.is_empty(),
                    (None, None) => false,
                },
                dw::DW_TAG_inlined_subroutine => self.entries[e.parent as usize].kept,
                // Whoever names them keeps them, or is in them.
                _ => false,
            };
            self.entries[i].kept = kept;
        }
        Some(())
    }

    /// Where the code of an entry is.
    fn places(&self, e: &Entry) -> Option<Vec<(u64, u64)>> {
        match (e.low, e.ranges) {
            (_, Some(list)) => self.spans(e.unit, list),
            (Some(low), None) => Some(vec![(low, e.high)]),
            (None, None) => Some(Vec::new()),
        }
    }

    /// A unit's list of ranges, without those of what is not there.
    fn spans(&self, unit: u32, at: u32) -> Option<Vec<(u64, u64)>> {
        let mut r = Reader::new(self.s.ranges, at as usize);
        let mut base = self.base(unit)?;
        let mut selected = false;
        let mut list = Vec::new();
        loop {
            match (r.u64()?, r.u64()?) {
                (0, 0) => return Some(list),
                (u64::MAX, address) => (base, selected) = (address, true),
                (start, end) => {
                    let (start, end) = (base.wrapping_add(start), base.wrapping_add(end));
                    let gone = is_gone(start) || selected && is_gone(base);
                    if start < end && !gone {
                        list.push((start, end));
                    }
                }
            }
        }
    }

    /// What a unit's lists of ranges count from.
    fn base(&self, unit: u32) -> Option<u64> {
        let first = self.units.get(unit as usize)?.entries.start;
        Some(self.entries.get(first)?.low.unwrap_or(0))
    }

    /// Takes out a unit's inlined functions of others that call none of ours. Their code counts as
    /// the line that called them.
    fn fold(&mut self, unit: usize) -> Option<()> {
        let entries = self.units[unit].entries.clone();
        let inlined = |t: &Self, i: usize| {
            let e = &t.entries[i];
            e.kept && e.tag == dw::DW_TAG_inlined_subroutine
        };
        // Which functions are others': the files of the calls in them tell, and those of their
        // code. Code that was moved may be of the caller's line, so each copy has a voice.
        let lines = self.units[unit].lines.as_ref()?;
        let mut voices: FxHashMap<u32, i32> = FxHashMap::default();
        for i in entries.clone().filter(|&i| inlined(self, i)) {
            let e = self.entries[i];
            let vote = |voices: &mut FxHashMap<u32, i32>, function, file, weight| {
                let sign = if lines.foreign(file) { 1 } else { -1 };
                *voices.entry(function).or_default() += sign * weight;
            };
            vote(
                &mut voices,
                self.entries[e.parent as usize].origin,
                e.call.0,
                CALL,
            );
            if voices.get(&e.origin).is_none_or(|v| v.abs() < ENOUGH) {
                let last = self.places(&e)?.last().map(|p| p.1.wrapping_sub(1));
                if let Some(file) = last.and_then(|at| lines.file_at(at)) {
                    vote(&mut voices, e.origin, file, 1);
                }
            }
        }
        let mut foreign = vec![false; entries.len()];
        for i in entries.clone().rev().filter(|&i| inlined(self, i)) {
            let e = self.entries[i];
            let mut others = true;
            let mut inside = i + 1;
            while inside < e.after as usize {
                others &= foreign[inside - entries.start] || !inlined(self, inside);
                inside = self.entries[inside].after as usize;
            }
            foreign[i - entries.start] = others && voices.get(&e.origin).is_some_and(|&v| v > 0);
        }
        let mut folds = Vec::new();
        let mut i = entries.start;
        while i < entries.end {
            let e = self.entries[i];
            if !foreign[i - entries.start] {
                i += 1;
                continue;
            }
            let (file, line) = e.call;
            for (start, end) in self.places(&e)? {
                folds.push(Fold {
                    start,
                    end,
                    file,
                    line,
                });
            }
            let after = e.after as usize;
            for e in &mut self.entries[i..after] {
                e.kept = false;
            }
            i = after;
        }
        folds.retain(|f| f.start < f.end);
        folds.sort_unstable_by_key(|f| f.start);
        self.units[unit].folds = folds;
        Some(())
    }

    /// Keeps what kept entries name, and what is around kept entries.
    fn keep_named(&mut self) -> Option<()> {
        let kept = (0..).zip(&self.entries).filter(|(_, e)| e.kept);
        let mut work: Vec<u32> = kept.map(|(i, _)| i).collect();
        let mut named = Vec::new();
        while let Some(i) = work.pop() {
            let e = self.entries[i as usize];
            named.push(e.parent);
            let unit = self.units.get(e.unit as usize)?;
            let mut r = Reader::new(unit.bytes, e.attributes as usize);
            for &(_, form) in &self.abbreviation(&e)?.attributes {
                let value = value(&mut r, form)?;
                if let Some(base) = unit.counts_from(form) {
                    named.push(self.number(base + value as u32)?);
                }
            }
            for n in named.drain(..) {
                let other = &mut self.entries[n as usize];
                if !std::mem::replace(&mut other.kept, true) {
                    work.push(n);
                }
            }
        }
        Some(())
    }

    /// Writes a unit.
    fn write(&self, unit: &Unit<'a>, out: &mut Out) -> Option<()> {
        if !self.entries.get(unit.entries.start)?.kept {
            return Some(());
        }
        let line_at = out.new.line.len() as u32;
        let lines = unit.lines.as_ref()?;
        lines.write(&unit.folds, &mut out.new.line);
        let mut codes = Codes::default();
        let start = out.new.info.len();
        out.new.info.extend_from_slice(&unit.bytes[..HEADER]);
        let abbreviations = (out.new.abbrev.len() as u32).to_le_bytes();
        out.new.info[start + 6..start + 10].copy_from_slice(&abbreviations);
        let mut open: Vec<u32> = Vec::new();
        for i in unit.entries.clone() {
            let e = self.entries[i];
            while open.last().is_some_and(|&after| after as usize <= i) {
                open.pop();
                out.new.info.push(0);
            }
            if !e.kept {
                continue;
            }
            let children = self.entries[i + 1..e.after as usize].iter().any(|c| c.kept);
            out.moved[i] = out.new.info.len() as u32;
            let a = self.abbreviation(&e)?;
            put_uleb(&mut out.new.info, codes.code(e.abbreviation, children, a));
            let mut r = Reader::new(unit.bytes, e.attributes as usize);
            for &(name, form) in &a.attributes {
                let at = r.at;
                let value = value(&mut r, form)?;
                if DROPPED.contains(&name) {
                    continue;
                }
                let word = match (name, form) {
                    (_, dw::DW_FORM_strp) => out.string(self.s.strings, value as u32)?,
                    (dw::DW_AT_stmt_list, _) => line_at,
                    (dw::DW_AT_ranges, _) => {
                        let mut spans = self.spans(e.unit, value as u32)?;
                        if i == unit.entries.start {
                            spans = without_padding(spans);
                        }
                        out.ranges(&spans, self.base(e.unit)?)
                    }
                    (_, dw::DW_FORM_sec_offset) => return None,
                    (dw::DW_AT_high_pc, dw::DW_FORM_data4) => {
                        put_uleb(&mut out.new.info, value);
                        continue;
                    }
                    _ => match unit.counts_from(form) {
                        Some(base) => {
                            let whole = form == dw::DW_FORM_ref_addr;
                            let new = if whole { 0 } else { start as u32 };
                            let place = out.new.info.len();
                            let meant = self.number(base + value as u32)?;
                            out.references.push((place, meant, new));
                            0
                        }
                        None => {
                            out.new.info.extend_from_slice(&unit.bytes[at..r.at]);
                            continue;
                        }
                    },
                };
                out.new.info.extend_from_slice(&word.to_le_bytes());
            }
            if children {
                open.push(e.after);
            }
        }
        open.iter().for_each(|_| out.new.info.push(0));
        let size = ((out.new.info.len() - start - 4) as u32).to_le_bytes();
        out.new.info[start..start + 4].copy_from_slice(&size);
        codes.write(&mut out.new.abbrev);
        Some(())
    }
}

impl Out {
    /// Fills in the references.
    fn refer(&mut self) -> Option<()> {
        for &(at, meant, base) in &self.references {
            let new = self.moved.get(meant as usize)? - base;
            self.new.info[at..at + 4].copy_from_slice(&new.to_le_bytes());
        }
        Some(())
    }

    /// New offset of a string.
    fn string(&mut self, strings: &[u8], at: u32) -> Option<u32> {
        if let Some(&known) = self.strings.get(&at) {
            return Some(known);
        }
        let text = Reader::new(strings, at as usize).text()?;
        let new = self.new.strings.len() as u32;
        self.new.strings.extend_from_slice(text);
        self.new.strings.push(0);
        self.strings.insert(at, new);
        Some(new)
    }

    /// Offset of a list of ranges, of a unit with this base.
    fn ranges(&mut self, spans: &[(u64, u64)], base: u64) -> u32 {
        let mut bytes = Vec::with_capacity(16 * spans.len() + 16);
        for address in spans.iter().flat_map(|&(start, end)| [start, end]) {
            bytes.extend_from_slice(&address.wrapping_sub(base).to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 16]);
        let out = &mut self.new.ranges;
        *self.ranges.entry(bytes).or_insert_with_key(|bytes| {
            out.extend_from_slice(bytes);
            (out.len() - bytes.len()) as u32
        })
    }
}

/// The abbreviations of a unit that is written.
#[derive(Default)]
struct Codes {
    known: FxHashMap<(u32, bool), u64>,
    bytes: Vec<u8>,
}

impl Codes {
    /// The new code of entries like those with an old one.
    fn code(&mut self, old: u32, children: bool, a: &Abbreviation) -> u64 {
        let new = self.known.len() as u64 + 1;
        let bytes = &mut self.bytes;
        *self.known.entry((old, children)).or_insert_with(|| {
            let kept = a.attributes.iter().filter(|a| !DROPPED.contains(&a.0));
            // References get room for what they will be; sizes are small.
            let written = |&(name, form)| match (name, form) {
                (_, dw::DW_FORM_ref_udata) => (name, dw::DW_FORM_ref4),
                (dw::DW_AT_high_pc, dw::DW_FORM_data4) => (name, dw::DW_FORM_udata),
                _ => (name, form),
            };
            let kept: Vec<_> = kept.map(written).collect();
            declare(bytes, new as u32, a.tag, children, &kept);
            new
        })
    }

    fn write(mut self, out: &mut Vec<u8>) {
        out.append(&mut self.bytes);
        out.push(0);
    }
}

/// A unit's ranges, with the room between its functions: nobody else is there.
fn without_padding(mut spans: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let near = next.0 < last.1.saturating_add(PADDING);
        if near {
            last.1 = last.1.max(next.1);
        }
        near
    });
    spans
}

fn declare(
    out: &mut Vec<u8>,
    code: u32,
    tag: dw::DwTag,
    children: bool,
    attributes: &[(dw::DwAt, dw::DwForm)],
) {
    put_uleb(out, u64::from(code));
    put_uleb(out, u64::from(tag.0));
    out.push(u8::from(children));
    for &(name, form) in attributes.iter().chain([&(dw::DwAt(0), dw::DwForm(0))]) {
        put_uleb(out, u64::from(name.0));
        put_uleb(out, u64::from(form.0));
    }
}

fn abbreviations_at(abbrev: &[u8], at: usize) -> Option<Abbreviations> {
    let mut r = Reader::new(abbrev, at);
    let mut all = Vec::new();
    loop {
        let code = r.uleb()? as u32;
        if code == 0 {
            return Some(Abbreviations(all));
        }
        if code as usize != all.len() + 1 {
            return None;
        }
        let (tag, children) = (dw::DwTag(r.uleb()? as u16), r.u8()? != 0);
        let mut attributes = Vec::new();
        loop {
            match (r.uleb()? as u16, r.uleb()? as u16) {
                (0, 0) => break,
                (name, form) => attributes.push((dw::DwAt(name), dw::DwForm(form))),
            }
        }
        let a = Abbreviation {
            tag,
            children,
            attributes,
        };
        all.push(a);
    }
}

/// Passes over a value; answers it where it is a number.
fn value(r: &mut Reader<'_>, form: dw::DwForm) -> Option<u64> {
    match form {
        dw::DW_FORM_addr | dw::DW_FORM_data8 => r.u64(),
        dw::DW_FORM_data1 | dw::DW_FORM_flag => r.number(1),
        dw::DW_FORM_data2 => r.number(2),
        dw::DW_FORM_data4
        | dw::DW_FORM_ref4
        | dw::DW_FORM_ref_addr
        | dw::DW_FORM_strp
        | dw::DW_FORM_sec_offset => r.number(4),
        dw::DW_FORM_udata | dw::DW_FORM_ref_udata => r.uleb(),
        dw::DW_FORM_sdata => r.sleb().map(|v| v as u64),
        dw::DW_FORM_flag_present => Some(1),
        dw::DW_FORM_string => r.text().map(|_| 0),
        dw::DW_FORM_exprloc => {
            let size = r.uleb()? as usize;
            r.take(size).map(|_| 0)
        }
        _ => None,
    }
}
