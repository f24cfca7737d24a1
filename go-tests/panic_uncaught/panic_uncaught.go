// An uncaught panic runs the defers, prints the value and a traceback, and exits with status 2.
package main

func inner(n int) {
	defer println("deferred", n)
	if n == 0 {
		panic("no one catches this")
	}
	inner(n - 1)
}

func main() {
	println("start")
	inner(2)
	println("never")
}
