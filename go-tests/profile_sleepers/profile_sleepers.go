// Threads that sleep have no part in a CPU profile, however often other signals come between: the samples are where the time is used. While a handler runs for one
// that asks for preemption, the profile's is blocked, and must not go to another thread.
package main

import (
	"runtime"
	"unsafe"
)

const (
	hz       = 1000
	sleepers = 20
)

var sink int

func sleeps(asleep chan bool) {
	runtime.LockOSThread()
	asleep <- true
	<-make(chan bool)
}

func burns() {
	n := 1
	for i := 0; i < 3000000; i++ {
		n = n*31 + i
	}
	sink = n
}

// Samples in burns, and all.
func count(piece []byte) (inside, all int) {
	words := (*[1 << 20]uintptr)(unsafe.Pointer(&piece[0]))[:len(piece)/8]
	for len(words) > 2 {
		n, pcs := int(words[0]), words[2:2+words[1]]
		words = words[2+len(pcs):]
		// The header and the end stand for none.
		all += n
		for _, pc := range pcs {
			if f := runtime.FuncForPC(pc - 1); n > 0 && f != nil && f.Name() == "main.burns" {
				inside += n
				break
			}
		}
	}
	return
}

func main() {
	asleep := make(chan bool)
	for i := 0; i < sleepers; i++ {
		go sleeps(asleep)
		<-asleep
	}
	runtime.SetCPUProfileRate(hz)
	done := make(chan [2]int)
	go func() {
		inside, all := 0, 0
		for {
			piece := runtime.CPUProfile()
			if piece == nil {
				break
			}
			i, a := count(piece)
			inside, all = inside+i, all+a
		}
		done <- [2]int{inside, all}
	}()
	for i := 0; i < 200; i++ {
		burns()
		runtime.Gosched()
	}
	runtime.SetCPUProfileRate(0)
	got := <-done
	inside, outside := got[0], got[1]-got[0]
	// The runtime uses a little, too: a few in a hundred.
	if outside > inside/8 {
		println("samples where the time is used:", inside, "and elsewhere:", outside)
	}
	println(inside > 50, outside <= inside/8)
}
