// Forms of map use: local maps that do not escape, literals of many sizes, nested maps, assignment operators, order of evaluation,
// maps in structs and as arguments, methods on map types, hints.
package main

import "runtime"

type set map[string]bool

func (s set) add(k string)      { s[k] = true }
func (s set) has(k string) bool { return s[k] }

type graph map[int][]int

func (g graph) edge(a, b int) {
	g[a] = append(g[a], b)
	g[b] = append(g[b], a)
}

func (g graph) reach(from int) int {
	seen := map[int]bool{from: true}
	todo := []int{from}
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		for _, k := range g[n] {
			if !seen[k] {
				seen[k] = true
				todo = append(todo, k)
			}
		}
	}
	return len(seen)
}

type holder struct {
	m map[string]int
	n *holder
}

func local(n int) int {
	m := make(map[int]int)
	for i := 0; i < n; i++ {
		m[i%5] += i
	}
	return m[0] + m[1]*10 + m[4]*100
}

func localHint(n int) int {
	m := make(map[string]int, n)
	m["a"] = 1
	m["b"] = 2
	delete(m, "a")
	return len(m)*10 + m["b"]
}

func localBig() int {
	m := map[int][20]int{}
	for i := 0; i < 100; i++ {
		m[i] = [20]int{19: i}
	}
	s := 0
	for _, v := range m {
		s += v[19]
	}
	return s
}

func fill(m map[string]int, k string) { m[k]++ }

var trace string

func t(s string, n int) int {
	trace += s
	return n
}

func counted() map[int]int {
	trace += "m"
	return map[int]int{1: 1}
}

func cause(f func()) {
	defer func() {
		e := recover()
		switch e := e.(type) {
		case runtime.Error:
			println("runtime.Error:", e.Error())
		case error:
			println("error:", e.Error())
		case string:
			println("string:", e)
		default:
			println("nothing")
		}
	}()
	f()
}

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}
var squares = map[int]int{0: 0, 1: 1, 2: 4, 3: 9, 4: 16, 5: 25, 6: 36, 7: 49, 8: 64, 9: 81, 10: 100, 11: 121, 12: 144, 13: 169, 14: 196, 15: 225, 16: 256,
	17: 289, 18: 324, 19: 361, 20: 400, 21: 441, 22: 484, 23: 529, 24: 576, 25: 625, 26: 676, 27: 729, 28: 784, 29: 841, 30: 900}
var tree = map[string]map[string][]int{"a": {"b": {1, 2}, "c": nil}, "d": {}}

func main() {
	println(local(100), localHint(3), localHint(1000), localBig())
	println(len(months), months["feb"], months["dec"], months["xyz"])
	s := 0
	for k, v := range squares {
		if k*k == v {
			s++
		}
	}
	println(len(squares), s)
	println(len(tree), len(tree["a"]), len(tree["a"]["b"]), tree["a"]["c"] == nil, tree["d"]["e"] == nil, tree["x"]["y"] == nil)
	st := set{}
	st.add("x")
	println(st.has("x"), st.has("y"))
	g := graph{}
	for i := 0; i < 20; i++ {
		g.edge(i, i*2%20)
	}
	println(g.reach(0), g.reach(1), g.reach(5))

	m := map[string]int{}
	m["a"] += 5
	m["a"] -= 2
	m["a"] *= 7
	m["a"] <<= 2
	m["a"] |= 1
	m["a"]++
	m["b"]--
	println(m["a"], m["b"])
	f := map[int]float64{}
	f[1] += 0.5
	f[1] /= 4
	ss := map[int]string{}
	ss[1] += "x"
	ss[1] += "y"
	println(f[1], ss[1])
	fill(m, "a")
	fill(m, "z")
	println(m["a"], m["z"], len(m))

	h := &holder{m: map[string]int{"q": 1}, n: &holder{}}
	h.m["q"]++
	println(h.m["q"], h.n.m["q"])
	cause(func() { h.n.m["q"] = 1 })
	cause(func() {
		var mm map[int]map[int]int
		mm[1][2] = 3
	})
	cause(func() {
		mm := map[int]map[int]int{}
		mm[1][2] = 3
	})
	n := -1
	cause(func() { m = make(map[string]int, n) })
	cause(func() { var mm map[string][]int; mm["x"] = append(mm["x"], 1) })

	counted()[t("a", 1)] = t("b", 2)
	println(trace)
	arr := []map[int]int{{}, {}}
	i := 0
	i, arr[i][5] = 1, 7
	println(i, arr[0][5], arr[1][5])
	m["x"], m["y"] = m["y"]+1, m["x"]+2
	println(m["x"], m["y"])
	if v, ok := m["x"]; ok && v == 1 {
		println("comma ok")
	}
	var ok bool
	_, ok = m["none"]
	println(ok)
	var v interface{}
	v, ok = map[string]interface{}{"k": 5}["k"]
	println(v.(int), ok)
	var fm map[string]func() string
	println(fm["x"] == nil)
	fm = map[string]func() string{"f": func() string { return "called" }}
	println(fm["f"]())
	mp := map[string]*int{}
	mp["p"] = new(int)
	*mp["p"] += 3
	println(*mp["p"])
	mc := map[string]chan int{"c": make(chan int, 1)}
	mc["c"] <- 9
	println(<-mc["c"])
	type coord struct{ x, y int }
	grid := map[coord]rune{}
	for y, line := range []string{"#.#", ".#."} {
		for x, c := range line {
			grid[coord{x, y}] = c
		}
	}
	println(string(grid[coord{0, 0}]), string(grid[coord{2, 1}]), grid[coord{9, 9}])
}
