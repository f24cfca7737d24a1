// Thousands of panics, each in a deferred function that the one before it runs: the values of all are shown, oldest first, and it takes no time to speak of.

package main

import (
	"runtime"
	_ "unsafe"
)

type failure int

func (f failure) Error() string {
	if f%1000 == 0 {
		runtime.GC()
	}
	return "failure"
}

func fall(n int) {
	defer func() {
		if n > 0 {
			fall(n - 1)
		}
	}()
	if n%2 == 0 {
		panic(n)
	}
	panic(failure(n))
}

func main() {
	fall(5000)
}
