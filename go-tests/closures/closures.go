// Closures: capture by value and by reference, sharing, nesting, recursion, escape, method values, closures in data structures.
package main

type op func(int, int) int

func (o op) twice(a, b int) int { return o(o(a, b), b) }

func counter() (inc func() int, get func() int) {
	n := 0
	inc = func() int { n++; return n }
	get = func() int { return n }
	return
}

func adder(a int) func(int) func(int) int {
	return func(b int) func(int) int {
		return func(c int) int { return a*100 + b*10 + c }
	}
}

func compose(fs ...func(int) int) func(int) int {
	return func(x int) int {
		for _, f := range fs {
			x = f(x)
		}
		return x
	}
}

func fibGen() func() int {
	a, b := 0, 1
	return func() int {
		defer func() { a, b = b, a+b }()
		return a
	}
}

type T struct {
	n  int
	cb func(*T)
}

func (t *T) run() {
	if t.cb != nil {
		t.cb(t)
	}
}

func manyCaptured() func() string {
	a, b, c, d, e := 1, "b", 2.5, []int{4, 5}, [3]int{7, 8, 9}
	f, g, h := true, int8(-3), map[string]int{"h": 8}
	i, j := interface{}(10), complex(1, 1)
	return func() string {
		if a == 1 && b == "b" && c == 2.5 && d[1] == 5 && e[2] == 9 && f && g == -3 && h["h"] == 8 && i.(int) == 10 && real(j) == 1 {
			a++
			return "all there"
		}
		return "changed"
	}
}

func apply(n int, f func(int)) {
	for i := 0; i < n; i++ {
		f(i)
	}
}

func yCombinator(f func(func(int) int) func(int) int) func(int) int {
	var self func(int) int
	self = func(n int) int { return f(self)(n) }
	return self
}

var global = func() func() int {
	x := 40
	return func() int { x++; return x }
}()

func main() {
	inc, get := counter()
	inc()
	inc()
	inc2, get2 := counter()
	inc2()
	println(get(), get2())
	println(adder(1)(2)(3), adder(4)(5)(6))
	println(compose(func(x int) int { return x + 1 }, func(x int) int { return x * x })(4))
	fib := fibGen()
	for i := 0; i < 15; i++ {
		print(fib(), " ")
	}
	println()
	t := &T{n: 1}
	t.cb = func(u *T) { u.n += 5; u.cb = nil }
	t.run()
	t.run()
	println(t.n)
	f := manyCaptured()
	println(f(), f())
	sum := 0
	apply(10, func(i int) { sum += i })
	println(sum)
	fact := yCombinator(func(self func(int) int) func(int) int {
		return func(n int) int {
			if n <= 1 {
				return 1
			}
			return n * self(n-1)
		}
	})
	println(fact(15))
	println(global(), global())
	println(op(func(a, b int) int { return a*b + 1 }).twice(3, 4))

	// The loop variable is one variable; a copy made in the body is new each time.
	var shared, own []func() int
	for i := 0; i < 4; i++ {
		shared = append(shared, func() int { return i })
		i := i
		own = append(own, func() int { i *= 10; return i })
	}
	for k := range shared {
		print(shared[k](), " ", own[k](), " ", own[k](), " ")
	}
	println()

	// Captured variables outlive the function and are independent of its later calls.
	var fs [3]func(int) int
	for i := range fs {
		fs[i] = func() func(int) int {
			acc := i * 1000
			return func(d int) int { acc += d; return acc }
		}()
	}
	println(fs[0](1), fs[1](1), fs[2](1), fs[0](1), fs[1](2), fs[2](3))

	// Large captured values and arrays by reference.
	var arr [200]int
	set := func(i, v int) { arr[i] = v }
	set(199, 5)
	set(0, 6)
	cp := arr
	read := func() int { return cp[199] + cp[0] }
	arr[0] = 0
	println(arr[199], read())

	// Closures as map values, in interfaces and channels, compared with nil.
	m := map[string]func(...int) int{"len": func(x ...int) int { return len(x) }, "nil": nil}
	println(m["len"](1, 2, 3), m["nil"] == nil, m["none"] == nil)
	c := make(chan func() string, 2)
	c <- func() string { return "from channel" }
	println((<-c)())
	var e interface{} = func(s string) string { return s + "!" }
	println(e.(func(string) string)("hey"))
	func(args ...string) { println(len(args), args[1]) }("x", "y")
	r := func(n int) (a, b int) { a, b = n, n*2; return }
	x, y := r(21)
	println(x, y)

	// Recursion through a captured variable.
	var walk func(n int) int
	walk = func(n int) int {
		if n == 0 {
			return 0
		}
		return n + walk(n-1)
	}
	println(walk(1000))
	func() {
		defer func() { println("deferred closure sees", sum) }()
		sum = 99
	}()
}
