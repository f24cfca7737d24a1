// A pointer to memory of the heap that is free ends the program when it is found; GODEBUG=invalidptr=1 is the default.
package main

import (
	"runtime"
	"unsafe"
)

type holder struct {
	a, b int
	p    unsafe.Pointer
}

var (
	sink []byte
	h    *holder
)

func address() uintptr {
	sink = make([]byte, 100000)
	return uintptr(unsafe.Pointer(&sink[50000]))
}

func main() {
	at := address()
	sink = nil
	runtime.GC()
	h = new(holder)
	h.p = unsafe.Pointer(at)
	runtime.GC()
	println("not reached")
}
