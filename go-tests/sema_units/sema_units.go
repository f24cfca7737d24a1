// A semaphore's units go to those that wait for it and to nobody else, though others wait for other semaphores of the same bucket.
package main

import (
	"runtime"
	_ "unsafe"
)

//go:linkname acquire sync.runtime_Semacquire
func acquire(word *uint32)

//go:linkname release sync.runtime_Semrelease
func release(word *uint32)

const others = 4000

func settle() {
	for i := 0; i < 10; i++ {
		runtime.Gosched()
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	words := make([]uint32, others+1)
	done := make(chan int)
	take := func(i int) {
		acquire(&words[i])
		done <- i
	}
	for i := 1; i <= others; i++ {
		go take(i)
	}
	settle()

	// One waits and two units are given before it runs: one is left.
	go take(0)
	settle()
	release(&words[0])
	release(&words[0])
	println("took", <-done, "left", words[0])

	// Three wait, two units are given, then two more.
	words[0] = 0
	for i := 0; i < 3; i++ {
		go take(0)
	}
	settle()
	release(&words[0])
	release(&words[0])
	println("took", <-done, <-done, "left", words[0])
	release(&words[0])
	release(&words[0])
	println("took", <-done, "left", words[0])

	// While one is on its way another takes its unit and gives it back. If that one is there first it does the same.
	words[0] = 0
	go func() {
		acquire(&words[0])
		release(&words[0])
		done <- 0
	}()
	settle()
	release(&words[0])
	acquire(&words[0])
	settle()
	println("left", words[0])
	release(&words[0])
	println("took", <-done, "left", words[0])

	for i := 1; i <= others; i++ {
		release(&words[i])
	}
	sum := 0
	for i := 1; i <= others; i++ {
		sum += <-done
	}
	println("others", sum)
}
