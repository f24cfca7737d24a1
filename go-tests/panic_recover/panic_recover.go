// panic and recover: values, results kept, re-panic, recover in the wrong place, defers run while panicking.
package main

type errT struct{ msg string }

func (e errT) Error() string { return "errT: " + e.msg }

func catch(f func()) (v interface{}) {
	defer func() {
		if e := recover(); e != nil {
			v = e
		}
	}()
	f()
	return "no panic"
}

func keep() (r int, s string) {
	defer func() {
		if recover() != nil {
			s += " recovered"
		}
	}()
	r, s = 7, "set before"
	panic("x")
}

func deferOrder() {
	defer println("first deferred, runs last")
	defer func() {
		println("recover:", recover().(string))
	}()
	defer println("runs while panicking")
	panic("value")
}

func helper() interface{} { return recover() }

func notDirect() (v interface{}) {
	defer func() { v = recover() }()
	defer func() {
		// recover is called by helper, not by the deferred function: no effect.
		if helper() != nil {
			println("wrong: helper recovered")
		}
		func() {
			if recover() != nil {
				println("wrong: nested closure recovered")
			}
		}()
	}()
	panic("still going")
}

func rePanic() {
	defer func() {
		v := recover()
		panic(v.(string) + " again")
	}()
	panic("once")
}

func replaced() {
	defer func() { panic("second") }()
	panic("first")
}

func deep(n int) {
	defer func() { depth++ }()
	if n == 0 {
		panic("bottom")
	}
	deep(n - 1)
}

var depth int

func twice() (s string) {
	defer func() {
		s += "a:"
		if v := recover(); v != nil {
			s += v.(string)
		} else {
			s += "nil"
		}
	}()
	defer func() {
		s += "b:" + recover().(string) + " "
		if recover() == nil {
			s += "gone "
		}
	}()
	panic("P")
}

func inLoop() int {
	n := 0
	for i := 0; i < 1000; i++ {
		func() {
			defer func() {
				if recover() != nil {
					n++
				}
			}()
			if i%2 == 0 {
				panic(i)
			}
		}()
	}
	return n
}

func main() {
	println(recover() == nil)
	println(catch(func() { panic("str") }).(string))
	println(catch(func() { panic(42) }).(int))
	println(catch(func() { panic(errT{"m"}) }).(error).Error())
	println(catch(func() { panic(nil) }) == nil) // recovered, and indistinguishable from no panic
	println(catch(func() { panic([]int{1, 2}) }).([]int)[1])
	println(catch(func() {}).(string))
	r, s := keep()
	println(r, s)
	deferOrder()
	println(notDirect().(string))
	println(catch(rePanic).(string))
	println(catch(replaced).(string))
	println(catch(func() { deep(500) }).(string), depth)
	println(twice())
	println(inLoop())

	// A panic inside a deferred call that itself recovers leaves the outer panic going.
	println(catch(func() {
		defer func() {
			defer func() { println("inner", recover().(string)) }()
			panic("inner value")
		}()
		panic("outer value")
	}).(string))

	// Recovery in a goroutine.
	c := make(chan string)
	go func() {
		defer func() { c <- recover().(string) }()
		panic("in goroutine")
	}()
	println(<-c)

	// The function that recovered returns normally to its caller, which goes on.
	for i := 0; i < 3; i++ {
		func() {
			defer func() { recover() }()
			var a []int
			println("before", i)
			a[i] = 1
			println("never")
		}()
	}
	defer func() { println("end", recover() == nil) }()
}
