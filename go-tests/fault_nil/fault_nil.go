// Run-time panics for nil: reads and writes of fields at many offsets, calls, indexing, copying whole values, embedded pointers.
package main

import "runtime"

type T struct {
	a byte
	b int16
	c int32
	d int64
	f float64
	s string
	l []int
	i interface{}
	p *T
	m [3]int
}
type far struct {
	pad [100000]byte
	x   int
}
type big struct {
	v [50]int
}
type emb struct {
	n int
	*T
}
type I interface {
	get() int
}

func (t *T) get() int    { return int(t.c) }
func (t *T) safe() bool  { return t == nil }
func (t T) value() int64 { return t.d }

var sinkI int
var sinkF float64
var sinkS string
var sinkT T
var sinkB big
var sinkX interface{}
var sinkP *int
var sinkByte byte

func try(name string, f func()) {
	defer func() {
		e := recover()
		if e == nil {
			println(name, "no panic")
			return
		}
		re, ok := e.(runtime.Error)
		if !ok {
			println(name, "not a runtime.Error")
			return
		}
		println(name, re.Error())
	}()
	f()
	println("after", name)
}

func args(t *T, n int) (r int) {
	defer func() {
		if recover() != nil {
			r = -n
		}
	}()
	r = n
	return int(t.c) + r
}

func main() {
	var t *T
	try("read byte", func() { sinkByte = t.a })
	try("read int16", func() { sinkI = int(t.b) })
	try("read int32", func() { sinkI = int(t.c) })
	try("read int64", func() { sinkI = int(t.d) })
	try("read float", func() { sinkF = t.f })
	try("read string", func() { sinkS = t.s })
	try("read slice len", func() { sinkI = len(t.l) })
	try("read interface", func() { sinkX = t.i })
	try("read pointer", func() { sinkI = int(t.p.c) })
	try("read array", func() { sinkI = t.m[2] })
	try("read all", func() { sinkT = *t })
	try("write byte", func() { t.a = 1 })
	try("write int64", func() { t.d = 1 })
	try("write float", func() { t.f = 1 })
	try("write string", func() { t.s = "x" })
	try("write slice", func() { t.l = nil })
	try("write interface", func() { t.i = 5 })
	try("write pointer", func() { t.p = t })
	try("write all", func() { *t = T{} })
	try("increment", func() { t.c++ })
	try("address of field", func() { sinkP = &t.m[1] })

	var f *far
	try("far read", func() { sinkI = f.x })
	try("far write", func() { f.x = 1 })
	try("far address", func() { sinkP = &f.x })
	try("far near", func() { sinkByte = f.pad[5] })
	try("far index", func() { sinkByte = f.pad[99999] })

	var b *big
	try("big copy out", func() { sinkB = *b })
	try("big copy in", func() { *b = sinkB })
	try("big range", func() {
		for _, v := range b.v {
			sinkI += v
		}
	})
	var arr *[1000000]int
	try("array elem", func() { sinkI = arr[999999] })
	try("array slice", func() { sinkI = len(arr[5:10]) })
	try("array range index only", func() {
		n := 0
		for i := range arr {
			n += i & 1
		}
		sinkI = n
	})

	var e emb
	try("promoted field", func() { sinkI = int(e.c) })
	try("promoted method", func() { sinkI = e.get() })
	var ep *emb
	try("promoted through nil", func() { sinkI = int(ep.c) })
	println(t.safe(), e.safe())
	try("method on nil pointer", func() { sinkI = t.get() })
	try("value method on nil pointer", func() { sinkI = int(t.value()) })
	var i I
	try("nil interface call", func() { sinkI = i.get() })
	i = t
	try("interface holding nil", func() { sinkI = i.get() })
	try("method value of nil interface", func() {
		var i I
		g := i.get
		sinkI = g()
	})
	try("method value, value receiver", func() { g := t.value; sinkI = int(g()) })
	var fn func(int) int
	try("nil func", func() { sinkI = fn(1) })
	fs := map[string]func(){}
	try("nil func from map", func() { fs["x"]() })
	try("nil func deferred", func() {
		var g func()
		defer g()
		println("deferring is fine")
	})
	var pi *int
	var pp **int
	try("*int", func() { sinkI = *pi })
	try("**int", func() { sinkI = **pp })
	pp = &pi
	try("**int 2", func() { sinkI = **pp })
	try("write *int", func() { *pi = 1 })
	var ps *string
	try("*string", func() { sinkS = *ps })
	try("len *string", func() { sinkI = len(*ps) })
	var pl *[]int
	try("*slice index", func() { sinkI = (*pl)[0] })
	try("append to *slice", func() { *pl = append(*pl, 1) })
	var pm *map[int]int
	try("*map", func() { sinkI = (*pm)[1] })
	var pc *chan int
	try("*chan", func() { sinkI = len(*pc) })
	var pe *interface{}
	try("*interface", func() { sinkX = *pe })
	var pf *func()
	try("*func", func() { (*pf)() })
	try("compare arrays", func() {
		if b.v == sinkB.v {
			sinkI++
		}
	})
	println(args(nil, 5), args(&T{c: 2}, 5))

	// Many faults in a row, and in goroutines.
	n := 0
	for k := 0; k < 2000; k++ {
		func() {
			defer func() {
				if recover() != nil {
					n++
				}
			}()
			sinkI = int(t.c)
		}()
	}
	println(n)
	c := make(chan int)
	for k := 0; k < 20; k++ {
		go func() {
			n := 0
			defer func() { c <- n }()
			for j := 0; j < 50; j++ {
				n -= args(nil, 1)
			}
		}()
	}
	n = 0
	for k := 0; k < 20; k++ {
		n += <-c
	}
	println(n)
}
