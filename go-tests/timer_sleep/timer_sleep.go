// Sleeping goroutines and timers without package time.
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

//go:linkname sleep time.Sleep
func sleep(ns int64)

const ms = 1000000

func tick(c interface{}, seq uintptr) {
	select {
	case c.(chan int64) <- nanotime():
	default:
	}
}

func main() {
	// Not before its time.
	start := nanotime()
	sleep(20 * ms)
	println("slept:", nanotime()-start >= 20*ms)

	// Many at once.
	done := make(chan bool)
	for i := 0; i < 200; i++ {
		go func(i int) {
			start, d := nanotime(), int64(1+i%10)*ms
			sleep(d)
			done <- nanotime()-start >= d
		}(i)
	}
	good := 0
	for i := 0; i < 200; i++ {
		if <-done {
			good++
		}
	}
	println("woke:", good)

	// A ticker, and a timer that is stopped before its time.
	c := make(chan int64, 1)
	t := &timer{when: nanotime() + 5*ms, period: 5 * ms, f: tick, arg: c}
	startTimer(t)
	last := start
	rising := true
	for i := 0; i < 6; i++ {
		now := <-c
		rising = rising && now > last
		last = now
	}
	println("ticks:", rising, stopTimer(t))
	never := &timer{when: nanotime() + 3600*1000*ms, f: tick, arg: c}
	startTimer(never)
	println("stopped:", stopTimer(never), stopTimer(never))
}
