// Goroutines: arguments of many shapes, closures, method values, interface methods, results ordered through channels.
package main

import "runtime"

type acc struct {
	total int
	done  chan bool
}

func (a *acc) add(n int) { a.total += n; a.done <- true }
func (a acc) value(n int) {
	a.done <- a.total == n
}

type adder interface {
	add(n int)
}

type pair struct{ a, b string }

func many(a int8, b int64, c string, d []int, e pair, f float32, g bool, h interface{}, out chan string) {
	s := c + e.a + e.b
	if g && a == -1 && b == 1<<40 && len(d) == 3 && d[2] == 30 && f == 1.5 && h.(int) == 8 {
		s += " ok"
	}
	out <- s
}

func variadic(out chan int, xs ...int) {
	t := 0
	for _, x := range xs {
		t += x
	}
	out <- t
}

func noArgs() { global <- 1 }

var global = make(chan int)

// settle waits until only the goroutines that existed at the start are left; the count includes those of the run-time system.
func settle(base int) {
	for runtime.NumGoroutine() > base {
		runtime.Gosched()
	}
}

func main() {
	base := runtime.NumGoroutine()
	go println("started by a builtin")
	settle(base)
	dst := make([]int, 4)
	go func(s []int) { copy(s, []int{1, 2}) }(dst)
	settle(base)
	println(dst[0], dst[1], dst[2])
	out := make(chan string)
	go many(-1, 1<<40, "c", []int{10, 20, 30}, pair{"x", "y"}, 1.5, true, 8, out)
	println(<-out)

	go noArgs()
	println(<-global)

	iout := make(chan int)
	go variadic(iout)
	println(<-iout)
	go variadic(iout, 1, 2, 3)
	println(<-iout)
	go variadic(iout, []int{4, 5, 6}...)
	println(<-iout)

	a := &acc{done: make(chan bool)}
	go a.add(5)
	println(<-a.done, a.total)
	f := a.add
	go f(6)
	println(<-a.done, a.total)
	var i adder = a
	go i.add(7)
	println(<-a.done, a.total)
	go a.value(18)
	a.total = 0 // the receiver was copied by the go statement
	println(<-a.done)
	go (*acc).add(a, 3)
	println(<-a.done, a.total)

	for k := 0; k < 5; k++ {
		go func(n int) { iout <- n * n }(k)
	}
	sum := 0
	for k := 0; k < 5; k++ {
		sum += <-iout
	}
	println(sum)

	// Arguments are evaluated when the go statement runs.
	x := 1
	go func(v int) { iout <- v }(x)
	x = 2
	println(<-iout, x)
	// Captured variables are shared.
	y := 1
	ready := make(chan bool)
	go func() { <-ready; iout <- y }()
	y = 3
	ready <- true
	println(<-iout)

	const n = 3000
	c := make(chan int)
	for k := 0; k < n; k++ {
		go func(k int) { c <- k }(k)
	}
	sum = 0
	for k := 0; k < n; k++ {
		sum += <-c
	}
	println(sum)

	println("end")
}
