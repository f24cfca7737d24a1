// defer: order, early evaluation of arguments, loops, closures changing results, method values, conditional and nested defers.
package main

type T struct{ n int }

func (t T) val(s string)  { println(s, t.n) }
func (t *T) ptr(s string) { println(s, t.n) }

type I interface {
	val(s string)
}

func order() {
	for i := 0; i < 4; i++ {
		defer println("deferred", i)
	}
	println("body")
}

func early() {
	x := 1
	defer println("early", x)
	defer func() { println("late", x) }()
	x = 2
}

func result() (r int) {
	defer func() { r *= 2 }()
	defer func() { r += 3 }()
	return 10
}

func unnamed() int {
	r := 10
	defer func() { r = 99 }()
	return r
}

func results() (a string, b int, c []int) {
	defer func() {
		a += "!"
		b++
		c = append(c, b)
	}()
	return "hey", 41, []int{1}
}

func methods() {
	t := T{1}
	p := &t
	var i I = t
	defer t.val("value")
	defer p.ptr("pointer")
	defer i.val("interface")
	f := t.val
	defer f("method value")
	g := (*T).ptr
	defer g(p, "method expression")
	t.n = 2
}

func conditional(yes bool) {
	if yes {
		defer println("yes")
	} else {
		defer println("no")
	}
	println("conditional")
}

func nested() {
	defer func() {
		defer func() {
			defer println("innermost")
			println("inner")
		}()
		println("outer")
	}()
}

func many(n int) (sum int) {
	for i := 0; i < n; i++ {
		defer func(k int) { sum += k }(i)
	}
	return 1
}

func rec(depth int) {
	defer print(depth, " ")
	if depth > 0 {
		rec(depth - 1)
	}
}

func wide(a, b, c int, s string, f float64, arr [10]int) {
	println(a, b, c, s, f, arr[0], arr[9])
}

func sizes() {
	var arr [10]int
	arr[0], arr[9] = 100, 109
	defer wide(1, 2, 3, "wide", 2.5, arr)
	arr[9] = 0
	defer func() {}()
	defer func(x int8, y int16) { println(x, y) }(-1, -2)
	defer func(xs ...interface{}) { println(len(xs), xs[1].(string)) }(1, "v", nil)
}

func loopClosure() {
	for i := 0; i < 3; i++ {
		defer func() { print("shared ", i, " ") }()
	}
}

var log string

func say(s string) string { log += s; return s }

func chain() {
	defer say(say("a") + say("b"))
	defer func(s string) { log += "[" + s + "]" }(say("c"))
	log += "body"
}

func main() {
	order()
	early()
	println(result(), unnamed())
	a, b, c := results()
	println(a, b, len(c), c[1])
	methods()
	conditional(true)
	conditional(false)
	nested()
	println(many(10), many(1000), many(20000))
	rec(10)
	println()
	sizes()
	loopClosure()
	println()
	chain()
	println(log)
	m := map[string]int{"a": 1}
	func() {
		defer delete(m, "a")
		println(len(m))
	}()
	println(len(m))
	ch := make(chan int, 1)
	func() {
		defer close(ch)
		ch <- 1
	}()
	for v := range ch {
		println(v)
	}
	dst := make([]int, 2)
	func() {
		defer func() { copy(dst, []int{8, 9}) }()
	}()
	println(dst[0], dst[1])
	defer println("last of main")
	println("main returns")
}
