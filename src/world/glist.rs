//! Lists of goroutines linked by `schedlink`, and goroutines in a P's [`crate::sync::ring`].

use super::g::{GState, status_of};
use super::p::P;
use super::plocal::OwnP;
use super::rights::{Right, Runnable};
use crate::abi::G;
use crate::fatal::walk::{Walk, holds, same};
use crate::mem::seen::Seen;
use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::Ordering;

/// A list of goroutines, with the rights to them.
#[derive(Debug)]
pub struct GList<T> {
    head: *mut G,
    tail: *mut G,
    len: u32,
    rights: PhantomData<T>,
}

impl<T> GList<T> {
    /// No goroutines.
    pub const fn new() -> Self {
        Self {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
            len: 0,
            rights: PhantomData,
        }
    }

    /// Number of goroutines.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// The first, or null.
    pub fn first(&self) -> *mut G {
        self.head
    }

    /// Moves all of `other` to the end.
    pub fn append(&mut self, other: &mut Self) {
        if other.is_empty() {
            return;
        }
        debug_assert!(!other.tail.is_null() && other.len > 0);
        if self.tail.is_null() {
            self.head = other.head;
        } else {
            // SAFETY: a member is a live G.
            unsafe { (*self.tail).schedlink = other.head };
        }
        self.tail = other.tail;
        self.len += other.len;
        (other.head, other.tail, other.len) = (ptr::null_mut(), ptr::null_mut(), 0);
    }
}

impl<T: Right> GList<T> {
    /// Adds at the end.
    pub fn push(&mut self, right: T) {
        let g = right.into_raw();
        debug_assert!(self.tail.is_null() == (self.len == 0));
        // SAFETY: the list owns its members' links, and the right to `g` says that it is in no
        // other.
        unsafe {
            (*g).schedlink = ptr::null_mut();
            if self.tail.is_null() {
                self.head = g;
            } else {
                (*self.tail).schedlink = g;
            }
        }
        self.tail = g;
        self.len += 1;
    }

    /// Takes the first.
    pub fn pop(&mut self) -> Option<T> {
        let g = self.head;
        if g.is_null() {
            return None;
        }
        debug_assert!(self.len > 0);
        // SAFETY: a member is a live G.
        self.head = unsafe { (*g).schedlink };
        if self.head.is_null() {
            self.tail = ptr::null_mut();
        }
        self.len -= 1;
        // SAFETY: the list kept the right, and does no longer.
        Some(unsafe { T::from_raw(g) })
    }
}

/// A walk met `g` on a list or ring where all goroutines are in state `state`: it is, and it was
/// not met before.
///
/// # Safety
/// `g` is one of the Gs (they are never freed).
pub(crate) unsafe fn met(g: *mut G, state: GState, seen: &mut Seen) -> Walk {
    holds("a goroutine on a queue", g as usize, !g.is_null())?;
    holds(
        "a goroutine is on one queue, once",
        g as usize,
        seen.add(g as usize),
    )?;
    // SAFETY: the caller's G is one of ours: they are never freed.
    let now = unsafe { status_of(g) }.state(Ordering::Relaxed);
    same(
        "state of a goroutine on a queue",
        g as usize,
        now as usize,
        state as usize,
    )
}

impl<T> GList<T> {
    /// Checks links and length; every member is in state `state` and on no list that was walked
    /// before.
    ///
    /// # Safety
    /// Nobody changes the list meanwhile.
    pub(crate) unsafe fn walk(&self, state: GState, seen: &mut Seen) -> Walk {
        let at = (&raw const *self).addr();
        let (mut last, mut n, mut g) = (ptr::null_mut::<G>(), 0, self.head);
        while !g.is_null() {
            // SAFETY: the links of a list lead to Gs, which are never freed.
            unsafe {
                met(g, state, seen)?;
                (last, g) = (g, (*g).schedlink);
            }
            n += 1;
        }
        same("length of a list of goroutines", at, n, self.len as usize)?;
        same(
            "tail of a list of goroutines",
            at,
            last as usize,
            self.tail as usize,
        )
    }
}

impl<T> Default for GList<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(debug_assertions)]
impl<T> Drop for GList<T> {
    fn drop(&mut self) {
        assert!(self.is_empty(), "goroutines were lost");
    }
}

impl P {
    /// The run queue looks empty; exact only when no other thread touches it.
    #[inline(always)]
    pub fn runq_empty(&self) -> bool {
        self.runq.is_empty()
    }
}

