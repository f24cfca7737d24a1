// A heap that is given up: how much of it is still resident once debug.FreeOSMemory has returned.
//
// target: left 10%
// rounds: 3

package main

import (
	"flag"
	"fmt"
	"io/ioutil"
	"os"
	"runtime/debug"
	"time"
)

// node is 64 bytes.
type node struct {
	next  *node
	value [7]int64
}

const nodeSize = 64

// resident returns the resident memory of this process, in bytes.
func resident() int {
	text, err := ioutil.ReadFile("/proc/self/statm")
	var size, pages int
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		fmt.Println("cannot tell the resident memory:", err)
		os.Exit(1)
	}
	return pages * os.Getpagesize()
}

// heads is the heap; nil gives it up.
var heads []*node

// grow makes lists of n nodes in all.
func grow(n int) {
	const chain = 1024
	for made := 0; made < n; made += chain {
		var head *node
		for i := 0; i < chain; i++ {
			head = &node{next: head}
		}
		heads = append(heads, head)
	}
}

func main() {
	size := flag.Int("heap", 1024, "heap that is given up, in MiB")
	flag.Parse()

	grow(*size << 20 / nodeSize)
	full := resident()
	heads = nil
	start := time.Now()
	debug.FreeOSMemory()
	took := time.Since(start)
	fmt.Printf("metric left %.2f %%\n", float64(resident())*100/float64(full))
	fmt.Printf("metric free %d ns\n", took.Nanoseconds())
}
