// Uncaught panics whose value's method does what methods do: it waits, starts goroutines, collects garbage, panics, ends its goroutine, never returns. The argument
// chooses.

package main

import (
	"runtime"
	_ "unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

var kind string

type failure struct{}

var (
	done   = make(chan bool)
	closed = make(chan bool)
	sink   []byte
)

func (failure) Error() string {
	switch kind {
	case "prints":
		println("printed")
	case "collects":
		for i := 0; i < 3; i++ {
			runtime.GC()
		}
		return text("after ", "collections")
	case "allocates":
		for i := 0; i < 1000; i++ {
			sink = make([]byte, 10000+i)
		}
		return text("allo", "cated")
	case "waits":
		answer := make(chan string)
		go func() { answer <- text("from another ", "goroutine") }()
		return alone(<-answer)
	case "yields":
		for i := 0; i < 100; i++ {
			runtime.Gosched()
		}
	case "yields_to_busy":
		for i := 0; i < 4; i++ {
			go busy()
		}
		for i := 0; i < 3; i++ {
			runtime.Gosched()
		}
	case "changes_procs":
		runtime.GOMAXPROCS(3)
	case "grows":
		return text("depth ", string('0'+deep(2000)%10))
	case "stack":
		b := make([]byte, 1000)
		if runtime.Stack(b, true) > 0 {
			return "seen"
		}
	case "locks_thread":
		runtime.LockOSThread()
	case "recovers":
		return recovering()
	case "recovers_fault":
		return text("recovered: ", faulting(nil))
	case "recovers_own_panic":
		if r := recover(); r != nil {
			return "recovered"
		}
	case "panics":
		panic("in Error")
	case "panics_error":
		panic(inner{1})
	case "panics_deeper":
		panic(inner{3})
	case "panics_deferred":
		defer func() { panic("deferred") }()
		panic("in Error")
	case "faults":
		var p *int
		return string(*p)
	case "exits_goroutine", "exits_main":
		runtime.Goexit()
	case "deadlock":
		<-done
	case "hangs":
		for {
		}
	case "hangs_waiting":
		go busy()
		<-done
	case "other_panics":
		go func() { defer close(closed); panic(failure{}) }()
		<-closed
		runtime.Gosched()
	case "main_ends":
		close(closed)
		for i := 0; i < 10; i++ {
			runtime.Gosched()
		}
	}
	return "text"
}

type inner struct{ depth int }

func (i inner) String() string {
	if i.depth > 1 {
		panic(inner{i.depth - 1})
	}
	return "inner"
}

//go:noinline
func text(a, b string) string { return a + b }

func busy() {
	for {
		sink = make([]byte, 100)
	}
}

//go:noinline
func deep(n int) int {
	var room [20]int
	room[n%20] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + room[n%20] - n + 1
}

func recovering() (s string) {
	defer func() { s = text("recovered: ", recover().(string)) }()
	panic("in Error")
}

func faulting(p *int) (s string) {
	defer func() { s = recover().(error).Error() }()
	return string(*p)
}

func main() {
	kind = arguments()[1]
	switch kind {
	case "chain":
		kind = "collects"
		defer func() { panic(failure{}) }()
		defer func() { panic(inner{1}) }()
		panic("first")
	case "fault_chain":
		kind = "recovers_fault"
		defer func() { panic(failure{}) }()
		var p *int
		*p = 1
	case "main_ends":
		go func() { panic(failure{}) }()
		<-closed
	default:
		panic(failure{})
	}
}

// Answers s when no other goroutine is left, which tracebacks would show.
func alone(s string) string {
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
	}
	return s
}
