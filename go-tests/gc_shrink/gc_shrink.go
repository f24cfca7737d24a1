// Stacks that grew to 64 KiB and are hardly used any more become smaller while their goroutines wait, and everything on them moves along: slots that
// wakers write, pointers into own frames, deferred calls, arguments.
package main

import "runtime"

const (
	each  = 200
	kinds = 6
)

type msg struct {
	n    int
	text string
	pad  [10]int
}

type frame struct {
	up   *frame
	self *frame
	n    int
	heap *int
}

// deep grows the stack; it returns the sum of what it left in its frames.
func deep(n int) int {
	var pad [100]int
	pad[n%100] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + pad[n%100]
}

var (
	total = make(chan int)
	ready = make(chan bool)
)

// check looks at a chain of frames that point to themselves and to each other.
func check(f *frame, n int) int {
	bad := 0
	for i := 0; f != nil; i++ {
		if f.self != f || f.n != n+i || *f.heap != n+i {
			bad++
		}
		f = f.up
	}
	return bad
}

// wait calls f with some frames between it and the goroutine's first one, after the stack was deep.
func wait(n int, up *frame, f func(n int, up *frame) int) int {
	fr := frame{up, nil, n, new(int)}
	fr.self = &fr
	*fr.heap = n
	bad := 0
	if n%3 != 0 {
		bad = wait(n-1, &fr, f)
	} else {
		if deep(60) != 60*61/2 {
			bad++
		}
		bad += f(n, &fr)
	}
	return bad + check(&fr, n)
}

func start(n int, f func(n int, up *frame) int) {
	bad := 0
	func() {
		late := n
		p := &late
		defer func() {
			if *p != n+1 {
				bad++
			}
		}()
		defer func(q *int) { *q++ }(p)
		bad += wait(n, nil, f)
	}()
	total <- bad
}

func main() {
	recv, recv2, send := make(chan msg), make(chan msg), make(chan msg)
	sel, sel2 := make(chan msg), make(chan msg)
	nobodySends, nobodyReceives := make(chan msg), make(chan msg)
	closing := make(chan msg)
	fs := [kinds]func(n int, up *frame) int{
		func(n int, up *frame) int {
			var m msg
			p := &m
			ready <- true
			m = <-recv
			return check(up, n) + differ(p, "recv")
		},
		func(n int, up *frame) int {
			var m msg
			var ok bool
			p, q := &m, &ok
			ready <- true
			m, ok = <-recv2
			if !*q {
				return 1
			}
			return check(up, n) + differ(p, "recv2")
		},
		func(n int, up *frame) int {
			m := make1("send")
			p := &m
			ready <- true
			send <- m
			return check(up, n) + differ(p, "send")
		},
		func(n int, up *frame) int {
			var a, b msg
			var ok bool
			p, q := &a, &ok
			ready <- true
			select {
			case a, ok = <-sel:
			case nobodyReceives <- b:
				return 1
			case b = <-nobodySends:
				return 1
			}
			if !*q {
				return 1
			}
			return check(up, n) + differ(p, "sel")
		},
		func(n int, up *frame) int {
			m := make1("sel2")
			p := &m
			ready <- true
			select {
			case <-nobodySends:
				return 1
			case sel2 <- m:
			case m = <-nobodySends:
				return 1
			}
			return check(up, n) + differ(p, "sel2")
		},
		func(n int, up *frame) int {
			var m msg
			ok := true
			p, q := &m, &ok
			*p = make1("closed")
			ready <- true
			m, ok = <-closing
			if *q || p.n != 0 || p.text != "" {
				return 1
			}
			return check(up, n)
		},
	}
	for round := 0; round < 2; round++ {
		for i := 0; i < each; i++ {
			for _, f := range fs {
				go start(i, f)
			}
		}
		for i := 0; i < each*kinds; i++ {
			<-ready
		}
		for i := 0; i < 10; i++ {
			runtime.Gosched()
		}
		for i := 0; i < 6; i++ {
			runtime.GC()
		}
		bad := 0
		for i := 0; i < each; i++ {
			recv <- make1("recv")
			recv2 <- make1("recv2")
			m := <-send
			bad += differ(&m, "send")
			sel <- make1("sel")
			m = <-sel2
			bad += differ(&m, "sel2")
		}
		close(closing)
		for i := 0; i < each*kinds; i++ {
			bad += <-total
		}
		closing = make(chan msg)
		println("wrong:", bad)
	}
}

func make1(text string) msg {
	return msg{len(text), text, [10]int{0: 1, 9: len(text)}}
}

func differ(m *msg, text string) int {
	if *m != make1(text) {
		println(text, m.text)
		return 1
	}
	return 0
}
