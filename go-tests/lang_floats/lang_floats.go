// Floating-point and complex arithmetic, conversions, comparisons with NaN and infinities, and functions computed by series.
package main

var zero float64

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}

func sqrt(x float64) float64 {
	z := x
	for i := 0; i < 60; i++ {
		z -= (z*z - x) / (2 * z)
	}
	return z
}

func exp(x float64) float64 {
	sum, t := 1.0, 1.0
	for i := 1; i < 60; i++ {
		t *= x / float64(i)
		sum += t
	}
	return sum
}

func sin(x float64) float64 {
	sum, t := 0.0, x
	for i := 1; i < 40; i += 2 {
		sum += t
		t *= -x * x / float64((i+1)*(i+2))
	}
	return sum
}

func pi() float64 {
	p := 0.0
	k := 1.0
	for i := 0; i < 30; i++ {
		f := float64(8 * i)
		p += k * (4/(f+1) - 2/(f+4) - 1/(f+5) - 1/(f+6))
		k /= 16
	}
	return p
}

func toInts(f float64) {
	println(int8(int(f)), int16(int(f)), int32(f), int64(f), int(f), uint8(int(f)), uint32(int64(f)))
}

func mandel(c complex128) int {
	z := c
	for i := 0; i < 100; i++ {
		if real(z)*real(z)+imag(z)*imag(z) > 4 {
			return i
		}
		z = z*z + c
	}
	return 100
}

func cexp(z complex128) complex128 {
	sum, t := complex(1, 0), complex(1, 0)
	for i := 1; i < 50; i++ {
		t *= z / complex(float64(i), 0)
		sum += t
	}
	return sum
}

func main() {
	println(sqrt(2), exp(1), exp(-2.5), sin(1), sin(2.5), pi())
	println(0.1+0.2, 0.1+0.2 == 0.3, float32(0.1)+float32(0.2) == float32(0.3), 1e16+1, 1e308*10 > 1e300)
	x := 0.1
	y := 0.2
	println(x+y, x+y == 0.3, x*3-0.3, float32(x)+float32(y))
	toInts(0)
	toInts(1.99)
	toInts(-1.99)
	toInts(100.5)
	toInts(-100.5)
	toInts(1e9)
	toInts(-2147483648)
	for _, i := range []int64{0, 1, -1, 1 << 24, 1<<24 + 1, 1<<53 + 1, 1<<63 - 1, -1 << 63, 123456789012345678} {
		println(float32(i), float64(i), float32(int32(i)), float64(uint32(i)), int64(float64(i)) == i)
	}
	for _, u := range []uint64{0, 1, 1 << 53, 1 << 63, 1<<63 + 1025, 1<<64 - 1, 1<<64 - 1024} {
		println(float64(u), float32(u))
	}
	for _, f := range []float64{0, 1, 9.9e17, 9.3e18, 1.8e19} {
		println(uint64(f), uint64(float32(f)))
	}
	inf, nan := 1/zero, zero/zero
	println(inf-inf != inf-inf, inf*0 != 0, nan != nan, nan == nan, nan < 1, nan > 1, inf > 1e308, -inf < inf, 1/inf, 1/-inf)
	v39 := 1e39
	println(float32(v39), float32(1/v39/v39), float32(16777217), float64(float32(0.1)))
	f32 := float32(1)
	for i := 0; i < 30; i++ {
		f32 = f32*1.5 - f32/3
	}
	println(f32)
	sum := float32(0)
	for i := 0; i < 100000; i++ {
		sum += 0.1
	}
	println(sum)
	d := 0.0
	for i := 0; i < 1000000; i++ {
		d += 1 / float64((i+1)*(i+1))
	}
	println(d)
	// Horner with many live values.
	p := []float64{1.5, -2.25, 3.125, -4, 5, -6, 7, 0.001}
	for _, t := range []float64{-2, -0.5, 0, 0.3, 1, 10} {
		v := 0.0
		for _, c := range p {
			v = v*t + c
		}
		w := ((((((p[0]*t+p[1])*t+p[2])*t+p[3])*t+p[4])*t+p[5])*t+p[6])*t + p[7]
		println(v, v == w)
	}

	a, b := complex(1, 2), complex(-3, 0.5)
	println(a+b, a-b, a*b, a/b, -a, a == b, a != b, real(a), imag(b))
	var c64 complex64 = 1 + 2i
	c64 *= c64
	c64 -= 1i
	println(c64, complex128(c64), c64 == complex(-3, 3), 2i*2i)
	println(cexp(complex(0, pi())))
	n := 0
	for i := -20; i <= 20; i++ {
		for j := -20; j <= 20; j++ {
			n += mandel(complex(float64(i)/10, float64(j)/10))
		}
	}
	println(n)
	cs := []complex128{0, 1, 1i, complex(inf, 1), complex(nan, 0)}
	for _, u := range cs {
		for _, v := range cs {
			print(u == v, " ")
		}
	}
	println()
	println(cs[1]/cs[0] != cs[1]/cs[0] || real(cs[1]/cs[0]) > 1e300)
	println(abs(-3.5), abs(-1*zero), min(1, 2, -5, 3))
}

func min(xs ...float64) float64 {
	m := xs[0]
	for _, x := range xs {
		if x < m {
			m = x
		}
	}
	return m
}
