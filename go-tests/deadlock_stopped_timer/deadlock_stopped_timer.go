// A timer that was stopped keeps no program alive: everything sleeps, and that is said at once, not in an hour.
package main

import _ "unsafe"

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

//go:linkname stopTimer time.stopTimer
func stopTimer(*timer) bool

//go:linkname nanotime time.runtimeNano
func nanotime() int64

func main() {
	t := &timer{when: nanotime() + 3600e9, f: func(interface{}, uintptr) {}}
	startTimer(t)
	println(stopTimer(t))
	<-make(chan int)
}
