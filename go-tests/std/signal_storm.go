// Signals at a high rate, to the process and to the profiler, while goroutines switch, grow their stacks, call into the runtime, allocate, panic
// and recover: they arrive at any moment, on any thread, and nothing is lost or broken.

package main

import (
	"fmt"
	"io/ioutil"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var stop int32

func running() bool { return atomic.LoadInt32(&stop) == 0 }

type tree struct{ left, right *tree }

func grow(n int) int {
	var pad [64]int
	if n == 0 {
		return 1
	}
	pad[n%64] = n
	return grow(n-1) + pad[n%64] - n
}

func build(depth int) *tree {
	if depth == 0 {
		return nil
	}
	return &tree{build(depth - 1), build(depth - 1)}
}

func (t *tree) count() int {
	if t == nil {
		return 1
	}
	return t.left.count() + t.right.count()
}

func recovers(n int) (got int) {
	defer func() { got = recover().(int) }()
	if n%2 == 0 {
		var t *tree
		defer func() {
			recover()
			panic(n)
		}()
		t.left = nil
	}
	panic(n)
}

func check(what string, ok bool) {
	if !ok {
		panic(what)
	}
}

var works = []func(n int){
	func(n int) {
		done := make(chan int)
		go func() { done <- grow(300) }()
		check("stack", <-done == 1)
	},
	func(n int) { check("tree", build(8).count() == 256) },
	func(n int) { check("recover", recovers(n) == n) },
	func(n int) {
		a, b := make(chan int), make(chan int)
		go func() { b <- 1 + <-a }()
		a <- n
		check("ring", <-b == n+1)
	},
	func(n int) {
		m := map[string]int{}
		for i := 0; i < 50; i++ {
			m[fmt.Sprint(i)] = i
		}
		check("map", m["49"] == 49)
	},
	func(n int) {
		select {
		case <-time.After(time.Duration(n%100) * time.Microsecond):
		case <-time.After(time.Millisecond):
		}
	},
	func(n int) {
		syscall.Getpid()
		runtime.Gosched()
		var pcs [10]uintptr
		check("callers", runtime.Callers(0, pcs[:]) > 2)
	},
	func(n int) {
		defer runtime.UnlockOSThread()
		runtime.LockOSThread()
		runtime.Gosched()
	},
	func(n int) {
		sum := 0.0
		for i := 0; i < 10000; i++ {
			sum += float64(i)
		}
		check("floats", sum == 49995000)
	},
}

func main() {
	if err := pprof.StartCPUProfile(ioutil.Discard); err != nil {
		panic(err)
	}
	got := make(chan os.Signal, 1000)
	signal.Notify(got, syscall.SIGUSR1)
	var received int32
	go func() {
		for range got {
			atomic.AddInt32(&received, 1)
		}
	}()
	pid := syscall.Getpid()
	var senders, workers sync.WaitGroup
	for i := 0; i < 2; i++ {
		senders.Add(1)
		go func(i int) {
			defer senders.Done()
			for n := 0; running(); n++ {
				sig := syscall.SIGUSR1
				if n%4 == i {
					sig = syscall.SIGPROF
				}
				syscall.Kill(pid, sig)
				if n%64 == 0 {
					time.Sleep(50 * time.Microsecond)
				}
			}
		}(i)
	}
	for i := 0; i < 6; i++ {
		workers.Add(1)
		go func(i int) {
			defer workers.Done()
			for n := 0; running(); n++ {
				works[(i+n)%len(works)](n)
			}
		}(i)
	}
	for i := 0; i < 8; i++ {
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
	}
	atomic.StoreInt32(&stop, 1)
	senders.Wait()
	workers.Wait()
	pprof.StopCPUProfile()
	syscall.Kill(pid, syscall.SIGUSR1)
	for atomic.LoadInt32(&received) < 10 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("signals arrived, nothing broke")
}
