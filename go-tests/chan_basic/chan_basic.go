// Channels: unbuffered, buffered, close, range, len and cap, element types of many sizes, channels of channels.
package main

type big [300]int

type rec struct {
	name string
	p    *int
}

func main() {
	c := make(chan int)
	go func() { c <- 42 }()
	println(<-c, len(c), cap(c))

	b := make(chan int, 3)
	b <- 1
	b <- 2
	println(len(b), cap(b))
	b <- 3
	println(<-b, <-b, <-b, len(b))
	for i := 0; i < 20; i++ {
		b <- i
		b <- i + 1
		if <-b != i || <-b != i+1 {
			println("order")
		}
	}

	b <- 7
	b <- 8
	close(b)
	v, ok := <-b
	println(v, ok)
	v, ok = <-b
	println(v, ok)
	v, ok = <-b
	println(v, ok, <-b)

	r := make(chan int)
	go func() {
		for i := 0; i < 100; i++ {
			r <- i
		}
		close(r)
	}()
	sum, n := 0, 0
	for v := range r {
		sum += v
		n++
	}
	println(n, sum)
	_, ok = <-r
	println(ok)

	e := make(chan struct{})
	go func() { e <- struct{}{} }()
	<-e
	eb := make(chan struct{}, 1000)
	for i := 0; i < 1000; i++ {
		eb <- struct{}{}
	}
	println(len(eb), cap(eb))

	bc := make(chan big, 2)
	var x big
	for i := range x {
		x[i] = i
	}
	bc <- x
	x[5] = 0
	bc <- x
	y := <-bc
	z := <-bc
	println(y[5], z[5], y[299], z[299])
	ub := make(chan big)
	go func() { ub <- y }()
	w := <-ub
	println(w == y, w == z)

	s := make(chan string, 1)
	s <- "text"
	println(<-s)
	by := make(chan bool, 1)
	by <- true
	println(<-by)
	i8 := make(chan int8, 4)
	for i := int8(-2); i < 2; i++ {
		i8 <- i
	}
	println(<-i8, <-i8, <-i8, <-i8)
	q := 5
	rc := make(chan rec, 1)
	rc <- rec{"n", &q}
	got := <-rc
	println(got.name, *got.p)
	ic := make(chan interface{}, 3)
	ic <- 1
	ic <- "two"
	ic <- nil
	println((<-ic).(int), (<-ic).(string), <-ic == nil)
	fc := make(chan func() int, 1)
	fc <- func() int { return q * 2 }
	println((<-fc)())

	cc := make(chan chan int)
	go func() {
		back := <-cc
		back <- 99
	}()
	back := make(chan int)
	cc <- back
	println(<-back)

	// Request and reply over a struct holding the reply channel.
	type req struct {
		a, b  int
		reply chan int
	}
	reqs := make(chan req)
	go func() {
		for q := range reqs {
			q.reply <- q.a + q.b
		}
	}()
	for i := 0; i < 5; i++ {
		reply := make(chan int)
		reqs <- req{i, i * 10, reply}
		print(<-reply, " ")
	}
	close(reqs)
	println()

	var nilc chan int
	println(len(nilc), cap(nilc), nilc == nil)
	var send chan<- int = b
	var recv <-chan int = b
	println(cap(send), cap(recv), c == c, make(chan int) == make(chan int))
	var d1, d2 interface{} = c, c
	println(d1 == d2)
}
