// Strings and slices whose headers name no memory, in every operation of the runtime that reads them: below the first page it is a nil pointer's panic, which
// can be recovered; elsewhere the end of the program, by the fault of the program and not of the runtime.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

type three struct{ a, b, c string }

var (
	address uintptr
	text    string
	bytes   []byte
	runes   []rune
	value   interface{}
	known   = map[string]int{"abcde": 1}
	anyKey  = map[interface{}]int{"abcde": 1}
)

func str(n int) (s string) {
	h := (*[2]uintptr)(unsafe.Pointer(&s))
	h[0], h[1] = address, uintptr(n)
	return
}

func slice(n int) (b []byte) {
	h := (*[3]uintptr)(unsafe.Pointer(&b))
	h[0], h[1], h[2] = address, uintptr(n), uintptr(n)
	return
}

func points(n int) []rune {
	b := slice(n)
	return *(*[]rune)(unsafe.Pointer(&b))
}

// deep makes the stack large enough for all that follows: it must not move while it holds such a header.
func deep(n int) byte {
	var room [1024]byte
	if n == 0 {
		return room[n]
	}
	return deep(n-1) + room[n]
}

var operations = []struct {
	name string
	f    func()
}{
	{"concatenate", func() { text = str(5) + "abc" }},
	{"concatenate much", func() { text = str(5000) + "abc" }},
	{"bytes", func() { bytes = []byte(str(5)) }},
	{"many bytes", func() { bytes = []byte(str(5000)) }},
	{"runes", func() { runes = []rune(str(5)) }},
	{"string of bytes", func() { text = string(slice(5)) }},
	{"string of runes", func() { text = string(points(5)) }},
	{"append", func() { bytes = append(bytes, str(5)...) }},
	{"append to", func() { bytes = append(slice(5), 1) }},
	{"copy", func() { copy(make([]byte, 10), str(5)) }},
	{"copy to", func() { copy(slice(5), "abc") }},
	{"equal", func() { value = str(5) == "abcde" }},
	{"less", func() { value = str(5) < "abcde" }},
	{"range", func() {
		for _, c := range str(5) {
			value = c
		}
	}},
	{"look up", func() { value = known[str(5)] }},
	{"assign", func() { known[str(5)] = 1 }},
	{"delete", func() { delete(known, str(5)) }},
	{"look up any", func() { value = anyKey[str(5)] }},
	{"interfaces", func() { value = interface{}(str(5)) == interface{}("abcde") }},
	{"convert", func() { value = *(*three)(unsafe.Pointer(address)) }},
	{"copy struct", func() { *new(three) = *(*three)(unsafe.Pointer(address)) }},
}

func main() {
	deep(50)
	if len(os.Args) > 1 {
		b, err := syscall.Mmap(-1, 0, 8192, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		address = uintptr(unsafe.Pointer(&b[0]))
		for _, o := range operations {
			if o.name == os.Args[1] {
				defer func() { fmt.Println("recovered", recover()) }()
				o.f()
			}
		}
		return
	}
	for _, o := range operations {
		address = 16
		func() {
			defer func() { fmt.Println(o.name, "-", recover().(runtime.Error)) }()
			o.f()
		}()
		out, err := exec.Command(os.Args[0], o.name).CombinedOutput()
		lines := strings.Split(string(out), "\n")
		first := strings.Fields(lines[0])
		fmt.Println(o.name, "-", strings.Join(first[:len(first)-1], " "), "-", lines[1], "-", err)
	}
}
