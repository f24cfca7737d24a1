// copy: overlap in both directions, short sources, strings, pointer-carrying elements, all lengths.
package main

type rec struct {
	name string
	p    *int
	v    [3]int16
}

func show(s []int) {
	for _, v := range s {
		print(v, " ")
	}
	println()
}

func seq(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func main() {
	a := seq(10)
	println(copy(a[3:], a))
	show(a)
	a = seq(10)
	println(copy(a, a[3:]))
	show(a)
	println(copy(a[2:4], []int{7, 8, 9}))
	show(a)
	var none []int
	println(copy(a, none), copy(none, a), copy(a[:0], a))
	b := make([]byte, 5)
	println(copy(b, "hello, world"), string(b))
	println(copy(b[1:], "é"), string(b))
	println(copy(b, ""), string(b))

	// Every length and shift over one buffer, compared with a byte loop.
	bad := 0
	for n := 0; n <= 130; n++ {
		for _, shift := range []int{-9, -8, -3, -1, 0, 1, 2, 7, 8, 16, 33} {
			buf := make([]byte, 300)
			want := make([]byte, 300)
			for i := range buf {
				buf[i] = byte(i * 7)
				want[i] = byte(i * 7)
			}
			for i := 0; i < n; i++ {
				want[100+shift+i] = byte((100 + i) * 7)
			}
			copy(buf[100+shift:100+shift+n], buf[100:100+n])
			for i := range buf {
				if buf[i] != want[i] {
					bad++
				}
			}
		}
	}
	println("bad", bad)
	for _, n := range []int{255, 256, 257, 1000, 2047, 2048, 2049, 4096, 10000, 100000} {
		buf := make([]byte, n+100)
		for i := range buf {
			buf[i] = byte(i * 31)
		}
		copy(buf[50:50+n], buf[:n])
		copy(buf[:n], buf[50:50+n])
		h := uint32(0)
		for _, c := range buf {
			h = h*31 + uint32(c)
		}
		println(n, h)
	}

	x, y := 1, 2
	rs := []rec{{"a", &x, [3]int16{1, 2, 3}}, {"b", &y, [3]int16{4, 5, 6}}, {"c", nil, [3]int16{7, 8, 9}}}
	copy(rs[1:], rs)
	for _, r := range rs {
		println(r.name, *r.p, r.v[2])
	}
	ss := []string{"one", "two", "three", "four"}
	copy(ss, ss[1:])
	println(ss[0], ss[1], ss[2], ss[3])
	is := []interface{}{1, "s", 2.5, nil}
	js := make([]interface{}, 3)
	println(copy(js, is[1:]), js[0].(string), js[1].(float64), js[2] == nil)
	arr := [4]string{"w", "x", "y", "z"}
	brr := arr
	brr[0] = "changed"
	println(arr[0], brr[0], copy(arr[:], brr[:1]), arr[0])
}
