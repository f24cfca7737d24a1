// A loop without calls keeps nobody from running, whatever GOMAXPROCS is: not the main goroutine, not pairs that talk, not
// collections, not the last one to end. It is started on every processor.
package main

import "runtime"

var (
	stop bool
	sink int
)

func spin(done chan bool) {
	n := 0
	for !stop {
		n++
	}
	sink = n
	done <- true
}

func forever() {
	for {
	}
}

func main() {
	done := make(chan bool)
	const loops = 6
	for i := 0; i < loops; i++ {
		go spin(done)
	}
	for i := 0; i < 3; i++ {
		go forever()
	}
	runtime.Gosched()
	println("main runs again")
	c, d := make(chan int), make(chan int)
	go func() {
		for v := range c {
			d <- v + 1
		}
	}()
	v := 0
	for i := 0; i < 3; i++ {
		c <- v
		v = <-d
	}
	println(v)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	println("collected", after.NumGC-before.NumGC >= 3)
	n := runtime.GOMAXPROCS(3)
	runtime.GOMAXPROCS(n)
	stop = true
	for i := 0; i < loops; i++ {
		<-done
	}
	println("all stopped")
}
