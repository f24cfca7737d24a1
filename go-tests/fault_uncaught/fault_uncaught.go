// An uncaught nil dereference reports the signal as well as the error, and the trace starts in the faulting function.
package main

type T struct {
	pad [3]int
	x   int
}

func (t *T) read() int { return t.x }

func outer(t *T) int {
	return 1 + t.get()
}

func (t *T) get() int {
	defer println("deferred in get")
	return t.read() + 1
}

func main() {
	println("before")
	println(outer(nil))
}
