// Type assertions: both forms, to concrete and interface types, from empty and other interfaces, and each failure text.
package main

import "runtime"

type stringer interface {
	String() string
}
type both interface {
	stringer
	Other(int)
}
type hidden interface {
	secret()
}
type T struct{ n int }
type P struct{ s string }
type word int
type pointerOnly struct{ a, b int }

func (T) String() string            { return "T" }
func (*P) String() string           { return "P" }
func (*P) Other(int)                {}
func (w word) secret()              {}
func (*pointerOnly) String() string { return "pointerOnly" }

func fail(name string, f func()) {
	defer func() {
		e := recover()
		if e == nil {
			println(name, ": no panic")
			return
		}
		if _, ok := e.(*runtime.TypeAssertionError); !ok {
			println(name, ": not a TypeAssertionError")
		}
		println(name, ":", e.(error).Error())
	}()
	f()
}

var sinkT T
var sinkP *P
var sinkS stringer
var sinkB both
var sinkH hidden
var sinkI int
var sinkE interface{}
var sinkStr string
var sinkSl []int
var sinkF func(int, ...string) (bool, error)
var sinkM map[string]*T
var sinkC <-chan int
var sinkSt struct{ A, b int }
var sinkArr [3]int

func main() {
	var e interface{} = T{3}
	t, ok := e.(T)
	println(t.n, ok)
	_, ok = e.(*T)
	println(ok)
	p, ok := e.(*P)
	println(p == nil, ok)
	s, ok := e.(stringer)
	println(s.String(), ok)
	b, ok := e.(both)
	println(b == nil, ok)
	i, ok := e.(int)
	println(i, ok)
	e = &P{"p"}
	s, ok = e.(stringer)
	println(s.String(), ok, s.(*P).s)
	b, ok = s.(both)
	println(b != nil, ok)
	_, ok = s.(hidden)
	println(ok)
	e, ok = s.(interface{})
	println(e == s, ok)
	e = nil
	_, ok = e.(stringer)
	println(ok)
	_, ok = e.(T)
	println(ok)
	s = nil
	_, ok = s.(both)
	println(ok)
	t, ok = s.(T)
	println(t.n, ok)
	e = "text"
	str, ok := e.(string)
	println(str, ok)
	if str, ok := e.([]int); !ok {
		println(str == nil)
	}
	if _, ok := e.(string); ok {
		println("string")
	}
	arr, ok := interface{}([3]int{1, 2, 3}).([3]int)
	println(arr[2], ok)
	arr, ok = interface{}([2]int{1, 2}).([3]int)
	println(arr[2], ok)

	e = T{1}
	var none interface{}
	var noneS stringer
	var sT stringer = T{2}
	var sP stringer = &P{}
	fail("E2T", func() { sinkI = e.(int) })
	fail("E2T pointer", func() { sinkP = e.(*P) })
	fail("E2T nil", func() { sinkI = none.(int) })
	fail("E2T nil pointer", func() { sinkP = none.(*P) })
	fail("E2I", func() { sinkB = e.(both) })
	fail("E2I hidden", func() { sinkH = e.(hidden) })
	fail("E2I nil", func() { sinkS = none.(stringer) })
	fail("I2T", func() { sinkT = sP.(T) })
	fail("I2T pointer", func() { sinkP = sT.(*P) })
	fail("I2T nil", func() { sinkT = noneS.(T) })
	fail("I2I", func() { sinkB = sT.(both) })
	fail("I2I nil", func() { sinkB = noneS.(both) })
	fail("I2E nil", func() { sinkE = noneS.(interface{}) })
	fail("E2E nil", func() { sinkE = none.(interface{}) })
	fail("pointer receiver", func() { sinkS = interface{}(pointerOnly{}).(stringer) })
	fail("slice", func() { sinkSl = e.([]int) })
	fail("func", func() { sinkF = e.(func(int, ...string) (bool, error)) })
	fail("map", func() { sinkM = e.(map[string]*T) })
	fail("chan", func() { sinkC = e.(<-chan int) })
	fail("struct", func() { sinkSt = e.(struct{ A, b int }) })
	fail("array", func() { sinkArr = e.([3]int) })
	fail("string", func() { sinkStr = e.(string) })
	fail("word", func() { sinkI = interface{}(word(1)).(int) })
	fail("fine", func() { sinkT = e.(T) })
	fail("fine I", func() { sinkS = e.(stringer) })
	println(sinkT.n, sinkS.String())

	// Repeated assertions hit whatever cache there is and still fail or succeed alike.
	n := 0
	for i := 0; i < 1000; i++ {
		if _, ok := e.(both); ok {
			n++
		}
		if _, ok := sP.(both); ok {
			n += 1000
		}
	}
	println(n)
}
