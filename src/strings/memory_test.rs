//! The memory primitives of asm/memory.S, compare.S and strings.S against plain Rust: every size to
//! 300 and some large ones, all alignments, overlaps, operands that end (or begin) at an unmapped
//! page, with and without AVX2.
//!
//! The assembly of the library is linked into the test program and replaces the host's functions
//! there.

use std::arch::global_asm;
use std::sync::Mutex;

// Calls as compiled code does: rdi = argument area, rsi = its words, rdx = code, rcx = closure. The
// area is copied below rsp and back.
global_asm!(
    ".globl gort_test_go_call",
    "gort_test_go_call:",
    "push rbx",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "push rbp",
    "mov rbp, rsp",
    "mov rbx, rdi",
    "mov r12, rsi",
    "mov rax, rdx",
    "mov rdx, rcx",
    "sub rsp, 120",
    "mov rdi, rsp",
    "mov rsi, rbx",
    "mov rcx, r12",
    "rep movsq",
    "call rax",
    "mov rsi, rsp",
    "mov rdi, rbx",
    "mov rcx, r12",
    "rep movsq",
    "mov rsp, rbp",
    "pop rbp",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "ret",
);

/// An entry, and how many words it clears; 0 at the end of their table.
#[repr(C)]
struct Device {
    words: usize,
    code: *const u8,
}

// A call of a Duff device, rdi = where, rsi = code: rax is zero, and all other registers that
// compiled code has variables in come out as they went in, or the answer is 1. rdx gets rdi as it
// comes out.
global_asm!(
    ".globl gort_test_duffzero",
    "gort_test_duffzero:",
    "push rdx",
    "mov r8, rsi",
    "mov r9, 0x1234567887654321",
    "movq xmm0, r9",
    "punpcklqdq xmm0, xmm0",
    ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "movaps xmm\\n, xmm0",
    ".endr",
    "mov rcx, r9",
    "mov rdx, r9",
    "mov rsi, r9",
    "xor eax, eax",
    "call r8",
    "or rax, 0",
    "jnz 2f",
    ".irp r, rcx,rdx,rsi",
    "cmp \\r, r9",
    "jne 2f",
    ".endr",
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "movq rcx, xmm\\n",
    "cmp rcx, r9",
    "jne 2f",
    "movhlps xmm\\n, xmm\\n",
    "movq rcx, xmm\\n",
    "cmp rcx, r9",
    "jne 2f",
    ".endr",
    "jmp 3f",
    "2: mov eax, 1",
    "3: pop rdx",
    "mov [rdx], rdi",
    "ret",
    ".globl gort_test_duffzeros",
    ".pushsection .data.rel.ro.gort_test, \"aw\", @progbits",
    ".p2align 3",
    "gort_test_duffzeros:",
    ".irp n, 4,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,81,82,83,84,85,86,87,88,89,90,91,92,93,94,95,96,97,98,99,100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128",
    ".quad \\n, runtime.duffzero.\\n",
    ".endr",
    ".quad 0",
    ".popsection",
);

