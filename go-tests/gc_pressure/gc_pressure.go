// Allocation well beyond the live heap from several goroutines: memory that is used again is zero again, and live objects keep their contents.
package main

type item struct {
	next *item
	buf  []byte
	id   int
}

func worker(id, n int, out chan<- int) {
	var head *item
	live := 0
	sum := 0
	for i := 0; i < n; i++ {
		it := &item{next: head, buf: make([]byte, 64+i%1000), id: i}
		for _, b := range it.buf {
			if b != 0 {
				println("dirty")
			}
		}
		it.buf[0], it.buf[len(it.buf)-1] = byte(i), byte(id)
		head = it
		if live++; live == 100 {
			for p := head; p != nil; p = p.next {
				if p.buf[len(p.buf)-1] != byte(id) || (len(p.buf) > 1 && p.buf[0] != byte(p.id)) {
					println("changed")
				}
				sum += p.id
			}
			head, live = nil, 0
		}
	}
	out <- sum
}

func main() {
	out := make(chan int)
	for g := 0; g < 4; g++ {
		go worker(g+1, 15000, out)
	}
	sum := 0
	for g := 0; g < 4; g++ {
		sum += <-out
	}
	println(sum)
	big := 0
	for i := 0; i < 50; i++ {
		b := make([]int, 1<<17)
		b[i] = 1
		for _, v := range b {
			big += v
		}
	}
	println(big)
}
