//! Text output without allocation: a buffer that is written to standard error when full, or a
//! caller's buffer that is cut off when full.

use crate::abi::GoString;
use crate::os::sys;
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Bytes written to standard error, or tried to.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Bytes written to standard error so far.
pub fn written() -> u64 {
    WRITTEN.load(Ordering::Relaxed)
}

/// Writes to standard error: in one piece, or, while the watchdog is set, in several, so that it
/// sees a slow reader read ([`written`]).
pub fn write(bytes: &[u8]) {
    write_memory(bytes.as_ptr(), bytes.len());
}

/// [`write()`] of memory that may not be readable.
fn write_memory(p: *const u8, len: usize) {
    let most = if watched() { libc::PIPE_BUF } else { len };
    let mut done = 0;
    while done < len {
        let n = (len - done).min(most);
        sys::write_memory(2, p.wrapping_add(done), n);
        WRITTEN.fetch_add(n as u64, Ordering::Relaxed);
        done += n;
    }
}

/// What becomes of text that does not fit the buffer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Written to standard error.
    Stderr,
    /// Dropped: the buffer is the result (`runtime.Stack`).
    Cut,
}

/// A text writer.
#[derive(Debug)]
pub struct Out<'a> {
    buf: &'a mut [u8],
    len: usize,
    sink: Sink,
}

/// Digits of the longest number.
const NUMBER: usize = 20;
/// More bytes than an address can reach: no string, but a header that something has written over.
const LONGEST: usize = 1 << 47;
/// What is printed for one.
const TOO_LONG: &str = "[string too long]";

/// Reading what may not be mapped.
#[cfg(not(test))]
mod readable {
    unsafe extern "C" {
        /// asm/memory.S.
        fn gort_copy_readable(to: *mut u8, from: *const u8, n: usize) -> usize;
    }

    /// Fills `to` with what can be read at `from`; answers how many bytes that are.
    pub(super) fn copy(to: &mut [u8], from: *const u8) -> usize {
        // SAFETY: the slice is writable; a fault of the source ends the copy.
        to.len() - unsafe { gort_copy_readable(to.as_mut_ptr(), from, to.len()) }
    }
}

/// Hosted unit tests have no handler for the fault.
#[cfg(test)]
mod readable {
    pub(super) fn copy(to: &mut [u8], from: *const u8) -> usize {
        // SAFETY: tests give strings that have as many bytes.
        to.copy_from_slice(unsafe { core::slice::from_raw_parts(from, to.len()) });
        to.len()
    }
}

impl<'a> Out<'a> {
    /// Collects in `buf`.
    pub fn new(buf: &'a mut [u8], sink: Sink) -> Self {
        Self { buf, len: 0, sink }
    }

    /// Goes on in a buffer that holds `len` bytes already.
    pub fn resume(buf: &'a mut [u8], len: usize, sink: Sink) -> Self {
        Self { buf, len, sink }
    }

    /// Bytes in the buffer.
    pub fn filled(&self) -> usize {
        self.len
    }

    /// Writes out what is pending for standard error.
    pub fn flush(&mut self) {
        if self.sink == Sink::Stderr && self.len > 0 {
            write(&self.buf[..self.len]);
            self.len = 0;
        }
    }

