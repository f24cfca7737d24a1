// Calls between Go and C in both directions; cli/tests/cgo.rs builds and runs it.
package main

// #include <stdlib.h>
// #include "code.h"
import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"unsafe"
)

//export goTwice
func goTwice(n C.int) C.int {
	runtime.GC()
	return 2 * n
}

//export goDeep
func goDeep(n C.int) C.int {
	// The stack grows, and so moves, below the frames of C.
	var room [512]int
	room[n%512] = int(n)
	if n == 0 {
		return 0
	}
	return C.deep(n-1) + C.int(room[n%512]-int(n)) + 1
}

//export goPanics
func goPanics() {
	panic("from a callback")
}

//export goExits
func goExits() {
	runtime.Goexit()
}

func recovered() (text interface{}) {
	defer func() { text = recover() }()
	C.lets_panic()
	return "no panic"
}

func exits() (ran bool) {
	done := make(chan bool)
	go func() {
		defer close(done)
		defer func() { ran = true }()
		C.lets_exit()
		panic("after Goexit")
	}()
	<-done
	return ran
}

func main() {
	if len(os.Args) > 1 {
		// A fault is no signal for package os/signal: its instruction would fault again.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGSEGV)
		C.thread_faults()
	}
	fmt.Println("call", C.add(2, 3))
	_, err := C.fails()
	fmt.Println("errno", err)
	text := C.CString("text of Go")
	fmt.Println("string", C.GoString(text), C.length(text))
	C.free(unsafe.Pointer(text))
	fmt.Println("callback", C.calls_back(20))
	fmt.Println("deep", C.deep(300))
	fmt.Println("recovered", recovered())
	fmt.Println("goexit", exits())

	var wait sync.WaitGroup
	sums := make([]C.int, 8)
	for i := range sums {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			for j := 0; j < 50; j++ {
				sums[i] += C.calls_back(C.int(j))
			}
		}(i)
	}
	wait.Wait()
	fmt.Println("goroutines", sums)
	fmt.Println("threads", C.from_threads(32, 20))

	os.Setenv("GORT_SEEN_BY_C", "yes")
	fmt.Println("environment", C.variable())
	os.Unsetenv("GORT_SEEN_BY_C")
	fmt.Println("environment", C.variable())
	fmt.Println("calls", runtime.NumCgoCall() > 700)
}
