// Objects of 1 B to 100 KB, with and without pointers, of which a sliding window stays reachable: the allocator over
// all of its sizes at once.
//
// target: alloc 1/1.8

package main

import (
	"flag"
	"fmt"
	"sync"
	"time"
)

// window is how many objects of each goroutine are reachable at a time.
const window = 4096

// random is a xorshift generator: the same sizes in every run, on every side.
type random uint64

func (r *random) next() uint64 {
	x := uint64(*r)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = random(x)
	return x
}

// size draws from a distribution in which each power of two of the size is half as frequent as the one below, with
// a maximum of 100 KB.
func (r *random) size() int {
	bits := r.next()
	top := uint(0)
	for bits&1 == 1 && top < 14 {
		bits >>= 1
		top++
	}
	n := 1 + int(r.next()%(8<<top))
	if n > 100<<10 {
		n = 100 << 10
	}
	return n
}

// mix allocates n objects. What it keeps of each is a pointer, as a program would.
func mix(seed random, n int) {
	bytes := make([][]byte, window)
	pointers := make([][]*int, window)
	value := new(int)
	for i := 0; i < n; i++ {
		size := seed.size()
		if i&1 == 0 {
			b := make([]byte, size)
			b[size-1] = 1
			bytes[i/2%window] = b
		} else {
			p := make([]*int, (size+7)/8)
			p[len(p)-1] = value
			pointers[i/2%window] = p
		}
	}
}

func main() {
	objects := flag.Int("objects", 3000000, "objects that each goroutine allocates")
	goroutines := flag.Int("goroutines", 2, "goroutines that allocate")
	flag.Parse()

	var done sync.WaitGroup
	start := time.Now()
	for g := 0; g < *goroutines; g++ {
		done.Add(1)
		go func(g int) {
			mix(random(88172645463325252+g), *objects)
			done.Done()
		}(g)
	}
	done.Wait()
	all := *objects * *goroutines
	fmt.Printf("metric alloc %.2f ns\n", float64(time.Since(start).Nanoseconds())/float64(all))
}
