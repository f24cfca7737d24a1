// GODEBUG=efence=1: every object has pages of its own; using a dead one faults.
package main

import (
	"runtime"
	"unsafe"
)

type record struct {
	a, b int
	next *record
}

var sink *record

func address(n int) uintptr {
	sink = &record{a: n, next: sink}
	return uintptr(unsafe.Pointer(sink))
}

func main() {
	var at [8]uintptr
	for i := range at {
		at[i] = address(i)
		println(at[i]%8192, *(*int)(unsafe.Pointer(at[i])))
	}
	s := make([]int, 0)
	for i := 0; i < 100; i++ {
		s = append(s, i)
	}
	println(s[99], len(s))
	sink = nil
	runtime.GC()
	for i := 0; i < 8; i++ {
		// A new page each time.
		again := address(i)
		for _, old := range at {
			if old == again {
				println("used again")
			}
		}
	}
	println("dead")
	println(*(*int)(unsafe.Pointer(at[3])))
}
