// append: growth of the capacity for many element sizes, aliasing before and after growth, append of itself and of strings.
package main

func caps(name string, next func() int) {
	print(name, ":")
	last := -1
	for i := 0; i < 5000; i++ {
		if c := next(); c != last {
			print(" ", c)
			last = c
		}
	}
	println()
}

type three [3]byte
type twelve [3]int32
type twentyFour struct {
	p *int
	a [2]int
}
type hundred [100]byte
type thousand [1000]byte

func main() {
	var b []byte
	caps("byte", func() int { b = append(b, 1); return cap(b) })
	var i16 []int16
	caps("int16", func() int { i16 = append(i16, 1); return cap(i16) })
	var i32 []int32
	caps("int32", func() int { i32 = append(i32, 1); return cap(i32) })
	var i64 []int64
	caps("int64", func() int { i64 = append(i64, 1); return cap(i64) })
	var p []*int
	caps("pointer", func() int { p = append(p, nil); return cap(p) })
	var s []string
	caps("string", func() int { s = append(s, "x"); return cap(s) })
	var sl [][]int
	caps("slice", func() int { sl = append(sl, nil); return cap(sl) })
	var e []interface{}
	caps("interface", func() int { e = append(e, 1); return cap(e) })
	var t3 []three
	caps("3 bytes", func() int { t3 = append(t3, three{}); return cap(t3) })
	var t12 []twelve
	caps("12 bytes", func() int { t12 = append(t12, twelve{}); return cap(t12) })
	var t24 []twentyFour
	caps("24 bytes", func() int { t24 = append(t24, twentyFour{}); return cap(t24) })
	var t100 []hundred
	caps("100 bytes", func() int { t100 = append(t100, hundred{}); return cap(t100) })
	n := 0
	var t1000 []thousand
	caps("1000 bytes", func() int {
		if n++; n < 300 {
			t1000 = append(t1000, thousand{})
		}
		return cap(t1000)
	})

	// Several elements at once, from every start capacity.
	for start := 0; start < 20; start++ {
		a := make([]int, start)
		print(start, ":")
		for add := 1; add < 40; add += 6 {
			print(" ", cap(append(a, make([]int, add)...)))
		}
		c := make([]byte, start)
		for add := 1; add < 40; add += 6 {
			print(" ", cap(append(c, make([]byte, add)...)))
		}
		println()
	}
	for _, n := range []int{1000, 1023, 1024, 1025, 2000, 10000, 100000} {
		a := make([]int, n)
		c := make([]byte, n)
		println(n, cap(append(a, 1)), cap(append(a, a...)), cap(append(c, 1)), cap(append(c, c...)), cap(append(c, make([]byte, 3*n)...)))
	}

	// Aliasing.
	x := make([]int, 3, 4)
	y := append(x, 10)
	z := append(x, 20)
	println(y[3], z[3], &y[0] == &z[0])
	y = append(y, 30)
	y[0] = 99
	println(x[0], y[0], len(y), len(z))

	// Self append, strings, nil.
	w := []int{1, 2, 3}
	w = append(w, w...)
	w = append(w[:2], w[1:]...)
	for _, v := range w {
		print(v, " ")
	}
	println(len(w))
	bs := append([]byte("abc"), "defgh"...)
	bs = append(bs, ""...)
	println(string(bs), len(bs))
	println(append([]int(nil)) == nil, len(append([]int(nil), []int{}...)), append([]byte(nil), ""...) == nil)
	var es []struct{}
	for i := 0; i < 10; i++ {
		es = append(es, struct{}{})
	}
	println(len(es))

	// Contents survive repeated growth.
	var g []int
	for i := 0; i < 100000; i++ {
		g = append(g, i)
	}
	sum := 0
	for i, v := range g {
		if i != v {
			println("lost", i)
		}
		sum += v
	}
	println(sum)
}