unsafe extern "C" {
    fn gort_test_duffzero(at: *mut u64, code: *const u8, end: *mut *mut u64) -> u32;
    static gort_test_duffzeros: [Device; 122];
    static mut gort_cpu_features: u8;
    fn gort_cpu_init();
    fn memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8;
    fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8;
    fn memset(to: *mut u8, c: i32, n: usize) -> *mut u8;
    fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32;
    fn bcmp(a: *const u8, b: *const u8, n: usize) -> i32;
    fn gort_test_go_call(
        area: *mut usize,
        words: usize,
        code: unsafe extern "C" fn(),
        closure: *const usize,
    );
    fn mmap(addr: *mut u8, len: usize, prot: i32, flags: i32, fd: i32, off: i64) -> *mut u8;
    fn mprotect(addr: *mut u8, len: usize, prot: i32) -> i32;
}
mod entry {
    unsafe extern "C" {
        #[link_name = "runtime.memmove"]
        pub(super) fn memmove();
        #[link_name = "runtime.memclr"]
        pub(super) fn memclr();
        #[link_name = "runtime.memequal"]
        pub(super) fn memequal();
        #[link_name = "runtime.memequal8"]
        pub(super) fn memequal8();
        #[link_name = "runtime.memequal16"]
        pub(super) fn memequal16();
        #[link_name = "runtime.memequal32"]
        pub(super) fn memequal32();
        #[link_name = "runtime.memequal64"]
        pub(super) fn memequal64();
        #[link_name = "runtime.memequal128"]
        pub(super) fn memequal128();
        #[link_name = "runtime.memequal_varlen"]
        pub(super) fn memequal_varlen();
        #[link_name = "runtime.eqstring"]
        pub(super) fn eqstring();
        #[link_name = "runtime.cmpstring"]
        pub(super) fn cmpstring();
        #[link_name = "bytes.Equal"]
        pub(super) fn bytes_equal();
        #[link_name = "bytes.Compare"]
        pub(super) fn bytes_compare();
        #[link_name = "bytes.IndexByte"]
        pub(super) fn bytes_index_byte();
        #[link_name = "strings.IndexByte"]
        pub(super) fn strings_index_byte();
        #[link_name = "runtime.stringiter"]
        pub(super) fn stringiter();
        #[link_name = "runtime.stringiter2"]
        pub(super) fn stringiter2();
    }
}
type Entry = unsafe extern "C" fn();

/// Calls an entry as compiled code does; `area` holds arguments and results.
fn go<const N: usize>(e: Entry, mut area: [usize; N]) -> [usize; N] {
    go_closure(e, &mut area, &[0, 0]);
    area
}

fn go_closure(e: Entry, area: &mut [usize], closure: &[usize; 2]) {
    // SAFETY: the entry reads and writes the area that the signature describes; callers pass valid
    // operands.
    unsafe { gort_test_go_call(area.as_mut_ptr(), area.len(), e, closure.as_ptr()) }
}

/// The feature byte is global: one test at a time.
static FEATURES: Mutex<()> = Mutex::new(());

/// Runs `f` as on a bare SSE2 processor and with what this one has.
fn with_features(f: impl Fn()) {
    let _guard = FEATURES.lock().unwrap_or_else(|e| e.into_inner());
    // SAFETY: the lock keeps other tests out; the functions only read the byte.
    unsafe {
        gort_cpu_init();
        let all = gort_cpu_features;
        for features in [0, all & 1, all & 3, all] {
            gort_cpu_features = features;
            f();
        }
    }
}

/// Two readable pages between two that fault.
struct Guarded {
    base: *mut u8,
}

const PAGE: usize = 4096;
const ROOM: usize = 2 * PAGE;

impl Guarded {
    fn new() -> Self {
        // SAFETY: a fresh mapping, of which the first and last page are then protected.
        unsafe {
            let p = mmap(std::ptr::null_mut(), ROOM + 2 * PAGE, 3, 0x22, -1, 0);
            assert!(p as isize != -1);
            assert_eq!(mprotect(p, PAGE, 0), 0);
            assert_eq!(mprotect(p.add(PAGE + ROOM), PAGE, 0), 0);
            Self { base: p.add(PAGE) }
        }
    }

    #[expect(clippy::mut_from_ref, reason = "a test's private pages")]
    fn bytes(&self) -> &mut [u8] {
        // SAFETY: mapped for the test's lifetime; each test uses one view at a time.
        unsafe { std::slice::from_raw_parts_mut(self.base, ROOM) }
    }
}

fn pattern(i: usize) -> u8 {
    (i as u32).wrapping_mul(0x9e37_79b1).to_le_bytes()[3]
}

fn sizes() -> impl Iterator<Item = usize> {
    (0..=300).chain([
        383, 384, 385, 511, 512, 513, 640, 1000, 1023, 1024, 1025, 2047, 2048, 2049, 2111, 3000,
        4000,
    ])
}

