// LockOSThread and UnlockOSThread, inlined, in loops without calls that are stopped at any instruction; a loop without calls in a goroutine that is locked to
// its thread.
package main

import "runtime"

var stop bool

func locks(done chan bool) {
	n := 0
	for !stop {
		runtime.LockOSThread()
		n++
		runtime.UnlockOSThread()
	}
	done <- true
}

func lockedLoop(done chan bool) {
	runtime.LockOSThread()
	for !stop {
	}
	runtime.UnlockOSThread()
	done <- true
}

func main() {
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go locks(done)
		go lockedLoop(done)
	}
	for i := 0; i < 30; i++ {
		runtime.GC()
	}
	stop = true
	for i := 0; i < 8; i++ {
		<-done
	}
	println("ok")
}
