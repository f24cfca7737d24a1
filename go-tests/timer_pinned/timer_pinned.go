// A timer fires though the P that it belongs to does not get to it, and every other P computes.
package main

import (
	"runtime"
	_ "unsafe"
)

type timer struct {
	i      int
	when   int64
	period int64
	f      func(interface{}, uintptr)
	arg    interface{}
	seq    uintptr
}

//go:linkname startTimer time.startTimer
func startTimer(*timer)

//go:linkname nanotime time.runtimeNano
func nanotime() int64

//go:linkname pin sync.runtime_procPin
func pin() int

//go:linkname unpin sync.runtime_procUnpin
func unpin()

var running, fired bool

func fire(interface{}, uintptr) { fired = true }

//go:noinline
func isRunning() bool { return running }

//go:noinline
func isFired() bool { return fired }

// compute keeps a P busy, with calls, so that it can be asked to make room.
func compute(done chan bool) {
	running = true
	for !isFired() {
	}
	done <- true
}

func main() {
	runtime.GOMAXPROCS(2)
	done := make(chan bool)
	for i := 0; i < 20; i++ {
		running, fired = false, false
		t := &timer{f: fire}
		go compute(done)
		for !isRunning() {
			runtime.Gosched()
		}
		// From here on nobody gets this P, and its timer is the only one.
		pin()
		t.when = nanotime() + 100000
		startTimer(t)
		for !isFired() {
		}
		unpin()
		<-done
	}
	println("fired")
}
