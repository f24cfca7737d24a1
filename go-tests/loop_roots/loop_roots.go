// What only the registers and the innermost frame of a loop without calls refer to is kept: the object itself, one that an interior pointer leads to, what
// hangs on them, arguments, results under construction.
package main

import "runtime"

type node struct {
	next  *node
	value int
}

var (
	stop  bool
	sink  []byte
	ready = make(chan bool)
)

func chain(n int) *node {
	var p *node
	for i := 0; i < n; i++ {
		p = &node{p, i}
	}
	return p
}

func local(done chan<- int) {
	p := chain(100)
	q := &chain(50).value
	s := make([]int, 1000)
	for i := range s {
		s[i] = i
	}
	s = s[990:]
	ready <- true
	n := 0
	for !stop {
		n += p.value + *q + s[n&7]
		n &= 0xffff
	}
	sum := 0
	for ; p != nil; p = p.next {
		sum += p.value
	}
	done <- sum + *q + s[0]
}

// Everything is in the arguments and results.
func walk(p *node, s []int) (first, last *node, t []int) {
	first, t = p, s[5:]
	for !stop {
		for q := p; q != nil; q = q.next {
			last = q
		}
	}
	return
}

func passed(done chan<- int) {
	ready <- true
	first, last, t := walk(chain(100), []int{1, 2, 3, 4, 5, 6, 7})
	sum := last.value
	for ; first != nil; first = first.next {
		sum += first.value
	}
	done <- sum + t[0] + t[1]
}

func main() {
	a, b := make(chan int), make(chan int)
	for i := 0; i < 3; i++ {
		go local(a)
		go passed(b)
		<-ready
		<-ready
	}
	for i := 0; i < 20; i++ {
		for j := 0; j < 200; j++ {
			sink = make([]byte, 16+j*8)
			chain(20)
		}
		runtime.GC()
	}
	stop = true
	for i := 0; i < 3; i++ {
		println(<-a, <-b)
	}
}
