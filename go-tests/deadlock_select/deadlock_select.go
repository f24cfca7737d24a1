// An empty select in main while another goroutine waits to send.
package main

func main() {
	started := make(chan bool)
	go func() {
		c := make(chan int)
		started <- true
		c <- 1
	}()
	<-started
	println("before")
	select {}
}
