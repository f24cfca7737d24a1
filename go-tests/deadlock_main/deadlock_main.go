// The only goroutine waits for ever: a fatal error, not a panic, so deferred calls do not run.
package main

func main() {
	defer println("deferred calls do not run")
	c := make(chan int)
	println("before")
	<-c
	println("never")
}
