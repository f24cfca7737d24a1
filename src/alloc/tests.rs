//! The allocator as a whole, on the host: caches of its own, the real arenas.

#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "every block reads or writes memory that the test itself took, under the lock that keeps other tests off the heap"
)]

use crate::abi::go15::Type;
use crate::alloc::malloc::alloc;
use crate::heap::cache::Cache;
use crate::heap::classes::MAX_BITS;
use crate::heap::geometry::{self, PAGE};
use crate::heap::span::{self, SpanClass};
use crate::heap::{find_object, zero_base, *};
use crate::world::Stopped;
use core::sync::atomic::Ordering;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard};

/// The heap is one for the whole test process.
static ONE: Mutex<()> = Mutex::new(());

fn lock() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(|e| e.into_inner())
}

/// Nothing else uses the heap, and all that lives in it is marked: what is not is swept from now on.
fn start_sweep() {
    // SAFETY: the tests that use the heap hold [`lock`] and have flushed their caches.
    unsafe {
        let alone = Stopped::new();
        central::start_sweep(&alone);
        alone.end();
    }
}

fn cache() -> Box<Cache> {
    // SAFETY: a Cache is valid as zeroes.
    unsafe { Box::<Cache>::new_zeroed().assume_init() }
}

/// A type of `words` words with the given pointers, leaked.
fn type_of(words: usize, mask: &[u8]) -> *const Type {
    // SAFETY: all fields are valid as zeroes.
    let mut t: Type = unsafe { core::mem::zeroed() };
    t.size = words * 8;
    let bits = (0..words)
        .rev()
        .find(|&i| mask[i / 8] >> (i % 8) & 1 != 0)
        .map_or(0, |i| i + 1);
    t.ptrdata = bits * 8;
    t.kind = if bits == 0 {
        crate::abi::KIND_NO_POINTERS as u8
    } else {
        0
    };
    let mut bytes = mask.to_vec();
    bytes.resize(mask.len() + 8, 0);
    t.gcdata = Box::leak(bytes.into_boxed_slice()).as_ptr();
    Box::leak(Box::new(t))
}

fn get(c: &mut Cache, size: usize, typ: *const Type) -> usize {
    // SAFETY: the cache is ours.
    unsafe { alloc(c, size, typ, true) as usize }
}

#[test]
fn objects_are_aligned_cleared_and_apart() {
    let _one = lock();
    let mut c = cache();
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for round in 0..3 {
        for size in (1..2048).chain([4000, 8192, 8193, 30000, 32768, 32769, 100_000, 1 << 20]) {
            let p = get(&mut c, size, core::ptr::null());
            let align = if size >= 16 {
                16
            } else {
                1 << (size % 8).trailing_zeros().min(3)
            };
            assert_eq!(p % align, 0, "{size}");
            // SAFETY: the object has `size` bytes.
            let bytes = unsafe { core::slice::from_raw_parts_mut(p as *mut u8, size) };
            assert!(bytes.iter().all(|&b| b == 0), "{size} {round}");
            bytes.fill(0xff);
            taken.push((p, size));
            let o = find_object(p + size - 1).unwrap();
            assert!(o.base <= p && p + size <= o.base + unsafe { (*o.span).elemsize });
        }
    }
    taken.sort_unstable();
    assert!(taken.windows(2).all(|w| w[0].0 + w[0].1 <= w[1].0));
    c.flush();
}

#[test]
fn allocations_without_bytes_share_one_address() {
    let _one = lock();
    let mut c = cache();
    assert_eq!(
        get(&mut c, 0, core::ptr::null()),
        get(&mut c, 0, core::ptr::null())
    );
    assert!(find_object(zero_base() as usize).is_none());
}

#[test]
fn what_is_no_heap_address_has_no_object() {
    for p in [
        0,
        1,
        4096,
        geometry::BASE - 1,
        geometry::BASE + geometry::LIMIT,
        geometry::BASE + geometry::LIMIT - 1,
        usize::MAX,
        &p_of as *const _ as usize,
    ] {
        assert!(find_object(p).is_none(), "{p:x}");
    }
    fn p_of() {}
}

#[test]
fn pointer_layouts_are_kept_beside_objects() {
    let _one = lock();
    let mut c = cache();
    for words in [1usize, 2, 3, 5, 8, 13, 40, 64, 70, 200] {
        let mut mask: Vec<u8> = (0..words.div_ceil(8))
            .map(|i| (i as u8).wrapping_mul(0x35) | 1)
            .collect();
        *mask.last_mut().unwrap() &= 0xff >> (words.next_multiple_of(8) - words);
        let t = type_of(words, &mask);
        for n in [1usize, 2, 7] {
            let p = get(&mut c, words * 8 * n, t);
            let o = find_object(p).unwrap();
            let s = unsafe { &*o.span };
            for i in 0..s.elemsize / 8 {
                let want = i < words * n
                    && i % words < unsafe { (*t).ptrdata } / 8
                    && mask[i % words / 8] >> (i % words % 8) & 1 != 0;
                if s.elemsize <= MAX_BITS {
                    let bits = unsafe { layout::read_bits(s.bits, p - s.base, s.elemsize) };
                    assert_eq!(bits >> i & 1 != 0, want, "{words} {n} {i}");
                } else {
                    assert_eq!(unsafe { *s.types().add(o.index) }, t);
                }
            }
        }
    }
    c.flush();
}

