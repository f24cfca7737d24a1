// Ways of an uncaught panic: again, recovered, in deferred calls, in init, in other goroutines, with Goexit. The argument chooses one.

package main

import (
	"runtime"
	_ "unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

type failure string

func (f failure) Error() string { return string(f) }

type counter struct{ n int }

func (c *counter) add(k int) {
	c.n += k
	panic(settled("in method"))
}

func (c counter) show(text string) {
	println("deferred", text, c.n)
}

func (c counter) fail() { panic(settled("in value method")) }

type failer interface {
	fail()
}

func again() {
	defer func() {
		r := recover()
		println("recovered", r.(string))
		panic(r)
	}()
	panic("first")
}

func deeper(n int) {
	defer func() {
		if n > 0 {
			deeper(n - 1)
		}
		panic(n)
	}()
	panic(failure("body"))
}

func recoverInNested() {
	defer func() {
		defer func() {
			println("inner", recover().(string))
		}()
		panic("second")
	}()
	panic("first")
}

func recoverBoth() {
	defer func() {
		println("outer", recover().(string))
	}()
	defer func() {
		panic("second")
	}()
	panic("first")
}

func notDirect() {
	defer func() {
		func() {
			if recover() != nil {
				println("recovered by a helper")
			}
		}()
	}()
	panic("not recovered")
}

func helper() {
	if r := recover(); r != nil {
		println("helper recovered")
	}
}

func loop() {
	for i := 0; i < 3; i++ {
		defer println("deferred", i)
	}
	panic("after loop")
}

var zero int

func runtimeErrorInDefer() {
	defer func() {
		println(1 / zero)
	}()
	panic("before division")
}

func nilDeferred() {
	var f func()
	defer f()
	println("the call is deferred")
}

func nilInDeferredOfPanic() {
	var f func()
	defer f()
	panic("first")
}

func init() {
	if len(arguments()) < 2 {
		return
	}
	switch arguments()[1] {
	case "init":
		panic("in init")
	case "init_goroutine":
		go panic("in a goroutine of init")
		select {}
	case "init_deferred":
		defer println("deferred in init")
		var m map[int]int
		m[1] = 1
	case "init_goexit":
		runtime.Goexit()
	}
}

func wait() {
	c := make(chan int)
	<-c
}

type finalized struct {
	p *finalized
	n [10]int
}

func main() {
	switch arguments()[1] {
	case "again":
		again()
	case "again_twice":
		defer func() {
			panic(recover())
		}()
		again()
	case "again_other":
		defer func() {
			panic(recover().(string) + ", again")
		}()
		panic("first")
	case "chain":
		deeper(2)
	case "recovered_inside":
		recoverInNested()
	case "recovered_both":
		recoverBoth()
		println("goes on")
		panic("later")
	case "recovered_after":
		func() {
			defer helper()
			panic("a")
		}()
		println("goes on")
		panic("b")
	case "recover_not_direct":
		notDirect()
	case "recover_argument":
		defer panic(recover())
		panic("first")
	case "deferred_recover":
		defer recover()
		panic("not by recover itself")
	case "deferred_loop":
		loop()
	case "deferred_method":
		c := counter{1}
		defer c.show("value")
		c.n = 2
		defer (&c).add(5)
		panic("first")
	case "deferred_interface":
		var f failer = &counter{3}
		defer f.fail()
	case "deferred_method_value":
		f := counter{3}.fail
		defer f()
	case "deferred_runtime_error":
		runtimeErrorInDefer()
	case "deferred_nil_func":
		nilDeferred()
	case "deferred_nil_func_panic":
		nilInDeferredOfPanic()
	case "deferred_prints":
		defer print("deferred ", 1, "\n")
		defer panic("deferred panic")
		panic("first")
	case "goroutine":
		go func() {
			panic(settled("in a goroutine"))
		}()
		wait()
	case "goroutine_method":
		go new(counter).add(7)
		wait()
	case "goroutine_value":
		go counter{7}.fail()
		wait()
	case "goroutine_interface":
		var f failer = counter{7}
		go f.fail()
		wait()
	case "goroutine_of_goroutine":
		go func() {
			go func() {
				defer func() {
					panic(settled("deferred in a goroutine"))
				}()
			}()
			wait()
		}()
		wait()
	case "goroutine_locked":
		go func() {
			runtime.LockOSThread()
			panic(settled("on a locked thread"))
		}()
		wait()
	case "goroutine_nil_func":
		var f func()
		go f()
		wait()
	case "goexit":
		go func() {
			defer func() {
				panic(settled("during Goexit"))
			}()
			runtime.Goexit()
		}()
		wait()
	case "goexit_in_panic":
		go func() {
			defer func() {
				runtime.Goexit()
			}()
			panic("never shown")
		}()
		wait()
	case "goexit_main":
		defer func() {
			panic("during Goexit of main")
		}()
		runtime.Goexit()
	case "goexit_main_recovered":
		defer println("not reached by a return")
		defer func() {
			defer func() {
				println("recovered", recover().(string))
			}()
			panic("during Goexit of main")
		}()
		runtime.Goexit()
	case "goexit_main_others":
		go func() {
			defer println("the other one ends")
			runtime.Gosched()
		}()
		runtime.Goexit()
	case "goexit_in_deferred_of_panic":
		defer func() {
			defer runtime.Goexit()
			panic("second")
		}()
		panic("first")
	case "goexit_recovers_nil":
		go func() {
			defer func() {
				println("recover gives nil:", recover() == nil)
				panic(settled("now"))
			}()
			runtime.Goexit()
		}()
		wait()
	case "finalizer":
		x := &finalized{n: [10]int{1}}
		runtime.SetFinalizer(x, func(x *finalized) {
			panic(settled("in a finalizer"))
		})
		x = nil
		runtime.GC()
		wait()
	case "finalizer_nil_deref":
		x := &finalized{n: [10]int{1}}
		runtime.SetFinalizer(x, func(x *finalized) {
			x.p.n[3] = len(settled("x"))
		})
		x = nil
		runtime.GC()
		wait()
	case "panic_nil_recovered":
		func() {
			defer func() {
				println("recover gives nil:", recover() == nil)
			}()
			panic(nil)
		}()
		println("goes on")
		panic("end")
	case "stack_grows_in_deferred":
		defer func() {
			defer func() {
				println(eat(1000))
				panic("third")
			}()
			println(eat(500))
			panic("second")
		}()
		panic("first")
	case "recovered_deep":
		defer func() {
			println("recovered", recover().(string))
			panic("after a deep one")
		}()
		eatAndPanic(1000)
	}
}

//go:noinline
func eat(n int) int {
	var pad [64]byte
	if n == 0 {
		return int(pad[5])
	}
	return eat(n-1) + 1
}

func eatAndPanic(n int) {
	if n == 0 {
		panic("deep")
	}
	eatAndPanic(n - 1)
}

// Answers text when no other goroutine is runnable: tracebacks say what each waits for, and one may
// have been stopped on its way there.
func settled(text string) string {
	all := make([]byte, 1<<16)
	for {
		n := runtime.Stack(all, true)
		if !has(string(all[:n]), " [runnable") {
			return text
		}
		runtime.Gosched()
	}
}

func has(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}
