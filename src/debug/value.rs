//! The value of a panic as text, without calling a method of it.

use crate::abi::{Eface, GoString, Type, known};
use crate::fatal::out::Out;
use core::ptr;

unsafe extern "C" {
    #[link_name = "type.int"]
    static INT: Type;
}

/// The text of a value if its type is plain string or runtime.errorString; true for the latter.
fn text(e: Eface) -> Option<(GoString, bool)> {
    let error = ptr::eq(e.typ, known::error_string());
    // SAFETY: the data word of a string in an interface points to the string.
    (error || ptr::eq(e.typ, known::string()))
        .then(|| unsafe { (*e.data.cast::<GoString>(), error) })
}

/// Shows it as Go 1.5 does: `nil`, an `int`, a string, the text of a run-time error; else type and
/// address.
///
/// # Safety
/// The value must be live.
pub unsafe fn plain(out: &mut Out<'_>, e: Eface) {
    if e.typ.is_null() {
        out.str("nil");
    } else if ptr::eq(e.typ, &raw const INT) {
        // SAFETY: by the caller's promise the value is alive; the data word of an int in an
        // interface points to it.
        out.int(unsafe { *e.data.cast() });
    } else if let Some((text, error)) = text(e) {
        out.str(if error { "runtime error: " } else { "" })
            .gostring(text);
    } else {
        // SAFETY: every type descriptor has a name, and neither is ever freed.
        let name = unsafe { *(*e.typ).string };
        out.str("(")
            .gostring(name)
            .str(") (")
            .hex(e.typ as u64)
            .str(",")
            .hex(e.data as u64)
            .str(")");
    }
}
