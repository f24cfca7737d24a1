// Frames of every size class of the stack check: small, large, huge; large arrays as locals, arguments and results.
package main

func f64(n int) int {
	var a [8]int
	a[n&7] = n
	if n > 0 {
		return f64(n-1) + a[n&7] - n
	}
	return a[0] + 1
}

func f1k(n int) int {
	var a [128]int
	a[n&127] = n
	if n > 0 {
		return f1k(n-1) + a[n&127] - n
	}
	return a[0] + 1
}

func f4k(n int) int {
	var a [511]int
	a[n%511] = n
	if n > 0 {
		return f4k(n-1) + a[n%511] - n
	}
	return a[0] + 1
}

func f5k(n int) int {
	var a [640]int
	a[n%640] = n
	p := &a[n%640]
	if n > 0 {
		r := f5k(n - 1)
		return r + *p - n
	}
	return *p + 1
}

func f100k(n int) int {
	var a [12800]int
	for i := range a {
		if a[i] != 0 {
			println("not zero")
		}
	}
	a[n] = n
	a[12799-n] = n
	if n > 0 {
		return f100k(n-1) + a[n] + a[12799-n] - 2*n
	}
	return 1
}

func f1m(x int) int {
	var a [1 << 17]int
	a[x] = x
	a[1<<17-1] = 1
	s := 0
	for _, v := range a {
		s += v
	}
	return s
}

type arr [1000]int

func byValue(a arr, n int) arr {
	a[n] += n
	if n > 0 {
		a = byValue(a, n-1)
	}
	return a
}

func bigResult(n int) (a arr, s string, b arr) {
	if n > 0 {
		a, s, b = bigResult(n - 1)
		a[n], b[999-n] = n, n
		s += "."
	}
	return
}

func leaf(a, b int) int { return a*b + 1 }

func leafBig(n int) int {
	var x [600]int
	for i := range x {
		x[i] = i * n
	}
	return x[n] + x[599]
}

func mixed(n int) int {
	switch {
	case n == 0:
		return leafBig(7)
	case n%7 == 0:
		var a [700]int
		a[n%700] = 1
		return mixed(n-1) + a[n%700]
	case n%5 == 0:
		var a [60]int
		a[n%60] = 1
		return mixed(n-1) + a[n%60]
	}
	return leaf(1, 0) + mixed(n-1) - 1
}

func ptrs(n int, link **int) int {
	var a [300]*int
	x := n
	for i := range a {
		a[i] = &x
	}
	if n == 0 {
		return **link
	}
	r := ptrs(n-1, &a[n%300])
	for _, p := range a {
		if *p != n {
			println("pointer", n)
			break
		}
	}
	return r
}

func inGoroutine(f func() int) int {
	c := make(chan int)
	go func() { c <- f() }()
	return <-c
}

func all() {
	println(f64(1000), f1k(500), f4k(100), f5k(100), f100k(20), f1m(77))
	var a arr
	a = byValue(a, 300)
	println(a[300], a[1], a[0], a[301])
	x, s, y := bigResult(100)
	println(x[100], len(s), y[899], y[999])
	println(mixed(1000))
	k := 5
	p := &k
	println(ptrs(200, &p))
}

func main() {
	all()
	println(inGoroutine(func() int { all(); return 1 }))
	for _, f := range []func() int{
		func() int { return f64(3000) }, func() int { return f1k(1) }, func() int { return f4k(1) }, func() int { return f5k(1) },
		func() int { return f100k(1) }, func() int { return f1m(3) }, func() int { return leafBig(3) }, func() int { return mixed(100) },
	} {
		print(inGoroutine(f), " ")
	}
	println()
}
