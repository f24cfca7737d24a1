// Stacks that are hardly used any more cost less and less memory, whatever their goroutines wait for; one that is in use keeps its size.
package main

import "runtime"

const (
	waiters = 900
	grown   = 64 << 10
)

func deep(n int) int {
	var pad [100]int
	pad[n%100] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + pad[n%100]
}

// hold waits at the bottom of n frames.
func hold(n int, started chan<- bool, gate <-chan int) int {
	var pad [100]int
	pad[n%100] = n
	if n == 0 {
		started <- true
		return <-gate
	}
	return hold(n-1, started, gate) + pad[n%100]
}

func stacks() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

func main() {
	runtime.GC()
	base := stacks()
	started, gate := make(chan bool), make(chan int)
	send, never := make(chan int), make(chan int)
	for i := 0; i < waiters; i++ {
		go func(i int) {
			deep(60)
			started <- true
			switch i % 3 {
			case 0:
				<-gate
			case 1:
				send <- 1
			case 2:
				select {
				case <-gate:
				case never <- 2:
				}
			}
		}(i)
	}
	for i := 0; i < waiters; i++ {
		<-started
	}
	println("at first:", stacks()-base >= waiters*grown)
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	println("a quarter of it:", stacks()-base <= waiters*grown/4)
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	println("little:", stacks()-base <= waiters*grown/8)
	close(gate)
	for i := 0; i < waiters/3; i++ {
		<-send
	}
	base = stacks()
	held := make(chan int)
	for i := 0; i < 50; i++ {
		go hold(60, started, held)
	}
	for i := 0; i < 50; i++ {
		<-started
	}
	for i := 0; i < 6; i++ {
		runtime.GC()
	}
	println("in use:", stacks() >= 50*grown)
	close(held)
}
