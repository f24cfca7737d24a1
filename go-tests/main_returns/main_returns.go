// The program ends when main returns, whatever other goroutines do.
package main

import "runtime"

func spin(c chan<- bool) {
	c <- true
	for {
		runtime.Gosched()
	}
}

func main() {
	c := make(chan bool)
	for i := 0; i < 4; i++ {
		go spin(c)
	}
	for i := 0; i < 4; i++ {
		<-c
	}
	go func() {
		defer println("deferred calls of other goroutines do not run")
		c <- true
		select {}
	}()
	<-c
	for i := 0; i < 100; i++ {
		go func() { <-make(chan int) }()
	}
	println("main returns")
}
