// main ends with Goexit: the other goroutines go on, and the program dies when none is left.
package main

import "runtime"

func main() {
	c := make(chan int)
	gate := make(chan bool)
	go func() {
		sum := 0
		for v := range c {
			sum += v
		}
		println("sum", sum)
	}()
	go func() {
		<-gate
		for i := 0; i < 100; i++ {
			c <- i
		}
		close(c)
	}()
	defer func() {
		println("deferred by main")
		close(gate)
	}()
	runtime.Goexit()
}
