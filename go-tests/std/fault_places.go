// Faults in every kind of place: compiled code, the runtime's copies, clears and comparisons, strings, maps and interfaces that the runtime makes
// or looks at, calls of what is no code. With debug.SetPanicOnFault each is a panic that can be recovered, and everything works afterwards.

package main

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

type large struct{ words [64]int }

type pair struct {
	p *int
	s string
}

var (
	sink   interface{}
	number int
)

// An address that nobody may touch.
var page = forbidden()

func forbidden() uintptr {
	mem, err := syscall.Mmap(-1, 0, 1<<16, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	return uintptr(unsafe.Pointer(&mem[0]))
}

func at(offset uintptr) unsafe.Pointer { return unsafe.Pointer(page + offset) }

func badSlice(n int) (b []byte) {
	h := (*[3]uintptr)(unsafe.Pointer(&b))
	h[0], h[1], h[2] = page, uintptr(n), uintptr(n)
	return
}

func badString(n int) (s string) {
	h := (*[2]uintptr)(unsafe.Pointer(&s))
	h[0], h[1] = page, uintptr(n)
	return
}

var places = []struct {
	name string
	f    func()
}{
	{"read", func() { number = *(*int)(at(8)) }},
	{"write", func() { *(*int)(at(8)) = 1 }},
	{"float", func() { *(*float64)(at(8)) += 1.5 }},
	{"struct read", func() { l := *(*large)(at(0)); number = l.words[3] }},
	{"struct write", func() { *(*large)(at(0)) = large{} }},
	{"pointer write", func() { *(**int)(at(16)) = new(int) }},
	{"typed copy", func() { *(*pair)(at(0)) = pair{new(int), "x"} }},
	{"copy from", func() { copy(make([]byte, 100), badSlice(100)) }},
	{"copy to", func() { copy(badSlice(1000), make([]byte, 1000)) }},
	{"copy small", func() { copy(make([]byte, 3), badSlice(3)) }},
	{"copy large", func() { copy(make([]byte, 1<<15), badSlice(1<<15)) }},
	{"copy string", func() { copy(make([]byte, 30), badString(30)) }},
	{"append", func() { sink = append([]byte("abc"), badSlice(200)...) }},
	{"clear", func() {
		b := badSlice(300)
		for i := range b {
			b[i] = 0
		}
	}},
	{"compare strings", func() { number = len(fmt.Sprint(badString(5) == "hello")) }},
	{"order strings", func() { number = len(fmt.Sprint(badString(5) < "hello")) }},
	{"compare bytes", func() { number = bytes.Compare(badSlice(64), make([]byte, 64)) }},
	{"equal bytes", func() { sink = bytes.Equal(badSlice(64), make([]byte, 64)) }},
	{"index byte", func() { number = bytes.IndexByte(badSlice(64), 'x') }},
	{"index byte of string", func() { number = strings.IndexByte(badString(64), 'x') }},
	{"compare structs", func() { sink = *(*pair)(at(0)) == pair{} }},
	{"compare arrays", func() { sink = *(*[100]int)(at(0)) == [100]int{} }},
	{"string of bytes", func() { sink = string(badSlice(40)) }},
	{"bytes of string", func() { sink = []byte(badString(40)) }},
	{"runes of string", func() { sink = []rune(badString(40)) }},
	{"concatenation", func() { sink = badString(40) + "tail" }},
	{"range over string", func() {
		for _, r := range badString(4) {
			number += int(r)
		}
	}},
	{"map key", func() { number = map[string]int{"a": 1, "b": 2}[badString(1)] }},
	{"map key large", func() {
		m := map[large]int{{}: 1}
		number = m[*(*large)(at(0))]
	}},
	{"map key hashed", func() {
		m := map[string]int{}
		for i := 0; i < 100; i++ {
			m[fmt.Sprint(i)] = i
		}
		number = m[badString(20)]
	}},
	{"map assign", func() {
		m := map[interface{}]string{1: "x"}
		m[badString(9)] = "y"
	}},
	{"map of nowhere", func() {
		p := at(0)
		number = (*(*map[int]int)(unsafe.Pointer(&p)))[1]
	}},
	{"map delete", func() { delete(map[string]int{"a": 1, "b": 2}, badString(1)) }},
	{"interface", func() { sink = *(*large)(at(0)) }},
	{"interface of nowhere", func() { sink = *(*interface{})(at(0)) }},
	{"interface method", func() {
		i := [2]uintptr{page, page}
		sink = (*(*error)(unsafe.Pointer(&i))).Error()
	}},
	{"interface hash", func() {
		m := map[interface{}]int{}
		i := [2]uintptr{page, page}
		m[*(*interface{})(unsafe.Pointer(&i))] = 1
	}},
	{"call", func() {
		f := &page
		(*(*func())(unsafe.Pointer(&f)))()
	}},
	{"call of func value nowhere", func() {
		p := at(0)
		(*(*func())(unsafe.Pointer(&p)))()
	}},
	{"call of nil", func() {
		var f func()
		f()
	}},
	{"go to a stack that grew", func() { number = deep(200) }},
	{"deferred call", func() {
		f := &page
		defer (*(*func())(unsafe.Pointer(&f)))()
	}},
	{"nil", func() { number = (*large)(nil).words[5] }},
	{"far from nil", func() { number = (*[1 << 20]int)(nil)[1<<19] }},
	{"division", func() { number = 1 / (number - number) }},
}

func deep(n int) int {
	var pad [100]byte
	if n == 0 {
		return *(*int)(at(8))
	}
	return deep(n-1) + int(pad[n%100])
}

func try(f func()) (text string) {
	defer func() {
		r := recover()
		if r == nil {
			text = "nothing happened"
			return
		}
		err, ok := r.(runtime.Error)
		text = fmt.Sprint(ok, " ", err)
	}()
	f()
	return
}

func main() {
	debug.SetPanicOnFault(true)
	for _, place := range places {
		fmt.Printf("%s: %s\n", place.name, try(place.f))
	}
	// All at once, while memory is collected: nothing is left locked or half done.
	var wait sync.WaitGroup
	var mu sync.Mutex
	wrong := 0
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			debug.SetPanicOnFault(true)
			for n := 0; n < 300; n++ {
				place := places[(i*7+n)%len(places)]
				if strings.Contains(try(place.f), "nothing") {
					mu.Lock()
					wrong++
					mu.Unlock()
				}
				if n%50 == 0 {
					runtime.GC()
				}
				if n%10 == 0 {
					runtime.Gosched()
				}
			}
		}(i)
	}
	wait.Wait()
	fmt.Println("wrong:", wrong)
}
