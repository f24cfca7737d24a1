// new and composite literals of many types: zero values, contents, alignment, pointers inside objects.
package main

import "unsafe"

type small struct {
	a int8
	b int16
	c int32
	d int64
}

type withPtr struct {
	next *withPtr
	id   int
	name string
	list []int
	any  interface{}
	f    func(int) int
	m    map[string]int
	c    chan int
}

type big struct {
	head [100]int
	link *big
	tail [100]*int
}

type mixed struct {
	b bool
	p *int
	f float32
	q *string
	x complex128
}

func aligned(p unsafe.Pointer, n uintptr) bool { return uintptr(p)%n == 0 }

var sinkInt *int
var sinkSmall *small

func main() {
	i8, i16, i32, i64 := new(int8), new(int16), new(int32), new(int64)
	println(*i8, *i16, *i32, *i64)
	f32, f64, c64, c128 := new(float32), new(float64), new(complex64), new(complex128)
	println(*f32, *f64, *c64, *c128)
	str, bl, sl, fn := new(string), new(bool), new([]int), new(func())
	println(len(*str), *bl, *sl == nil, *fn == nil)
	println(aligned(unsafe.Pointer(i16), 2), aligned(unsafe.Pointer(i32), 4), aligned(unsafe.Pointer(i64), 8),
		aligned(unsafe.Pointer(c128), 8), aligned(unsafe.Pointer(str), 8))

	// Tiny objects, many of them: each keeps its own value.
	var tiny []*int8
	var tiny16 []*int16
	for i := 0; i < 1000; i++ {
		p := new(int8)
		q := new(int16)
		if *p != 0 || *q != 0 {
			println("tiny not zero", i)
		}
		if !aligned(unsafe.Pointer(q), 2) {
			println("tiny not aligned", i)
		}
		*p = int8(i)
		*q = int16(i * 3)
		tiny = append(tiny, p)
		tiny16 = append(tiny16, q)
	}
	for i := range tiny {
		if *tiny[i] != int8(i) || *tiny16[i] != int16(i*3) {
			println("tiny changed", i)
		}
	}

	s := &small{1, 2, 3, 4}
	sinkSmall = s
	println(s.a, s.b, s.c, s.d, aligned(unsafe.Pointer(&s.d), 8))

	var w *withPtr
	for i := 0; i < 100; i++ {
		n := new(withPtr)
		if n.next != nil || n.id != 0 || n.name != "" || n.list != nil || n.any != nil || n.f != nil || n.m != nil || n.c != nil {
			println("not zero", i)
		}
		k := i
		*n = withPtr{w, i, "node", []int{i, i * i}, i, func(x int) int { return x + k }, map[string]int{"i": i}, make(chan int, 1)}
		n.c <- i
		w = n
	}
	sum := 0
	for n := w; n != nil; n = n.next {
		sum += n.id + len(n.name) + n.list[1] + n.any.(int) + n.f(1) + n.m["i"] + <-n.c
	}
	println("withPtr sum", sum)

	var b *big
	for i := 0; i < 50; i++ {
		n := &big{link: b}
		for j := range n.head {
			if n.head[j] != 0 || n.tail[j] != nil {
				println("big not zero", i, j)
			}
			n.head[j] = i * j
			n.tail[j] = &n.head[j]
		}
		b = n
	}
	sum = 0
	for n := b; n != nil; n = n.link {
		for j := range n.tail {
			sum += *n.tail[99-j]
		}
	}
	println("big sum", sum)

	x, y := 5, "five"
	ms := []*mixed{{true, &x, 1.5, &y, complex(1, 2)}, {}, {f: 2}}
	for _, m := range ms {
		println(m.b, m.p == nil, m.f, m.q == nil, m.x)
	}
	println(*ms[0].p, *ms[0].q)

	arr := new([1000]string)
	for i := range arr {
		if arr[i] != "" {
			println("array not zero")
		}
		arr[i] = "0123456789"[i%10 : i%10+1]
	}
	t := ""
	for i := 0; i < 20; i++ {
		t += arr[i*37%1000]
	}
	println(t)

	aa := [][]int{}
	for i := 0; i < 10; i++ {
		aa = append(aa, make([]int, i, 2*i))
	}
	for i, a := range aa {
		if len(a) != i || cap(a) != 2*i {
			println("bad slice", i)
		}
	}
	big2 := make([]int, 1<<17)
	for i := range big2 {
		if big2[i] != 0 {
			println("large not zero")
			break
		}
		big2[i] = i
	}
	println(big2[1<<17-1], unsafe.Sizeof(small{}), unsafe.Sizeof(withPtr{}), unsafe.Sizeof(mixed{}))
}