#[test]
fn move_all_overlaps() {
    with_features(|| {
        let mut buf = vec![0u8; 16384];
        for n in sizes() {
            // Distances from far below to far above the source, every small one, both directions.
            for d in (-70isize..=70).chain([-4100, -600, -257, -129, 129, 257, 600, 4100]) {
                if n > 300 && d % 7 != 0 && !(-2..=2).contains(&d) {
                    continue;
                }
                let from = 4200 + n % 16;
                let to = (from as isize + d) as usize;
                let window = from.min(to) - 40..from.max(to) + n + 40;
                for i in window.clone() {
                    buf[i] = pattern(i);
                }
                // SAFETY: both ranges lie in `buf`.
                let r = unsafe { memmove(buf.as_mut_ptr().add(to), buf.as_ptr().add(from), n) };
                assert_eq!(r as usize, buf.as_ptr() as usize + to);
                for i in window {
                    let want = if (to..to + n).contains(&i) {
                        pattern(i - to + from)
                    } else {
                        pattern(i)
                    };
                    assert!(buf[i] == want, "n={n} d={d} at {i}");
                }
            }
        }
    });
}

#[test]
fn move_at_page_edges() {
    let (a, b) = (Guarded::new(), Guarded::new());
    with_features(|| {
        for n in sizes() {
            for (from, to) in [(0, 0), (ROOM - n, ROOM - n), (0, ROOM - n), (ROOM - n, 0)] {
                for (i, x) in a.bytes().iter_mut().enumerate() {
                    *x = pattern(i);
                }
                b.bytes().fill(0xaa);
                let (pa, pb) = (
                    a.bytes()[from..].as_ptr() as usize,
                    b.bytes()[to..].as_mut_ptr() as usize,
                );
                go(entry::memmove, [pb, pa, n]);
                assert!(
                    a.bytes()[from..from + n] == b.bytes()[to..to + n],
                    "n={n} from={from} to={to}"
                );
                assert!(
                    b.bytes()[..to]
                        .iter()
                        .chain(&b.bytes()[to + n..])
                        .all(|&x| x == 0xaa),
                    "n={n} wrote outside"
                );
            }
        }
    });
}

#[test]
fn move_streaming() {
    with_features(|| {
        let n = 0x400000 + 123;
        let from: Vec<u8> = (0..n + 64).map(pattern).collect();
        let mut to = vec![0u8; n + 64];
        for (a, b) in [(0, 0), (1, 7), (33, 2)] {
            to.fill(0);
            // SAFETY: both ranges are inside their vectors.
            unsafe { memcpy(to.as_mut_ptr().add(b), from.as_ptr().add(a), n) };
            assert!(to[b..b + n] == from[a..a + n]);
            assert!(to[..b].iter().chain(&to[b + n..]).all(|&x| x == 0));
        }
        // Large and overlapping, both ways.
        for d in [8isize, -8, 4096, -4096] {
            let mut x: Vec<u8> = (0..n + 8192).map(pattern).collect();
            let (f, t) = (4096usize, (4096 + d) as usize);
            // SAFETY: both ranges are inside the vector.
            unsafe { memmove(x.as_mut_ptr().add(t), x.as_ptr().add(f), n) };
            assert!((0..n).all(|i| x[t + i] == pattern(f + i)), "d={d}");
        }
    });
}

#[test]
fn fill() {
    let a = Guarded::new();
    with_features(|| {
        for n in sizes() {
            for at in (0..64).chain([ROOM - n, ROOM - n - 1, ROOM - n - 31]) {
                if at + n > ROOM {
                    continue;
                }
                a.bytes().fill(0xaa);
                let p = a.bytes()[at..].as_mut_ptr();
                // SAFETY: inside the two pages.
                let r = unsafe { memset(p, 0x1c5, n) };
                assert_eq!(r, p);
                assert!(
                    a.bytes()[at..at + n].iter().all(|&x| x == 0xc5),
                    "n={n} at={at}"
                );
                go(entry::memclr, [p as usize, n]);
                assert!(
                    a.bytes()[at..at + n].iter().all(|&x| x == 0),
                    "n={n} at={at}"
                );
                let around = at.saturating_sub(80)..(at + n + 80).min(ROOM);
                assert!(
                    around
                        .into_iter()
                        .all(|i| (at..at + n).contains(&i) || a.bytes()[i] == 0xaa),
                    "n={n} at={at}"
                );
            }
        }
    });
}

