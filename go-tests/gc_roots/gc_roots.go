// Everything that keeps an object alive: globals, locals, arguments, deferred arguments, closures, channel buffers, waiting
// goroutines, map entries, interface values, results on their way.
package main

import "runtime"

type box struct {
	magic int
	self  *box
	pad   [6]int
}

func newBox(n int) *box {
	b := &box{magic: n}
	b.self = b
	for i := range b.pad {
		b.pad[i] = n + i
	}
	return b
}

func (b *box) ok(n int) bool { return b.magic == n && b.self == b && b.pad[5] == n+5 }

var bad int

func (b *box) want(n int) {
	if !b.ok(n) {
		bad++
		println("lost", n)
	}
}

func collect() {
	runtime.GC()
	for i := 0; i < 3000; i++ {
		newBox(-1 - i)
	}
	runtime.GC()
}

var global *box
var globalSlice []*box
var globalArr [3]*box
var globalMap map[string]*box
var globalIface interface{}
var globalFunc func() *box
var globalStruct struct {
	n int
	b *box
	s []struct{ b *box }
}

func arg(b *box, n int) {
	collect()
	b.want(n)
}

func locals() {
	a := newBox(1)
	arr := [4]*box{newBox(2), nil, newBox(3)}
	p := &arr[2]
	s := []*box{newBox(4)}
	m := map[int]*box{5: newBox(5)}
	var i interface{} = newBox(6)
	st := struct {
		x int
		b *box
	}{7, newBox(7)}
	f := func() *box { return a }
	collect()
	a.want(1)
	arr[0].want(2)
	(*p).want(3)
	s[0].want(4)
	m[5].want(5)
	i.(*box).want(6)
	st.b.want(7)
	f().want(1)
}

func deferred() {
	defer func(b *box) {
		collect()
		b.want(10)
	}(newBox(10))
	defer newBox(11).want(11)
	b := newBox(12)
	defer func() { b.want(12) }()
	collect()
}

func panicking() {
	defer func() {
		collect()
		recover().(*box).want(20)
	}()
	defer collect()
	panic(newBox(20))
}

func results() (b *box, s []*box) {
	defer collect()
	return newBox(30), []*box{newBox(31)}
}

func deep(n int, b *box) {
	c := newBox(n)
	if n == 0 {
		collect()
	} else {
		deep(n-1, c)
	}
	b.want(n + 1)
	c.want(n)
}

func variadic(bs ...*box) {
	collect()
	for i, b := range bs {
		b.want(i)
	}
}

func main() {
	global = newBox(100)
	globalSlice = []*box{newBox(101), newBox(102)}
	globalArr[2] = newBox(103)
	globalMap = map[string]*box{"k": newBox(104)}
	globalIface = newBox(105)
	c := newBox(106)
	globalFunc = func() *box { return c }
	globalStruct.b = newBox(107)
	globalStruct.s = []struct{ b *box }{{newBox(108)}}

	ch := make(chan *box, 10)
	for i := 0; i < 10; i++ {
		ch <- newBox(i)
	}
	collect()
	for i := 0; i < 10; i++ {
		(<-ch).want(i)
	}
	locals()
	deferred()
	panicking()
	b, s := results()
	b.want(30)
	s[0].want(31)
	arg(newBox(40), 40)
	deep(100, newBox(101))
	variadic(newBox(0), newBox(1), newBox(2))

	// Goroutines that wait while holding the only pointers: in frames, in channel operations, in selects, not yet started.
	gate := make(chan bool)
	out := make(chan *box)
	other := make(chan *box)
	done := make(chan bool)
	for i := 0; i < 20; i++ {
		go func(b *box, n int) {
			<-gate
			b.want(n)
			done <- true
		}(newBox(i), i)
		go func(i int) { out <- newBox(i) }(i)
		go func(i int) {
			var none chan *box
			select {
			case other <- newBox(i):
			case none <- newBox(-1):
			}
		}(i)
	}
	collect()
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	collect()
	sum := 0
	for i := 0; i < 20; i++ {
		a, b := <-out, <-other
		a.want(a.magic)
		b.want(b.magic)
		sum += a.magic + b.magic
	}
	close(gate)
	for i := 0; i < 20; i++ {
		<-done
	}
	println("sum", sum)

	collect()
	global.want(100)
	globalSlice[0].want(101)
	globalSlice[1].want(102)
	globalArr[2].want(103)
	globalMap["k"].want(104)
	globalIface.(*box).want(105)
	globalFunc().want(106)
	globalStruct.b.want(107)
	globalStruct.s[0].b.want(108)
	println("bad", bad)
}