/// Allocates, marks a random half, and checks that after a sweep the slots of the other half are
/// reused, and none of this one.
#[test]
fn sweeping_frees_what_is_not_marked() {
    let _one = lock();
    let mut c = cache();
    let mut x = 1u64;
    for size in [8usize, 16, 48, 112, 1024, 9472, 40_000] {
        let (mut live, mut dead) = (HashSet::new(), HashSet::new());
        for _ in 0..3000.min(20_000_000 / size) {
            let p = get(&mut c, size.max(16), core::ptr::null());
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if x >> 63 != 0 {
                live.insert(p);
            } else {
                dead.insert(p);
            }
        }
        c.flush();
        central::sweep_all();
        for &p in &live {
            let o = find_object(p).unwrap();
            assert_eq!(o.base, p);
            // SAFETY: a live object.
            assert!(unsafe { (*o.span).set_mark(o.index) });
            assert!(!unsafe { (*o.span).set_mark(o.index) });
        }
        // nothing else uses the heap; everything else in it is garbage of earlier rounds.
        start_sweep();
        let ever = pages::EVER_PAGES.load(Ordering::Relaxed);
        for _ in 0..dead.len() * 9 / 10 {
            let p = get(&mut c, size.max(16), core::ptr::null());
            assert!(!live.contains(&p), "{size}: a live object was given out");
            // SAFETY: ours.
            assert!(
                unsafe { core::slice::from_raw_parts(p as *const u8, size) }
                    .iter()
                    .all(|&b| b == 0)
            );
            unsafe { (p as *mut u8).write_bytes(0xa5, size) };
        }
        assert_eq!(
            pages::EVER_PAGES.load(Ordering::Relaxed),
            ever,
            "{size}: the heap grew"
        );
        c.flush();
        central::sweep_all();
        // as above: nothing is marked, so all is freed.
        start_sweep();
        central::sweep_all();
    }
}

#[test]
fn freed_pages_can_go_back_to_the_system() {
    let _one = lock();
    let mut c = cache();
    let p = get(&mut c, 3 << 20, core::ptr::null());
    unsafe { (p as *mut u8).write_bytes(7, 3 << 20) };
    c.flush();
    central::sweep_all();
    // nothing else uses the heap.
    start_sweep();
    central::sweep_all();
    assert!(find_object(p).is_none());
    assert!(scavenge::release_all() >= 3 << 20);
    let q = get(&mut c, 3 << 20, core::ptr::null());
    // SAFETY: ours.
    assert!(
        unsafe { core::slice::from_raw_parts(q as *const u8, 3 << 20) }
            .iter()
            .all(|&b| b == 0)
    );
    c.flush();
}

/// Spans of all lengths come and go, through several caches, while memory goes back to the system:
/// no page is in two spans, what is not to be cleared is clear, and the counts are those of a list
/// of spans.
#[test]
fn pages_are_given_out_once_and_counted() {
    let _one = lock();
    let count = |n: &core::sync::atomic::AtomicUsize| n.load(Ordering::Relaxed);
    let before = count(&pages::OBJECT_PAGES);
    let mut caches: Vec<Box<pages::Cache>> = (0..3)
        // SAFETY: a Cache is valid as zeroes.
        .map(|_| unsafe { Box::<pages::Cache>::new_zeroed().assume_init() })
        .collect();
    let mut spans: Vec<(OwnedSpan, usize)> = Vec::new();
    let mut x = 7u64;
    let mut random = |n: usize| {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (x >> 33) as usize % n
    };
    for round in 0..20_000 {
        let sum: usize = spans.iter().map(|s| s.1).sum();
        assert_eq!(count(&pages::OBJECT_PAGES) - before, sum);
        if spans.len() > random(400) {
            let (s, n) = spans.swap_remove(random(spans.len()));
            let base = s.base;
            for i in 0..n {
                let first = (base + i * PAGE) as *mut u64;
                assert_eq!(unsafe { *first }, base as u64, "a page is in two spans");
            }
            unsafe { pages::free_span(s) };
            assert!(arena::span_of(base).is_null());
        } else {
            let n = match random(10) {
                0 => 1 + random(3000),
                1 => 1 + random(100),
                _ => 1 + random(17),
            };
            let fresh = random(4) != 0;
            let ever = count(&pages::EVER_PAGES);
            let s = caches[random(3)].alloc_span(n, SpanClass::new(0, true), fresh);
            let Some(s) = s else {
                assert!(!fresh);
                continue;
            };
            assert!(fresh || count(&pages::EVER_PAGES) == ever);
            let base = s.base;
            for i in 0..n {
                let first = (base + i * PAGE) as *mut u64;
                assert_eq!(arena::span_of(first as usize), s.as_ptr());
                assert!(s.needzero || unsafe { *first } == 0, "old data");
                unsafe { *first = base as u64 };
            }
            spans.push((s, n));
        }
        if round % 1000 == 999 {
            for c in &mut caches {
                c.flush();
            }
            scavenge::release_all();
            // All that is not in use is clean now.
            assert_eq!(
                count(&pages::EVER_PAGES) - count(&pages::RELEASED_PAGES),
                count(&pages::OBJECT_PAGES)
            );
            let listed: usize = unsafe { pages::spans_now().map(|s| (*s).pages as usize).sum() };
            assert_eq!(listed, count(&pages::OBJECT_PAGES));
        }
    }
    for (s, _) in spans {
        unsafe { pages::free_span(s) };
    }
    for c in &mut caches {
        c.flush();
    }
}

