// Among several ready cases each is chosen sooner or later, and about equally often.
package main

func main() {
	const n = 4000
	a, b, c := make(chan int, 1), make(chan int, 1), make(chan int, 1)
	var count [4]int
	for i := 0; i < n; i++ {
		select {
		case a <- 1:
			count[0]++
			<-a
		case b <- 1:
			count[1]++
			<-b
		case c <- 1:
			count[2]++
			<-c
		case c <- 2:
			count[3]++
			<-c
		}
	}
	sum := 0
	for _, k := range count {
		println(k > n/8 && k < n/2)
		sum += k
	}
	println(sum)

	closed := make(chan int)
	close(closed)
	x, y := 0, 0
	for i := 0; i < n; i++ {
		select {
		case <-closed:
			x++
		case <-closed:
			y++
		default:
			println("wrong")
		}
	}
	println(x+y, x > n/4, y > n/4)
}
