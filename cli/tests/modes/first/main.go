// A library of Go for programs of C: what they call, and what of the program it sees.
package main

/*
typedef int (*callback)(int);
static int call(callback f, int n) { return f(n); }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var ready = make(chan string, 1)

func init() {
	// C code that calls meanwhile waits.
	time.Sleep(20 * time.Millisecond)
	ready <- "initialised"
}

func main() { panic("main.main of a library") }

var said string

// Said is for Report: what init has done, arguments, environment.
//
//export FirstReport
func FirstReport() *C.char {
	if said == "" {
		said = <-ready
	}
	args := strings.Join(os.Args[1:], ",")
	return C.CString(fmt.Sprintf("%s args=%s set=%s", said, args, os.Getenv("GORT_SET")))
}

// FirstSum adds up in goroutines, with garbage.
//
//export FirstSum
func FirstSum(n C.int) C.int {
	var wait sync.WaitGroup
	parts := make([]*int, n)
	for i := range parts {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			part := new(int)
			for _, word := range strings.Fields(strings.Repeat("x ", i)) {
				*part += len(word)
			}
			parts[i] = part
		}(i)
	}
	wait.Wait()
	runtime.GC()
	sum := 0
	for _, part := range parts {
		sum += *part
	}
	return C.int(sum)
}

var spinning, enough int32

// FirstSpin collects garbage while a goroutine runs in a loop that calls nothing: only a signal can
// stop it.
//
//export FirstSpin
func FirstSpin() C.int {
	atomic.StoreInt32(&enough, 0)
	go func() {
		atomic.StoreInt32(&spinning, 1)
		for enough == 0 {
		}
		atomic.StoreInt32(&spinning, 0)
	}()
	for atomic.LoadInt32(&spinning) == 0 {
		runtime.Gosched()
	}
	runtime.GC()
	atomic.StoreInt32(&enough, 1)
	for atomic.LoadInt32(&spinning) != 0 {
		runtime.Gosched()
	}
	return 1
}

// FirstCall calls C, which may call Go.
//
//export FirstCall
func FirstCall(f C.callback, n C.int) C.int { return C.call(f, n) + 1 }

// FirstFault is told of a nil pointer by a panic.
//
//export FirstFault
func FirstFault() (answer C.int) {
	defer func() {
		if recover() != nil {
			answer = 1
		}
	}()
	var p *C.int
	return *p
}

// FirstDie ends the process.
//
//export FirstDie
func FirstDie(how C.int) {
	if how == 0 {
		panic("dies")
	}
	os.Exit(int(how))
}
