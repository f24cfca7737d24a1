//! Where free pages are: summaries of free runs, in levels, over bitmaps of pages in use.
//!
//! A node says of its pages how many are free at its start, how many in the longest free run, how
//! many at its end. So the first run of any length is found by going down from the top, sixteen
//! nodes a level, and a change goes up the same way until a node stays as it was. The lowest level
//! stands for [`LEAF`] pages and lies with its bitmap, [`Map`], in the arena; the levels above are
//! one table for all addresses.

use super::geometry::{ARENA_PAGES, ARENAS, PAGE_WORDS};
use crate::fatal::walk::{Walk, holds};

/// Pages of a node of the lowest level.
#[doc(alias = "pallocChunkPages")]
pub(super) const LEAF: usize = 512;
/// Words of bitmap of such a node.
const LEAF_WORDS: usize = LEAF / 64;
/// Nodes under one of the next level.
const FAN: usize = 16;
const _: () = assert!(ARENA_PAGES == LEAF * FAN && ARENAS == FAN * FAN * FAN * FAN);

/// Free runs among some pages. Zeroes: none is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Free {
    start: u32,
    longest: u32,
    end: u32,
}

impl Free {
    /// All of `n` pages are free.
    const fn all(n: usize) -> Self {
        let n = n as u32;
        Self {
            start: n,
            longest: n,
            end: n,
        }
    }

    /// Of the pages of a bitmap, in which ones are in use.
    fn of_bits(words: &[u64]) -> Self {
        let mut free = Self::default();
        let (mut run, mut at_start) = (0, true);
        for &w in words {
            if w == 0 {
                run += 64;
                continue;
            }
            run += w.trailing_zeros();
            if at_start {
                free.start = run;
                at_start = false;
            }
            free.longest = free.longest.max(run);
            // Runs between ones, as long as there may be a longer one.
            let mut inside = !w & (!0 >> w.leading_zeros()) & (!0 << w.trailing_zeros());
            while inside.count_ones() > free.longest {
                let run = (inside >> inside.trailing_zeros()).trailing_ones();
                free.longest = free.longest.max(run);
                // The carry clears the lowest run.
                inside &= inside.wrapping_add(inside & inside.wrapping_neg());
            }
            run = w.leading_zeros();
        }
        if at_start {
            return Self::all(words.len() * 64);
        }
        free.longest = free.longest.max(run);
        free.end = run;
        free
    }

    /// Of nodes of `size` pages each, side by side.
    fn of_nodes(nodes: &[Self], size: u32) -> Self {
        let mut free = Self::default();
        let (mut run, mut at_start) = (0, true);
        for n in nodes {
            free.longest = free.longest.max(run + n.start).max(n.longest);
            if n.start == size {
                run += size;
                continue;
            }
            if at_start {
                free.start = run + n.start;
                at_start = false;
            }
            run = n.end;
        }
        free.end = run;
        if at_start {
            free.start = run;
        }
        free
    }
}

/// Pages of one arena.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Map {
    /// One bit for each page that is not free.
    pub(super) in_use: [u64; PAGE_WORDS],
    leaves: [Free; FAN],
}

impl Map {
    /// Where the first run of `n` clear bits in node `leaf` begins. There must be one.
    fn first_run(&self, leaf: usize, n: usize) -> usize {
        debug_assert!((1..=LEAF).contains(&n));
        let (mut start, mut run) = (leaf * LEAF, 0);
        for (i, &w) in self.in_use[leaf * LEAF_WORDS..][..LEAF_WORDS]
            .iter()
            .enumerate()
        {
            let mut pos = 0;
            while pos < 64 {
                let rest = w >> pos;
                let zeros = (rest.trailing_zeros() as usize).min(64 - pos);
                run += zeros;
                if run >= n {
                    return start;
                }
                pos += zeros;
                if pos < 64 {
                    pos += (w >> pos).trailing_ones() as usize;
                    run = 0;
                    start = leaf * LEAF + i * 64 + pos;
                }
            }
        }
        unreachable!("a summary promised a run of free pages")
    }
}

/// The levels above the arenas' own: nodes for one arena each, for 16, for 256, for 4096. Valid as
/// zeroes: there are no arenas.
#[doc(alias = "pageAlloc")]
#[derive(Debug)]
pub(super) struct Tree {
    arenas: [Free; ARENAS],
    second: [Free; ARENAS / FAN],
    third: [Free; ARENAS / FAN / FAN],
    top: [Free; FAN],
}

