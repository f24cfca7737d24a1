// runtime.MemStats: what small programs allocate and free is counted exactly, sums agree; FreeOSMemory gives memory back, which reads as zero when it
// is used again; profiles of allocations.
package main

import (
	"fmt"
	"io/ioutil"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

type triple struct{ a, b, c *int }

var (
	pointer *int
	sink    interface{}
	block   []byte
	blocks  [][]byte
)

func check(m *runtime.MemStats) {
	if m.Sys != m.HeapSys+m.StackSys+m.MSpanSys+m.MCacheSys+m.BuckHashSys+m.GCSys+m.OtherSys {
		fmt.Println("Sys is not the sum of its parts")
	}
	if m.HeapIdle+m.HeapInuse != m.HeapSys || m.HeapReleased > m.HeapIdle || m.HeapAlloc > m.HeapInuse {
		fmt.Println("heap:", m.HeapIdle, m.HeapInuse, m.HeapSys, m.HeapReleased, m.HeapAlloc)
	}
	if m.HeapObjects != m.Mallocs-m.Frees || m.Alloc != m.HeapAlloc || m.Alloc > m.TotalAlloc {
		fmt.Println("objects:", m.HeapObjects, m.Mallocs, m.Frees, m.Alloc, m.TotalAlloc)
	}
	if m.StackInuse > m.StackSys || m.MSpanInuse > m.MSpanSys || m.MCacheInuse > m.MCacheSys {
		fmt.Println("in use:", m.StackInuse, m.StackSys, m.MSpanInuse, m.MSpanSys, m.MCacheInuse, m.MCacheSys)
	}
	var mallocs, frees uint64
	for _, s := range m.BySize {
		mallocs += s.Mallocs
		frees += s.Frees
	}
	if mallocs > m.Mallocs || frees > m.Frees {
		fmt.Println("by size:", mallocs, m.Mallocs, frees, m.Frees)
	}
}

func count(name string, f func()) {
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	f()
	runtime.ReadMemStats(&b)
	check(&a)
	check(&b)
	fmt.Print(name, ": ", b.Mallocs-a.Mallocs, " objects, ", b.TotalAlloc-a.TotalAlloc, " bytes;")
	for i, s := range b.BySize {
		if n := s.Mallocs - a.BySize[i].Mallocs; n != 0 {
			fmt.Print(" ", n, " of ", s.Size)
		}
	}
	fmt.Println()
}

func rss() int {
	text, err := ioutil.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		panic(err)
	}
	return pages << 12
}

func main() {
	runtime.MemProfileRate = 0
	percent := debug.SetGCPercent(-1)
	// What fmt keeps is made now.
	count("first", func() {})
	count("nothing", func() {})
	count("words", func() {
		for i := 0; i < 1000; i++ {
			sink = new(*int)
		}
	})
	count("pairs", func() {
		for i := 0; i < 1000; i++ {
			pointer = &new([2]int)[0]
		}
	})
	count("triples", func() {
		for i := 0; i < 1000; i++ {
			sink = new(triple)
		}
	})
	count("kilobytes", func() {
		for i := 0; i < 100; i++ {
			block = make([]byte, 1000)
		}
	})
	count("large", func() {
		for i := 0; i < 10; i++ {
			block = make([]byte, 40000+i*1000)
		}
	})
	debug.SetGCPercent(percent)

	const n = 64
	for i := 0; i < n; i++ {
		b := make([]byte, 1<<20)
		for j := range b {
			b[j] = 0xee
		}
		blocks = append(blocks, b)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	check(&m)
	fmt.Println("at least 64 MB in use:", m.HeapInuse >= n<<20)
	full := rss()
	blocks, block = nil, nil
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	runtime.ReadMemStats(&m)
	check(&m)
	fmt.Println("most of it given back:", m.HeapReleased > (n-4)<<20, full-rss() > (n-4)<<20)
	fmt.Println("pauses:", m.NumGC >= 2, m.PauseNs[(m.NumGC+255)%256] > 0, m.PauseEnd[(m.NumGC+255)%256] == m.LastGC)
	before := m.HeapReleased
	for i := 0; i < n; i++ {
		b := make([]byte, 1<<20)
		for _, x := range b {
			if x != 0 {
				fmt.Println("not clear")
				return
			}
		}
		blocks = append(blocks, b)
	}
	runtime.ReadMemStats(&m)
	check(&m)
	fmt.Println("used again:", before-m.HeapReleased > (n-4)<<20)

	// Every allocation is a sample.
	runtime.MemProfileRate = 1
	for i := 0; i < 100; i++ {
		sampled()
	}
	kept := sampled()
	runtime.GC()
	runtime.GC()
	runtime.MemProfileRate = 0
	records := make([]runtime.MemProfileRecord, 10000)
	got, ok := runtime.MemProfile(records, true)
	fmt.Println("profile:", ok)
	for _, r := range records[:got] {
		if f := runtime.FuncForPC(r.Stack0[0] - 1); f != nil && f.Name() == "main.sampled" {
			fmt.Println(r.AllocObjects, r.AllocBytes, r.FreeObjects, r.FreeBytes, r.InUseObjects(), r.InUseBytes())
		}
	}
	fmt.Println(kept[0] == pointer)
}

// The loop keeps the function from being inlined.
func sampled() *[30]*int {
	x := new([30]*int)
	for i := range x {
		x[i] = pointer
	}
	sink = x
	return x
}
