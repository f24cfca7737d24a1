// C++ between Go: exceptions that C++ catches, thread_local objects, callbacks below. See
// cli/tests/cgo_cases.rs.
package main

// #include "code.h"
import "C"

import (
	"fmt"
	"runtime"
)

//export goCalls
func goCalls(depth C.int) C.int {
	runtime.GC()
	if depth == 0 {
		return 1
	}
	return C.catches(depth-1) + 1
}

func main() {
	fmt.Println(C.catches(0), C.catches(10))
	done := make(chan C.int)
	for i := 0; i < 4; i++ {
		go func() {
			sum := C.int(0)
			for j := 0; j < 100; j++ {
				sum += C.catches(1)
			}
			done <- sum
		}()
	}
	for i := 0; i < 4; i++ {
		fmt.Println(<-done)
	}
	fmt.Println(C.on_threads(4, 50), C.destroyed())
}
