// Maps of few keys: where these can be compared in less time than they are hashed. What hashing would refuse is refused all the same, a NaN is
// nobody's key, and a slot without entry holds no key, not even the zero one.
package main

type point struct {
	x, y float64
	name string
}
type shape interface {
	area() int
}
type square struct{ side int }
type list struct{ items []int }

func (s square) area() int { return s.side * s.side }
func (l list) area() int   { return len(l.items) }

func refused(f func()) (text string) {
	defer func() {
		if err, ok := recover().(error); ok {
			text = err.Error()
		}
	}()
	f()
	return "not refused"
}

func find(m map[interface{}]int, k interface{}) int {
	v, ok := m[k]
	if m[k] != v || ok != (v != 0) {
		println("both forms of m[k] differ for a key whose value is", v)
	}
	return v
}

func main() {
	zero := 0.0
	nan := zero / zero
	keys := []interface{}{0, "", nil, false, square{}, 1.5, 7, "seven", int8(7), point{1, 2, "p"}, point{}, [2]string{"a", "b"}, square{3}}
	for n := 0; n <= 9; n++ {
		m := make(map[interface{}]int)
		for i := 0; i < n; i++ {
			m[keys[i]] = i + 1
		}
		sum := 0
		for _, k := range keys {
			sum = sum*3 + find(m, k)
		}
		print(n, " keys: ", sum, " ", find(m, nan), find(m, "seve"), find(m, int16(7)), find(m, point{1, 2, "q"}))
		// Their slots are cleared: zero keys lie there.
		for i := 0; i < n; i += 2 {
			delete(m, keys[i])
		}
		sum = 0
		for _, k := range keys {
			sum = sum*3 + find(m, k)
		}
		print(", half of them: ", len(m), " ", sum)
		if n > 0 {
			println(",", refused(func() { println(m[[]int{1}]) }), "and", refused(func() { println(m[list{}]) }))
		} else {
			println(",", refused(func() { println(m[func() {}]) }))
		}
	}

	p := make(map[point]int)
	for i := 0; i < 6; i++ {
		p[point{float64(i), nan, ""}] = 1
		p[point{float64(i), -zero, "abcdefghi"[:i]}] = i + 1
		v, ok := p[point{float64(i), 0, "abcdefghi"[:i]}]
		w, found := p[point{float64(i), nan, ""}]
		println("points:", len(p), v, ok, w, found, p[point{}], p[point{float64(i), 0, "x"}])
		delete(p, point{})
	}

	s := map[shape]int{nil: 1}
	println("shapes:", s[nil], s[square{}], refused(func() { println(s[list{}]) }))
	s[square{2}] = 2
	delete(s, nil)
	println("shapes:", s[nil], s[square{2}], s[square{}], refused(func() { s[list{}] = 1 }), len(s))

	f := map[float64]int{nan: 1, 0: 2}
	println("floats:", len(f), f[nan], f[-zero], f[1])
	c := map[complex128]int{complex(0, nan): 1, complex(-zero, 0): 2}
	println("complex:", len(c), c[complex(0, nan)], c[0], c[1])
}
