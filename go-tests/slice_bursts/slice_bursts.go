// A goroutine that parks again and again, but for moments, has nearly all of the only P. The four
// that it waits for can count only while it works, and it never parks then. So they count if it is
// stopped now and then, though each time it parks its slice is a new one. `env` keeps modes away
// that schedule at random or preempt all the time: what they do says nothing about slices.
package main

import "runtime"

const (
	others = 4
	bursts = 10000
	enough = 10
)

var (
	pending bool
	counted int
	state   uint32 = 1
)

//go:noinline
func count() {
	counted++
}

//go:noinline
func work(n int) {
	for i := 0; i < n; i++ {
		state = state*1664525 + 1013904223
	}
}

func other(asked, goOn chan bool) {
	for {
		if pending {
			asked <- true
			<-goOn
		} else {
			count()
		}
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	asked, goOn := make(chan bool, others), make(chan bool, others)
	for i := 0; i < others; i++ {
		go other(asked, goOn)
	}
	stopped := 0
	for i := 0; i < bursts && stopped < enough; i++ {
		before := counted
		work(25000)
		if counted != before {
			stopped++
		}
		pending = true
		for j := 0; j < others; j++ {
			<-asked
		}
		pending = false
		for j := 0; j < others; j++ {
			goOn <- true
		}
	}
	if stopped < enough {
		println("stopped in", stopped, "of", bursts, "bursts of work")
		return
	}
	println("fair")
}
