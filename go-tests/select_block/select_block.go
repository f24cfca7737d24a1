// Blocking selects: each of several cases can wake them, values come through, losers are left as they were.
package main

import "runtime"

type big [100]int

func main() {
	a, b, d := make(chan int), make(chan string), make(chan big)
	out := make(chan int)
	quit := make(chan bool)
	go func() {
		n := 0
		for {
			select {
			case v := <-a:
				n += v
			case s, ok := <-b:
				if !ok {
					n += 1000
					b = nil
				}
				n += len(s)
			case x := <-d:
				n += x[99]
			case out <- n:
				n = 0
			case <-quit:
				quit <- true
				return
			}
		}
	}()
	bb := b
	a <- 5
	println(<-out)
	bb <- "hello"
	bb <- "you"
	println(<-out)
	d <- big{99: 77}
	a <- 1
	println(<-out, <-out)
	close(bb)
	for <-out != 1000 {
	}
	println("closed seen")
	quit <- true
	<-quit

	// A waiting select with sends only.
	r1, r2 := make(chan int), make(chan int)
	go func() {
		for i := 0; i < 100; i++ {
			select {
			case r1 <- i:
			case r2 <- -i:
			}
		}
		close(r1)
		close(r2)
	}()
	sum := 0
	for i := 0; i < 100; i++ {
		if i%3 == 0 {
			sum += <-r2
		} else {
			sum += <-r1
		}
	}
	println(sum)
	_, ok := <-r1
	println(ok)

	// Two selects meeting each other over several channels.
	const n = 5000
	x, y := make(chan int), make(chan int)
	got := make(chan int)
	go func() {
		t := 0
		for i := 0; i < n; i++ {
			select {
			case v := <-x:
				t += v
			case v := <-y:
				t += v * 2
			}
		}
		got <- t
	}()
	want := 0
	for i := 0; i < n; i++ {
		select {
		case x <- i:
			want += i
		case y <- i:
			want += i * 2
		}
	}
	println(<-got == want)

	// Both ends select in both directions on one channel pair; nothing is lost.
	p, q := make(chan int), make(chan int)
	res := make(chan [2]int)
	for g := 0; g < 2; g++ {
		go func() {
			sent, received := 0, 0
			for i := 0; i < 2000; i++ {
				select {
				case p <- i:
					sent += i
				case v := <-p:
					received += v
				case q <- i:
					sent += i
				case v := <-q:
					received += v
				}
			}
			res <- [2]int{sent, received}
		}()
	}
	r, s := <-res, <-res
	println(r[0]+s[0] == r[1]+s[1])

	// Many goroutines select on the same two channels; each message wakes exactly one.
	e, f := make(chan int), make(chan int)
	cnt := make(chan int)
	for i := 0; i < 200; i++ {
		go func() {
			select {
			case v := <-e:
				cnt <- v
			case v := <-f:
				cnt <- v * 1000
			}
		}()
	}
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	go func() {
		for i := 0; i < 100; i++ {
			e <- 1
			f <- 1
		}
	}()
	sum = 0
	for i := 0; i < 200; i++ {
		sum += <-cnt
	}
	println(sum)

	// A fan-in that removes each channel when it is closed, by setting its variable to nil.
	cs := make([]chan int, 5)
	for i := range cs {
		cs[i] = make(chan int, i)
		go func(c chan int, k int) {
			for j := 0; j < 100; j++ {
				c <- k
			}
			close(c)
		}(cs[i], i+1)
	}
	sum = 0
	open := 5
	c0, c1, c2, c3, c4 := cs[0], cs[1], cs[2], cs[3], cs[4]
	for open > 0 {
		var v int
		var ok bool
		select {
		case v, ok = <-c0:
			if !ok {
				c0 = nil
			}
		case v, ok = <-c1:
			if !ok {
				c1 = nil
			}
		case v, ok = <-c2:
			if !ok {
				c2 = nil
			}
		case v, ok = <-c3:
			if !ok {
				c3 = nil
			}
		case v, ok = <-c4:
			if !ok {
				c4 = nil
			}
		}
		if !ok {
			open--
		}
		sum += v
	}
	println(sum)
}
