// main sends on a nil channel after it was the last one running.
package main

func main() {
	done := make(chan bool)
	for i := 0; i < 10; i++ {
		go func() { done <- true }()
	}
	for i := 0; i < 10; i++ {
		<-done
	}
	println("before")
	send(nil, 5)
}

func send(c chan int, v int) {
	for {
		c <- v
	}
}
