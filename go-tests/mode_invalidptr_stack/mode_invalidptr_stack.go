// A small integer in a local variable of pointer type ends the program when the stack is moved; in an argument it does not.
package main

import "unsafe"

func deep(n int) int {
	var pad [40]int
	pad[n%40] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + pad[n%40]
}

func argument(p *int) *int {
	deep(100)
	return p
}

func local(p *int) *int {
	q := p
	if deep(100) > 0 {
		p = nil
	}
	return q
}

func run(f func()) {
	done := make(chan bool)
	go func() {
		f()
		done <- true
	}()
	<-done
}

func main() {
	x := 5
	run(func() { println(*argument(&x), *local(&x)) })
	bad := func() *int { return (*int)(unsafe.Pointer(uintptr(x))) }
	run(func() { println(argument(bad()) == nil) })
	run(func() { println(local(bad()) == nil) })
	println("not reached")
}
