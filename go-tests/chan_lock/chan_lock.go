// Channels that are locks: the same goroutines put in and take out, and those that wait try again or are served.
package main

import "runtime"

const workers = 8

// fail is for what goroutines find.
func fail(what string, a, b int) {
	println(what, a, b)
	panic("failed")
}

// start runs f in that many goroutines and waits for all.
func start(n int, f func(i int)) {
	done := make(chan bool)
	for i := 0; i < n; i++ {
		go func(i int) {
			f(i)
			done <- true
		}(i)
	}
	for i := 0; i < n; i++ {
		<-done
	}
}

// lock: a slot is the right to go in.
func lock() {
	c := make(chan *int, 1)
	n := 0
	start(workers, func(i int) {
		for j := 0; j < 2000; j++ {
			c <- new(int)
			n++
			if j%100 == 0 {
				runtime.Gosched()
			}
			<-c
		}
	})
	println("lock", n, len(c))
}

// token: an element is the right to go in.
func token() {
	c := make(chan *int, 1)
	p := new(int)
	c <- p
	start(workers, func(i int) {
		for j := 0; j < 2000; j++ {
			p := <-c
			*p++
			if j%100 == 0 {
				runtime.Gosched()
			}
			c <- p
		}
	})
	println("token", *p, len(c))
}

// several are in at a time, never more than there are slots.
func several() {
	const slots = 3
	c := make(chan struct{}, slots)
	guard := make(chan bool, 1)
	in, most, n := 0, 0, 0
	change := func(by int) {
		guard <- true
		in += by
		n++
		if in > most {
			most = in
		}
		<-guard
	}
	start(workers, func(i int) {
		for j := 0; j < 500; j++ {
			c <- struct{}{}
			change(1)
			runtime.Gosched()
			change(-1)
			<-c
		}
	})
	println("several", n, in, most <= slots)
}

// order: what one goroutine sends arrives in its order, also after the channel has been a lock, and with receivers that wait in a select.
func order() {
	type item struct{ who, n int }
	c := make(chan item, 2)
	start(workers, func(i int) {
		for j := 0; j < 300; j++ {
			c <- item{}
			<-c
		}
	})
	for len(c) > 0 {
		<-c
	}
	const each = 1000
	got := make(chan int)
	never := make(chan bool)
	for r := 0; r < 4; r++ {
		go func(r int) {
			var last [workers]int
			n := 0
			for {
				var v item
				if r%2 == 0 {
					v = <-c
				} else {
					select {
					case v = <-c:
					case <-never:
					}
				}
				if v.n == 0 {
					break
				}
				if v.n <= last[v.who] {
					fail("order", v.n, last[v.who])
				}
				last[v.who] = v.n
				n++
			}
			got <- n
		}(r)
	}
	start(workers, func(i int) {
		for j := 1; j <= each; j++ {
			if i%2 == 0 {
				c <- item{i, j}
				continue
			}
			select {
			case c <- item{i, j}:
			case <-never:
			}
		}
	})
	all := 0
	for r := 0; r < 4; r++ {
		c <- item{}
		all += <-got
	}
	println("order", all)
}

// closing while goroutines wait for room: each of them panics or has sent.
func closing() {
	for round := 0; round < 200; round++ {
		c := make(chan int, 1)
		sent := make(chan int, 2*workers)
		out := make(chan bool)
		for i := 0; i < workers; i++ {
			go func() {
				n := 0
				defer func() {
					err := recover()
					if err != "send on closed channel" {
						fail("closing", n, 0)
					}
					sent <- n
					out <- true
				}()
				for j := 0; ; j++ {
					c <- 1
					n++
					if j%7 == 0 {
						runtime.Gosched()
					}
					if _, ok := <-c; ok {
						n--
					}
				}
			}()
		}
		for i := 0; i < 20; i++ {
			runtime.Gosched()
		}
		close(c)
		all, left := 0, 0
		for i := 0; i < workers; i++ {
			all += <-sent
			<-out
		}
		for range c {
			left++
		}
		if all != left {
			fail("closing", all, left)
		}
	}
	println("closing")
}

// drained: closing while goroutines wait for elements: each gets one or learns that there are none.
func drained() {
	for round := 0; round < 200; round++ {
		c := make(chan int, 2)
		c <- 0
		start(workers, func(i int) {
			for j := 0; j < 10; j++ {
				c <- <-c
			}
		})
		<-c
		got := make(chan int)
		for i := 0; i < workers; i++ {
			go func() {
				n := 0
				for {
					v, ok := <-c
					if !ok {
						got <- n
						return
					}
					n += v
				}
			}()
		}
		for i := 0; i < 10; i++ {
			runtime.Gosched()
		}
		for j := 1; j <= 100; j++ {
			c <- j
		}
		close(c)
		all := 0
		for i := 0; i < workers; i++ {
			all += <-got
		}
		if all != 5050 {
			fail("drained", all, 5050)
		}
	}
	println("drained")
}

// shut: a token is given back and the channel closed. Who is told that it is closed finds nothing in it.
func shut() {
	for round := 0; round < 200; round++ {
		c := make(chan int, 1)
		never := make(chan bool)
		c <- 1
		start(workers, func(i int) {
			for j := 0; ; j++ {
				v, ok := 0, false
				if (i+round)%3 > 0 {
					v, ok = <-c
				} else {
					select {
					case v, ok = <-c:
					case <-never:
					}
				}
				if !ok {
					break
				}
				if v > 20 {
					return
				}
				if v == 20 {
					c <- 21
					close(c)
					return
				}
				runtime.Gosched()
				c <- v + 1
			}
			if v, ok := <-c; ok || len(c) != 0 {
				fail("shut", v, len(c))
			}
		})
	}
	println("shut")
}

func main() {
	lock()
	token()
	several()
	order()
	closing()
	drained()
	shut()
}
