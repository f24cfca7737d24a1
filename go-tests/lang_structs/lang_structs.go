// Structs and arrays as values: assignment, arguments, results, comparison of copies, embedding, zeroing and copying of every size.
package main

import "unsafe"

type point struct{ x, y int }
type rect struct{ min, max point }
type shape struct {
	rect
	name string
	tags [3]string
}
type node struct {
	val         int
	left, right *node
}
type deep struct {
	a struct {
		b struct {
			c [2]struct{ d int }
		}
	}
}
type sized struct {
	b1 bool
	i8 int8
	_  int16
	f  float32
	p  *int
	u8 uint8
}
type base struct{ id int }
type mid struct {
	base
	name string
}
type top struct {
	*mid
	id string
}

func (b base) ID() int     { return b.id }
func (b *base) Set(n int)  { b.id = n }
func (m mid) Name() string { return m.name + "!" }
func (p point) add(q point) point {
	p.x += q.x
	p.y += q.y
	return p
}

func modify(r rect, a [4]int) (rect, [4]int) {
	r.min.x = 100
	a[0] = 100
	return r, a
}

func insert(n *node, v int) *node {
	if n == nil {
		return &node{val: v}
	}
	if v < n.val {
		n.left = insert(n.left, v)
	} else {
		n.right = insert(n.right, v)
	}
	return n
}

func walk(n *node, f func(int)) {
	if n != nil {
		walk(n.left, f)
		f(n.val)
		walk(n.right, f)
	}
}

type (
	a4   [4]byte
	a9   [9]byte
	a16  [16]byte
	a31  [31]byte
	a32  [4]int
	a40  [5]int
	a64  [8]int
	a72  [9]int
	a100 [100]byte
	a128 [16]int
	a136 [17]int
	a257 [257]byte
	a512 [64]int
	a1k  [128]int
	a1k1 [129]int
	a1k2 [1025]byte
	a4k  [512]int
	a9k  [9000]byte
)

// Zeroing and copying of locals of each size, with guards on both sides.
func check4() bool {
	var g1 int = -1
	var x a4
	var g2 int = -1
	z := x == a4{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	x = a4{}
	return z && y[3] == 4 && x[3] == 0 && g1 == -1 && g2 == -1
}

func check9() bool {
	var g1 int = -1
	var x a9
	var g2 int = -1
	z := x == a9{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a9{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check16() bool {
	var g1 int = -1
	var x a16
	var g2 int = -1
	z := x == a16{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a16{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check31() bool {
	var g1 int = -1
	var x a31
	var g2 int = -1
	z := x == a31{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a31{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check32() bool {
	var g1 int = -1
	var x a32
	var g2 int = -1
	z := x == a32{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a32{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check40() bool {
	var g1 int = -1
	var x a40
	var g2 int = -1
	z := x == a40{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a40{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check64() bool {
	var g1 int = -1
	var x a64
	var g2 int = -1
	z := x == a64{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a64{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check72() bool {
	var g1 int = -1
	var x a72
	var g2 int = -1
	z := x == a72{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a72{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check100() bool {
	var g1 int = -1
	var x a100
	var g2 int = -1
	z := x == a100{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a100{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check128() bool {
	var g1 int = -1
	var x a128
	var g2 int = -1
	z := x == a128{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a128{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check136() bool {
	var g1 int = -1
	var x a136
	var g2 int = -1
	z := x == a136{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a136{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check257() bool {
	var g1 int = -1
	var x a257
	var g2 int = -1
	z := x == a257{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a257{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check512() bool {
	var g1 int = -1
	var x a512
	var g2 int = -1
	z := x == a512{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a512{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check1k() bool {
	var g1 int = -1
	var x a1k
	var g2 int = -1
	z := x == a1k{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a1k{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check1k1() bool {
	var g1 int = -1
	var x a1k1
	var g2 int = -1
	z := x == a1k1{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a1k1{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check1k2() bool {
	var g1 int = -1
	var x a1k2
	var g2 int = -1
	z := x == a1k2{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a1k2{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check4k() bool {
	var g1 int = -1
	var x a4k
	var g2 int = -1
	z := x == a4k{}
	for i := range x {
		x[i] = int(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a4k{}
	*p = x
	n := len(x)
	return z && w[n-1] == n && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func check9k() bool {
	var g1 int = -1
	var x a9k
	var g2 int = -1
	z := x == a9k{}
	for i := range x {
		x[i] = byte(i + 1)
	}
	y := x
	p := &y
	w := *p
	x = a9k{}
	*p = x
	n := len(x)
	return z && w[n-1] == byte(n) && w[0] == 1 && x[n-1] == 0 && y == x && g1 == -1 && g2 == -1
}

func main() {
	r := rect{point{1, 2}, point{3, 4}}
	a := [4]int{1, 2, 3, 4}
	r2, a2 := modify(r, a)
	println(r.min.x, a[0], r2.min.x, a2[0], r == r2, a == a2)
	s := shape{rect: r, name: "s", tags: [3]string{"a", "b", "c"}}
	t := s
	t.tags[1] = "changed"
	t.min.y = 50
	println(s.tags[1], t.tags[1], s.min.y, t.min.y, s == t)
	ps := &s
	u := *ps
	ps.name = "via pointer"
	println(s.name, u.name)
	arr := [3]shape{s, t, u}
	brr := arr
	brr[2].max.x = 77
	println(arr[2].max.x, brr[2].max.x)
	println(point{1, 2}.add(point{3, 4}).y)
	var root *node
	for _, v := range []int{5, 2, 8, 1, 9, 3, 7} {
		root = insert(root, v)
	}
	walk(root, func(v int) { print(v, " ") })
	println()
	var d deep
	d.a.b.c[1].d = 5
	e := d
	e.a.b.c[1].d++
	println(d.a.b.c[1].d, e.a.b.c[1].d)
	println(unsafe.Sizeof(sized{}), unsafe.Offsetof(sized{}.f), unsafe.Offsetof(sized{}.p), unsafe.Alignof(sized{}.f), unsafe.Sizeof(d))
	tp := top{&mid{base{7}, "m"}, "own"}
	tp.Set(8)
	println(tp.ID(), tp.mid.id, tp.id, tp.Name(), tp.base.ID())
	anon := struct {
		point
		z int
	}{point{1, 2}, 3}
	println(anon.x, anon.z, anon.add(point{1, 1}).x)
	m := [][2]point{{{1, 2}, {3, 4}}, {}}
	m[1] = m[0]
	m[0][1].x = 9
	println(m[0][1].x, m[1][1].x)
	grid := [3][4]int{{1}, 2: {3: 5}}
	g2 := grid
	g2[0] = grid[2]
	println(g2[0][3], grid[0][0], len(grid), len(grid[0]))
	list := [...]string{5: "five", 1: "one", "two"}
	println(len(list), list[2], list[0] == "")
	p1, p2 := &point{1, 2}, &point{1, 2}
	println(p1 == p2, *p1 == *p2)
	r.min, r.max = r.max, r.min
	println(r.min.x, r.max.x)
	x, y := [2]int{1, 2}, [2]int{3, 4}
	x, y = y, x
	println(x[0], y[0])
	println(check4(), check9(), check16(), check31(), check32(), check40(), check64(), check72(), check100(), check128(), check136(),
		check257(), check512(), check1k(), check1k1(), check1k2(), check4k(), check9k())
}
