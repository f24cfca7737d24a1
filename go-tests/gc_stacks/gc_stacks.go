// Collections with deep and shrunk stacks: goroutines that were deep and wait in channel operations with pointers to their frames.
package main

import "runtime"

type node struct {
	up *node
	v  int
	h  *int
}

func grow(n int) int {
	var pad [50]int
	pad[n%50] = 1
	if n == 0 {
		return 0
	}
	return grow(n-1) + pad[n%50]
}

// chain builds a list through the frames, each node with an object on the heap, and collects at the bottom.
func chain(n int, up *node) int {
	nd := node{up, n, new(int)}
	*nd.h = n * 2
	if n == 0 {
		runtime.GC()
		grow(100)
		s := 0
		for p := &nd; p != nil; p = p.up {
			s += p.v + *p.h
		}
		return s
	}
	return chain(n-1, &nd)
}

func waiter(c <-chan [20]int, out chan<- int, n int) {
	grow(n)
	var v [20]int
	p := &v[19]
	v = <-c
	out <- *p + v[0]
}

func selecter(a, b <-chan [20]int, out chan<- int, n int) {
	grow(n)
	var v [20]int
	var ok bool
	p, q := &v[19], &ok
	select {
	case v, ok = <-a:
	case v, ok = <-b:
	}
	if !*q {
		println("not ok")
	}
	out <- *p + v[0]
}

func sender(c chan<- [20]int, n int) {
	grow(n)
	v := [20]int{0: 1, 19: n}
	p := &v
	c <- v
	if p[19] != n {
		println("sender", n)
	}
}

func deferrer(gate <-chan bool, out chan<- int, n int) {
	x := n
	p := &x
	defer func() { out <- *p }()
	defer func(q *int) { *q += 1000 }(p)
	grow(n)
	<-gate
	*p++
}

func main() {
	println(chain(10, nil), chain(1000, nil), chain(20000, nil))
	c, d := make(chan [20]int), make(chan [20]int)
	out := make(chan int)
	gate := make(chan bool)
	for round := 0; round < 3; round++ {
		for i := 0; i < 10; i++ {
			go waiter(c, out, 500*i)
			go selecter(d, nil, out, 500*i)
			go deferrer(gate, out, 500*i)
		}
		for i := 0; i < 100; i++ {
			runtime.Gosched()
		}
		// Each collection may halve the stacks of the goroutines that wait.
		for i := 0; i < 4; i++ {
			runtime.GC()
		}
		sum := 0
		for i := 0; i < 10; i++ {
			c <- [20]int{0: i, 19: 100 * i}
			sum += <-out
			d <- [20]int{0: i, 19: 10000 * i}
			sum += <-out
			gate <- true
			sum += <-out
		}
		println(sum)
		for i := 0; i < 10; i++ {
			go sender(c, 300*i)
		}
		for i := 0; i < 100; i++ {
			runtime.Gosched()
		}
		for i := 0; i < 4; i++ {
			runtime.GC()
		}
		sum = 0
		for i := 0; i < 10; i++ {
			v := <-c
			sum += v[0] + v[19]
		}
		println(sum)
	}
	// A goroutine collecting while others recurse.
	for i := 0; i < 8; i++ {
		go func(i int) { out <- chain(500*i, nil) }(i)
	}
	sum := 0
	for i := 0; i < 8; i++ {
		runtime.GC()
		sum += <-out
	}
	println(sum)
}
