//! Division of complex numbers: the one arithmetic operation that compiled code leaves to the
//! runtime.

use crate::abi::{Leaf, args};

/// `complex128div`.
#[inline(always)]
pub fn div(_: Leaf<'_>, a: &mut args::runtime_complex128div) {
    a.r0 = quotient(a.n, a.d);
}

/// Infinities and zeroes as C99 has them; for the rest Smith's method: scaled by the larger part of
/// the divisor, so that no square overflows.
fn quotient([nr, ni]: [f64; 2], [dr, di]: [f64; 2]) -> [f64; 2] {
    let (n_inf, d_inf) = (
        nr.is_infinite() || ni.is_infinite(),
        dr.is_infinite() || di.is_infinite(),
    );
    let (n_nan, d_nan) = (
        !n_inf && (nr.is_nan() || ni.is_nan()),
        !d_inf && (dr.is_nan() || di.is_nan()),
    );
    if n_nan || d_nan {
        return [f64::NAN; 2];
    }
    if n_inf && !d_inf {
        return [f64::INFINITY; 2];
    }
    if d_inf && !n_inf {
        return [0.0; 2];
    }
    if dr == 0.0 && di == 0.0 {
        return if nr == 0.0 && ni == 0.0 {
            [f64::NAN; 2]
        } else {
            [f64::INFINITY; 2]
        };
    }
    // f64::abs is no call: it clears the sign bit.
    if dr.abs() <= di.abs() {
        let ratio = dr / di;
        let scale = dr * ratio + di;
        [(nr * ratio + ni) / scale, (ni * ratio - nr) / scale]
    } else {
        let ratio = di / dr;
        let scale = di * ratio + dr;
        [(ni * ratio + nr) / scale, (ni - nr * ratio) / scale]
    }
}

#[cfg(test)]
mod tests {
    use crate::types::complex::quotient;

    #[test]
    fn special_and_ordinary() {
        let inf = f64::INFINITY;
        assert_eq!(quotient([1.0, 2.0], [3.0, -4.0]), [-0.2, 0.4]);
        assert_eq!(quotient([1e300, 1e300], [1e300, 1e300]), [1.0, 0.0]);
        assert_eq!(quotient([1.0, 0.0], [0.0, 0.0]), [inf; 2]);
        assert_eq!(quotient([inf, 0.0], [1.0, 1.0]), [inf; 2]);
        assert_eq!(
            quotient([1.0, f64::NAN], [inf, 0.0]).map(f64::is_nan),
            [true; 2]
        );
        assert_eq!(quotient([1.0, 1.0], [-inf, f64::NAN]), [0.0; 2]);
        assert!(quotient([0.0, 0.0], [0.0, 0.0])[0].is_nan());
        assert!(quotient([inf, 1.0], [inf, 1.0])[0].is_nan());
    }
}
