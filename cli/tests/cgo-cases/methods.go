package main

// #include "c.h"
import "C"

import "fmt"

// Types with exported methods, in the file of the methods.
type number C.int

//export numberTwice
func (n number) numberTwice() C.int { return 2 * C.int(n) }

//export numberAdd
func (n *number) numberAdd(m C.int, text *C.char) C.int {
	*n += number(m) + number(len(C.GoString(text)))
	return C.int(*n)
}

func init() {
	cases["methods"] = func() {
		fmt.Println(C.twice(21), C.adds(3))
	}
}
