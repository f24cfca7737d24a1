// The text that println gives floating-point and complex numbers.
package main

var zero float64

func main() {
	inf := 1 / zero
	nan := zero / zero
	println(inf, -inf, nan)
	println(zero, -zero, -1*zero)
	println(1/(-1*zero) == -inf)
	vals := []float64{
		1, -1, 0.1, 0.5, 9.9999995, 9.9999994, 9.99999949, 99.999999, 123456789, 1e21, 1e22, 1e100, 1e-100,
		1.7976931348623157e308, -1.7976931348623157e308, 4.9e-324, 2.2250738585072014e-308,
		3.141592653589793, 2.718281828459045, 1.0000005, 1.0000004, 0.999999949, 0.9999999,
		12345.678, 1e-7, 1e7, 5e-1, 6.02214076e23, 6.62607015e-34,
	}
	for _, v := range vals {
		println(v, -v)
	}
	for i, x := 0, 1.0; i < 30; i++ {
		println(i, x, float32(x))
		x *= -7.3
	}
	println(float32(0.1), float32(16777216), float32(3.4028235e38), float32(1e-45))
	println(complex(inf, -inf), complex(nan, 0))
	println(complex(1.5, 2.5), complex(-1.5, -2.5), complex64(complex(3, 4)))
}
