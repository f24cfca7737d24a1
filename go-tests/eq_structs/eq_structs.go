// == on arrays, structs, floats and complex numbers: padding, blank fields, strings, nested interfaces, zero sizes.
package main

type padded struct {
	a int8
	b int64
	c int8
	d int32
}
type blanks struct {
	a int16
	_ int16
	b int32
	_ float64
	c string
}
type nested struct {
	p padded
	s [2]string
	i interface{}
	f [3]float32
	e struct{}
}
type ptrs struct {
	p *int
	c chan int
	u uintptr
}
type wide struct {
	a [100]int32
	b int8
}
type outer struct {
	x [4]nested
}

var zero float64

func garbage(n int) (x [64]int) {
	for i := range x {
		x[i] = -1 - n
	}
	return
}

func makePadded(a, b, c int) (p padded) {
	garbage(a)
	p.a, p.b, p.c, p.d = int8(a), int64(b), int8(c), int32(a+b+c)
	return
}

func main() {
	println(makePadded(1, 2, 3) == makePadded(1, 2, 3), makePadded(1, 2, 3) == makePadded(1, 2, 4))
	a, b := blanks{a: 1, b: 2, c: "c"}, blanks{a: 1, b: 2, c: "c"}
	println(a == b, a != b)
	b.c = string([]byte("c"))
	println(a == b)
	b.c = "d"
	println(a == b)

	n := nested{makePadded(1, 1, 1), [2]string{"x", "y"}, 5, [3]float32{1, 2, 3}, struct{}{}}
	m := n
	println(n == m)
	m.i = int8(5)
	println(n == m)
	m = n
	m.f[2] = float32(zero / zero)
	println(n == m, m == m)
	n.f[0], m = float32(zero), n
	m.f[0] = float32(-1 * zero)
	n.f[0] = float32(zero)
	println(n == m)
	o, q := outer{}, outer{}
	println(o == q)
	o.x[3] = n
	q.x[3] = n
	println(o == q)
	q.x[3].s[1] = "z"
	println(o == q)

	x, y := 1, 1
	println(ptrs{p: &x} == ptrs{p: &x}, ptrs{p: &x} == ptrs{p: &y}, ptrs{u: 1} == ptrs{u: 2})
	var w, v wide
	println(w == v)
	v.a[99] = 1
	println(w == v)
	v.a[99] = 0
	v.b = 1
	println(w == v)
	println([0]int{} == [0]int{}, struct{}{} == struct{}{})
	println([3]int{1, 2, 3} == [3]int{1, 2, 3}, [...]string{"a", "b"} == [...]string{"a", "c"})
	println([2][2]int8{{1, 2}, {3, 4}} == [2][2]int8{{1, 2}, {3, 4}})
	println([5]bool{true} == [5]bool{true}, [3]byte{1, 2, 3} == [3]byte{1, 2, 4})

	// Arrays of bytes of every length up to 80, differing in one place.
	bad := 0
	type pair struct{ a, b [80]byte }
	for i := 0; i < 80; i++ {
		var p pair
		if p.a != p.b {
			bad++
		}
		p.b[i] = 1
		if p.a == p.b {
			bad++
		}
		p.a[i] = 1
		if p.a != p.b {
			bad++
		}
	}
	println("bad", bad)

	inf, nan := 1/zero, zero/zero
	fs := []float64{0, -1 * zero, 1, -1, inf, -inf, nan}
	for _, f := range fs {
		for _, g := range fs {
			s := 0
			if f == g {
				s |= 1
			}
			if f != g {
				s |= 2
			}
			if f < g {
				s |= 4
			}
			if f <= g {
				s |= 8
			}
			if f > g {
				s |= 16
			}
			if f >= g {
				s |= 32
			}
			if complex(f, g) == complex(g, f) {
				s |= 64
			}
			if !(f < g) {
				s |= 128
			}
			print(s, " ")
		}
		println()
	}
}
