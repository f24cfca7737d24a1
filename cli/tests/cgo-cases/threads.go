package main

// #include "c.h"
import "C"

import (
	"fmt"
	"runtime"
	"time"
)

//export goMeets
func goMeets() {
	time.Sleep(time.Millisecond)
}

//export goCallsExit
func goCallsExit() {
	C.exit_thread()
}

// few says whether the runtime has not made an M, with its goroutine, for each thread.
func few(limit int) bool {
	n := runtime.NumGoroutine()
	if n > limit {
		fmt.Println(n, "goroutines")
	}
	return n <= limit
}

func init() {
	cases["short-threads"] = func() {
		C.short_threads(20000)
		fmt.Println(few(20))
	}
	// They end by the system call, and tell nobody.
	cases["vanishing-threads"] = func() {
		C.vanishing_threads(3000)
		fmt.Println(few(300))
	}
	// They end in C code below a callback.
	cases["exiting-threads"] = func() {
		C.exiting_threads(20)
		fmt.Println(C.on_thread(returns, 5))
	}
	cases["threads-at-once"] = func() {
		fmt.Println(C.threads_at_once(1000))
		start := time.Now()
		fmt.Println(C.threads_at_once(1000), few(1100))
		if took := time.Since(start); took > 20*time.Second {
			fmt.Println("takes", took)
		}
	}
	// In the destructors of a thread's other keys, when it has given its M back already.
	cases["late-callbacks"] = func() {
		for i := 0; i < 200; i++ {
			if n := C.late_callbacks(); n != 3 {
				fmt.Println(n, "callbacks")
			}
		}
		fmt.Println(few(20))
	}
	cases["small-stacks"] = func() {
		for _, size := range []C.long{1 << 20, 128 << 10, 64 << 10, 32 << 10} {
			fmt.Println(C.small_stack(size))
		}
	}
	cases["tiny-stack"] = func() { fmt.Println(C.small_stack(16 << 10)) }
	cases["coroutines"] = func() {
		for i := 0; i < 100; i++ {
			if n := C.coroutine(); n != 10 {
				fmt.Println(n)
			}
		}
		fmt.Println("done")
	}
	cases["thread-local"] = func() {
		fmt.Println(C.thread_local_sum(8, 1000))
		runtime.LockOSThread()
		for i := 1; i < 5; i++ {
			fmt.Println(C.own_local())
			runtime.Gosched()
		}
	}
}