/// Somebody else's mapping lies where the heap wants to grow: it goes around.
#[test]
fn addresses_that_are_taken_are_skipped() {
    let _one = lock();
    let mut c = cache();
    let end = pages::HEAP.lock().end_page();
    let taken = pages::address(end) + (5 << 20);
    let other = crate::os::map(taken, 4096) as usize;
    assert_eq!(other, taken);
    unsafe { *(other as *mut u8) = 3 };
    // The first does not fit below the end, the second is longer than an arena.
    for size in [geometry::ARENA - (1 << 20), geometry::ARENA + (1 << 20)] {
        let p = get(&mut c, size, core::ptr::null());
        assert!(p + size <= other || p > other);
        for at in [p, p + size / 2, p + size - 1] {
            let o = find_object(at).unwrap();
            assert_eq!(o.base, p);
        }
        unsafe { (p as *mut u8).write_bytes(1, size) };
    }
    assert!(find_object(other).is_none());
    assert_eq!(unsafe { *(other as *const u8) }, 3);
    unsafe { crate::os::unmap(other as *mut u8, 4096) };
    c.flush();
    central::sweep_all();
    // nothing else uses the heap.
    start_sweep();
    central::sweep_all();
    scavenge::release_all();
}

#[test]
fn a_special_of_a_span_with_few_objects_takes_little_memory() {
    let _one = lock();
    let mut c = cache();
    const OBJECTS: usize = 4000;
    let sys = || crate::mem::OTHER_SYS.load(Ordering::Relaxed) as usize;
    let word = type_of(1, &[0]);
    let objects: Vec<usize> = (0..OBJECTS)
        .map(|_| get(&mut c, 8192, core::ptr::null()))
        .collect();
    let before = sys();
    for &p in &objects {
        let o = find_object(p).unwrap();
        let s = span::Special::new(o.span, o.index as u32, p, 0, word, word, 0);
        assert!(unsafe { special::of(o.span).add(s) });
    }
    // The record, its share of the table, and as much again for the span and what is begun.
    let each = (sys() - before) / OBJECTS;
    assert!(each < size_of::<span::Special>() * 2 + 64, "{each}");
    for &p in &objects {
        let o = find_object(p).unwrap();
        unsafe { special::of(o.span).remove(o.span, o.index as u32, p) };
    }
    c.flush();
}

#[test]
fn specials_are_found_without_looking_at_those_of_other_objects() {
    let _one = lock();
    let mut c = cache();
    let word = type_of(1, &[0]);
    let record = |p: usize| {
        let o = find_object(p).unwrap();
        span::Special::new(o.span, o.index as u32, p, 0, word, word, 0)
    };
    let has = |p: usize| {
        let o = find_object(p).unwrap();
        special::of(o.span).has(o.span, o.index)
    };
    let objects: Vec<usize> = (0..20_000).map(|_| get(&mut c, 8, word)).collect();
    for &p in &objects {
        let r = record(p);
        assert!(unsafe { special::of(r.span).add(r) });
        // Another pointer into the same object, and the same once more.
        let (r, again) = (record(p + 1), record(p));
        assert!(unsafe { special::of(r.span).add(r) });
        assert!(!unsafe { special::of(again.span).add(again) });
    }
    // A span holds a thousand of these objects.
    for &p in &objects {
        let longest = special::of(find_object(p).unwrap().span).longest_chain();
        assert!(longest < 64, "{longest}");
    }
    let remove = |p: usize| {
        let o = find_object(p).unwrap();
        unsafe { special::of(o.span).remove(o.span, o.index as u32, p) };
    };
    for &p in &objects {
        remove(p + 1);
        assert!(has(p));
        remove(p + 1);
    }
    for &p in &objects {
        remove(p);
    }
    assert!(!objects.iter().any(|&p| has(p)));
    for &p in &objects {
        let span = find_object(p).unwrap().span;
        assert!(unsafe { (*span).specials.load(Ordering::Relaxed).is_null() });
    }
    c.flush();
}
