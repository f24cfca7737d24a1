// Stacks that were copied while values on them are the targets of channel operations: each goroutine is parked with its element
// on its own stack, and grows it right before and after.
package main

import "runtime"

type big [60]int

func grow(n int) int {
	var pad [20]int
	pad[n%20] = n
	if n == 0 {
		return 0
	}
	return grow(n-1) + pad[n%20] - n + 1
}

func receiver(c <-chan big, out chan<- int, n int) {
	var before int
	grow(n)
	v := <-c
	after := grow(n * 2)
	out <- v[0] + v[59] + before + after
}

func deepReceiver(c <-chan big, n int) int {
	var v big
	if n > 0 {
		return deepReceiver(c, n-1)
	}
	v = <-c
	return v[0] + v[59]
}

func sender(c chan<- big, n int) {
	var v big
	for i := range v {
		v[i] = n + i
	}
	grow(n)
	c <- v
	grow(n + 10)
	if v[59] != n+59 {
		println("changed", n)
	}
}

func selecter(a, b chan big, stop chan bool, out chan<- int) {
	sum := 0
	var v, w big
	var ok bool
	p, q := &v, &w
	for i := 0; ; i++ {
		grow(i * 5)
		select {
		case *p = <-a:
			sum += v[0]
		case w, ok = <-b:
			if !ok || q[59] != w[59] {
				println("pointer lost")
			}
			sum += w[59]
		case <-stop:
			out <- sum
			return
		}
	}
}

// swap exchanges values between two goroutines; each passes addresses of locals of an outer frame.
func swap(c, d chan int, p *int, n int) {
	if n > 0 {
		swap(c, d, p, n-1)
		return
	}
	for i := 0; i < 100; i++ {
		c <- *p
		*p = <-d + 1
	}
}

func main() {
	c := make(chan big)
	out := make(chan int)
	for i := 0; i < 30; i++ {
		go receiver(c, out, i*20)
	}
	for i := 0; i < 50; i++ {
		runtime.Gosched()
	}
	for i := 0; i < 30; i++ {
		go sender(c, 1000)
	}
	sum := 0
	for i := 0; i < 30; i++ {
		sum += <-out
	}
	println(sum)

	for i := 0; i < 30; i++ {
		go func(i int) { out <- deepReceiver(c, i*100) }(i)
	}
	for i := 0; i < 30; i++ {
		sender(c, i)
	}
	sum = 0
	for i := 0; i < 30; i++ {
		sum += <-out
	}
	println(sum)

	// Senders parked first.
	for i := 0; i < 30; i++ {
		go sender(c, i*30)
	}
	for i := 0; i < 50; i++ {
		runtime.Gosched()
	}
	sum = 0
	for i := 0; i < 30; i++ {
		v := <-c
		sum += v[0] + v[59]
	}
	println(sum)

	a, b, stop := make(chan big), make(chan big), make(chan bool)
	go selecter(a, b, stop, out)
	for i := 0; i < 100; i++ {
		if i%2 == 0 {
			a <- big{0: i}
		} else {
			b <- big{59: i}
		}
	}
	stop <- true
	println(<-out)

	x, y := make(chan int), make(chan int)
	go func() {
		n := 0
		for i := 0; i < 100; i++ {
			n += <-x
			y <- i
		}
		out <- n
	}()
	local := 7
	swap(x, y, &local, 500)
	println(<-out, local)

	// A parked goroutine's frames hold pointers to each other; the ones that wake them run on other stacks.
	ready := make(chan *int)
	for i := 0; i < 20; i++ {
		go func(i int) {
			v := i
			p := &v
			grow(10 * i)
			ready <- new(int)
			grow(100 * i)
			*p += 100
			out <- v
		}(i)
	}
	for i := 0; i < 20; i++ {
		*<-ready = 1
	}
	sum = 0
	for i := 0; i < 20; i++ {
		sum += <-out
	}
	println(sum)
}