    /// Raw bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let room = self.buf.len() - self.len;
        if bytes.len() <= room {
            self.buf[self.len..self.len + bytes.len()].copy_from_slice(bytes);
            self.len += bytes.len();
            return self;
        }
        match self.sink {
            Sink::Stderr => {
                self.flush();
                if bytes.len() <= self.buf.len() {
                    self.buf[..bytes.len()].copy_from_slice(bytes);
                    self.len = bytes.len();
                } else {
                    write(bytes);
                }
            }
            Sink::Cut => {
                self.buf[self.len..].copy_from_slice(&bytes[..room]);
                self.len += room;
            }
        }
        self
    }

    /// A Rust string.
    pub fn str(&mut self, s: &str) -> &mut Self {
        self.bytes(s.as_bytes())
    }

    /// A Go string. Of one that cannot be read, because its bytes are not mapped, nothing is
    /// printed but what the kernel writes of it.
    pub fn gostring(&mut self, s: GoString) -> &mut Self {
        let Ok(len) = usize::try_from(s.len) else {
            return self.str(TOO_LONG);
        };
        if len > LONGEST {
            return self.str(TOO_LONG);
        }
        let room = self.buf.len() - self.len;
        let n = match self.sink {
            Sink::Cut => len.min(room),
            Sink::Stderr if len > self.buf.len() => return self.directly(s.ptr, len),
            Sink::Stderr => {
                if len > room {
                    self.flush();
                }
                len
            }
        };
        let copied = readable::copy(&mut self.buf[self.len..self.len + n], s.ptr);
        if copied == n || self.sink == Sink::Cut {
            self.len += copied;
            return self;
        }
        self.directly(s.ptr, len)
    }

    /// Has the kernel write memory of the program.
    #[cold]
    fn directly(&mut self, p: *const u8, len: usize) -> &mut Self {
        self.flush();
        write_memory(p, len);
        self
    }

    /// A number in decimal.
    pub fn uint(&mut self, mut v: u64) -> &mut Self {
        let mut digits = [0u8; NUMBER];
        let mut i = NUMBER;
        loop {
            i -= 1;
            digits[i] = b'0' + (v % 10) as u8;
            v /= 10;
            if v == 0 {
                break;
            }
        }
        self.bytes(&digits[i..])
    }

    /// A signed number in decimal.
    pub fn int(&mut self, v: i64) -> &mut Self {
        if v < 0 {
            self.bytes(b"-");
        }
        self.uint(v.unsigned_abs())
    }

    /// A number in hexadecimal with `0x`.
    pub fn hex(&mut self, mut v: u64) -> &mut Self {
        let mut digits = [0u8; NUMBER];
        let mut i = NUMBER;
        loop {
            i -= 1;
            digits[i] = b"0123456789abcdef"[(v & 15) as usize];
            v >>= 4;
            if v == 0 {
                break;
            }
        }
        i -= 2;
        digits[i] = b'0';
        digits[i + 1] = b'x';
        self.bytes(&digits[i..])
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, v: bool) -> &mut Self {
        self.str(if v { "true" } else { "false" })
    }

    /// A float as Go's print shows it: sign, seven digits, exponent of three digits.
    ///
    /// The scaling by repeated multiplication loses a little at each step; that is how Go 1.5 finds
    /// the digits, and programs compare this output, so a correctly rounded conversion would be
    /// wrong here.
    pub fn float(&mut self, v: f64) -> &mut Self {
        const DIGITS: usize = 7;
        /// Half a unit of the last digit, divided down step by step like the digits themselves.
        const fn half_unit() -> f64 {
            let (mut h, mut i) = (5.0, 0);
            while i < DIGITS {
                h /= 10.0;
                i += 1;
            }
            h
        }
        if v.is_nan() {
            return self.str("NaN");
        }
        if v.is_infinite() {
            return self.str(if v > 0.0 { "+Inf" } else { "-Inf" });
        }
        let mut text = *b"+d.dddddde+ddd";
        if v.is_sign_negative() {
            text[0] = b'-';
        }
        let (mut m, mut exp) = (v.abs(), 0i32);
        if m != 0.0 {
            while m >= 10.0 {
                m /= 10.0;
                exp += 1;
            }
            while m < 1.0 {
                m *= 10.0;
                exp -= 1;
            }
            m += half_unit();
            if m >= 10.0 {
                m /= 10.0;
                exp += 1;
            }
        }
        for place in [1, 3, 4, 5, 6, 7, 8] {
            // SAFETY: 0 <= m < 16 after the scaling: it fits.
            let digit = unsafe { m.to_int_unchecked::<u8>() };
            text[place] = b'0' + digit;
            m = (m - f64::from(digit)) * 10.0;
        }
        if exp < 0 {
            text[10] = b'-';
        }
        let exp = exp.unsigned_abs();
        text[11] = b'0' + (exp / 100) as u8;
        text[12] = b'0' + (exp / 10 % 10) as u8;
        text[13] = b'0' + (exp % 10) as u8;
        self.bytes(&text)
    }

    /// A complex number: both parts in parentheses.
    pub fn complex(&mut self, re: f64, im: f64) -> &mut Self {
        self.str("(").float(re).float(im).str("i)")
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}

/// When the time is up; 0: nobody is watched.
pub(crate) static WATCHED: AtomicI64 = AtomicI64::new(0);

/// The process is watched.
pub fn watched() -> bool {
    WATCHED.load(Ordering::Relaxed) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(f: impl FnOnce(&mut Out<'_>)) -> String {
        let mut buf = [0u8; 64];
        let mut out = Out::new(&mut buf, Sink::Cut);
        f(&mut out);
        let n = out.filled();
        drop(out);
        String::from_utf8(buf[..n].to_vec()).unwrap()
    }

    #[test]
    fn numbers() {
        assert_eq!(
            text(|o| {
                o.int(i64::MIN);
            }),
            "-9223372036854775808"
        );
        assert_eq!(
            text(|o| {
                o.uint(u64::MAX).str(" ").uint(0);
            }),
            "18446744073709551615 0"
        );
        assert_eq!(
            text(|o| {
                o.hex(0).str(" ").hex(u64::MAX);
            }),
            "0x0 0xffffffffffffffff"
        );
    }

    #[test]
    fn floats() {
        // Taken from programs run on Go 1.5.4.
        for (v, want) in [
            (0.0, "+0.000000e+000"),
            (-0.0, "-0.000000e+000"),
            (1.0, "+1.000000e+000"),
            (-1234.5678, "-1.234568e+003"),
            (9.9999999, "+1.000000e+001"),
            (5e-324, "+4.940656e-324"),
            (f64::MAX, "+1.797693e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(
                text(|o| {
                    o.float(v);
                }),
                want
            );
        }
        assert_eq!(
            text(|o| {
                o.complex(1.0, -2.0);
            }),
            "(+1.000000e+000-2.000000e+000i)"
        );
    }

    #[test]
    fn go_strings() {
        let s = |text: &'static str, len: i64| GoString {
            ptr: text.as_ptr(),
            len,
        };
        let of = |s: GoString| {
            text(|o| {
                o.str("<").gostring(s).str(">");
            })
        };
        assert_eq!(of(s("abc", 3)), "<abc>");
        assert_eq!(of(s("abc", 0)), "<>");
        for len in [-1, i64::MIN, i64::MAX, (1 << 47) + 1] {
            assert_eq!(of(s("abc", len)), "<[string too long]>", "{len}");
        }
        // What does not fit is cut off.
        let long = "0123456789".repeat(10);
        let cut = text(|o| {
            o.str("<").gostring(GoString {
                ptr: long.as_ptr(),
                len: 100,
            });
        });
        assert_eq!(cut, format!("<{}", &long[..63]));
    }

    #[test]
    fn cut_off() {
        let mut buf = [0u8; 4];
        let mut out = Out::new(&mut buf, Sink::Cut);
        out.str("ab").str("cdef").str("g");
        assert_eq!(out.filled(), 4);
        drop(out);
        assert_eq!(&buf, b"abcd");
    }
}
