package main

// #include "c.h"
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"unsafe"
)

func inC(name string) string {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return C.GoString(C.variable(s))
}

func init() {
	cases["fork"] = func() {
		for i := 0; i < 20; i++ {
			if s := C.forks(); s != 7 {
				fmt.Println("status", s)
			}
		}
		s := C.CString("exit 5")
		fmt.Println(C.runs(s))
		fmt.Println(exec.Command("/bin/true").Run())
	}
	cases["ids"] = func() {
		done := make(chan bool)
		for i := 0; i < 8; i++ {
			go func() {
				for j := 0; j < 20; j++ {
					C.down(collects, 1)
				}
				done <- true
			}()
		}
		fmt.Println(C.sets_ids())
		for i := 0; i < 8; i++ {
			<-done
		}
		fmt.Println(C.sets_ids())
	}
	cases["environment"] = func() {
		os.Setenv("GORT_A", "one")
		os.Setenv("GORT_B", "")
		fmt.Printf("%q %q\n", inC("GORT_A"), inC("GORT_B"))
		os.Setenv("GORT_A", "two")
		fmt.Printf("%q\n", inC("GORT_A"))
		os.Unsetenv("GORT_A")
		fmt.Printf("%q\n", inC("GORT_A"))
		os.Setenv("GORT_A", "three")
		os.Clearenv()
		fmt.Printf("%q %q\n", inC("GORT_A"), inC("PATH"))
		os.Setenv("GORT_A", "four")
		fmt.Printf("%q\n", inC("GORT_A"))
	}
	cases["dlopen"] = func() { fmt.Println(C.loads()) }
	// C's buffers are written at C's exit.
	cases["exit"] = func() { C.ends(3) }
}