/// A P's run queue, of which only the thread that has the P puts and takes.
///
/// ```compile_fail,E0599
/// use gort::world::{P, Runnable, glist::GList};
/// fn put(other: &P, g: Runnable, overflow: &mut GList<Runnable>) {
///     other.runq_put(g, false, overflow);
/// }
/// ```
impl OwnP<'_> {
    /// There is nothing on the queue that others could not steal meanwhile.
    #[inline(always)]
    pub fn runq_empty(self) -> bool {
        self.shared().runq_empty()
    }

    /// Adds a goroutine. With `next` it runs before the others, and the one that was
    /// next is queued. False when the ring is full: then `overflow` holds half of the ring and the
    /// goroutine, for the global queue.
    #[doc(alias = "runqput")]
    pub fn runq_put(self, g: Runnable, next: bool, overflow: &mut GList<Runnable>) -> bool {
        let runq = &self.shared().runq;
        let mut item = g.into_raw() as usize;
        if next {
            item = runq.put_next(item);
            if item == 0 {
                return true;
            }
        }
        runq.put(item, |g| {
            // SAFETY: the ring kept the right, and does no longer.
            overflow.push(unsafe { Runnable::from_raw(g as *mut G) });
        })
    }

    /// Takes the next goroutine. The flag says that it inherits the time slice of its
    /// waker.
    #[doc(alias = "runqget")]
    pub fn runq_get(self) -> (Option<Runnable>, bool) {
        let (item, next) = self.shared().runq.get();
        // SAFETY: the ring kept the right to what it answers, and does no longer.
        (unsafe { Runnable::from_word(item as *mut G) }, next)
    }

    /// Moves half of `from`'s ring into ours and answers one of them. `take_next`: the
    /// victim's next one too.
    #[doc(alias = "runqsteal")]
    #[doc(alias = "runqgrab")]
    pub fn runq_steal(self, from: &P, take_next: bool) -> Option<Runnable> {
        let item = self.shared().runq.steal(&from.runq, take_next);
        // SAFETY: the other ring kept the right to what it lost.
        unsafe { Runnable::from_word(item as *mut G) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::ManuallyDrop;

    fn gs<const N: usize>() -> [*mut G; N] {
        core::array::from_fn(|_| {
            // SAFETY: a G of zeroes is valid; the tests never free it.
            let g = Box::into_raw(unsafe { Box::<G>::new_zeroed().assume_init() });
            // SAFETY: it was just made, and nobody else knows it.
            unsafe {
                (*g).atomicstatus
                    .store(GState::Runnable as u32, Ordering::Relaxed)
            };
            g
        })
    }

    /// Never dropped: a list of goroutines that is lost is an error.
    type List = ManuallyDrop<GList<Runnable>>;

    fn list(gs: &[*mut G]) -> List {
        let mut list = GList::new();
        for &g in gs {
            // SAFETY: it is the test's own, and on no list that is used still.
            list.push(unsafe { Runnable::from_raw(g) });
        }
        ManuallyDrop::new(list)
    }

    fn says(list: &List) -> Option<&'static str> {
        // SAFETY: the list is the test's own.
        let walk = unsafe { list.walk(GState::Runnable, &mut Seen::new()) };
        walk.err().map(|broken| broken.what)
    }

    #[test]
    fn a_walk_sees_what_is_wrong_with_a_list() {
        let g: [*mut G; 3] = gs();
        assert_eq!(says(&list(&[])), None);
        assert_eq!(says(&list(&g)), None);

        let mut shorter = list(&g);
        shorter.len -= 1;
        assert_eq!(says(&shorter), Some("length of a list of goroutines"));

        let mut tail = list(&g);
        tail.tail = g[0];
        assert_eq!(says(&tail), Some("tail of a list of goroutines"));

        let circle = list(&g);
        // SAFETY: the Gs are the test's own.
        unsafe { (*g[2]).schedlink = g[0] };
        assert_eq!(says(&circle), Some("a goroutine is on one queue, once"));

        let state = list(&g);
        // SAFETY: the Gs are the test's own, and never freed.
        unsafe {
            (*g[1])
                .atomicstatus
                .store(GState::Waiting as u32, Ordering::Relaxed);
        }
        assert_eq!(says(&state), Some("state of a goroutine on a queue"));
    }
}
