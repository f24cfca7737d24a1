// A traceback through methods, closures, deferred calls, interface calls and goroutines names each of them.
package main

type T struct{ n int }
type E struct{ *T }
type I interface {
	call(f func(int) int) int
}

func (t *T) call(f func(int) int) int {
	defer func() { t.n++ }()
	return f(t.n) + 1
}

func (t T) byValue(s []int) int {
	for {
		return s[t.n] + t.n
	}
}

func viaInterface(i I, s []int) (r int) {
	defer func() { r++ }()
	return i.call(func(n int) int {
		return T{n}.byValue(s)
	})
}

func main() {
	done := make(chan bool)
	go func() {
		defer close(done)
		println(viaInterface(E{&T{1}}, []int{1, 2}))
		println(viaInterface(E{&T{2}}, []int{1, 2}))
	}()
	<-done
	<-make(chan bool)
}
