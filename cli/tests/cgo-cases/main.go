// What can happen at the border between Go and C, a case for each; cli/tests/cgo_cases.rs builds
// the program and runs `program NAME` for each name.
package main

import (
	"fmt"
	"os"
)

var cases = map[string]func(){}

func main() {
	f := cases[os.Args[1]]
	if f == nil {
		fmt.Println("no such case")
		os.Exit(1)
	}
	f()
}

// try calls f and tells of a panic.
func try(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(what, "panics:", r)
		} else {
			fmt.Println(what, "returns")
		}
	}()
	f()
}
