// All goroutines end up waiting after much work: on nil channels, full channels, selects and each other.
package main

func worker(i int, c, d chan int, full chan int) {
	switch i % 4 {
	case 0:
		<-c
	case 1:
		full <- i
	case 2:
		var n chan int
		n <- 1
	case 3:
		select {
		case <-c:
		case d <- 1:
		}
	}
}

func main() {
	c, d, full := make(chan int), make(chan int), make(chan int, 2)
	work := make(chan int)
	for i := 0; i < 100; i++ {
		go func(i int) { work <- i }(i)
	}
	sum := 0
	for i := 0; i < 100; i++ {
		sum += <-work
	}
	println(sum)
	full <- 1
	full <- 2
	for i := 0; i < 8; i++ {
		go worker(i, c, d, full)
	}
	var n chan int
	<-n
}
