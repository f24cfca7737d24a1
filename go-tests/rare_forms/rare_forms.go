// Forms for which the compiler has helpers of their own and that ordinary code seldom uses: deferred builtins, printing of nil
// composite values, clearing loops, comparison of runs of small fields, stores of small structs with pointers.
package main

import "runtime"

type r2 struct {
	a, b int8
	s    string
}
type r4 struct {
	s    string
	a, b int16
}
type r8 struct {
	a, b int32
	s    string
	c, d uint8
	f    float32
}
type r16 struct {
	f    float64
	a, b int64
	i    interface{}
}
type r24 struct {
	s       string
	a, b, c int64
}
type r5 struct {
	s             string
	a, b, c, d, e byte
}

// Structs of two to four words with every arrangement of pointers.
type (
	p01 struct {
		a int
		b *int
	}
	p10 struct {
		a *int
		b int
	}
	p11  struct{ a, b *int }
	p001 struct {
		a, b int
		c    *int
	}
	p010 struct {
		a int
		b *int
		c int
	}
	p011 struct {
		a    int
		b, c *int
	}
	p100 struct {
		a    *int
		b, c int
	}
	p101 struct {
		a *int
		b int
		c *int
	}
	p110 struct {
		a, b *int
		c    int
	}
	p111  struct{ a, b, c *int }
	p0001 struct {
		a, b, c int
		d       *int
	}
	p0110 struct {
		a    int
		b, c *int
		d    int
	}
	p1001 struct {
		a    *int
		b, c int
		d    *int
	}
	p1010 struct {
		a *int
		b int
		c *int
		d int
	}
	p1111 struct{ a, b, c, d *int }
	p5    struct {
		a *int
		b [3]int
		c *int
	}
)

var heap struct {
	p01   *p01
	p10   *p10
	p11   *p11
	p001  *p001
	p010  *p010
	p011  *p011
	p100  *p100
	p101  *p101
	p110  *p110
	p111  *p111
	p0001 *p0001
	p0110 *p0110
	p1001 *p1001
	p1010 *p1010
	p1111 *p1111
	p5    *p5
	s     *string
	l     *[]int
	e     *interface{}
	i     *I
	f     *func() int
	m     *map[int]int
	c     *chan int
	arr   *[3]*int
	strs  *[2]string
}

type I interface {
	m() int
}
type T struct{ n int }

func (t *T) m() int { return t.n }

func str(v interface{}) string {
	switch v := v.(type) {
	case string:
		return v
	case error:
		return v.Error()
	}
	return "nil"
}

func deferPanic() {
	defer func() { println("got", str(recover())) }()
	defer panic("deferred panic")
}

func deferRecover() {
	// recover called directly by defer does not stop the panic.
	defer func() { println("still", str(recover())) }()
	defer recover()
	panic("going on")
}

func deferBuiltins() {
	c := make(chan int, 1)
	m := map[interface{}]int{"k": 1, 2: 2}
	func() {
		defer close(c)
		defer delete(m, "k")
		defer print("printed", 1, true, "\n")
		defer println()
	}()
	_, ok := <-c
	println(ok, len(m))
	go close(make(chan int))
}

func nils() {
	var e interface{}
	var i I
	var s []int
	println(e, i, s, s == nil)
	print(e, " ", i, " ", s, "\n")
	println([]string(nil), error(nil), (*int)(nil), (func())(nil) == nil, map[string]int(nil), (chan int)(nil), uintptr(0))
}

func clear() {
	a := make([]int, 100)
	b := make([]byte, 77)
	var c [50]*int
	d := make([]string, 10)
	x := 5
	for i := range a {
		a[i] = i + 1
	}
	for i := range b {
		b[i] = 1
	}
	for i := range c {
		c[i] = &x
	}
	for i := range d {
		d[i] = "d"
	}
	tail := a[40:60]
	for i := range tail {
		tail[i] = 0
	}
	println(a[39], a[40], a[59], a[60])
	for i := range a {
		a[i] = 0
	}
	for i := range b {
		b[i] = 0
	}
	for i := range c {
		c[i] = nil
	}
	for i := range d {
		d[i] = ""
	}
	sum := 0
	for _, v := range a {
		sum += v
	}
	for _, v := range b {
		sum += int(v)
	}
	for i := range c {
		if c[i] != nil {
			sum++
		}
	}
	for i := range d {
		sum += len(d[i])
	}
	var empty []int
	for i := range empty {
		empty[i] = 0
	}
	println(sum)
}

