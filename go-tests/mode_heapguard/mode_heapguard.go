// GODEBUG=heapguard=1: a write to an object that is dead ends the program.
package main

import (
	"runtime"
	"unsafe"
)

type record struct {
	a, b, c int
	next    *record
}

var sink []*record

func address() uintptr {
	r := &record{a: 1, b: 2, c: 3}
	sink = append(sink, r)
	return uintptr(unsafe.Pointer(r))
}

func main() {
	// Neighbours keep the span in use.
	for i := 0; i < 200; i++ {
		sink = append(sink, &record{c: i})
	}
	at := address()
	for i := 0; i < 200; i++ {
		sink = append(sink, &record{c: i})
	}
	println("alive:", *(*int)(unsafe.Pointer(at + 8)))
	sink[200] = nil
	sink = append([]*record(nil), sink...)
	runtime.GC()
	println("dead:", *(*uint64)(unsafe.Pointer(at)) == 0xdead0b1edead0b1e, *(*uint64)(unsafe.Pointer(at + 8)) == 0xdead0b1edead0b1e)
	*(*int)(unsafe.Pointer(at + 16)) = 77
	for i := 0; i < 1000; i++ {
		sink = append(sink, &record{a: i})
	}
	println("not reached")
}
