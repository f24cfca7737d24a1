// Select in server shapes: fan-in, fan-out with quit channels, a bounded queue, a semaphore, a broadcast by close.
package main

type job struct {
	id   int
	done chan<- int
}

func worker(jobs <-chan job, quit <-chan struct{}, gone chan<- bool) {
	for {
		select {
		case j := <-jobs:
			j.done <- j.id * j.id
		case <-quit:
			gone <- true
			return
		}
	}
}

func queue(in <-chan int, out chan<- int) {
	var buf []int
	for in != nil || len(buf) > 0 {
		var o chan<- int
		first := 0
		if len(buf) > 0 {
			o = out
			first = buf[0]
		}
		select {
		case v, ok := <-in:
			if !ok {
				in = nil
				break
			}
			buf = append(buf, v)
		case o <- first:
			buf = buf[1:]
		}
	}
	close(out)
}

func merge(a, b <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for a != nil || b != nil {
			select {
			case v, ok := <-a:
				if !ok {
					a = nil
					continue
				}
				out <- v
			case v, ok := <-b:
				if !ok {
					b = nil
					continue
				}
				out <- v
			}
		}
	}()
	return out
}

func count(from, to int) <-chan int {
	c := make(chan int)
	go func() {
		for i := from; i < to; i++ {
			c <- i
		}
		close(c)
	}()
	return c
}

func main() {
	jobs := make(chan job)
	quit := make(chan struct{})
	gone := make(chan bool)
	for i := 0; i < 7; i++ {
		go worker(jobs, quit, gone)
	}
	done := make(chan int, 3)
	sum, sent, got := 0, 0, 0
	for got < 500 {
		var js chan<- job
		if sent < 500 {
			js = jobs
		}
		select {
		case js <- job{sent, done}:
			sent++
		case v := <-done:
			sum += v
			got++
		}
	}
	println(sum)
	close(quit)
	for i := 0; i < 7; i++ {
		<-gone
	}

	in, out := make(chan int), make(chan int)
	go queue(in, out)
	go func() {
		for i := 0; i < 1000; i++ {
			in <- i
		}
		close(in)
	}()
	next := 0
	for v := range out {
		if v != next {
			println("order", v, next)
		}
		next++
	}
	println(next)

	m := merge(merge(count(0, 100), count(100, 200)), merge(count(200, 300), merge(count(300, 400), count(400, 500))))
	n, total := 0, 0
	for v := range m {
		n++
		total += v
	}
	println(n, total)

	sem := make(chan bool, 3)
	res := make(chan int)
	for i := 0; i < 50; i++ {
		go func(i int) {
			sem <- true
			inside := len(sem)
			<-sem
			if inside > 3 {
				i = -1000000
			}
			res <- i
		}(i)
	}
	total = 0
	for i := 0; i < 50; i++ {
		total += <-res
	}
	println(total)
}