impl Tree {
    /// No arenas.
    pub(super) const fn new() -> Self {
        const NONE: Free = Free {
            start: 0,
            longest: 0,
            end: 0,
        };
        Self {
            arenas: [NONE; ARENAS],
            second: [NONE; ARENAS / FAN],
            third: [NONE; ARENAS / FAN / FAN],
            top: [NONE; FAN],
        }
    }

    /// Looks for `n` free pages among 16 nodes of `size` pages, the first of which is `nodes[0]`:
    /// either where the first run begins, in pages from there, or the node inside which it does.
    /// None if there is no such run.
    fn step(nodes: &[Free], size: usize, n: usize) -> Option<Result<usize, usize>> {
        let mut run = 0;
        for (i, node) in nodes.iter().enumerate() {
            if run + node.start as usize >= n {
                return Some(Ok(i * size - run));
            }
            if node.longest as usize >= n {
                return Some(Err(i));
            }
            run = if node.start as usize == size {
                run + size
            } else {
                node.end as usize
            };
        }
        None
    }

    /// The first run of `n` free pages; `map` answers the pages of an arena with free ones.
    pub(super) fn find<'a>(&self, n: usize, map: impl Fn(usize) -> &'a Map) -> Option<usize> {
        let mut at = 0;
        let mut size = ARENA_PAGES * FAN * FAN * FAN;
        for nodes in [&self.top[..], &self.third, &self.second, &self.arenas] {
            match Self::step(&nodes[at..at + FAN], size, n)? {
                Ok(page) => return Some(at * size + page),
                Err(i) => at = (at + i) * FAN,
            }
            size /= FAN;
        }
        let arena = at / FAN;
        let map = map(arena);
        let page = match Self::step(&map.leaves, LEAF, n)? {
            Ok(page) => page,
            Err(leaf) => map.first_run(leaf, n),
        };
        Some(arena * ARENA_PAGES + page)
    }

    /// Summaries of the arena with this number say what its bitmap says.
    pub(super) fn walk(&self, arena: usize, map: &Map) -> Walk {
        for (i, (words, leaf)) in map.in_use.chunks(LEAF_WORDS).zip(&map.leaves).enumerate() {
            let page = arena * ARENA_PAGES + i * LEAF;
            holds("summary of free pages", page, Free::of_bits(words) == *leaf)?;
        }
        let mut free = Free::of_nodes(&map.leaves, LEAF as u32);
        let (mut at, mut size) = (arena, ARENA_PAGES);
        for nodes in [&self.arenas[..], &self.second, &self.third, &self.top] {
            holds("summary of free pages above", at * size, nodes[at] == free)?;
            at /= FAN;
            free = Free::of_nodes(&nodes[at * FAN..][..FAN], size as u32);
            size *= FAN;
        }
        Ok(())
    }

    /// Bits of pages `bit .. bit + n` of the arena with this number have changed.
    pub(super) fn update(&mut self, arena: usize, map: &mut Map, bit: usize, n: usize) {
        debug_assert!(bit + n <= ARENA_PAGES);
        let mut changed = false;
        for leaf in bit / LEAF..(bit + n).div_ceil(LEAF) {
            let free = Free::of_bits(&map.in_use[leaf * LEAF_WORDS..][..LEAF_WORDS]);
            changed |= map.leaves[leaf] != free;
            map.leaves[leaf] = free;
        }
        if !changed {
            return;
        }
        let mut free = Free::of_nodes(&map.leaves, LEAF as u32);
        let (mut at, mut size) = (arena, ARENA_PAGES);
        for nodes in [
            &mut self.arenas[..],
            &mut self.second,
            &mut self.third,
            &mut self.top,
        ] {
            if nodes[at] == free {
                return;
            }
            nodes[at] = free;
            at /= FAN;
            free = Free::of_nodes(&nodes[at * FAN..][..FAN], size as u32);
            size *= FAN;
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(free: &[bool], n: usize) -> Option<usize> {
        let mut run = 0;
        for (i, &f) in free.iter().enumerate() {
            run = if f { run + 1 } else { 0 };
            if run == n {
                return Some(i + 1 - n);
            }
        }
        None
    }

    fn longest(free: impl Iterator<Item = bool>) -> u32 {
        let (mut run, mut longest) = (0, 0);
        for f in free {
            run = if f { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest
    }

    proptest! {
        // The plain scan is slow.
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Summaries of bits say what counting says.
        #[test]
        fn bits_are_summarized(words in prop::collection::vec(
            prop_oneof![Just(0u64), Just(!0u64), any::<u64>(), any::<u64>().prop_map(|w| w & w >> 7 & w << 3), any::<u64>().prop_map(|w| w | w >> 5)],
            1..10,
        )) {
            let free: Vec<bool> = (0..words.len() * 64).map(|i| words[i / 64] >> (i % 64) & 1 == 0).collect();
            let want = Free {
                start: free.iter().take_while(|f| **f).count() as u32,
                longest: longest(free.iter().copied()),
                end: free.iter().rev().take_while(|f| **f).count() as u32,
            };
            prop_assert_eq!(Free::of_bits(&words), want);
        }

        /// The tree finds what a plain scan finds, through arenas that do not all exist, while runs
        /// are taken and given back.
        #[test]
        fn runs_are_found_where_a_plain_scan_finds_them(
            arenas in prop::collection::btree_set(0usize..20, 1..6),
            base in prop_oneof![Just(0usize), Just(10), Just(250), Just(4090), Just(ARENAS - 20)],
            ops in prop::collection::vec((0usize..4, 1usize..3 * ARENA_PAGES, any::<prop::sample::Index>()), 1..60),
        ) {
            let span = 20 * ARENA_PAGES;
            let mut tree = boxed_tree();
            let mut maps: Vec<Box<Map>> = (0..20).map(|_| Box::new(Map { in_use: [0; PAGE_WORDS], leaves: Default::default() })).collect();
            let mut free = vec![false; span];
            for &a in &arenas {
                free[a * ARENA_PAGES..(a + 1) * ARENA_PAGES].fill(true);
                tree.update(base + a, &mut maps[a], 0, ARENA_PAGES);
            }
            let mut taken: Vec<(usize, usize)> = Vec::new();
            let mut set = |tree: &mut Tree, free: &mut [bool], at: usize, n: usize, to: bool| {
                free[at..at + n].fill(to);
                let mut page = at;
                while page < at + n {
                    let (a, bit) = (page / ARENA_PAGES, page % ARENA_PAGES);
                    let len = (ARENA_PAGES - bit).min(at + n - page);
                    for b in bit..bit + len {
                        let mask = 1 << (b % 64);
                        if to { maps[a].in_use[b / 64] &= !mask } else { maps[a].in_use[b / 64] |= mask }
                    }
                    tree.update(base + a, &mut maps[a], bit, len);
                    page += len;
                }
                // `find` wants the bitmaps while `set` holds them: it gets its own view.
                maps.iter().map(|m| &raw const **m).collect::<Vec<_>>()
            };
            let mut views = set(&mut tree, &mut free, 0, 0, true);
            for (kind, size, which) in ops {
                let n = match kind { 0 => 1, 1 => size % 20 + 1, 2 => size % 700 + 1, _ => size };
                // SAFETY: the maps are boxed and live as long as the tree; nobody writes during
                // `find`.
                let found = tree.find(n, |a| unsafe { &*views[a - base] });
                prop_assert_eq!(found.map(|p| p - base * ARENA_PAGES), naive(&free, n));
                if let Some(at) = found.map(|p| p - base * ARENA_PAGES) {
                    views = set(&mut tree, &mut free, at, n, false);
                    taken.push((at, n));
                }
                if !taken.is_empty() && which.index(3) == 0 {
                    let (at, n) = taken.swap_remove(which.index(taken.len()));
                    views = set(&mut tree, &mut free, at, n, true);
                }
            }
        }
    }

    #[test]
    fn a_walk_sees_summaries_that_are_not_those_of_the_bits() {
        let mut tree = boxed_tree();
        let mut map = Map {
            in_use: [0; PAGE_WORDS],
            leaves: Default::default(),
        };
        tree.update(3, &mut map, 0, ARENA_PAGES);
        let what = |tree: &Tree, map: &Map| tree.walk(3, map).err().map_or("", |b| b.what);
        assert_eq!(what(&tree, &map), "");
        map.in_use[9] = 1;
        assert_eq!(what(&tree, &map), "summary of free pages");
        tree.update(3, &mut map, 9 * 64, 1);
        assert_eq!(what(&tree, &map), "");
        tree.second[0].end += 1;
        assert_eq!(what(&tree, &map), "summary of free pages above");
    }

    fn boxed_tree() -> Box<Tree> {
        // SAFETY: a Tree is valid as zeroes.
        unsafe { Box::<Tree>::new_zeroed().assume_init() }
    }
}
