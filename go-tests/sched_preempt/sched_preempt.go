// With one processor, goroutines that compute for ever in loops with calls do not keep the others from running.
package main

import "runtime"

var sink int

func work(n int) int {
	var a [40]int
	for i := range a {
		a[i] = n + i
		if a[i]%7 == 0 {
			a[i] = leaf(a[:i])
		}
	}
	return a[n%40]
}

func leaf(s []int) (t int) {
	for _, v := range s {
		t += v
	}
	return
}

func main() {
	stop := false
	stopped := make(chan bool)
	for i := 0; i < 3; i++ {
		go func(i int) {
			for !stop {
				sink += work(i)
			}
			stopped <- true
		}(i)
	}
	runtime.Gosched()
	println("main runs again")
	// Progress of a pair that talks while the others compute.
	c, d := make(chan int), make(chan int)
	go func() {
		for v := range c {
			d <- v + 1
		}
	}()
	v := 0
	for i := 0; i < 3; i++ {
		c <- v
		v = <-d
	}
	println(v)
	stop = true
	for i := 0; i < 3; i++ {
		<-stopped
	}
	println("all stopped")
}
