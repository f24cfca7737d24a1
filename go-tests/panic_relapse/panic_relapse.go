// The method of an uncaught panic's value recovers a fault, and panics then for another reason: that panic is no fault. The argument chooses the fault.

package main

import (
	_ "runtime"
	_ "unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

var kind string

type failure struct{}

func (failure) Error() string {
	recovered(nil, 0)
	panic("another reason")
}

func recovered(p *int, n int) (q int) {
	defer func() { println(recover().(error).Error()) }()
	if kind == "divides" {
		return 1 / n
	}
	return *p
}

func main() {
	kind = arguments()[1]
	panic(failure{})
}