func runs() {
	s := string([]byte("s"))
	a2, b2 := r2{1, 2, "s"}, r2{1, 2, s}
	a4, b4 := r4{"s", 1, 2}, r4{s, 1, 2}
	a8, b8 := r8{1, 2, "s", 3, 4, 5}, r8{1, 2, s, 3, 4, 5}
	a16, b16 := r16{1, 2, 3, "s"}, r16{1, 2, 3, s}
	a24, b24 := r24{"s", 1, 2, 3}, r24{s, 1, 2, 3}
	a5, b5 := r5{"s", 1, 2, 3, 4, 5}, r5{s, 1, 2, 3, 4, 5}
	eq := func() {
		println(a2 == b2, a4 == b4, a8 == b8, a16 == b16, a24 == b24, a5 == b5)
		println(same(a2, b2), same(a4, b4), same(a8, b8), same(a16, b16), same(a24, b24), same(a5, b5))
		println(same([3]r2{a2}, [3]r2{b2}), same([2]r16{{}, a16}, [2]r16{{}, b16}))
	}
	eq()
	a2.b, a4.b, a8.d, a16.b, a24.c, a5.e = 9, 9, 9, 9, 9, 9
	eq()
	m := map[interface{}]int{a2: 1, a4: 2, a8: 3, a16: 4, a24: 5, a5: 6, b2: 7}
	b2.b, b4.b, b8.d, b16.b, b24.c, b5.e = 9, 9, 9, 9, 9, 9
	println(m[b2], m[b4], m[b8], m[b16], m[b24], m[b5], len(m))
}

func same(a, b interface{}) bool { return a == b }

func stores() {
	x := 7
	p := &x
	h := &heap
	h.p01, h.p10, h.p11 = new(p01), new(p10), new(p11)
	h.p001, h.p010, h.p011, h.p100, h.p101, h.p110, h.p111 = new(p001), new(p010), new(p011), new(p100), new(p101), new(p110), new(p111)
	h.p0001, h.p0110, h.p1001, h.p1010, h.p1111, h.p5 = new(p0001), new(p0110), new(p1001), new(p1010), new(p1111), new(p5)
	h.s, h.l, h.e, h.i, h.f, h.m, h.c = new(string), new([]int), new(interface{}), new(I), new(func() int), new(map[int]int), new(chan int)
	h.arr, h.strs = new([3]*int), new([2]string)
	*h.p01, *h.p10, *h.p11 = p01{1, p}, p10{p, 2}, p11{p, p}
	*h.p001 = p001{1, 2, p}
	*h.p010 = p010{1, p, 3}
	*h.p011 = p011{1, p, p}
	*h.p100 = p100{p, 2, 3}
	*h.p101 = p101{p, 2, p}
	*h.p110 = p110{p, p, 3}
	*h.p111 = p111{p, p, p}
	*h.p0001 = p0001{1, 2, 3, p}
	*h.p0110 = p0110{1, p, p, 4}
	*h.p1001 = p1001{p, 2, 3, p}
	*h.p1010 = p1010{p, 2, p, 4}
	*h.p1111 = p1111{p, p, p, p}
	*h.p5 = p5{p, [3]int{1, 2, 3}, p}
	str := "stored"
	sl := []int{1, 2, 3}
	var e interface{} = 5
	var i I = &T{6}
	f := func() int { return x }
	*h.s, *h.l, *h.e, *h.i, *h.f, *h.m, *h.c = str, sl, e, i, f, map[int]int{1: 2}, make(chan int, 3)
	*h.arr = [3]*int{p, nil, p}
	*h.strs = [2]string{"a", str}
	runtime.GC()
	cp := *h.p1010
	*h.p1010 = p1010{}
	*h.p101, cp.c = p101{c: cp.a}, nil
	println(*h.p01.b, *h.p10.a, *h.p11.b, *h.p001.c, *h.p010.b, *h.p011.c, *h.p100.a, *h.p101.c, *h.p110.b, *h.p111.c)
	println(*h.p0001.d, *h.p0110.c, *h.p1001.d, h.p1010.a == nil, *cp.a, *h.p1111.d, *h.p5.c, h.p5.b[2])
	println(*h.s, len(*h.l), (*h.e).(int), (*h.i).m(), (*h.f)(), (*h.m)[1], cap(*h.c), *h.arr[2], h.strs[1])
	v, ok := (*h.e).(interface{})
	println(v == e, ok)
}

func lookups() {
	m := map[int32]string{1: "one"}
	u := map[uint32][3]int{7: {1, 2, 3}}
	v, ok := m[1]
	w, ok2 := m[2]
	println(v, ok, w == "", ok2)
	a, ok := u[7]
	_, ok2 = u[8]
	println(a[2], ok, ok2)
	n := 0
	s := string([]byte("range over bytes"))
	for i, c := range []byte(s) {
		n += i * int(c)
	}
	println(n)
	var e interface{} = 3
	f, ok := e.(interface{})
	println(f.(int), ok)
	e = nil
	f, ok = e.(interface{})
	println(f == nil, ok)
	var g error
	x, ok := g.(interface{})
	println(x == nil, ok)
}

func main() {
	deferPanic()
	deferRecover()
	deferBuiltins()
	nils()
	clear()
	runs()
	stores()
	lookups()
}
