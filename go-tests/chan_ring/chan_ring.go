// A token passed around a ring of goroutines, and a ring of rings.
package main

func ring(n, rounds int) int {
	first := make(chan int)
	in := first
	for i := 0; i < n; i++ {
		out := make(chan int)
		go func(in <-chan int, out chan<- int) {
			for v := range in {
				out <- v + 1
			}
			close(out)
		}(in, out)
		in = out
	}
	token := 0
	for r := 0; r < rounds; r++ {
		first <- token
		token = <-in
	}
	close(first)
	_, ok := <-in
	if ok {
		println("not closed")
	}
	return token
}

func main() {
	println(ring(1, 1000))
	println(ring(2, 1000))
	println(ring(100, 100))
	println(ring(1000, 10))
	c := make(chan int)
	for i := 0; i < 10; i++ {
		go func(i int) { c <- ring(10+i, 50) }(i)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-c
	}
	println(sum)
}
