// A heap that is given up without being asked: how much of it is still resident after so many seconds in which the
// program does next to nothing.
//
// long
// rounds: 1

package main

import (
	"flag"
	"fmt"
	"io/ioutil"
	"os"
	"runtime"
	"strconv"
	"strings"
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
	after := flag.String("after", "1,10,60,180,420", "when to look, in seconds, ascending")
	flag.Parse()

	grow(*size << 20 / nodeSize)
	full := resident()
	heads = nil
	// Without it nothing would find out that the heap is garbage before the collection of every other minute.
	runtime.GC()
	start := time.Now()
	for _, text := range strings.Split(*after, ",") {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			fmt.Println("-after must be numbers:", *after)
			os.Exit(2)
		}
		time.Sleep(start.Add(time.Duration(seconds) * time.Second).Sub(time.Now()))
		fmt.Printf("metric left-%ds %.2f %%\n", seconds, float64(resident())*100/float64(full))
	}
}
