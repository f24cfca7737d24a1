// Work spread over goroutines that finish at different times: barriers, a work queue, a tree of dependencies, spinning on Gosched.
package main

import "runtime"

type barrier struct {
	n       int
	arrive  chan bool
	release chan bool
}

func newBarrier(n int) *barrier {
	b := &barrier{n, make(chan bool), make(chan bool)}
	go func() {
		for {
			for i := 0; i < n; i++ {
				<-b.arrive
			}
			for i := 0; i < n; i++ {
				b.release <- true
			}
		}
	}()
	return b
}

func (b *barrier) wait() {
	b.arrive <- true
	<-b.release
}

func spin(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*31 + i
	}
	return
}

func philosopher(id int, left, right chan bool, meals int, done chan<- int) {
	first, second := left, right
	if id%2 == 1 {
		first, second = right, left
	}
	for i := 0; i < meals; i++ {
		<-first
		<-second
		spin(50)
		runtime.Gosched()
		second <- true
		first <- true
	}
	done <- meals
}

func main() {
	// Phases: nobody enters a phase before all have left the one before.
	const n = 8
	b := newBarrier(n)
	done := make(chan int)
	phase := make([]int, n)
	for g := 0; g < n; g++ {
		go func(g int) {
			bad := 0
			for p := 1; p <= 50; p++ {
				phase[g] = p
				spin(g * 100)
				b.wait()
				for _, q := range phase {
					if q != p {
						bad++
					}
				}
				b.wait()
			}
			done <- bad
		}(g)
	}
	bad := 0
	for g := 0; g < n; g++ {
		bad += <-done
	}
	println("bad", bad)

	// A queue of unequal tasks.
	tasks := make(chan int, 10)
	for g := 0; g < 5; g++ {
		go func() {
			sum := 0
			for t := range tasks {
				spin(t % 17 * 500)
				sum += t
			}
			done <- sum
		}()
	}
	for i := 0; i < 500; i++ {
		tasks <- i
	}
	close(tasks)
	sum := 0
	for g := 0; g < 5; g++ {
		sum += <-done
	}
	println(sum)

	// Dining philosophers.
	forks := make([]chan bool, 5)
	for i := range forks {
		forks[i] = make(chan bool, 1)
		forks[i] <- true
	}
	for i := range forks {
		go philosopher(i, forks[i], forks[(i+1)%5], 100, done)
	}
	sum = 0
	for range forks {
		sum += <-done
	}
	println(sum)

	// Each goroutine starts two more; all run.
	var grow func(depth int)
	grow = func(depth int) {
		if depth > 0 {
			go grow(depth - 1)
			go grow(depth - 1)
		}
		done <- 1
	}
	go grow(9)
	sum = 0
	for i := 0; i < 1<<10-1; i++ {
		sum += <-done
	}
	println(sum)

	// Token passing by polling.
	turn := make(chan int, 1)
	turn <- 0
	for g := 0; g < 4; g++ {
		go func(g int) {
			for k := 0; k < 25; {
				t := <-turn
				if t%4 == g {
					t++
					k++
				}
				turn <- t
				runtime.Gosched()
			}
			done <- 1
		}(g)
	}
	for g := 0; g < 4; g++ {
		<-done
	}
	println(<-turn)
}
