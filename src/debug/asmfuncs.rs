//! The functions of libgort.a that Go code can name: trampolines and assembly, from the table that the macro `GOFUNC` builds.

use crate::abi::SURFACE;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// An entry of section `.gort.funcs` (asm/trampoline.h).
#[repr(C)]
#[derive(Debug)]
pub struct AsmFunc {
    /// First byte of code. Go code sees a `*runtime.Func` that points here.
    pub entry: usize,
    name: *const u8,
    name_len: u32,
    /// Row in `abi/surface.toml`, -1 for none.
    pub index: i32,
}

// SAFETY: the table is constant.
unsafe impl Sync for AsmFunc {}

unsafe extern "C" {
    static gort_funcs_start: AsmFunc;
    static gort_funcs_end: AsmFunc;
    static gort_text_end: u8;
    #[link_name = "runtime.sigpanic"]
    static SIGPANIC: u8;
}

impl AsmFunc {
    /// Symbol name.
    pub fn name(&self) -> &'static [u8] {
        // SAFETY: the macro stores address and length of a constant.
        unsafe { core::slice::from_raw_parts(self.name, self.name_len as usize) }
    }
}

/// Where people find the functions of the library in the Go tree, by the beginnings of their names; the first that fits holds. Programs that look at stacks
/// tell the runtime's part of them by such files.
const FILES: [(&[u8], &[u8]); 33] = [
    (b"reflect.rselect", b"$GOROOT/src/runtime/select.go"),
    (b"runtime.block", b"$GOROOT/src/runtime/select.go"),
    (b"runtime.newselect", b"$GOROOT/src/runtime/select.go"),
    (b"runtime.select", b"$GOROOT/src/runtime/select.go"),
    (b"reflect.chan", b"$GOROOT/src/runtime/chan.go"),
    (b"reflect.makechan", b"$GOROOT/src/runtime/chan.go"),
    (b"runtime.chan", b"$GOROOT/src/runtime/chan.go"),
    (b"runtime.closechan", b"$GOROOT/src/runtime/chan.go"),
    (b"runtime.makechan", b"$GOROOT/src/runtime/chan.go"),
    (b"reflect.map", b"$GOROOT/src/runtime/hashmap.go"),
    (b"runtime.makemap", b"$GOROOT/src/runtime/hashmap.go"),
    (b"runtime.map", b"$GOROOT/src/runtime/hashmap.go"),
    (b"runtime.Goexit", b"$GOROOT/src/runtime/panic.go"),
    (b"runtime.defer", b"$GOROOT/src/runtime/panic.go"),
    (b"runtime.gopanic", b"$GOROOT/src/runtime/panic.go"),
    (b"runtime.gorecover", b"$GOROOT/src/runtime/panic.go"),
    (b"runtime.panic", b"$GOROOT/src/runtime/panic.go"),
    (b"runtime.raise", b"$GOROOT/src/runtime/panic.go"),
    (b"runtime.sigpanic", b"$GOROOT/src/runtime/sigpanic_unix.go"),
    (b"runtime.Gosched", b"$GOROOT/src/runtime/proc.go"),
    (b"runtime.main", b"$GOROOT/src/runtime/proc.go"),
    (b"runtime.GC", b"$GOROOT/src/runtime/mgc.go"),
    (b"runtime.newarray", b"$GOROOT/src/runtime/malloc.go"),
    (b"runtime.newobject", b"$GOROOT/src/runtime/malloc.go"),
    (b"runtime.growslice", b"$GOROOT/src/runtime/slice.go"),
    (b"runtime.makeslice", b"$GOROOT/src/runtime/slice.go"),
    (b"sync.runtime_", b"$GOROOT/src/runtime/sema.go"),
    (b"net.runtime_poll", b"$GOROOT/src/runtime/netpoll.go"),
    (b"time.", b"$GOROOT/src/runtime/time.go"),
    (b"reflect.call", b"$GOROOT/src/runtime/asm_amd64.s"),
    (b"runtime.call", b"$GOROOT/src/runtime/asm_amd64.s"),
    (b"runtime.goexit", b"$GOROOT/src/runtime/asm_amd64.s"),
    (b"runtime.runfinq", b"$GOROOT/src/runtime/mfinal.go"),
];

impl AsmFunc {
    /// The file of the Go tree that people look for the function in; `?` for insides that it has no counterpart of.
    pub fn file(&self) -> &'static [u8] {
        let name = self.name();
        FILES
            .iter()
            .find(|(start, _)| name.starts_with(start))
            .map_or(b"?", |&(_, file)| file)
    }
}

/// All entries, in order of address.
pub fn all() -> &'static [AsmFunc] {
    let (start, end) = (&raw const gort_funcs_start, &raw const gort_funcs_end);
    // SAFETY: both symbols bound one section of entries.
    unsafe { core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) }
}

/// The function that contains `pc`.
pub fn find(pc: usize) -> Option<&'static AsmFunc> {
    let table = all();
    if pc >= &raw const gort_text_end as usize {
        return None;
    }
    let after = table.partition_point(|f| f.entry <= pc);
    after.checked_sub(1).and_then(|i| table.get(i))
}

/// Rows of the surface table there can be; the build fails when there are more.
const ROWS: usize = 1024;
static ENTRIES: [AtomicUsize; ROWS] = [const { AtomicUsize::new(0) }; ROWS];
static FILLED: AtomicBool = AtomicBool::new(false);
const _: () = assert!(SURFACE.len() <= ROWS);

/// Name of the function with a surface index, empty for none.
pub fn name_of(index: u32) -> &'static [u8] {
    find(entry_of(index)).map_or(b"", AsmFunc::name)
}

/// Address of the function with a surface index, 0 for none.
pub fn entry_of(index: u32) -> usize {
    // Acquire pairs with the Release below. Two threads may fill the table at once: both write the same.
    if !FILLED.load(Ordering::Acquire) {
        for f in all() {
            if let Some(slot) = ENTRIES.get(f.index as usize) {
                slot.store(f.entry, Ordering::Relaxed);
            }
        }
        FILLED.store(true, Ordering::Release);
    }
    ENTRIES
        .get(index as usize)
        .map_or(0, |e| e.load(Ordering::Relaxed))
}

/// `pc` lies in runtime.sigpanic: the frame above it stands at a faulting instruction, not behind a call.
pub fn is_sigpanic(pc: usize) -> bool {
    find(pc).is_some_and(|f| f.entry == &raw const SIGPANIC as usize)
}
