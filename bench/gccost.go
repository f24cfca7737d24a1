// What one collection costs, for live heaps of several sizes: it should grow with the heap and no faster. Each size has
// a row for the wall time of runtime.GC and one for the processor time of the whole process meanwhile.
//
// rounds: 3

package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// node is 64 bytes: two pointers and data, as in many programs.
type node struct {
	next, other *node
	value       [6]int64
}

const nodeSize = 64

// grow adds n nodes to the heads of the lists, in chains that can be marked side by side.
func grow(heads []*node, n int) []*node {
	const chain = 1024
	for made := 0; made < n; made += chain {
		var head, other *node
		if len(heads) > 0 {
			other = heads[len(heads)/2]
		}
		for i := 0; i < chain; i++ {
			head = &node{next: head, other: other}
		}
		heads = append(heads, head)
	}
	return heads
}

// processor returns the processor time used so far, all threads together.
func processor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func main() {
	sizes := flag.String("sizes", "64,128,256,512,1024", "live heaps in MiB, ascending")
	times := flag.Int("times", 3, "collections of each size; the fastest counts")
	flag.Parse()

	var heads []*node
	size := 0
	for _, text := range strings.Split(*sizes, ",") {
		next, err := strconv.Atoi(text)
		if err != nil || next <= size {
			fmt.Println("-sizes must be ascending numbers:", *sizes)
			os.Exit(2)
		}
		heads = grow(heads, (next-size)<<20/nodeSize)
		size = next
		// The first collection may have to finish what went before.
		runtime.GC()
		var wall, cpu time.Duration
		for i := 0; i < *times; i++ {
			used, start := processor(), time.Now()
			runtime.GC()
			w, c := time.Since(start), processor()-used
			if i == 0 || w < wall {
				wall = w
			}
			if i == 0 || c < cpu {
				cpu = c
			}
		}
		fmt.Printf("metric %dMiB %d ns\n", size, wall.Nanoseconds())
		fmt.Printf("metric %dMiB-cpu %d ns\n", size, cpu.Nanoseconds())
	}
	if heads[0] == nil {
		fmt.Println("the live heap is gone")
		os.Exit(1)
	}
}
