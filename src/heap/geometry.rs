//! Where the heap lies, and the sizes that divide it: pages, arenas.

/// First address of the heap. Far from where the system puts programs and mappings, and unlike
/// small numbers or ASCII text.
#[doc(alias = "arenaHint")]
#[cfg(not(address_sanitizer))]
pub const BASE: usize = 0x00c0_0000_0000;
/// First address of the heap of unit tests under the address sanitizer (scripts/sanitize), which
/// keeps the usual ones for its own tables.
#[cfg(address_sanitizer)]
const BASE: usize = 0x2000_0000_0000;
/// Bytes of addresses that the table covers: 4 TiB. Larger costs 8 bytes of zeroed data for every
/// 64 MiB.
pub const LIMIT: usize = 1 << 42;
/// log2 of [`ARENA`].
pub(super) const ARENA_SHIFT: u32 = 26;
/// Bytes of an arena: larger makes the table smaller and the address space reserved by a small
/// program larger.
#[doc(alias = "heapArenaBytes")]
#[doc(alias = "_HeapAllocChunk")]
pub const ARENA: usize = 1 << ARENA_SHIFT;
/// Pages of an arena.
#[doc(alias = "pagesPerArena")]
pub(super) const ARENA_PAGES: usize = ARENA / PAGE;
/// Arenas in the table.
pub(super) const ARENAS: usize = LIMIT / ARENA;
/// Words of a bitmap with one bit for each page of an arena.
pub(super) const PAGE_WORDS: usize = ARENA_PAGES / 64;

/// Bytes of a page of the heap.
#[doc(alias = "pageSize")]
#[doc(alias = "_PageSize")]
pub const PAGE: usize = 8192;
/// log2 of [`PAGE`].
#[doc(alias = "pageShift")]
#[doc(alias = "_PageShift")]
pub const PAGE_SHIFT: u32 = 13;
