package main

// #include "c.h"
import "C"

import (
	"fmt"
	"runtime"
	"syscall"
)

const (
	returns = iota
	panics
	faults
	exits
	recovers
	grows
	collects
	caught
	names
	burns
)

var after = 0

// goDown does what kind says at depth 0, below so many calls of C.
//
//export goDown
func goDown(kind, depth C.int) C.int {
	if kind == exits {
		defer func() { after++ }()
	}
	if depth > 0 {
		return C.down(kind, depth-1) + 1
	}
	switch kind {
	case panics:
		panic("from below")
	case faults:
		var p *int
		*p = 1
	case exits:
		runtime.Goexit()
	case recovers:
		recovering()
	case caught:
		func() {
			defer func() { recover() }()
			var p *int
			*p = 1
		}()
	case names:
		printNames()
	case burns:
		C.burn(400)
	case grows:
		return C.int(deep(20000) - 20000)
	case collects:
		runtime.GC()
	}
	return 0
}

func recovering() {
	defer func() { recover() }()
	panic("not seen")
}

// deep needs a stack of some megabytes.
func deep(n int) int {
	var room [16]int
	room[n%16] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1 + room[n%16] - n
}

//export goNothing
func goNothing() {}

func init() {
	cases["nested"] = func() {
		for _, kind := range []C.int{returns, recovers, grows, collects} {
			fmt.Println(kind, C.down(kind, 1000), C.on_thread(kind, 1000))
		}
		// In a goroutine whose stack is small.
		done := make(chan C.int)
		go func() { done <- C.down(grows, 100) }()
		fmt.Println(<-done)
	}
	cases["panics"] = func() {
		for _, kind := range []C.int{panics, faults} {
			for _, depth := range []C.int{0, 1, 3, 1000} {
				try(fmt.Sprint(kind, " at ", depth), func() { C.down(kind, depth) })
			}
		}
		// The C stack is where it was.
		for i := 0; i < 20000; i++ {
			func() {
				defer func() { recover() }()
				C.down(panics, 10)
			}()
		}
		// A panic while a panic comes through C.
		try("twice", func() {
			defer func() {
				defer func() { fmt.Println("inner:", recover()) }()
				C.down(panics, 2)
			}()
			C.down(faults, 2)
		})
		// Recovered between two calls of C.
		try("between", func() {
			func() {
				defer func() { fmt.Println("between:", recover()) }()
				C.down(panics, 3)
			}()
			fmt.Println("goes on:", C.down(returns, 3))
		})
		fmt.Println(C.on_thread(recovers, 5))
		// Not locked to the thread, after all that.
		fmt.Println("calls", C.repeat(returns, 1000))
	}
	cases["goexit"] = func() {
		for _, depth := range []C.int{0, 2, 100} {
			done := make(chan bool)
			go func() {
				defer close(done)
				C.down(exits, depth)
				fmt.Println("not reached")
			}()
			<-done
			fmt.Println("deferred calls:", after)
			after = 0
		}
		for i := 0; i < 1000; i++ {
			done := make(chan bool)
			go func() {
				defer close(done)
				C.down(exits, 3)
			}()
			<-done
		}
		fmt.Println("deferred calls:", after)
	}
	cases["locked"] = func() {
		runtime.LockOSThread()
		tid := syscall.Gettid()
		for i := 0; i < 100; i++ {
			runtime.Gosched()
			if C.down(collects, 2) != 2 || syscall.Gettid() != tid {
				fmt.Println("on another thread")
			}
			func() {
				defer func() { recover() }()
				C.down(panics, 2)
			}()
			if syscall.Gettid() != tid {
				fmt.Println("on another thread after a panic")
			}
		}
		runtime.UnlockOSThread()
		fmt.Println("done")
	}
	cases["errno"] = func() {
		var before, after C.int
		C.keep_errno(&before, &after)
		fmt.Println(before, after)
	}
}
