// Goexit: runs the deferred calls, ends only its goroutine, is not a panic, and mixes with panics and recover.
package main

import "runtime"

var log []string

func add(s string) { log = append(log, s) }

func show() {
	for _, s := range log {
		print(s, " ")
	}
	println()
	log = nil
}

func run(f func()) {
	done := make(chan bool)
	go func() {
		defer close(done)
		f()
		add("returned")
	}()
	<-done
	show()
}

func deep(n int) {
	defer func() {
		if n%10 == 0 {
			add("deep")
		}
	}()
	if n == 0 {
		runtime.Goexit()
	}
	deep(n - 1)
}

func main() {
	run(func() {
		defer add("first")
		defer add("second")
		runtime.Goexit()
		add("never")
	})
	run(func() { add("plain") })
	run(func() { deep(35) })
	run(func() {
		defer func() {
			if recover() == nil {
				add("recover gave nil")
			}
		}()
		runtime.Goexit()
	})
	run(func() {
		// Goexit in a deferred call of a normal return.
		defer add("after goexit in defer")
		defer runtime.Goexit()
		add("body")
	})
	run(func() {
		// Goexit while panicking ends the goroutine without a crash.
		defer add("outer")
		defer func() {
			add("goexit while panicking")
			runtime.Goexit()
		}()
		panic("p")
	})
	run(func() {
		// A panic in a deferred call during Goexit, recovered further out.
		defer func() {
			if v := recover(); v != nil {
				add("recovered " + v.(string))
			}
		}()
		defer func() { panic("in defer") }()
		runtime.Goexit()
	})
	run(func() {
		// Recovered in the same deferred call: Goexit goes on.
		defer add("last")
		defer func() {
			defer func() { add(recover().(string)) }()
			panic("inner")
		}()
		runtime.Goexit()
	})
	run(func() {
		func() {
			defer func() { recover() }()
			panic("x")
		}()
		add("recovered, then")
		runtime.Goexit()
	})
	// Many goroutines ending by Goexit.
	c := make(chan int)
	for i := 0; i < 1000; i++ {
		go func(i int) {
			defer func() { c <- i }()
			if i%2 == 0 {
				runtime.Goexit()
			}
		}(i)
	}
	sum := 0
	for i := 0; i < 1000; i++ {
		sum += <-c
	}
	println(sum)
}
