// Every run-time panic text, its dynamic type, and whether it is a runtime.Error, an error or a plain string.
package main

import "runtime"

type I interface {
	M()
	N()
}
type T struct{ n int }

func (T) M() {}

var sinkI int
var sinkS []int
var sinkStr string
var sinkT I
var sinkAny interface{}
var zero = 0
var five = 5
var minus = -1
var ints = []int{1, 2, 3}
var nilMap map[string]int
var ptr *T
var text = "text"
var anyT interface{} = T{1}
var anyNil interface{}
var closed = make(chan int)

func class(name string, f func()) {
	defer func() {
		e := recover()
		print(name, ": ")
		switch e := e.(type) {
		case nil:
			print("nothing")
		case *runtime.TypeAssertionError:
			print("TypeAssertionError: ", e.Error())
		case runtime.Error:
			print("runtime.Error: ", e.Error())
		case error:
			print("error: ", e.Error())
		case string:
			print("string: ", e)
		default:
			print("other")
		}
		println()
	}()
	f()
}

func main() {
	close(closed)
	class("index", func() { sinkI = ints[five] })
	class("index negative", func() { sinkI = ints[minus] })
	class("index string", func() { sinkI = int(text[five]) })
	class("slice", func() { sinkS = ints[five:] })
	class("slice string", func() { sinkStr = text[five:] })
	class("divide", func() { sinkI = five / zero })
	class("modulo", func() { sinkI = five % zero })
	class("nil pointer", func() { sinkI = ptr.n })
	class("nil map", func() { nilMap["a"] = 1 })
	class("makeslice len", func() { sinkS = make([]int, minus) })
	class("makeslice cap", func() { sinkS = make([]int, 2, five-4) })
	class("makechan", func() { sinkAny = make(chan int, minus) })
	class("send closed", func() { closed <- 1 })
	class("close closed", func() { close(closed) })
	class("close nil", func() { var c chan int; close(c) })
	class("assertion type", func() { sinkI = anyT.(int) })
	class("assertion nil", func() { sinkI = anyNil.(int) })
	class("assertion method", func() { sinkT = anyT.(I) })
	class("hash", func() { sinkI = map[interface{}]int{1: 1}[ints] })
	class("compare", func() { sinkAny = anyT == interface{}(ints); sinkAny = interface{}(ints) == interface{}(ints) })
	class("value method on nil", func() {
		var p *T
		var m interface {
			M()
		} = p
		m.M()
	})
	class("explicit", func() { panic("explicit") })
	class("explicit nil", func() { panic(nil) })
	class("explicit int", func() { panic(5) })

	// A runtime.Error can be told apart and re-panicked.
	class("again", func() {
		defer func() {
			e := recover().(runtime.Error)
			panic(e)
		}()
		sinkI = ints[five]
	})
	class("wrapped", func() {
		defer func() {
			panic("wrapped " + recover().(error).Error())
		}()
		sinkI = ints[five]
	})
}
