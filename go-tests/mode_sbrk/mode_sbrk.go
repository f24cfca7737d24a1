// GODEBUG=sbrk=1: memory is only ever handed out, nothing is collected.
package main

import (
	"runtime"
	"unsafe"
)

type node struct {
	next *node
	v    int
	pad  [3]int
}

func main() {
	var list *node
	n := 0
	for i := 0; i < 50000; i++ {
		nd := &node{v: i}
		if i%10 == 0 {
			nd.next = list
			list = nd
			n++
		}
	}
	dead := uintptr(unsafe.Pointer(&node{v: 7}))
	dead = hide(dead)
	big := make([]byte, 3<<20)
	big[len(big)-1] = 1
	small := make([]byte, 0)
	for i := 0; i < 1000; i++ {
		small = append(small, byte(i))
	}
	m := map[int]string{}
	for i := 0; i < 1000; i++ {
		m[i] = string(small[i : i+1])
	}
	runtime.SetFinalizer(list, func(*node) { println("finalizer") })
	runtime.GC()
	for i := 0; i < 1000; i++ {
		list = &node{v: i, next: list}
	}
	sum := 0
	for nd := list; nd != nil; nd = nd.next {
		sum += nd.v
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	println(n, sum, len(m), m[65], (*node)(unsafe.Pointer(hide(dead))).v, s.NumGC, s.HeapAlloc)
}

func hide(p uintptr) uintptr { return ^p }
