// Waiting for a descriptor without package net: standard output is a pipe that can be written and never be read from here.
package main

import _ "unsafe"

//go:linkname pollServerInit net.runtime_pollServerInit
func pollServerInit()

//go:linkname pollOpen net.runtime_pollOpen
func pollOpen(fd uintptr) (uintptr, int)

//go:linkname pollClose net.runtime_pollClose
func pollClose(ctx uintptr)

//go:linkname pollReset net.runtime_pollReset
func pollReset(ctx uintptr, mode int) int

//go:linkname pollWait net.runtime_pollWait
func pollWait(ctx uintptr, mode int) int

//go:linkname pollSetDeadline net.runtime_pollSetDeadline
func pollSetDeadline(ctx uintptr, d int64, mode int)

//go:linkname pollUnblock net.runtime_pollUnblock
func pollUnblock(ctx uintptr)

//go:linkname nanotime time.runtimeNano
func nanotime() int64

//go:linkname sleep time.Sleep
func sleep(ns int64)

const ms = 1000000

// A read that ends at its deadline: 2, not before its time.
func timeout(ctx uintptr, d int64) int {
	start := nanotime()
	pollSetDeadline(ctx, start+d, 'r')
	if pollReset(ctx, 'r') != 2 {
		if r := pollWait(ctx, 'r'); r != 2 {
			return r
		}
	}
	pollSetDeadline(ctx, 0, 'r')
	if nanotime()-start < d {
		return -1
	}
	return 2
}

func main() {
	pollServerInit()
	ctx, errno := pollOpen(1)
	if errno != 0 {
		println("open:", errno)
		return
	}
	// It can be written to from the start. A reset first would forget that if another thread has seen it by now, and there is no second event.
	w := pollWait(ctx, 'w')
	println("write:", pollReset(ctx, 'w'), w)

	// While nothing else runs.
	println("read:", timeout(ctx, 30*ms))

	// While others do.
	stop := make(chan bool)
	for i := 0; i < 2; i++ {
		go func() {
			n := 0
			for {
				select {
				case <-stop:
					return
				default:
					n++
				}
			}
		}()
	}
	good := 0
	for i := 0; i < 10; i++ {
		if timeout(ctx, 2*ms) == 2 {
			good++
		}
	}
	close(stop)
	println("reads:", good)

	// Nothing but a waiter and a sleeper, for long enough that a busy loop would be noticed; then the waiter is sent away.
	done := make(chan int)
	go func() {
		pollReset(ctx, 'r')
		done <- pollWait(ctx, 'r')
	}()
	for i := 0; i < 5; i++ {
		sleep(250 * ms)
	}
	pollUnblock(ctx)
	println("unblocked:", <-done)
	pollClose(ctx)
}
