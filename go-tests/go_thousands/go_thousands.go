// Thousands of goroutines: parked at the same time, started by one another, finished ones reused, trees and pipelines.
package main

import "runtime"

func tree(depth int, out chan<- int) {
	if depth == 0 {
		out <- 1
		return
	}
	c := make(chan int)
	go tree(depth-1, c)
	go tree(depth-1, c)
	out <- <-c + <-c
}

func chain(n int, out chan<- int) {
	if n == 0 {
		out <- 0
		return
	}
	c := make(chan int, 1)
	go chain(n-1, c)
	out <- <-c + 1
}

func main() {
	const n = 10000
	gate := make(chan bool)
	done := make(chan int, 100)
	for i := 0; i < n; i++ {
		go func(i int) {
			local := [4]int{i, i + 1, i + 2, i + 3}
			<-gate
			done <- local[0] + local[3]
		}(i)
	}
	runtime.Gosched()
	println(runtime.NumGoroutine() > n)
	close(gate)
	sum := 0
	for i := 0; i < n; i++ {
		sum += <-done
	}
	println(sum)

	out := make(chan int, 1)
	tree(11, out)
	println(<-out)
	chain(5000, out)
	println(<-out)

	// Short-lived goroutines one after the other.
	sum = 0
	for i := 0; i < 20000; i++ {
		go func(i int) { out <- i }(i)
		sum += <-out
	}
	println(sum)

	// Bursts.
	for burst := 0; burst < 20; burst++ {
		c := make(chan int)
		for i := 0; i < 500; i++ {
			go func(i int) {
				runtime.Gosched()
				c <- i
			}(i)
		}
		s := 0
		for i := 0; i < 500; i++ {
			s += <-c
		}
		if s != 500*499/2 {
			println("burst", s)
		}
	}
	println("end")
}
