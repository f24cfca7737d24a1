// main waits in a select none of whose cases can become ready.
package main

func wait(a chan int, b chan string, c chan bool) {
	select {
	case <-a:
	case b <- "x":
	case c <- true:
	}
}

func main() {
	println("before")
	full := make(chan bool, 1)
	full <- true
	wait(make(chan int), make(chan string), full)
}