#[test]
fn fill_large() {
    with_features(|| {
        let mut x = vec![0u8; 80_000];
        for n in [8191, 8192, 8193, 8200, 8255, 8256, 12_345, 70_001] {
            for at in 64..130 {
                let around = at - 64..at + n + 64;
                x[around.clone()].fill(0xaa);
                let p = x[at..].as_mut_ptr();
                // SAFETY: inside the vector.
                let r = unsafe { memset(p, 0x1c5, n) };
                assert_eq!(r, p);
                assert!(x[at..at + n].iter().all(|&b| b == 0xc5), "n={n} at={at}");
                go(entry::memclr, [p as usize, n]);
                let wrong = around
                    .into_iter()
                    .find(|&i| x[i] != if (at..at + n).contains(&i) { 0 } else { 0xaa });
                assert_eq!(wrong, None, "n={n} at={at}");
            }
        }
    });
}

fn sign(x: std::cmp::Ordering) -> isize {
    x as isize
}

/// Every function that compares, on one pair of operands.
fn check_pair(a: &[u8], b: &[u8]) {
    let (pa, pb) = (a.as_ptr() as usize, b.as_ptr() as usize);
    let want = sign(a.cmp(b));
    let r = go(entry::cmpstring, [pa, a.len(), pb, b.len(), 99]);
    assert_eq!(r[4] as isize, want, "cmpstring {a:x?} {b:x?}");
    let r = go(entry::bytes_compare, [pa, a.len(), 0, pb, b.len(), 0, 99]);
    assert_eq!(r[6] as isize, want);
    let r = go(entry::eqstring, [pa, a.len(), pb, b.len(), 99]);
    assert_eq!(r[4] as u8, u8::from(a == b), "eqstring {a:x?} {b:x?}");
    let r = go(entry::bytes_equal, [pa, a.len(), 0, pb, b.len(), 0, 99]);
    assert_eq!(r[6] as u8, u8::from(a == b));
    if a.len() == b.len() {
        let r = go(entry::memequal, [pa, pb, a.len(), 99]);
        assert_eq!(r[3] as u8, u8::from(a == b), "memequal {a:x?} {b:x?}");
        let mut area = [pa, pb, 99];
        go_closure(entry::memequal_varlen, &mut area, &[0, a.len()]);
        assert_eq!(area[2] as u8, u8::from(a == b));
        let fixed: Option<Entry> = match a.len() {
            1 => Some(entry::memequal8),
            2 => Some(entry::memequal16),
            4 => Some(entry::memequal32),
            8 => Some(entry::memequal64),
            16 => Some(entry::memequal128),
            _ => None,
        };
        if let Some(e) = fixed {
            assert_eq!(go(e, [pa, pb, 99])[2] as u8, u8::from(a == b));
        }
        // SAFETY: both operands have that many bytes.
        unsafe {
            assert_eq!(
                memcmp(a.as_ptr(), b.as_ptr(), a.len()).signum() as isize,
                want
            );
            assert_eq!(bcmp(a.as_ptr(), b.as_ptr(), a.len()) == 0, a == b);
        }
    }
}

#[test]
fn compare_one_difference() {
    let (pa, pb) = (Guarded::new(), Guarded::new());
    with_features(|| {
        for n in sizes() {
            for (ea, eb) in [(ROOM - n, ROOM - n), (0, ROOM - n), (ROOM - n, 0), (3, 1)] {
                if ea + n > ROOM || eb + n > ROOM {
                    continue;
                }
                let (a, b) = (&mut pa.bytes()[ea..ea + n], &mut pb.bytes()[eb..eb + n]);
                for i in 0..n {
                    a[i] = pattern(i);
                    b[i] = pattern(i);
                }
                check_pair(a, b);
                let step = if n > 300 { 37 } else { 1 };
                for at in (0..n).step_by(step).chain(n.checked_sub(1)) {
                    // The sign of the first difference counts, and the order is unsigned; later
                    // bytes must not matter.
                    b[at] = a[at] ^ 0x80;
                    if at + 1 < n {
                        b[n - 1] = !a[n - 1];
                    }
                    check_pair(a, b);
                    b[at] = a[at];
                    b[n - 1] = a[n - 1];
                }
            }
        }
    });
}

