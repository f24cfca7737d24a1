// runtime.Caller, Callers and FuncForPC: names of functions, methods and closures, files and lines, in calls, defers, panics and goroutines.
package main

import "runtime"

func base(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return s[i+1:]
		}
	}
	return s
}

func where(skip int) {
	pc, file, line, ok := runtime.Caller(skip + 1)
	if !ok {
		println("no caller")
		return
	}
	println(runtime.FuncForPC(pc).Name(), base(file), line)
}

func stack() {
	var pcs [20]uintptr
	n := runtime.Callers(2, pcs[:])
	for _, pc := range pcs[:n] {
		f := runtime.FuncForPC(pc - 1)
		name := f.Name()
		if len(name) < 5 || name[:5] != "main." {
			continue // frames of the run-time system are its own affair
		}
		file, line := f.FileLine(pc - 1)
		print(name, " ", base(file), ":", line, "; ")
	}
	println()
}

type T struct{ n int }

func (t T) value() { where(0); stack() }
func (t *T) pointer() {
	where(0)
	stack()
}

type emb struct{ *T }

type I interface {
	value()
}

func a() {
	b()
}

func b() {
	where(0)
	where(1)
	where(2)
	stack()
}

func variadic(x ...int) {
	stack()
}

func rec(n int) {
	if n == 0 {
		stack()
		return
	}
	rec(n - 1)
}

func deferred() {
	defer stack()
	defer func() {
		where(0)
		stack()
	}()
	println("deferred body")
}

func panicking() {
	defer func() {
		stack()
		recover()
	}()
	var p *T
	p.n = 1
}

func indexing(s []int) {
	defer func() {
		recover()
		stack()
	}()
	s[5] = 1
}

var fromInit = func() string {
	pc, _, _, _ := runtime.Caller(0)
	return runtime.FuncForPC(pc).Name()
}()

func init() {
	where(0)
}

func main() {
	where(0)
	a()
	T{1}.value()
	(&T{2}).pointer()
	emb{&T{3}}.pointer()
	var i I = T{4}
	i.value()
	f := func() {
		where(0)
		func() {
			where(0)
			stack()
		}()
	}
	f()
	g := T{5}.value
	g()
	variadic(1, 2, 3)
	rec(3)
	deferred()
	panicking()
	indexing(nil)
	println(fromInit)
	done := make(chan bool)
	go func() {
		where(0)
		stack()
		done <- true
	}()
	<-done
	go named(done)
	<-done
	_, _, _, ok := runtime.Caller(1000)
	println(ok)
	var pcs [2]uintptr
	println(runtime.Callers(0, pcs[:]), runtime.Callers(1000, pcs[:]))
	println(runtime.FuncForPC(0) == nil, runtime.FuncForPC(1) == nil)
	pc, _, _, _ := runtime.Caller(0)
	fn := runtime.FuncForPC(pc)
	println(fn.Entry() <= pc, runtime.FuncForPC(fn.Entry()).Name())
	for i := 0; i < 2; i++ {
		where(
			0)
	}
}

func named(done chan bool) {
	stack()
	done <- true
}
