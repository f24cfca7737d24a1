package main

// #include "c.h"
import "C"

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
)

func init() {
	// These end the process; the test looks at the tracebacks.
	cases["uncaught"] = func() { C.down(panics, 2) }
	cases["uncaught-on-thread"] = func() { C.on_thread(panics, 1) }
	cases["goexit-on-thread"] = func() { C.on_thread(exits, 1) }

	cases["callers"] = func() {
		fmt.Println(C.down(names, 1))
		fmt.Println(C.on_thread(names, 0))
	}
	cases["profile"] = func() {
		var b bytes.Buffer
		pprof.StartCPUProfile(&b)
		burning()
		C.on_thread(burns, 0)
		pprof.StopCPUProfile()
		in := map[string]int{}
		all := 0
		words := make([]uint64, b.Len()/8)
		binary.Read(&b, binary.LittleEndian, words)
		// A head of five words; then samples: count, depth, addresses. The last has count 0.
		for words = words[5:]; len(words) > 2 && words[0] != 0; words = words[2+words[1]:] {
			all += int(words[0])
			found := map[string]bool{}
			for _, pc := range words[2 : 2+words[1]] {
				if f := runtime.FuncForPC(uintptr(pc)); f != nil {
					found[f.Name()] = true
				}
			}
			for name := range found {
				in[name] += int(words[0])
			}
		}
		fmt.Println("some:", all > 40)
		fmt.Println("in C, of a goroutine:", in["main.burning"]*10 > all*3)
		fmt.Println("in C, of a thread's callback:", in["main.goDown"]*10 > all*3)
	}
}

func burning() { C.burn(400) }

// printNames prints the functions below it.
func printNames() {
	pcs := make([]uintptr, 50)
	var names []string
	for _, pc := range pcs[:runtime.Callers(2, pcs)] {
		names = append(names, runtime.FuncForPC(pc-1).Name())
	}
	text := strings.Join(names, " ")
	// The size of the block of arguments is in the name.
	if i := strings.Index(text, "runtime.call"); i >= 0 {
		text = strings.Replace(text, text[i:i+len("runtime.call32")], "runtime.call", -1)
	}
	fmt.Println(text)
}
