// GODEBUG=stackpoison=1: stacks that were left, and those of goroutines that ended, hold the pattern; what is on a stack in use does not.
package main

import "unsafe"

const poison = 0xdead57acdead57ac

func deep(n int) int {
	var pad [40]int
	pad[n%40] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + pad[n%40]
}

// word reads memory that nobody owns any more.
func word(at uintptr) uint64 { return *(*uint64)(unsafe.Pointer(at)) }

func main() {
	moved := make(chan bool)
	ended := make(chan uintptr)
	go func() {
		var x [8]uint64
		for i := range x {
			x[i] = 1000 + uint64(i)
		}
		at := uintptr(unsafe.Pointer(&x))
		println("before:", word(at) == 1000, word(at+56) == 1007)
		deep(60)
		println("left:", word(at) == poison, word(at+56) == poison)
		at = uintptr(unsafe.Pointer(&x))
		println("after:", word(at) == 1000, word(at+56) == 1007)
		moved <- true
	}()
	<-moved
	go func() {
		var x [8]uint64
		x[7] = 7
		at := uintptr(unsafe.Pointer(&x))
		ended <- at + 56
		ended <- at + 56
	}()
	at := <-ended
	println("parked:", word(at))
	<-ended
	for i := 0; i < 1000000 && word(at) != poison; i++ {
		yield <- true
	}
	println("ended:", word(at) == poison)
}

var yield = func() chan bool {
	c := make(chan bool)
	go func() {
		for {
			<-c
		}
	}()
	return c
}()
