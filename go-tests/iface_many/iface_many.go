// Conversions and assertions between many concrete and interface types, found at run time and repeated from many goroutines.
package main

type A interface {
	a() int
}
type B interface {
	b() int
}
type C interface {
	c() int
}
type AB interface {
	A
	B
}
type BC interface {
	B
	C
}
type ABC interface {
	a() int
	b() int
	c() int
}

type t1 int
type t2 struct{ x, y int }
type t3 string
type t4 []int
type t5 struct{ *t2 }
type t6 map[int]int
type t7 func() int
type t8 struct {
	t1
	B
}

func (t t1) a() int  { return int(t) }
func (t t2) a() int  { return t.x }
func (t *t2) b() int { return t.y }
func (t t3) b() int  { return len(t) }
func (t t4) a() int  { return t[0] }
func (t t4) b() int  { return t[1] }
func (t t4) c() int  { return t[2] }
func (t t6) c() int  { return t[1] }
func (t t6) b() int  { return t[2] }
func (t t7) a() int  { return t() }
func (t *t8) c() int { return 1000 }

func mask(x interface{}) (m int) {
	if v, ok := x.(A); ok {
		m |= 1
		sum += v.a()
	}
	if v, ok := x.(B); ok {
		m |= 2
		sum += v.b()
	}
	if v, ok := x.(C); ok {
		m |= 4
		sum += v.c()
	}
	if v, ok := x.(AB); ok {
		m |= 8
		sum += v.a() * v.b()
	}
	if v, ok := x.(BC); ok {
		m |= 16
		sum += v.b() * v.c()
	}
	if v, ok := x.(ABC); ok {
		m |= 32
		var ab AB = v
		var bc BC = v
		var a A = ab
		if _, ok := a.(ABC); !ok {
			m |= 1024
		}
		sum += a.a() + bc.c()
	}
	switch x.(type) {
	case ABC:
		m |= 64
	case BC:
		m |= 128
	case AB:
		m |= 256
	case interface{}:
		m |= 512
	}
	return
}

var sum int

func quiet(x interface{}) (m int) {
	if _, ok := x.(A); ok {
		m |= 1
	}
	if v, ok := x.(B); ok {
		m |= 2
		if _, ok := v.(C); ok {
			m |= 4
		}
		if _, ok := v.(ABC); ok {
			m |= 8
		}
	}
	return
}

func main() {
	p := &t2{5, 6}
	xs := []interface{}{
		t1(3), new(t1), t2{1, 2}, p, t3("abc"), t4{7, 8, 9}, &t4{1, 2, 3}, t5{p}, &t5{p}, t6{1: 4, 2: 5}, t7(func() int { return 11 }),
		t8{1, t3("x")}, &t8{2, p}, nil, 5, "s", struct{ t4 }{t4{1, 2, 3}}, &struct {
			t1
			t6
		}{12, t6{1: 1, 2: 2}}, struct{ ABC }{t4{4, 5, 6}},
	}
	for i, x := range xs {
		print(i, ":", mask(x), " ")
	}
	println()
	println(sum)
	c := make(chan int)
	for g := 0; g < 8; g++ {
		go func() {
			s := 0
			for k := 0; k < 300; k++ {
				for i, x := range xs {
					s += quiet(x) * (i + 1)
				}
			}
			c <- s
		}()
	}
	first := <-c
	same := true
	for g := 1; g < 8; g++ {
		same = same && <-c == first
	}
	println(first, same)
}
