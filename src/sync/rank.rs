//! The order of the runtime's locks, and in the library that checks itself the assertion that every
//! thread keeps to it.
//!
//! A thread takes a lock only while all that it holds stand before it here, so no threads wait for
//! each other in a circle. The rank is part of a lock's type ([`super::mutex`]): it takes no
//! memory, and no code but where debug assertions are on. There each M notes the ranks that it
//! holds, and a lock out of order ends the process with both names, on the first run that takes
//! them so, not on the rare one that hangs.
//!
//! Two locks of one rank are taken together where they have an order of their own: channels by
//! address, timer heaps while the world is stopped. To try for a lock is allowed in any order,
//! since nobody waits.

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "they number the constants below")]
        #[allow(dead_code, reason = "the count is for the assertion")]
        enum Number { ANY, $($name,)* COUNT }
        /// Of locks that take part in no order: those of dying processes and of print, which may be
        /// wanted anywhere.
        pub const ANY: u8 = Number::ANY as u8;
        $($(#[$doc])* pub const $name: u8 = Number::$name as u8;)*
        /// By number, for the message.
        #[cfg(debug_assertions)]
        static NAMES: [&str; Number::COUNT as usize] = ["any", $(stringify!($name),)*];
        const _: () = assert!((Number::COUNT as usize) < 64, "ranks that are held are bits of a word");
    };
}

// The outermost first.
ranks! {
    /// Who stops the world.
    WORLD,
    /// The poller is made once.
    POLLER_INIT,
    /// Whose P runs timers in the goroutine that traces have for them. Nobody waits for it.
    TRACE_TIMERS,
    /// Goroutines that a marker holds. Nobody waits for it.
    GC_HELD,
    /// A channel.
    CHANNEL,
    /// A bucket of semaphores.
    SEMAPHORE,
    /// Takers and givers under `sync.Cond`.
    SYNC_SEMA,
    /// A descriptor of the network.
    DESCRIPTOR,
    /// Free descriptors.
    DESCRIPTOR_POOL,
    /// Sudogs that no P has.
    SUDOG_POOL,
    /// The reader of the CPU profile.
    CPU_PROFILE,
    /// The timers of a P.
    TIMERS,
    /// Goroutines that wait for a cycle.
    GC_WAITERS,
    /// Callbacks of C that wait for initialisation.
    CGO_INIT,
    /// The scheduler's state.
    SCHED,
    /// The goroutine whose stack is scanned next.
    GC_NEXT_G,
    /// Roots of the runtime's own.
    GC_ROOTS,
    /// Times of cycles.
    GC_STATS,
    /// Lines of gctrace.
    GC_LINE,
    /// Samples of the heap profile.
    MEM_PROFILE,
    /// What is given back to the system.
    SCAVENGER,
    /// Programs of the collector's bitmaps.
    GC_PROGRAMS,
    /// Spans of a class.
    CENTRAL,
    /// Finalizers and samples of objects.
    SPECIALS,
    /// Finalizers that are to run.
    FINALIZERS,
    /// Free stacks.
    STACK_POOL,
    /// Pages of the heap.
    PAGES,
    /// Memory under `sbrk=1`.
    BREAK,
    /// Grey objects that no P has.
    GC_WORK,
    /// Free records of registers.
    REGISTERS,
    /// Texts of panics.
    PANIC_TEXTS,
    /// Free records of panics.
    PANIC_POOL,
    /// Free records of deferred calls.
    DEFER_POOL,
    /// Interface tables.
    ITAB,
    /// Stacks of the blocking profile.
    BLOCK_PROFILE,
    /// The kernel's timers of threads.
    THREAD_TIMERS,
    /// The printer of `allocfreetrace`.
    ALLOC_TRACE,
    /// Events of threads without P; written with any of the locks above held.
    TRACE_LOG,
    /// The trace that is recorded.
    TRACE_SESSION,
    /// Stacks of a trace.
    TRACE_STACKS,
    /// Full buffers of a trace.
    TRACE_QUEUE,
    /// Memory of the runtime's own.
    BUMP,
}

/// A lock of this rank is about to be waited for.
#[inline(always)]
pub(super) fn wanted(rank: u8) {
    #[cfg(debug_assertions)]
    held::wanted(rank);
    #[cfg(not(debug_assertions))]
    let _ = rank;
}

/// It was taken.
#[inline(always)]
pub(super) fn taken(rank: u8) {
    #[cfg(debug_assertions)]
    held::taken(rank);
    #[cfg(not(debug_assertions))]
    let _ = rank;
}

/// It is about to be given back.
#[inline(always)]
pub(super) fn given(rank: u8) {
    #[cfg(debug_assertions)]
    held::given(rank);
    #[cfg(not(debug_assertions))]
    let _ = rank;
}

/// All Rust frames of this thread are about to be dropped, with the guards in them: it must hold
/// nothing.
#[inline(always)]
pub fn none() {
    #[cfg(debug_assertions)]
    held::none();
}

