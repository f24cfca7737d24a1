// One block that the system refuses, after a collection and some use of the heap.
package main

import "runtime"

var keep []byte

func main() {
	for i := 0; i < 10; i++ {
		keep = make([]byte, 10<<20)
	}
	runtime.GC()
	println("before")
	keep = make([]byte, 20<<30)
	println("after", len(keep))
}
