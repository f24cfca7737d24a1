// Arguments and results of every size and alignment, passed directly, through function values, interfaces and method values.
package main

type s1 struct{ a int8 }
type s2 struct{ a, b int8 }
type s3 struct{ a, b, c int8 }
type s6 struct{ a, b, c int16 }
type s12 struct{ a, b, c int32 }
type s16 struct {
	a int8
	b int64
}
type s17 struct {
	a [2]int64
	b int8
}
type mixed struct {
	b bool
	f float32
	s string
	i interface{}
	c complex64
	u uint16
}

type shape interface {
	f1(a int8, b int64, c int8) (int8, int64)
	f2(s1, s2, s3) s3
	f3(s6, s12, s16) (s16, s12, s6)
	f4(a bool, b s17, c bool, d ...s1) (bool, s17, int)
	f5(mixed, ...interface{}) mixed
	f6(x [3]int8, y [5]int16, z [0]int, w struct{}) ([5]int16, [3]int8)
	f7(float32, int8, float64, complex64, int16, complex128) (complex128, float32, int8)
	f8() (a, b, c, d, e, f, g, h int8)
	f9(a, b, c, d, e, f, g, h, i, j, k, l int) int
}

type impl struct{ k int8 }

func (m impl) f1(a int8, b int64, c int8) (int8, int64) { return a + c + m.k, b * 2 }
func (m impl) f2(x s1, y s2, z s3) s3                   { return s3{x.a + m.k, y.b, z.c} }
func (m impl) f3(x s6, y s12, z s16) (s16, s12, s6) {
	x.c, y.c, z.b = x.c+int16(m.k), y.c+1, z.b+1
	return z, y, x
}
func (m impl) f4(a bool, b s17, c bool, d ...s1) (bool, s17, int) {
	b.b += m.k
	return a != c, b, len(d)
}
func (m impl) f5(x mixed, ys ...interface{}) mixed {
	x.u += uint16(len(ys))
	x.s += "!"
	return x
}
func (m impl) f6(x [3]int8, y [5]int16, z [0]int, w struct{}) ([5]int16, [3]int8) {
	x[2] = m.k
	y[4] = int16(x[0])
	return y, x
}
func (m impl) f7(a float32, b int8, c float64, d complex64, e int16, f complex128) (complex128, float32, int8) {
	return f + complex(c, float64(a)) + complex128(d), a * float32(e), b + m.k
}
func (m impl) f8() (a, b, c, d, e, f, g, h int8) { return 1, 2, 3, 4, 5, 6, 7, m.k }
func (m impl) f9(a, b, c, d, e, f, g, h, i, j, k, l int) int {
	return a + b*2 + c*3 + d*4 + e*5 + f*6 + g*7 + h*8 + i*9 + j*10 + k*11 + l*12 + int(m.k)
}

type ptr struct {
	pad [3]int
	impl
}
type direct struct{ *impl }

func use(s shape) {
	a, b := s.f1(1, 1<<40, 2)
	println(a, b)
	x := s.f2(s1{1}, s2{2, 3}, s3{4, 5, 6})
	println(x.a, x.b, x.c)
	p, q, r := s.f3(s6{1, 2, 3}, s12{4, 5, 6}, s16{7, 8})
	println(p.a, p.b, q.a, q.c, r.a, r.c)
	c, d, n := s.f4(true, s17{[2]int64{1, 2}, 3}, false, s1{1}, s1{2})
	println(c, d.a[1], d.b, n)
	c, d, n = s.f4(true, d, true)
	println(c, d.a[0], d.b, n)
	m := s.f5(mixed{true, 1.5, "s", 5, complex(1, 2), 6}, 1, "x", nil)
	println(m.b, m.f, m.s, m.i.(int), m.c, m.u)
	y, z := s.f6([3]int8{1, 2, 3}, [5]int16{1, 2, 3, 4, 5}, [0]int{}, struct{}{})
	println(y[0], y[4], z[1], z[2])
	u, v, w := s.f7(1.5, 2, 3.5, complex(4, 5), 6, complex(7, 8))
	println(u, v, w)
	e, f, g, h, i, j, k, l := s.f8()
	println(e, f, g, h, i, j, k, l)
	println(s.f9(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
}

func passThrough(f func(s6, s12, s16) (s16, s12, s6)) (s16, s12, s6) {
	return f(s6{a: 1}, s12{b: 2}, s16{1, 3})
}

func chainA() (int, string, s3)           { return 1, "two", s3{3, 4, 5} }
func chainB(a int, b string, c s3) string { return b + string('0'+a) + string('0'+c.c) }

func main() {
	v := impl{9}
	use(v)
	use(&v)
	use(&ptr{impl: impl{20}})
	use(direct{&v})
	p, q, r := passThrough(v.f3)
	println(p.b, q.b, r.a)
	println(chainB(chainA()))
	f := (*impl).f9
	println(f(&v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))
	done := make(chan bool)
	go func(a s3, b int8, c [5]int16, d bool, e string) {
		println(a.c, b, c[4], d, e)
		done <- true
	}(s3{1, 2, 3}, -4, [5]int16{4: 5}, true, "six")
	<-done
	func() {
		defer func(a s3, b int8, c [5]int16, d bool, e string) { println(a.c, b, c[4], d, e) }(s3{1, 2, 3}, -4, [5]int16{4: 5}, true, "six")
		defer v.f5(mixed{}, 1, 2)
		defer shape(v).f9(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	}()
}