/// For assertions: this thread has a lock of this rank. Unit tests look at structures without.
#[inline(always)]
pub fn is_held(rank: u8) -> bool {
    #[cfg(all(debug_assertions, not(test)))]
    return held::is_held(rank);
    #[cfg(not(all(debug_assertions, not(test))))]
    {
        let _ = rank;
        true
    }
}

#[cfg(debug_assertions)]
mod held {
    use super::{ANY, CHANNEL, NAMES, TIMERS};

    /// What a thread holds: ranks as bits, and how many more locks it has of the one that it has
    /// several of.
    #[derive(Debug, Clone, Copy, Default)]
    #[repr(C)]
    struct Held {
        ranks: u64,
        more: u64,
    }

    /// Ranks of which a thread may have several.
    const SEVERAL: [u8; 2] = [CHANNEL, TIMERS];

    pub(super) fn wanted(rank: u8) {
        with(|held| {
            // This rank and those behind it.
            let late = if rank == ANY { 0 } else { held.ranks >> rank };
            if late > 1 || late == 1 && !SEVERAL.contains(&rank) {
                broken("wanted with an inner lock in hand: ", rank, held.ranks);
            }
        });
    }

    pub(super) fn taken(rank: u8) {
        with(|held| {
            if rank != ANY {
                held.more += held.ranks >> rank & 1;
                held.ranks |= 1 << rank;
            }
        });
    }

    pub(super) fn given(rank: u8) {
        with(|held| {
            if rank == ANY {
            } else if held.ranks >> rank & 1 == 0 {
                broken("given back without having it: ", rank, held.ranks);
            } else if held.more > 0 && SEVERAL.contains(&rank) {
                held.more -= 1;
            } else {
                held.ranks &= !(1 << rank);
            }
        });
    }

    /// Of a dying thread nobody knows.
    #[cfg(not(test))]
    pub(super) fn is_held(rank: u8) -> bool {
        let mut is = true;
        with(|held| is = held.ranks >> rank & 1 != 0);
        is
    }

    pub(super) fn none() {
        with(|held| {
            if held.ranks != 0 {
                broken("held where frames are dropped: ", ANY, held.ranks);
            }
        });
    }

    #[cfg(test)]
    fn with(f: impl FnOnce(&mut Held)) {
        std::thread_local! {
            static HELD: core::cell::Cell<Held> = const { core::cell::Cell::new(Held { ranks: 0, more: 0 }) };
        }
        let mut held = HELD.get();
        f(&mut held);
        HELD.set(held);
    }

    /// Calls `f` with this thread's record, unless it is dying: then locks are taken as they come.
    #[cfg(not(test))]
    fn with(f: impl FnOnce(&mut Held)) {
        use crate::abi::{G, M};
        use core::sync::atomic::Ordering;
        let g = crate::os::tls::g() as *const G;
        if g.is_null() {
            // A thread of C.
            return;
        }
        // SAFETY: a current g is there before the first lock is taken, and every g that runs has its
        // M. Only this thread touches the two words, whose layout is that of a record.
        unsafe {
            let m: *mut M = (*g).m.load(Ordering::Relaxed);
            if (*m).dying == 0 && (*m).throwing == 0 {
                f(&mut *(&raw mut (*m).lockranks).cast::<Held>());
            }
        }
    }

    #[cold]
    fn broken(how: &str, rank: u8, ranks: u64) -> ! {
        #[cfg(test)]
        panic!("lock {} {how}{ranks:#x}", NAMES[usize::from(rank)]);
        #[cfg(not(test))]
        {
            let say = |text: &str| crate::os::sys::write(2, text.as_bytes());
            say("runtime: lock ");
            say(NAMES[usize::from(rank)]);
            say(" ");
            say(how);
            for (number, name) in NAMES.iter().enumerate().skip(1) {
                if ranks >> number & 1 != 0 {
                    say(name);
                    say(" ");
                }
            }
            say("\n");
            panic!()
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::super::mutex::RawMutex;
    use super::{BUMP, CHANNEL, PAGES, none};

    static OUTER: RawMutex<PAGES> = RawMutex::new();
    static INNER: RawMutex<BUMP> = RawMutex::new();

    #[test]
    fn locks_in_order_are_taken_and_given_in_any() {
        let (one, two) = (RawMutex::<CHANNEL>::new(), RawMutex::<CHANNEL>::new());
        one.lock();
        two.lock();
        one.unlock();
        two.unlock();
        none();
        one.lock();
        assert!(two.try_lock());
        two.unlock();
        one.unlock();
        none();
    }

    #[test]
    #[should_panic(expected = "lock PAGES wanted with an inner lock in hand")]
    fn an_outer_lock_behind_an_inner_one_is_found() {
        INNER.lock();
        OUTER.lock();
    }

    #[test]
    #[should_panic(expected = "lock PAGES wanted with an inner lock in hand")]
    fn a_lock_that_is_held_is_not_waited_for() {
        let own = RawMutex::<PAGES>::new();
        own.lock();
        own.lock();
    }

    #[test]
    #[should_panic(expected = "held where frames are dropped")]
    fn frames_with_locks_are_not_dropped() {
        let own = RawMutex::<PAGES>::new();
        own.lock();
        none();
    }
}
