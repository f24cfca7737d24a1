// print and println of strings that cannot be read, and of headers that are none: nothing is printed for them, and what stands around it is right; also
// in the last words of a program. Of a string that can be read in part a file gets that part.
package main

import (
	"errors"
	"fmt"
	"io/ioutil"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func header(p uintptr, n int) (s string) {
	h := (*[2]uintptr)(unsafe.Pointer(&s))
	h[0], h[1] = p, uintptr(n)
	return
}

// Two pages: one of letters, one that nobody may touch.
func pages() uintptr {
	b, err := syscall.Mmap(-1, 0, 8192, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	check(syscall.Mprotect(b[4096:], syscall.PROT_NONE))
	return uintptr(unsafe.Pointer(&b[0]))
}

var start = pages()
var unmapped = header(start+4096, 5)

type named string
type failure string
type shown string

func (f failure) Error() string { return string(f) }
func (s shown) String() string  { return string(s) }

// toFile answers what f prints where standard error is a file.
func toFile(f func()) string {
	t, err := ioutil.TempFile("", "print")
	check(err)
	defer os.Remove(t.Name())
	old, err := syscall.Dup(2)
	check(err)
	check(syscall.Dup2(int(t.Fd()), 2))
	f()
	check(syscall.Dup2(old, 2))
	syscall.Close(old)
	text, err := ioutil.ReadFile(t.Name())
	check(err)
	return string(text)
}

func die(how string) {
	switch how {
	case "string":
		panic(unmapped)
	case "error":
		panic(failure(unmapped))
	case "stringer":
		panic(shown(unmapped))
	case "no string":
		panic(header(start, -1))
	case "deferred":
		defer println("deferred", unmapped, "too")
		panic(errors.New("late"))
	case "again":
		defer func() { panic(unmapped) }()
		panic(1)
	}
}

// The stack must not move while it holds such a pointer.
func addresses() {
	println("nil", header(0, 5), "low", header(8, 5), "kernel", header(1<<63, 5), "no address", header(1<<50, 5))
}

func main() {
	if len(os.Args) > 1 {
		die(os.Args[1])
	}
	println(unmapped)
	println("alive")
	println("a", unmapped, 1, unmapped, "b")
	print(unmapped, unmapped, "print\n")
	addresses()
	println("negative", header(start, -1), "too long", header(start, 1<<62))
	println("empty", header(start+4096, 0), "end")
	println([]byte(nil) == nil, (*(*[]byte)(unsafe.Pointer(&[3]uintptr{start + 4096, 5, 9})))[:2] == nil)
	// In a pipe the kernel drops what it could not read to the end; in a file it does not.
	made := strings.Repeat("0123456789", 500)
	fmt.Print(toFile(func() {
		println("part", header(start+4090, 12), "end")
		println(made, "made")
	}))
	for _, how := range []string{"string", "error", "stringer", "no string", "deferred", "again"} {
		out, err := exec.Command(os.Args[0], how).CombinedOutput()
		fmt.Printf("%s: %v\n", how, err)
		for _, line := range strings.SplitAfter(string(out), "\n") {
			if line == "\n" {
				break
			}
			fmt.Print(line)
		}
	}
}
