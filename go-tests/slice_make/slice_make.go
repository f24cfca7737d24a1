// make of slices: lengths, capacities, run-time sizes, and the errors for sizes out of range.
package main

import "runtime"

func try(name string, f func()) {
	defer func() {
		e := recover()
		if e == nil {
			println(name, "no panic")
			return
		}
		println(name, e.(runtime.Error).Error())
	}()
	f()
}

type wide [1 << 20]byte

var sink []int
var sinkWide []wide
var sinkEmpty []struct{}

func main() {
	n := 5
	a := make([]int, n)
	b := make([]int, n, 2*n)
	c := make([]int, 0, n)
	d := make([]string, 0)
	println(len(a), cap(a), len(b), cap(b), len(c), cap(c), len(d), cap(d), d == nil)
	var e []int
	println(len(e), cap(e), e == nil)
	for i := 0; i < 40; i++ {
		s := make([]int32, i, i+i/2)
		for _, v := range s[:cap(s)] {
			if v != 0 {
				println("not zero")
			}
		}
		if len(s) != i || cap(s) != i+i/2 {
			println("wrong", i)
		}
	}
	var small int8 = 100
	var u16 uint16 = 60000
	println(len(make([]byte, small)), len(make([]byte, u16)))
	println(len(make([]struct{}, 1<<40)), cap(make([]struct{}, 3, 1<<50)))

	minus := -1
	huge := 1 << 62
	try("len -1", func() { sink = make([]int, minus) })
	try("len huge", func() { sink = make([]int, huge) })
	try("cap < len", func() { sink = make([]int, 5, n-1) })
	try("cap -1", func() { sink = make([]int, 0, minus) })
	try("cap huge", func() { sink = make([]int, 0, huge) })
	try("wide len", func() { sinkWide = make([]wide, 1<<31*n) })
	try("wide cap", func() { sinkWide = make([]wide, 1, 1<<40*n) })
	try("empty -1", func() { sinkEmpty = make([]struct{}, minus) })
	try("uint64 huge", func() { var u uint64 = 1 << 63; sink = make([]int, u) })
	try("fine", func() { sink = make([]int, n, n) })
}
