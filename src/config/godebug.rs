//! The items of `GODEBUG` that gort knows: one place for names, defaults and values.
//!
//! They are read once, at boot, before anything that they change. Unknown items are passed over, as
//! in Go. Where an item must cost nothing while it is off, its system looks at it on a slow path
//! only. `docs/godebug.md` tells what each does.

use super::env;
use core::sync::atomic::{AtomicI64, Ordering};

/// One item.
#[derive(Debug)]
pub struct Item {
    name: &'static [u8],
    value: AtomicI64,
}

impl Item {
    const fn new(name: &'static [u8], default: i64) -> Self {
        Self {
            name,
            value: AtomicI64::new(default),
        }
    }

    /// Its number: of what the list says the low half, as in Go.
    #[inline(always)]
    pub fn get(&self) -> i32 {
        self.whole() as i32
    }

    /// All of its number.
    #[inline(always)]
    pub fn whole(&self) -> i64 {
        self.value.load(Ordering::Relaxed)
    }

    /// Its number is not 0.
    #[inline(always)]
    pub fn on(&self) -> bool {
        self.get() != 0
    }
}

macro_rules! items {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $default:literal;)*) => {
        $($(#[$doc])* pub static $id: Item = Item::new($name, $default);)*
        /// All of them.
        pub(crate) static ALL: &[&Item] = &[$(&$id),*];
    };
}

items! {
    /// Every allocation and every free is printed.
    ALLOC_FREE_TRACE = b"allocfreetrace", 0;
    /// No goroutine is stopped by a signal.
    ASYNC_PREEMPT_OFF = b"asyncpreemptoff", 0;
    /// Milliseconds that a dying process may take without a sign of life; 0: for ever.
    DYING_LIMIT = b"dyinglimit", 30_000;
    /// Each object has pages of its own, which are never used again.
    EFENCE = b"efence", 0;
    /// Go's name for [`GC_VERIFY`].
    GC_CHECK_MARK = b"gccheckmark", 0;
    /// Two lines for each cycle about the pacer.
    GC_PACER_TRACE = b"gcpacertrace", 0;
    /// Stacks only grow.
    GC_SHRINK_STACK_OFF = b"gcshrinkstackoff", 0;
    /// A cycle at every Nth refill of a cache.
    GC_STRESS = b"gcstress", 0;
    /// 1: marking, 2: sweeping too, with the world stopped.
    GC_STOP_THE_WORLD = b"gcstoptheworld", 0;
    /// A line for each cycle.
    GC_TRACE = b"gctrace", 0;
    /// The marks of every cycle are checked.
    GC_VERIFY = b"gcverify", 0;
    /// Free memory of the heap holds a pattern.
    HEAP_GUARD = b"heapguard", 0;
    /// A pointer that cannot be one is fatal.
    INVALID_PTR = b"invalidptr", 1;
    /// Sets `runtime.MemProfileRate`; negative, which no list says: leaves it.
    MEM_PROFILE_RATE = b"memprofilerate", -1;
    /// Every so many microseconds each running goroutine is stopped by a signal.
    PREEMPT_STRESS = b"preemptstress", 0;
    /// Memory is only ever handed out.
    SBRK = b"sbrk", 0;
    /// All idle memory goes back to the system, at once.
    SCAVENGE = b"scavenge", 0;
    /// Reports of the scheduler show every P, M and G.
    SCHED_DETAIL = b"scheddetail", 0;
    /// Seed for leaving what the scheduler does to chance.
    SCHED_RAND = b"schedrand", 0;
    /// A report of the scheduler every so many milliseconds.
    SCHED_TRACE = b"schedtrace", 0;
    /// What is free of stacks holds a pattern.
    STACK_POISON = b"stackpoison", 0;
}

/// Sets the items that `list` names: `name=number,name=number`. The last one counts.
fn parse(list: &[u8], items: &[&Item]) {
    for pair in list.split(|&b| b == b',') {
        let Some(at) = pair.iter().position(|&b| b == b'=') else {
            continue;
        };
        let (name, value) = (&pair[..at], env::leading_number(&pair[at + 1..]));
        for item in items.iter().filter(|i| i.name == name) {
            item.value.store(value, Ordering::Relaxed);
        }
    }
}

/// Reads `GODEBUG`.
pub fn init() {
    if let Some(list) = env::get(b"GODEBUG") {
        parse(list, ALL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_item_in_a_row_of_its_own() {
        let page = include_str!("../../docs/godebug.md");
        let mut rows = std::collections::HashSet::new();
        // `| `name=value`, `name=value` | effect |`: what the first cell names.
        for row in page.lines().filter_map(|l| l.strip_prefix("| `")) {
            let cell = row.split(" | ").next().expect("a cell");
            rows.extend(cell.split('`').filter_map(|name| {
                let (name, _) = name.split_once('=')?;
                Some(String::from(name))
            }));
        }
        let items: std::collections::HashSet<String> = ALL
            .iter()
            .map(|item| String::from_utf8_lossy(item.name).into_owned())
            .collect();
        assert_eq!(rows, items, "docs/godebug.md and the list of items");
    }

    #[test]
    fn lists_are_read_like_go_reads_them() {
        let (a, b, c) = (Item::new(b"a", 1), Item::new(b"ab", -1), Item::new(b"c", 7));
        let all = [&a, &b, &c];
        let values = || all.map(Item::get);
        parse(b"", &all);
        parse(b"ab,a,=3,abc=4,,", &all);
        assert_eq!(values(), [1, -1, 7]);
        parse(b"a=0,ab=12,x=5,c=-3", &all);
        assert_eq!(values(), [0, 12, 0]);
        parse(b"ab=1,ab=2,c=4294967299,a=x", &all);
        assert_eq!(values(), [0, 2, 3]);
        parse(b"a=1x,ab=3=4, c=1", &all);
        assert_eq!(values(), [1, 3, 3]);
    }

    #[test]
    fn names_differ() {
        for (i, a) in ALL.iter().enumerate() {
            assert!(ALL[i + 1..].iter().all(|b| a.name != b.name));
        }
    }
}
