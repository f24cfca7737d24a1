// GODEBUG=allocfreetrace=1: allocations and frees are printed with their stacks.
package main

import "runtime"

type record struct {
	a, b, c, d, e int
	next          *record
}

var (
	sink  *record
	bytes []byte
)

func makeRecord() { sink = &record{a: 1} }

func makeBytes(n int) { bytes = make([]byte, n) }

func main() {
	makeRecord()
	makeBytes(100)
	makeBytes(100000)
	sink, bytes = nil, nil
	runtime.GC()
	println("done")
}
