// Locking goroutines to their threads: they go on working with channels, select, Gosched and each other, nested and released.
package main

import "runtime"

func init() {
	runtime.LockOSThread()
	runtime.UnlockOSThread()
}

func worker(in, out chan int, times int) {
	for i := 0; i < times; i++ {
		runtime.LockOSThread()
	}
	for v := range in {
		if v%10 == 0 {
			runtime.Gosched()
		}
		out <- v * 2
	}
	for i := 0; i < times; i++ {
		runtime.UnlockOSThread()
	}
	out <- -1
}

func main() {
	runtime.LockOSThread()
	in, out := make(chan int), make(chan int)
	go worker(in, out, 1)
	sum := 0
	for i := 0; i < 300; i++ {
		in <- i
		sum += <-out
	}
	close(in)
	println(sum, <-out)

	// Several locked goroutines at once, some ending while locked.
	in, out = make(chan int), make(chan int)
	for i := 0; i < 8; i++ {
		go worker(in, out, i)
	}
	go func() {
		for i := 0; i < 400; i++ {
			in <- i
		}
		close(in)
	}()
	sum, ended := 0, 0
	for ended < 8 {
		if v := <-out; v < 0 {
			ended++
		} else {
			sum += v
		}
	}
	println(sum)
	done := make(chan bool)
	for i := 0; i < 10; i++ {
		go func(i int) {
			runtime.LockOSThread()
			if i%2 == 0 {
				defer runtime.UnlockOSThread()
			}
			runtime.Gosched()
			done <- true
		}(i)
	}
	for i := 0; i < 10; i++ {
		<-done
	}
	runtime.UnlockOSThread()

	// Locking does not stop others from running.
	n := 0
	go func() {
		runtime.LockOSThread()
		for i := 0; i < 100; i++ {
			n++
			runtime.Gosched()
		}
		done <- true
	}()
	<-done
	println(n)
}
