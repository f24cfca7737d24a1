//! Arrows between rooms, and circles.

use crate::arrows::Arrows;
use std::collections::{BTreeMap, BTreeSet};

/// The room of a file: its folder; a file of the crate's root is one by itself.
pub fn room(file: &str) -> &str {
    match file.split_once('/') {
        Some((folder, _)) => folder,
        None => file.trim_end_matches(".rs"),
    }
}

/// The arrows between rooms.
pub fn between_rooms(arrows: &Arrows) -> BTreeSet<(&str, &str)> {
    let rooms = arrows.keys().map(|(from, to)| (room(from), room(to)));
    rooms.filter(|(from, to)| from != to).collect()
}

/// The circles: sets of files each of which leads to all others of its set, the largest first.
pub fn circles<'a>(arrows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<BTreeSet<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows {
        next.entry(from).or_default().insert(to);
        next.entry(to).or_default();
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|&file| (file, reached(file, &next)))
        .collect();
    let mut circles = BTreeSet::new();
    for (file, reached) in &reach {
        let circle: BTreeSet<&str> = reached
            .iter()
            .copied()
            .filter(|other| reach[other].contains(file))
            .collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|c| std::cmp::Reverse(c.len()));
    circles
}

/// Where arrows lead from a file; the file itself only by a circle.
fn reached<'a>(from: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut todo = vec![from];
    while let Some(file) = todo.pop() {
        todo.extend(next[file].iter().copied().filter(|&to| reached.insert(to)));
    }
    reached
}

/// The figures of the sources, one a line. `order`: the rooms from the lowest on.
pub fn figures(
    order: &[String],
    texts: &BTreeMap<&str, &str>,
    all: &Arrows,
    imports: &Arrows,
) -> String {
    let place = |room: &str| order.iter().position(|r| r == room);
    let rooms: BTreeSet<&str> = texts.keys().map(|f| room(f)).collect();
    let count = |arrows: &Arrows| {
        let between = between_rooms(arrows);
        let up = between
            .iter()
            .filter(|(from, to)| place(from) < place(to))
            .count();
        let pairs = between
            .iter()
            .filter(|(from, to)| from < to && between.contains(&(*to, *from)))
            .count();
        [between.len(), up, pairs].map(|n| n.to_string())
    };
    let circles_of = |arrows: &Arrows| {
        let circles = circles(arrows.keys().map(|(f, t)| (f.as_str(), t.as_str())));
        let sizes: Vec<String> = circles.iter().map(|c| c.len().to_string()).collect();
        let files: usize = circles.iter().map(BTreeSet::len).sum();
        format!("{files} of {} ({})", texts.len(), sizes.join(" + "))
    };
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, text) in texts {
        *lines.entry(room(file)).or_default() += text.lines().count();
    }
    let total: usize = lines.values().sum();
    let (largest, most) = lines.iter().max_by_key(|(_, n)| **n).unwrap_or((&"", &0));
    let largest = format!("{largest}, {} % of lines", most * 100 / total.max(1));
    let [inline, by_imports] = [all, imports].map(|arrows| (count(arrows), circles_of(arrows)));
    let mut out = format!(
        "{:32} {:>24} {:>24}\n",
        "", "by imports", "inline paths counted"
    );
    let mut row = |what: &str, imports: &str, all: &str| {
        out.push_str(&format!("{what:32} {imports:>24} {all:>24}\n"))
    };
    row("rooms", &rooms.len().to_string(), "");
    for (i, what) in [
        "arrows between rooms",
        "arrows that run back up",
        "pairs that name each other",
    ]
    .into_iter()
    .enumerate()
    {
        row(what, &by_imports.0[i], &inline.0[i]);
    }
    row("files in circles", &by_imports.1, &inline.1);
    row("largest room", &largest, "");
    out
}
