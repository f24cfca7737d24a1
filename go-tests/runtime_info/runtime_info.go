// What package runtime tells about itself: version, processors, GOMAXPROCS, goroutines, statistics, stacks.
package main

import "runtime"

type node struct {
	next *node
	pad  [100]byte
}

var keep *node

func contains(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return true
		}
	}
	return false
}

// settle waits until only the goroutines that existed at the start are left; the count includes those of the run-time system.
func settle(n int) {
	for runtime.NumGoroutine() > n {
		runtime.Gosched()
	}
}

func main() {
	n := runtime.NumGoroutine()
	println(runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.Compiler)
	println(runtime.NumCPU() > 0)
	old := runtime.GOMAXPROCS(0)
	println(old > 0)
	println(runtime.GOMAXPROCS(3) == old, runtime.GOMAXPROCS(-1), runtime.GOMAXPROCS(1), runtime.GOMAXPROCS(8), runtime.GOMAXPROCS(2))

	// Changing the number of processors while goroutines run.
	c := make(chan int)
	for i := 0; i < 20; i++ {
		go func(i int) {
			s := 0
			for k := 0; k < 50; k++ {
				s += k
				runtime.Gosched()
			}
			c <- s
		}(i)
	}
	sum := 0
	for i := 0; i < 20; i++ {
		runtime.GOMAXPROCS(1 + i%4)
		sum += <-c
	}
	println(sum, runtime.GOMAXPROCS(0))

	// Goroutines are counted from when they are started until they have ended.
	settle(n)
	stop := make(chan bool)
	for i := 0; i < 10; i++ {
		go func() { <-stop }()
	}
	println(runtime.NumGoroutine() - n)
	close(stop)
	settle(n)
	println(runtime.NumGoroutine() - n)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := 0; i < 1000; i++ {
		keep = &node{next: keep}
	}
	runtime.ReadMemStats(&after)
	println(after.Mallocs-before.Mallocs >= 1000, after.TotalAlloc-before.TotalAlloc >= 100*1000, after.HeapAlloc > 0,
		after.Sys >= after.HeapSys, after.HeapObjects >= 1000, after.HeapSys >= after.HeapInuse)
	println(len(after.BySize) == 61, after.BySize[1].Size)

	buf := make([]byte, 4096)
	s := string(buf[:runtime.Stack(buf, false)])
	println(contains(s, "goroutine 1 [running]:\n"), contains(s, "main.main()\n"), contains(s, "runtime_info.go:"))
	println(runtime.Stack(buf[:5], false), string(buf[:5]))
	println(contains(string(buf[:runtime.Stack(buf, true)]), "goroutine 1 ["))
	println(runtime.NumCgoCall())
}
