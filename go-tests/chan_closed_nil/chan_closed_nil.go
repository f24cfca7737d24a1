// Closed and nil channels: what panics, what blocks, what returns at once; wake-ups of waiting receivers and senders by close.
package main

import "runtime"

func try(name string, f func()) {
	defer func() {
		switch e := recover().(type) {
		case nil:
			println(name, "ok")
		case string:
			println(name, "string:", e)
		case error:
			println(name, "error:", e.Error())
		}
	}()
	f()
}

func main() {
	c := make(chan int)
	close(c)
	var n chan int
	try("send on closed", func() { c <- 1 })
	try("close twice", func() { close(c) })
	try("close nil", func() { close(n) })
	try("receive from closed", func() { println(<-c) })
	b := make(chan int, 2)
	b <- 1
	close(b)
	try("send on closed buffered", func() { b <- 2 })
	try("drain", func() {
		v, ok := <-b
		println(v, ok)
		v, ok = <-b
		println(v, ok)
	})
	try("select send on closed", func() {
		select {
		case c <- 1:
		case <-n:
		}
	})
	try("select send on closed, default", func() {
		select {
		case c <- 1:
		default:
		}
	})
	minus := -1
	huge := 1 << 60
	try("make -1", func() { _ = make(chan int, minus) })
	try("make huge", func() { _ = make(chan int, huge) })
	try("make huge of empty", func() { println(cap(make(chan struct{}, 1<<40))) })

	// Nil channels never become ready.
	try("nil with default", func() {
		select {
		case <-n:
			println("received")
		case n <- 1:
			println("sent")
		default:
			println("default")
		}
	})

	// close wakes every waiting receiver.
	const waiters = 50
	c = make(chan int)
	done := make(chan bool)
	for i := 0; i < waiters; i++ {
		go func(i int) {
			if i%2 == 0 {
				v, ok := <-c
				done <- v == 0 && !ok
			} else {
				select {
				case v, ok := <-c:
					done <- v == 0 && !ok
				case <-n:
					done <- false
				}
			}
		}(i)
	}
	for i := 0; i < 200; i++ {
		runtime.Gosched()
	}
	close(c)
	good := 0
	for i := 0; i < waiters; i++ {
		if <-done {
			good++
		}
	}
	println("woken", good)

	// close makes waiting senders panic.
	c = make(chan int)
	texts := make(chan string)
	for i := 0; i < 6; i++ {
		go func(i int) {
			defer func() { texts <- recover().(string) }()
			if i%2 == 0 {
				c <- i
			} else {
				select {
				case c <- i:
				case <-n:
				}
			}
			texts <- "sent"
		}(i)
	}
	for i := 0; i < 200; i++ {
		runtime.Gosched()
	}
	close(c)
	for i := 0; i < 6; i++ {
		println(<-texts)
	}

	// A receive that zeroes an old value.
	s := make(chan string)
	close(s)
	v, ok := "old", true
	v, ok = <-s
	println(v == "", ok)
	type big struct {
		a [50]int
		p *int
	}
	bc := make(chan big)
	close(bc)
	x := big{p: new(int)}
	x.a[49] = 5
	x = <-bc
	println(x.a[49], x.p == nil)
	for range s {
		println("never")
	}
}
