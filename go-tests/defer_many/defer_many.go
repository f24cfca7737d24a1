// Very many deferred calls pending at once, with arguments of several sizes, run normally, by panic and by Goexit.
package main

import "runtime"

var sum, count int

func one(a int8)                     { count++; sum += int(a) }
func two(a, b int)                   { count++; sum += a - b }
func big(x [30]int, s string)        { count++; sum += x[29] + len(s) }
func huge(x [200]int)                { count++; sum += x[0] + x[199] }
func slice(s ...int)                 { count++; sum += len(s) }
func iface(x interface{}, f func())  { count++; sum += x.(int); f() }
func result(x int) (int, string)     { count++; sum += x; return x, "" }
func (t T) method(x int)             { count++; sum += t.a[2] + x }
func (t *T) ptr(x int, y complex128) { count++; sum += t.a[1] + int(real(y)) }

type T struct{ a [3]int }

func all(n int, end func()) {
	t := &T{[3]int{1, 2, 3}}
	for i := 0; i < n; i++ {
		defer one(int8(i))
		defer two(i, 1)
		defer big([30]int{29: i}, "four")
		defer huge([200]int{199: i, 0: 1})
		defer slice(1, 2, i)
		defer iface(i, func() { sum++ })
		defer result(i)
		defer t.method(i)
		defer t.ptr(i, complex(float64(i), 0))
		t.a[1], t.a[2] = i, i+1
	}
	end()
}

func report(name string) {
	println(name, count, sum)
	count, sum = 0, 0
}

func recursive(n int) (r int) {
	defer func() { r += n & 1 }()
	if n > 0 {
		return recursive(n - 1)
	}
	return 0
}

func main() {
	all(10, func() {})
	report("few")
	all(1000, func() {})
	report("return")
	func() {
		defer func() { println(recover().(string)) }()
		all(1000, func() { panic("stop") })
	}()
	report("panic")
	done := make(chan bool)
	go func() {
		defer close(done)
		all(1000, runtime.Goexit)
	}()
	<-done
	report("goexit")
	for i := 0; i < 2000; i++ {
		all(1, func() {})
	}
	report("often")
	println(recursive(50000))
	for g := 0; g < 20; g++ {
		go func() { done2 <- recursive(1000) }()
	}
	s := 0
	for g := 0; g < 20; g++ {
		s += <-done2
	}
	println(s)
	n := 0
	for i := 0; i < 100000; i++ {
		func() {
			defer func() { n++ }()
		}()
	}
	println(n)
}

var done2 = make(chan int)
