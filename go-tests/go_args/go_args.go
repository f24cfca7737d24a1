// Goroutines started with argument blocks of many sizes and shapes, including results that are dropped, up to large blocks.
package main

type b3 [3]byte
type b16 [16]byte
type w10 [10]int
type w100 [100]int
type w200 [200]int
type mix struct {
	a int8
	p *int
	b int16
	s string
	c int32
	i interface{}
	f func(int) int
	l []string
}

var out = make(chan int)

func none()                        { out <- 0 }
func bytes3(x b3)                  { out <- int(x[0]) + int(x[2]) }
func byteAndWord(a byte, b uint64) { out <- int(a) + int(b) }
func words10(x w10)                { out <- sum(x[:]) }
func words100(x w100)              { out <- sum(x[:]) }
func words200(x w200, last int8)   { out <- sum(x[:]) + int(last) }
func mixed(m mix, n int) {
	out <- m.f(n) + *m.p + len(m.s) + m.i.(int) + int(m.a) + int(m.b) + int(m.c) + len(m.l[1])
}
func results(x int) (int, string, [4]int) {
	out <- x
	return x, "dropped", [4]int{}
}
func resultsOnly() (a w10) {
	a[3] = 7
	out <- a[3]
	return
}
func floats(a float32, b float64, c complex64, d complex128) {
	out <- int(a) + int(b) + int(real(c)) + int(imag(d))
}
func ifaces(e error, i interface{}, s string) { out <- len(e.Error()) + len(i.(string)) + len(s) }
func bools(a, b, c bool, d int8, e bool) {
	n := 0
	for i, x := range []bool{a, b, c, d == 1, e} {
		if x {
			n += 1 << uint(i)
		}
	}
	out <- n
}
func vari(first string, rest ...interface{}) {
	n := len(first)
	for _, r := range rest {
		switch r := r.(type) {
		case int:
			n += r
		case string:
			n += len(r)
		}
	}
	out <- n
}

func sum(x []int) (s int) {
	for _, v := range x {
		s += v
	}
	return
}

type errT string

func (e errT) Error() string { return string(e) }

func (m mix) value(x int)   { out <- x + len(m.s) }
func (m *mix) ptr(x w10)    { out <- x[9] + len(m.s) }
func (x w100) method(y b16) { out <- x[99] + int(y[15]) }

type caller interface {
	value(int)
	ptr(w10)
}

func main() {
	go none()
	println(<-out)
	go bytes3(b3{1, 2, 3})
	println(<-out)
	go byteAndWord(200, 1<<40)
	println(<-out)
	var a w10
	var b w100
	var c w200
	for i := range c {
		a[i%10] = i
		b[i%100] = i
		c[i] = i
	}
	go words10(a)
	println(<-out)
	go words100(b)
	println(<-out)
	go words200(c, -1)
	c[5] = 1 << 30
	println(<-out)
	x := 1000
	m := mix{1, &x, 2, "str", 3, 4, func(n int) int { return n * 100 }, []string{"", "abcdef"}}
	go mixed(m, 5)
	m.s = "changed later"
	println(<-out)
	go results(8)
	println(<-out)
	go resultsOnly()
	println(<-out)
	go floats(1.5, 2.5, 3, complex(0, 4))
	println(<-out)
	go ifaces(errT("error"), "interface", "string")
	println(<-out)
	go bools(true, false, true, 1, false)
	println(<-out)
	go vari("abc")
	println(<-out)
	go vari("abc", 1, "de", 2.5, 100)
	println(<-out)
	go m.value(1)
	println(<-out)
	go m.ptr(a)
	println(<-out)
	var cl caller = &m
	go cl.value(2)
	println(<-out)
	go cl.ptr(a)
	println(<-out)
	go b.method(b16{15: 9})
	println(<-out)
	f := b.method
	b[99] = 0
	go f(b16{15: 10})
	println(<-out)
	go mix.value(m, 3)
	println(<-out)
	go caller.value(cl, 4)
	println(<-out)

	// Closures of many captured variables, by value and by reference.
	s, t, u := "captured", 5, [5]int{1, 2, 3, 4, 5}
	n := 0
	go func(k int) {
		n += k + len(s) + t + u[4]
		out <- n
	}(1)
	println(<-out, n)
	fs := []func(){}
	for i := 0; i < 4; i++ {
		i := i
		fs = append(fs, func() { out <- i * i })
	}
	total := 0
	for _, f := range fs {
		go f()
	}
	for range fs {
		total += <-out
	}
	println(total)
	go func() {
		go func() {
			go func() { out <- 3 }()
		}()
	}()
	println(<-out)
}
