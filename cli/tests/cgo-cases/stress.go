package main

// #include "c.h"
import "C"

import (
	"fmt"
	"io/ioutil"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var called int64

type node struct {
	next *node
	data []byte
}

// goWorks is called by the threads of stress.c.
//
//export goWorks
func goWorks(n C.int) C.int {
	atomic.AddInt64(&called, 1)
	var list *node
	for i := 0; i < int(n)%20; i++ {
		list = &node{list, make([]byte, 64)}
	}
	switch n % 64 {
	case 0:
		runtime.Gosched()
	case 1:
		if C.down(returns, 3) != 3 {
			return 0
		}
	case 2:
		func() {
			defer func() { recover() }()
			C.down(panics, 4)
		}()
	case 3:
		deep(200)
	case 4:
		c := make(chan bool)
		go func() { c <- true }()
		<-c
	case 5:
		time.Sleep(time.Microsecond)
	}
	k := C.int(0)
	for ; list != nil; list = list.next {
		if len(list.data) == 64 {
			k++
		}
	}
	if k == n%20 {
		return 1
	}
	return 0
}

// resident is the process's memory, in MiB.
func resident() int {
	text, _ := ioutil.ReadFile("/proc/self/statm")
	pages, _ := strconv.Atoi(strings.Fields(string(text) + " 0 0")[1])
	return pages >> 8
}

func init() {
	// For some seconds: threads that stay and threads that end, goroutines that call C, collections,
	// signals, profiles.
	cases["stress"] = func() {
		seconds := 2
		if len(os.Args) > 2 {
			seconds, _ = strconv.Atoi(os.Args[2])
		}
		end := time.Now().Add(time.Duration(seconds) * time.Second)
		over := func() bool { return time.Now().After(end) }
		received := make(chan os.Signal, 100)
		signal.Notify(received, syscall.SIGUSR1)
		C.stress_begins(8)
		done := make(chan bool)
		for i := 0; i < 4; i++ {
			go func(i int) {
				for n := i; !over(); n++ {
					if C.down(returns, C.int(n%5)) != C.int(n%5) {
						fmt.Println("goroutine: wrong result")
					}
					if n%100 == 0 {
						try2(func() { C.down(panics, 3) })
					}
				}
				done <- true
			}(i)
		}
		go func() {
			for !over() {
				syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
				<-received
				time.Sleep(time.Millisecond)
			}
			done <- true
		}()
		go func() {
			for !over() {
				if pprof.StartCPUProfile(ioutil.Discard) == nil {
					time.Sleep(100 * time.Millisecond)
					pprof.StopCPUProfile()
				}
			}
			done <- true
		}()
		time.Sleep(time.Duration(seconds) * time.Second / 4)
		early, goroutines := resident(), runtime.NumGoroutine()
		for !over() {
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
		}
		late, last := resident(), runtime.NumGoroutine()
		for i := 0; i < 6; i++ {
			<-done
		}
		expected := int64(C.stress_ends())
		fmt.Println("calls counted:", expected == atomic.LoadInt64(&called))
		if late > early+early/2+20 || last > goroutines+20 {
			fmt.Println("grows:", early, late, "MiB", goroutines, last, "goroutines")
		}
		if len(os.Args) > 2 {
			fmt.Println(expected, "callbacks", early, late, "MiB", goroutines, last, "goroutines")
		}
	}
}

func try2(f func()) {
	defer func() { recover() }()
	f()
}
