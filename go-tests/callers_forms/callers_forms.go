// runtime.Caller, Callers and FuncForPC in every kind of place: names and lines of the program's own functions.

package main

import (
	"runtime"
	_ "unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

// Of the runtime only exported functions and those that stand between the program's own.
func known(name string) bool {
	const p = "runtime."
	if len(name) < len(p) || name[:len(p)] != p {
		return true
	}
	c := name[len(p)]
	return 'A' <= c && c <= 'Z' || name == "runtime.main" || name == "runtime.goexit" || name == "runtime.gopanic" || name == "runtime.sigpanic"
}

func base(file string) string {
	for i := len(file) - 1; i >= 0; i-- {
		if file[i] == '/' {
			return file[i+1:]
		}
	}
	return file
}

func show(skip int) {
	var pcs [50]uintptr
	n := runtime.Callers(skip, pcs[:])
	for _, pc := range pcs[:n] {
		f := runtime.FuncForPC(pc)
		if f == nil {
			println("  no function")
			continue
		}
		if !known(f.Name()) {
			continue
		}
		file, line := f.FileLine(pc - 1)
		if len(f.Name()) > 8 && f.Name()[:8] == "runtime." {
			file, line = "", 0
		}
		println(" ", f.Name(), base(file), line, pc > f.Entry())
	}
}

func caller(skip int) {
	pc, file, line, ok := runtime.Caller(skip)
	name := ""
	if f := runtime.FuncForPC(pc); f != nil {
		name = f.Name()
	}
	if len(name) > 8 && name[:8] == "runtime." {
		file, line = "", 0
	}
	println(skip, name, base(file), line, ok)
}

type counter struct{ n int }

func (c counter) show(skip int)   { show(skip) }
func (c *counter) pshow(skip int) { show(skip) }
func (c counter) Error() string   { show(0); return "error's text" }

type wrapper struct{ counter }

type shower interface {
	show(int)
}

var nilCounter *counter

func level1(f func()) { level2(f) }
func level2(f func()) { f() }

func init() {
	if len(arguments()) > 1 && arguments()[1] == "init" {
		show(0)
		caller(0)
		caller(1)
		caller(2)
	}
}

var initialized = initialize()

func initialize() int {
	if len(arguments()) > 1 && arguments()[1] == "init_variable" {
		show(0)
	}
	return 1
}

func main() {
	switch arguments()[1] {
	case "callers":
		for skip := 0; skip < 6; skip++ {
			println("skip", skip)
			level1(func() { show(skip) })
		}
	case "caller":
		for skip := -1; skip < 8; skip++ {
			level1(func() { caller(skip) })
		}
	case "negative":
		show(-1)
	case "wrappers":
		var s shower = wrapper{counter{1}}
		s.show(0)
		s = &wrapper{}
		s.show(0)
		f := s.show
		f(0)
		g := (*wrapper).show
		g(&wrapper{}, 0)
	case "deferred":
		defer show(0)
		defer func() {
			show(0)
			caller(0)
			caller(1)
		}()
		defer counter{}.show(0)
	case "deferred_panic":
		defer func() {
			show(0)
			for skip := 0; skip < 6; skip++ {
				caller(skip)
			}
			recover()
			println("after recover")
			show(0)
		}()
		level1(func() { panic(1) })
	case "deferred_fault":
		defer func() {
			recover()
			show(0)
			for skip := 0; skip < 8; skip++ {
				caller(skip)
			}
		}()
		level1(func() { nilCounter.n = 1 })
	case "deferred_goexit":
		done := make(chan int)
		go func() {
			defer close(done)
			defer show(0)
			level1(runtime.Goexit)
		}()
		<-done
	case "deferred_nested_panic":
		defer func() {
			recover()
			show(0)
		}()
		defer func() {
			defer func() {
				show(0)
				panic(2)
			}()
			panic(1)
		}()
		panic(0)
	case "error_method":
		panic(counter{})
	case "goroutine":
		done, again := make(chan int), make(chan int)
		go func() {
			show(0)
			for skip := 0; skip < 4; skip++ {
				caller(skip)
			}
			close(done)
		}()
		<-done
		go counter{}.shows(again)
		<-again
	case "goroutine_direct":
		go show(0)
		for i := 0; i < 10; i++ {
			runtime.Gosched()
		}
	case "finalizer":
		done := make(chan int)
		for i := 0; i < 10; i++ {
			x := &counter{i}
			runtime.SetFinalizer(x, func(x *counter) {
				if x.n == 0 {
					show(0)
					close(done)
				}
			})
		}
		for {
			runtime.GC()
			runtime.Gosched()
			select {
			case <-done:
				return
			default:
			}
		}
	case "deep":
		deep(60)
	case "few":
		var pcs [2]uintptr
		println(runtime.Callers(0, pcs[:]), runtime.Callers(1, pcs[:1]), runtime.Callers(100, pcs[:]), runtime.Callers(0, nil))
	case "func_for_pc":
		for _, pc := range []uintptr{0, 1, ^uintptr(0), 1 << 40} {
			f := runtime.FuncForPC(pc)
			println(f == nil)
		}
		var f *runtime.Func
		println(f.Name() == "")
	case "func_lines":
		pc, _, _, _ := runtime.Caller(0)
		f := runtime.FuncForPC(pc)
		file, line := f.FileLine(f.Entry())
		println(f.Name(), base(file), line)
		file, line = f.FileLine(0)
		println(base(file), line)
		for i := uintptr(0); i < 400; i += 7 {
			_, line := f.FileLine(f.Entry() + i)
			print(line, " ")
		}
		println()
	}
}

func (c counter) shows(done chan int) {
	show(0)
	done <- 1
}

func deep(n int) {
	if n > 0 {
		deep(n - 1)
		return
	}
	show(0)
	caller(50)
	caller(61)
	caller(62)
	caller(63)
	caller(64)
}
