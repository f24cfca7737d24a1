// Deep recursion grows the stack; pointers into frames stay right, through locals, arguments, slices, closures and structures.
package main

type node struct {
	up  *node
	val int
}

// sumUp follows a list whose nodes all live in the frames of its callers.
func build(n int, up *node) int {
	nd := node{up, n}
	if n == 0 {
		s := 0
		for p := &nd; p != nil; p = p.up {
			s += p.val
		}
		return s
	}
	return build(n-1, &nd)
}

func through(p *int, n int) {
	if n == 0 {
		*p++
		return
	}
	var pad [10]int
	pad[n%10] = n
	through(p, n-1)
	*p += pad[n%10] - n + 1
}

func slices(s []int, n int) int {
	var local [8]int
	for i := range local {
		local[i] = n + i
	}
	if n == 0 {
		t := 0
		for _, v := range s {
			t += v
		}
		return t
	}
	r := slices(local[2:6], n-1)
	for i := range local {
		if local[i] != n+i {
			println("local changed", n, i)
		}
	}
	return r + s[0] - s[0]
}

func closures(n int, f func() int) int {
	x := n
	g := func() int { x++; return x + f() - f() + 1 }
	if n == 0 {
		return f() + g()
	}
	r := closures(n-1, func() int { return x })
	return r + g() - g() + 1
}

type iface interface {
	get() int
}
type val struct{ a, b, c int }

func (v *val) get() int { return v.a + v.b + v.c }

func ifaces(n int, i iface) int {
	v := val{n, 1, 2}
	if n == 0 {
		return i.get()
	}
	r := ifaces(n-1, &v)
	if v.a != n {
		println("changed", n)
	}
	return r + i.get() - i.get()
}

func strs(n int, s string) int {
	b := [4]byte{'a', 'b', byte('0' + n%10), 'd'}
	t := string(b[:])
	if n == 0 {
		return len(s)
	}
	r := strs(n-1, t)
	if t[2] != byte('0'+n%10) {
		println("string changed")
	}
	return r
}

func many(a, b, c, d, e, f, g, h int, s string, p *int, x interface{}, n int) (int, string) {
	if n == 0 {
		return a + b + c + d + e + f + g + h + *p + x.(int), s
	}
	q := *p + 1
	r, t := many(b, c, d, e, f, g, h, a, s+"", &q, x, n-1)
	return r, t
}

func ackermann(m, n int) int {
	if m == 0 {
		return n + 1
	}
	if n == 0 {
		return ackermann(m-1, 1)
	}
	return ackermann(m-1, ackermann(m, n-1))
}

func all(n int) {
	println(build(n, nil))
	x := 0
	through(&x, n)
	println(x)
	println(slices([]int{1, 2, 3}, n))
	println(closures(n/4, func() int { return 5 }))
	println(ifaces(n, &val{1, 2, 3}))
	println(strs(n, "x"))
	y := 0
	r, s := many(1, 2, 3, 4, 5, 6, 7, 8, "str", &y, 1000, n)
	println(r, s)
}

func main() {
	all(10)
	all(1000)
	all(40000)
	println(ackermann(2, 2000))
	done := make(chan bool)
	go func() {
		all(1000)
		all(50000)
		done <- true
	}()
	<-done
	// Many goroutines growing at the same time.
	c := make(chan int)
	for i := 0; i < 50; i++ {
		go func(i int) {
			z := 0
			through(&z, 2000+i)
			c <- build(1000+i, nil) + z
		}(i)
	}
	sum := 0
	for i := 0; i < 50; i++ {
		sum += <-c
	}
	println(sum)
	// Grow, return, grow again.
	sum = 0
	for i := 0; i < 300; i++ {
		sum += build(i*10, nil)
	}
	println(sum)
}
