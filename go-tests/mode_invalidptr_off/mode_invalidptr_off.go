// GODEBUG=invalidptr=0: pointers to memory that is free are passed over.
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
	println("done")
}
