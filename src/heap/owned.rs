//! Spans in a thread's hands, and the lists that have them otherwise.

use super::span::Span;
use core::ops::{Deref, DerefMut};
use core::ptr::{NonNull, null_mut};

/// A span in this thread's hands: it is on no list and in no cache, so no other thread sweeps it or
/// allocates from it. Others only look at what stays as it is as long as its pages are in use, and
/// at its atomic fields.
///
/// ```compile_fail,E0382
/// fn on_two_lists(span: gort::heap::OwnedSpan) {
///     gort::heap::central::put(span);
///     gort::heap::central::put(span);
/// }
/// ```
///
/// One that is dropped loses its memory for good: a build with debug assertions ends there.
#[must_use]
#[derive(Debug)]
#[repr(transparent)]
pub struct OwnedSpan(NonNull<Span>);

// SAFETY: no thread owns a record of the heap, but by having this.
unsafe impl Send for OwnedSpan {}

impl OwnedSpan {
    /// The span that a cache had.
    ///
    /// # Safety
    /// `s` is on no list, and nothing has it any longer.
    #[inline(always)]
    pub(super) unsafe fn from_raw(s: *mut Span) -> Self {
        debug_assert!(!s.is_null());
        // SAFETY: what has a span is not null.
        Self(unsafe { NonNull::new_unchecked(s) })
    }

    /// The span, which a cache has from now on.
    #[inline(always)]
    pub(super) fn into_raw(self) -> *mut Span {
        core::mem::ManuallyDrop::new(self).as_ptr()
    }

    /// Its record.
    #[inline(always)]
    pub const fn as_ptr(&self) -> *mut Span {
        self.0.as_ptr()
    }
}

impl Deref for OwnedSpan {
    type Target = Span;

    #[inline(always)]
    fn deref(&self) -> &Span {
        // SAFETY: records are never freed, and nobody but this thread writes its plain fields.
        unsafe { self.0.as_ref() }
    }
}

impl DerefMut for OwnedSpan {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Span {
        // SAFETY: records are never freed, and what others look at is not written as long as the
        // span's pages are in use, or is atomic.
        unsafe { self.0.as_mut() }
    }
}

#[cfg(debug_assertions)]
impl Drop for OwnedSpan {
    fn drop(&mut self) {
        panic!("a span was lost");
    }
}

/// A doubly linked list of spans.
#[doc(alias = "mSpanList")]
#[doc(alias = "mSpanList_Init")]
#[doc(alias = "mSpanList_IsEmpty")]
#[derive(Debug)]
pub struct List {
    pub(super) head: *mut Span,
}

impl List {
    /// Empty.
    pub(super) const fn new() -> Self {
        Self { head: null_mut() }
    }

    /// Puts a span in front.
    #[doc(alias = "mSpanList_Insert")]
    #[doc(alias = "mSpanList_InsertBack")]
    pub(super) fn push(&mut self, span: OwnedSpan) {
        let s = span.into_raw();
        // SAFETY: spans on the list are records, whose links are the list's; so are those of `s`
        // from now on.
        unsafe {
            debug_assert!(
                (*s).next.is_null() && (*s).prev.is_null(),
                "it is on a list"
            );
            (*s).next = self.head;
            (*s).prev = null_mut();
            if !self.head.is_null() {
                (*self.head).prev = s;
            }
        }
        self.head = s;
    }

    /// Takes the first span off.
    #[doc(alias = "mSpanList_Remove")]
    pub(super) fn pop(&mut self) -> Option<OwnedSpan> {
        let s = NonNull::new(self.head)?.as_ptr();
        // SAFETY: spans on the list are records, whose links are the list's.
        unsafe {
            let next = (*s).next;
            debug_assert!((*s).prev.is_null());
            debug_assert!(next.is_null() || (*next).prev == s);
            if !next.is_null() {
                (*next).prev = null_mut();
            }
            (*s).next = null_mut();
            self.head = next;
            // SAFETY: the list has it no longer.
            Some(OwnedSpan::from_raw(s))
        }
    }
}
