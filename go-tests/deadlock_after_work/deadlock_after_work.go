// The only waiting goroutine is found asleep after threads, locked goroutines and many processors were in use.
package main

import "runtime"

func main() {
	runtime.GOMAXPROCS(4)
	done := make(chan int)
	for i := 0; i < 50; i++ {
		go func(i int) {
			if i%10 == 0 {
				runtime.LockOSThread()
			}
			s := 0
			for k := 0; k < 1000*i; k++ {
				s += k
			}
			runtime.Gosched()
			done <- i
		}(i)
	}
	sum := 0
	for i := 0; i < 50; i++ {
		sum += <-done
	}
	println(sum)
	runtime.LockOSThread()
	println(<-done)
}
