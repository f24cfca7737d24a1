// The slices of arguments and environment belong to the program: strings that it stores there outlive collections.
package main

import (
	"runtime"
	_ "unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

//go:linkname environment syscall.runtime_envs
func environment() []string

// text makes a string on the heap, as long as no other.
func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + (i+n)%26)
	}
	return string(b)
}

func check(what string, kept []string) {
	for i := range kept {
		if kept[i] != text(100+i) {
			println(what, i, "lost:", kept[i])
		}
	}
	println(what, "checked")
}

var garbage []string

func main() {
	args, envs := arguments(), environment()
	for _, kept := range [][]string{args, envs} {
		for i := range kept {
			kept[i] = text(100 + i)
		}
	}
	for round := 0; round < 3; round++ {
		runtime.GC()
		for i := 0; i < 1000; i++ {
			garbage = append(garbage, text(100+i%64))
		}
		garbage = nil
	}
	check("arguments", args)
	check("environment", envs)
	println(len(args) > 0, len(envs) > 0)
	// Every call gives a slice of its own.
	println(arguments()[0] == args[0], environment()[0] == envs[0])
}