#[test]
fn compare_lengths() {
    with_features(|| {
        let s: Vec<u8> = (0..400).map(pattern).collect();
        let t = s.clone();
        for n in 0..300usize {
            for m in [0, n / 2, n.saturating_sub(1), n, n + 1, n + 16, n + 100] {
                check_pair(&s[..n], &t[..m]);
                check_pair(&s[..n], &s[..m]); // same address
            }
        }
    });
}

#[test]
fn index_byte() {
    let a = Guarded::new();
    with_features(|| {
        for n in sizes() {
            for at in (0..40).chain([ROOM - n, PAGE - 8, PAGE - n.min(PAGE), ROOM - n - 1]) {
                if at + n > ROOM {
                    continue;
                }
                a.bytes().fill(7);
                a.bytes()[at..at + n].fill(0);
                let check = |want: isize| {
                    let p = a.bytes()[at..].as_ptr() as usize;
                    // The byte is the low one of its slot, the rest is garbage.
                    let r = go(entry::bytes_index_byte, [p, n, n, 0xffff_0007, 99]);
                    assert_eq!(r[4] as isize, want, "n={n} at={at}");
                    let r = go(entry::strings_index_byte, [p, n, 0xffff_0007, 99]);
                    assert_eq!(r[3] as isize, want, "n={n} at={at}");
                };
                check(-1);
                let step = if n > 300 { 41 } else { 3 };
                for i in (0..n).step_by(step).chain(n.checked_sub(1)) {
                    a.bytes()[at + i] = 7;
                    a.bytes()[at + n - 1] = 7;
                    check(i as isize);
                    a.bytes()[at + i] = 0;
                    a.bytes()[at + n - 1] = 0;
                }
            }
        }
    });
}

#[test]
fn runes_of_all_edges() {
    let page = Guarded::new();
    let edges = [
        0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
        0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
    ];
    for n in 1..=4usize {
        // The string ends where the page does: reading on would fault.
        let s = &mut page.bytes()[ROOM - n..];
        for code in 0..edges.len().pow(n as u32) {
            let mut c = code;
            for b in s.iter_mut() {
                *b = edges[c % edges.len()];
                c /= edges.len();
            }
            let (p, k) = (s.as_ptr() as usize, n - 1);
            for at in [0, k] {
                // SAFETY: inside the string.
                let (r, width) = unsafe { super::utf8::decode(s.as_ptr().add(at), n - at) };
                let two = go(entry::stringiter2, [p, n, at, 99, 99]);
                assert_eq!((two[3], two[4] as u32), (at + width, r), "{s:x?} at {at}");
                assert_eq!(go(entry::stringiter, [p, n, at, 99])[3], at + width);
            }
            assert_eq!(go(entry::stringiter2, [p, n, n, 99, 0])[3..], [0, 0]);
        }
    }
}

/// What calls of `runtime.duffzero` become (the linker's phase `specialise`): all words, no other,
/// and no register but rdi.
#[test]
fn duffzeros_of_all_sizes() {
    with_features(|| {
        // SAFETY: the table ends with a zero.
        let all = unsafe { &gort_test_duffzeros }.iter();
        for &Device { words: n, code } in all.take_while(|d| d.words != 0) {
            for at in 8..17 {
                let mut words = [!0u64; 160];
                // The device is entered in the middle of a block of four words, with the address of
                // the block.
                let block = words.as_mut_ptr().wrapping_add(at - n.wrapping_neg() % 4);
                let mut end = core::ptr::null_mut();
                // SAFETY: it clears words of the array.
                let changed = unsafe { gort_test_duffzero(block, code, &mut end) };
                assert_eq!(changed, 0, "{n} words");
                assert_eq!(end, words.as_mut_ptr().wrapping_add(at + n), "{n} words");
                for (i, w) in words.iter().enumerate() {
                    let want = if (at..at + n).contains(&i) { 0 } else { !0 };
                    assert_eq!(*w, want, "{n} words from {at}, word {i}");
                }
            }
        }
    });
}
