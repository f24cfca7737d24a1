// Goroutines that are locked to their threads ask for collections: while one waits, its P goes to a thread that collects.

package main

import "runtime"

type node struct {
	next *node
	pad  [10]int
}

var list *node

func collect(n int) {
	for i := 0; i < n; i++ {
		list = &node{next: list}
		runtime.GC()
	}
}

func init() {
	// The main goroutine stays on the first thread.
	runtime.LockOSThread()
}

func main() {
	collect(20)
	done := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() {
			runtime.LockOSThread()
			collect(10)
			done <- true
		}()
	}
	for i := 0; i < 3; i++ {
		<-done
	}
	// Alone: nobody else is there to wake a thread.
	go func() {
		runtime.LockOSThread()
		collect(20)
		done <- true
	}()
	<-done
	println("done")
}
