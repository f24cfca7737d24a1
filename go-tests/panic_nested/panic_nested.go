// Panics within deferred calls within panics: which recover gets which value, what is aborted, what goes on.
package main

import "runtime"

func str(v interface{}) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return v
	case error:
		return v.Error()
	}
	return "?"
}

func test(name string, f func()) {
	defer func() {
		println(name, "->", str(recover()))
	}()
	f()
}

func a1() {
	defer func() {
		defer func() {
			println(" second recover", str(recover()))
		}()
		defer func() {
			println(" first recover", str(recover()))
		}()
		panic("2")
	}()
	panic("1")
}

func a2() {
	defer func() { println(" got", str(recover())) }()
	defer func() { panic("3") }()
	defer func() { panic("2") }()
	panic("1")
}

func a3() {
	defer func() {
		println(" outer got", str(recover()))
		panic("new")
	}()
	panic("old")
}

func a4() (n int) {
	defer func() { n *= 10 }()
	defer func() {
		recover()
		n++
		defer func() {
			recover()
			n++
		}()
		var m map[int]int
		m[1] = 1
	}()
	n = 5
	panic(1)
}

// The panic raised in a called function is recovered between frames while an outer panic is going on.
func a5() {
	defer func() {
		println(" a5 recovers", str(recover()))
	}()
	defer func() {
		test(" inner test", func() { panic("inner") })
		println(" still panicking")
	}()
	panic("outer")
}

func a6(depth int) {
	defer func() {
		if depth%2 == 0 {
			v := recover()
			if depth > 0 {
				panic(str(v) + "+")
			}
			println(" bottom", str(v))
		}
	}()
	if depth == 8 {
		panic("x")
	}
	a6(depth + 1)
}

// A deferred call made while panicking starts a function with its own defers and normal returns.
func a7() {
	defer func() { println(" a7", str(recover())) }()
	defer func() {
		func() {
			defer println(" normal defer inside")
			defer func() {
				if v := recover(); v != nil {
					println(" wrong: recovered", str(v))
				}
			}()
		}()
	}()
	panic("seven")
}

func a8() {
	defer func() {
		println(" recovered", str(recover()))
		println(" then", str(recover()))
	}()
	defer func() {
		defer func() { panic("replacing") }()
		panic("middle")
	}()
	panic("base")
}

func a9() {
	for i := 0; i < 3; i++ {
		defer func(i int) {
			if v := recover(); v != nil {
				println(" loop", i, str(v))
			}
			if i > 0 {
				panic("loop" + string('0'+i))
			}
		}(i)
	}
	panic("start")
}

func a10() {
	defer func() { println(" last", str(recover())) }()
	defer func() {
		defer func() {
			var p *int
			defer func() { println(" fault", str(recover())) }()
			*p = 1
		}()
		var a []int
		_ = a[2]
	}()
	panic("first")
}

func a11() {
	c := make(chan string)
	defer func() { println(" main side", str(recover())) }()
	defer func() {
		go func() {
			defer func() { c <- "goroutine " + str(recover()) }()
			panic("its own")
		}()
		println("", <-c)
		runtime.Gosched()
	}()
	panic("parent")
}

func a12() {
	// Recovered, and the same function panics again later.
	func() {
		defer func() { recover() }()
		panic("gone")
	}()
	panic("later")
}

func a13() (s string) {
	defer func() { s += str(recover()) }()
	for i := 0; i < 100; i++ {
		defer func() {
			if i = i - 1; i%10 == 0 {
				s += "."
			}
		}()
	}
	panic("end")
}

func main() {
	test("a1", a1)
	test("a2", a2)
	test("a3", a3)
	println("a4", a4())
	test("a5", a5)
	test("a6", func() { a6(0) })
	test("a7", a7)
	test("a8", a8)
	test("a9", a9)
	test("a10", a10)
	test("a11", a11)
	test("a12", a12)
	println("a13", a13())
	test("none", func() {})
}
