// The sieve of chained goroutines.
package main

func generate(c chan<- int) {
	for i := 2; ; i++ {
		c <- i
	}
}

func filter(in <-chan int, out chan<- int, prime int) {
	for {
		if i := <-in; i%prime != 0 {
			out <- i
		}
	}
}

func main() {
	c := make(chan int)
	go generate(c)
	for i := 0; i < 150; i++ {
		p := <-c
		print(p, " ")
		if i%15 == 14 {
			println()
		}
		next := make(chan int)
		go filter(c, next, p)
		c = next
	}
}
