// Pauses beside a large live heap: small objects with pointers, thousands of parked goroutines, and a program that
// allocates for several collections. Says how long the world stood still, how fast allocation was, and how late a goroutine
// came that sleeps for a millisecond at a time.
//
// PauseNs holds one figure for each collection: the sum of its stops.
//
// target: pause-p50 50us
// target: pause-p99 80us
// target: pause-max 200us
// target: late-p99 250us
// target: late-max 2ms
// target: alloc 2.5
// target: rss 1
// rounds: 3

package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync/atomic"
	"time"
)

// node is 64 bytes.
type node struct {
	next, other *node
	value       [6]int64
}

const nodeSize = 64

// grow makes a list of n nodes with a pointer from each to an earlier one, so that marking meets no single long chain.
func grow(n int) []*node {
	const chain = 1024
	heads := make([]*node, 0, n/chain+1)
	var earlier *node
	for made := 0; made < n; made += chain {
		var head *node
		for i := 0; i < chain && made+i < n; i++ {
			head = &node{next: head, other: earlier}
		}
		earlier = head
		heads = append(heads, head)
	}
	return heads
}

// park starts n goroutines that wait, and returns how to end them.
func park(n int) chan struct{} {
	end := make(chan struct{})
	ready := make(chan struct{})
	for i := 0; i < n; i++ {
		go func() {
			ready <- struct{}{}
			<-end
		}()
	}
	for i := 0; i < n; i++ {
		<-ready
	}
	return end
}

// sleep sleeps for a millisecond at a time until stop is set, and sends by how much it was late each time.
func sleep(stop *int32, late chan<- []time.Duration) {
	all := make([]time.Duration, 0, 1<<16)
	for atomic.LoadInt32(stop) == 0 {
		start := time.Now()
		time.Sleep(time.Millisecond)
		all = append(all, time.Since(start)-time.Millisecond)
	}
	late <- all
}

type durations []time.Duration

func (d durations) Len() int           { return len(d) }
func (d durations) Less(i, j int) bool { return d[i] < d[j] }
func (d durations) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// report prints the median, the 99th percentile and the maximum.
func report(name string, d durations) {
	if len(d) == 0 {
		fmt.Println("nothing was measured:", name)
		os.Exit(1)
	}
	sort.Sort(d)
	at := func(percent int) int64 { return d[(len(d)-1)*percent/100].Nanoseconds() }
	fmt.Printf("metric %s-p50 %d ns\n", name, at(50))
	fmt.Printf("metric %s-p99 %d ns\n", name, at(99))
	fmt.Printf("metric %s-max %d ns\n", name, at(100))
}

// sink keeps the compiler from leaving allocations out.
var sink [2]*node

func main() {
	heap := flag.Int("heap", 1024, "live heap, in MiB")
	parked := flag.Int("goroutines", 10000, "parked goroutines")
	cycles := flag.Int("cycles", 5, "collections to allocate for")
	allocators := flag.Int("allocators", 1, "goroutines that allocate")
	flag.Parse()
	if *allocators < 1 || *allocators > len(sink) {
		fmt.Println("-allocators must be 1 or 2")
		os.Exit(2)
	}

	live := grow(*heap << 20 / nodeSize)
	end := park(*parked)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	var stop int32
	late := make(chan []time.Duration)
	go sleep(&stop, late)
	counts := make(chan int)
	start := time.Now()
	for a := 0; a < *allocators; a++ {
		go func(a int) {
			made := 0
			for atomic.LoadInt32(&stop) == 0 {
				// A short list at a time; the one before it is garbage.
				var head *node
				for i := 0; i < 1000; i++ {
					head = &node{next: head}
				}
				sink[a] = head
				made += 1000
			}
			counts <- made
		}(a)
	}
	for {
		time.Sleep(20 * time.Millisecond)
		// Reading the statistics stops the world: seldom enough not to be what is measured.
		runtime.ReadMemStats(&after)
		if int(after.NumGC-before.NumGC) >= *cycles {
			break
		}
	}
	atomic.StoreInt32(&stop, 1)
	made := 0
	for a := 0; a < *allocators; a++ {
		made += <-counts
	}
	elapsed := time.Since(start)
	lateness := durations(<-late)

	runtime.ReadMemStats(&after)
	var pauses durations
	for n := before.NumGC; n < after.NumGC; n++ {
		pauses = append(pauses, time.Duration(after.PauseNs[n%uint32(len(after.PauseNs))]))
	}
	report("pause", pauses)
	report("late", lateness)
	fmt.Printf("metric alloc %.0f nodes/s\n", float64(made)/elapsed.Seconds())
	fmt.Printf("metric heap %d MiB\n", before.HeapAlloc>>20)
	close(end)
	if live[0] == nil {
		fmt.Println("the live heap is gone")
		os.Exit(1)
	}
}
