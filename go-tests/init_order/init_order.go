// Initialisation: package variables by dependency, several init functions in order, functions used by initialisers, goroutines started there.
package main

var trace []string

func note(s string, v int) int {
	trace = append(trace, s)
	return v
}

var (
	a = note("a", c+b)
	b = note("b", f())
	c = note("c", 1)
	d = note("d", 3)
)

func f() int {
	d++
	return d
}

var e, g = two()

func two() (int, string) { return note("e,g", a*10), "g" }

var table = [...]int{2: note("table2", 5), 0: note("table0", h)}
var h = note("h", 7)
var m = map[string]int{"x": note("mx", 1), "y": note("my", 2)}
var fn = func() int { return later * 2 }
var useFn = note("useFn", fn())
var later = note("later", 21)
var p = &q
var q = note("q", *r)
var r = &s
var s = 9
var iface interface{} = note("iface", 4)
var _ = note("blank", 0)
var ch = start()

func start() chan int {
	c := make(chan int)
	go func() {
		for i := 0; i < 3; i++ {
			c <- i + useFn
		}
		close(c)
	}()
	return c
}

type T struct{ x, y int }

var static = T{1, 2}
var staticSlice = []T{{1, 2}, {3, 4}}
var nested = map[string][]T{"k": {{5, 6}}}
var str = "con" + "stant"
var zeroed [1000]int
var pt = &T{y: note("pt", 8)}

func init() {
	note("init1", 0)
	for v := range ch {
		zeroed[v] = v
	}
}

func init() {
	note("init2", 0)
	static.x = 100
}

func main() {
	println(a, b, c, d, e, g)
	println(table[0], table[1], table[2], len(table), h)
	println(m["x"], m["y"], useFn, later, *p, q, *r, iface.(int))
	println(static.x, static.y, staticSlice[1].y, nested["k"][0].x, str, pt.x, pt.y)
	println(zeroed[42], zeroed[43], zeroed[44], zeroed[45])
	for _, t := range trace {
		print(t, " ")
	}
	println()
}

func init() {
	note("init3", 0)
}
