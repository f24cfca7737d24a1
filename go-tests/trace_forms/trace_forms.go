// Tracebacks: arguments of every shape, functions of every kind, goroutines in every state. The argument chooses one.

package main

import (
	"runtime"
	"unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

type (
	point struct{ x, y int }
	large struct{ a, b, c, d, e, f int }
	deep  struct{ outer }
	outer struct{ inner }
	inner struct{ n int }
	shape interface {
		area(scale int)
	}
	word  int
	fnptr func(int)
)

//go:noinline
func stop() {
	panic("stop")
}

func none()                              { stop() }
func one(a int)                          { stop() }
func small(a int8, b uint16, c bool)     { stop() }
func mixed(a byte, b int, c byte, d int) { stop() }
func floats(a float32, b float64)        { stop() }
func complexes(a complex64)              { stop() }
func texts(a string, b []byte)           { stop() }
func faces(a interface{}, b shape)       { stop() }
func nilFaces(a interface{}, b error)    { stop() }
func structs(a point, b large)           { stop() }
func arrays(a [2]int, b [3]byte)         { stop() }
func empty(a struct{}, b [0]int)         { stop() }
func many(a, b, c, d, e, f, g, h, i, j, k, l int) {
	stop()
}
func ten(a, b, c, d, e, f, g, h, i, j int) {
	stop()
}
func variadic(a int, more ...int) { stop() }
func results(a int) (b, c int) {
	b, c = 5, 6
	stop()
	return
}
func onlyResult() (r int) {
	r = 3
	stop()
	return
}
func pointers(a *int, b unsafe.Pointer, c map[int]int, d chan int) { stop() }

func (p point) area(scale int) {
	stop()
}

func (l *large) area(scale int) {
	stop()
}

func (i inner) method(a int) { stop() }

func (i *inner) pointerMethod(a int) { stop() }

func (w word) area(scale int) {
	stop()
}

func (f fnptr) area(scale int) { f(scale) }

func recurse(n int) {
	if n == 0 {
		stop()
	}
	recurse(n - 1)
}

func even(n int) {
	if n == 0 {
		stop()
	}
	odd(n - 1)
}

func odd(n int) { even(n - 1) }

func block() {
	c := make(chan int)
	<-c
}

var (
	sink   int
	parked = make(chan int)
	global = func(a int) { stop() }
)

func states() {
	go func() { <-parked }()
	go func() { parked <- 1; parked <- 1 }()
	go func() { select {} }()
	go func() {
		select {
		case <-parked:
		case parked <- 1:
		}
	}()
	go func() {
		var c chan int
		<-c
	}()
	go func() {
		var c chan int
		c <- 1
	}()
	go func() {
		runtime.LockOSThread()
		select {}
	}()
	go func(a, b int, s string) {
		for {
			runtime.Gosched()
		}
	}(1, 2, "text")
	for i := 0; i < 50; i++ {
		runtime.Gosched()
	}
}

func main() {
	switch arguments()[1] {
	case "none":
		none()
	case "one":
		one(-1)
	case "small":
		small(-1, 2, true)
	case "mixed":
		mixed(1, 2, 3, 4)
	case "floats":
		floats(1, 2)
	case "complexes":
		complexes(complex(1, 2))
	case "texts":
		texts("", nil)
	case "faces":
		faces(nil, nil)
	case "structs":
		structs(point{1, 2}, large{1, 2, 3, 4, 5, 6})
	case "arrays":
		arrays([2]int{1, 2}, [3]byte{3, 4, 5})
	case "empty":
		empty(struct{}{}, [0]int{})
	case "many":
		many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	case "ten":
		ten(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	case "variadic":
		variadic(1)
	case "results":
		results(1)
	case "only_result":
		onlyResult()
	case "pointers":
		pointers(nil, nil, nil, nil)
	case "method":
		point{1, 2}.area(3)
	case "pointer_method":
		new(large).area(3)
	case "nil_receiver":
		(*large)(nil).area(3)
	case "interface_method":
		var s shape = point{1, 2}
		s.area(3)
	case "interface_word":
		var s shape = word(3)
		s.area(4)
	case "interface_pointer":
		var s shape = new(large)
		s.area(3)
	case "interface_func":
		var s shape = fnptr(func(a int) { stop() })
		s.area(3)
	case "embedded":
		deep{}.method(7)
	case "embedded_pointer":
		new(deep).pointerMethod(7)
	case "embedded_interface":
		var s interface {
			method(int)
		} = deep{}
		s.method(7)
	case "method_value":
		f := point{1, 2}.area
		f(3)
	case "method_value_interface":
		var s shape = point{1, 2}
		f := s.area
		f(3)
	case "method_expression":
		f := (*large).area
		f(nil, 3)
	case "method_expression_value":
		f := (*inner).method
		f(&inner{5}, 3)
	case "closure":
		a, b := 1, 2
		func(c int) {
			sink = a + b + c
			func() {
				a++
				stop()
			}()
		}(3)
		sink = a + b
	case "closure_global":
		global(5)
	case "closure_returned":
		adder := func(n int) func(int) int {
			return func(m int) int {
				stop()
				return n + m
			}
		}
		adder(1)(2)
	case "recursion":
		recurse(5)
	case "recursion_99":
		recurse(97)
	case "recursion_100":
		recurse(98)
	case "recursion_101":
		recurse(99)
	case "recursion_many":
		recurse(1000)
	case "recursion_goroutine":
		go recurse(1000)
		block()
	case "mutual":
		even(6)
	case "deferred":
		defer one(1)
	case "deferred_closure":
		a := 5
		defer func(b int) {
			sink = a + b
			stop()
		}(6)
	case "deferred_method":
		p := &large{}
		defer p.area(3)
	case "go_function":
		go many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
		block()
	case "go_closure":
		a := 1
		go func() {
			a++
			stop()
		}()
		block()
	case "go_method":
		go point{1, 2}.area(3)
		block()
	case "go_interface":
		var s shape = word(2)
		go s.area(3)
		block()
	case "go_from_goroutine":
		go func() {
			go func(a int) {
				stop()
			}(1)
			block()
		}()
		block()
	case "go_from_method":
		new(large).spawn(3)
		block()
	case "states":
		states()
		stop()
	case "fault":
		fault(nil, 3)
	case "fault_deep":
		func(a int) {
			defer func() {
				fault(new(point), a)
				fault(nil, a+1)
			}()
			fault(nil, a)
		}(1)
	case "divide":
		sink = divide(1, sink)
	case "stack_own":
		own(false)
	case "stack_all":
		states()
		own(true)
	case "stack_short":
		short()
	case "line_numbers":
		f := func(a, b int) int {
			return a /
				b
		}
		sink = one1(
			f(1,
				2),
			f(3,
				sink))
	}
}

func one1(a, b int) int { return a + b }

func (l *large) spawn(n int) {
	go func() {
		l.a = n
		stop()
	}()
}

//go:noinline
func fault(p *point, n int) {
	p.y = n
}

//go:noinline
func divide(a, b int) int { return a / b }

func own(all bool) {
	buf := make([]byte, 1<<14)
	print(string(buf[:runtime.Stack(buf, all)]))
}

func short() {
	buf := make([]byte, 40)
	n := runtime.Stack(buf, false)
	println(n, string(buf[:n]))
	println(runtime.Stack(buf[:0], false), runtime.Stack(nil, true))
}
