// Where the runtime's functions are: what runtime.Callers and FileLine say of the functions that panics come through, and what the traceback of a process shows
// that dies with GOTRACEBACK=2. Logging packages cut stacks at such names and files.

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
)

var (
	nilMap   map[string]int
	zero     int
	sink     interface{}
	anyKeys  = map[interface{}]int{1: 1}
	minusOne = -1
)

var ways = []struct {
	name string
	f    func()
}{
	{"assignment to nil map", func() { nilMap["a"] = 1 }},
	{"unhashable key", func() { anyKeys[[]int{1}] = 1 }},
	{"lookup of unhashable key", func() { zero = anyKeys[[]int{1}] }},
	{"close of nil channel", func() { var c chan int; close(c) }},
	{"send on closed channel", func() { c := make(chan int); close(c); c <- 1 }},
	{"assertion to type", func() { sink = 1; sink = sink.(string) }},
	{"nil to interface", func() { sink = nil; sink = sink.(error) }},
	{"negative slice", func() { sink = make([]int, minusOne) }},
	{"negative channel", func() { sink = make(chan int, minusOne) }},
	{"index", func() { a := []int{1}; zero = a[len(a)] }},
	{"slice", func() { a := []int{1}; sink = a[len(a)+1:] }},
	{"division", func() { minusOne /= zero }},
	{"nil pointer", func() { var p *struct{ n int }; p.n = 1 }},
	{"nil function", func() { var f func(); f() }},
	{"reflect: assignment to nil map", func() {
		reflect.ValueOf(nilMap).SetMapIndex(reflect.ValueOf("a"), reflect.ValueOf(1))
	}},
	{"reflect: close of closed channel", func() { c := make(chan int); close(c); reflect.ValueOf(c).Close() }},
	{"deferred", func() { defer func() { panic("again") }(); panic("once") }},
}

// The tree of the standard library, by a function of it.
func tree() string {
	f := runtime.FuncForPC(reflect.ValueOf(strings.Index).Pointer())
	file, _ := f.FileLine(f.Entry())
	return strings.TrimSuffix(file, "/src/strings/strings.go")
}

func show(name string) {
	fmt.Println(name + ": " + fmt.Sprint(recover()))
	var pcs [50]uintptr
	for _, pc := range pcs[:runtime.Callers(0, pcs[:])] {
		f := runtime.FuncForPC(pc)
		file, line := f.FileLine(f.Entry())
		if rest := strings.TrimPrefix(file, tree()); rest != file {
			if between(f.Name(), name) {
				continue
			}
			fmt.Println("  ", f.Name(), rest, line)
		} else {
			fmt.Println("  ", f.Name(), filepath.Base(file))
		}
	}
}

// A function that the stock runtime calls between those that compiled code and package reflect call.
func between(f, way string) bool {
	switch f {
	case "runtime.nilinterhash", "runtime.chansend":
		return true
	case "runtime.mapassign1", "runtime.closechan":
		return strings.HasPrefix(way, "reflect:")
	}
	return strings.HasPrefix(f, "runtime.call")
}

func way(name string, f func()) {
	defer show(name)
	f()
}

var place = regexp.MustCompile(`^\t(.+):(\d+)( |$)`)

// Every frame has a place: a line of a file.
func traceback(how string) {
	cmd := exec.Command(os.Args[0], how)
	cmd.Env = append(os.Environ(), "GOTRACEBACK=2")
	out, err := cmd.CombinedOutput()
	fmt.Println("traceback:", how, err)
	text := string(out[:bytes.Index(append(out, "\n\n"...), []byte(":\n"))+2])
	for _, line := range strings.Split(strings.SplitN(string(out[len(text):]), "\n\n", 2)[0], "\n") {
		if !strings.HasPrefix(line, "\t") {
			if strings.HasPrefix(line, "runtime.throw(") {
				continue
			}
			fmt.Println("  ", line[:strings.LastIndex(line, "(")])
			continue
		}
		m := place.FindStringSubmatch(line)
		switch {
		case m == nil || m[2] == "0":
			fmt.Println("  no place:", line)
		case strings.HasPrefix(m[1], tree()):
		default:
			// The runtime's own files are called /gort/..., wherever they are. Tests run in go-tests/std.
			if _, err := os.Stat(strings.Replace(m[1], "/gort/", "../../", 1)); err != nil {
				fmt.Println("  ", err)
			}
		}
	}
}

func main() {
	if len(os.Args) > 1 {
		if os.Args[1] == "panic" {
			nilMap["a"] = 1
		}
		runtime.SetFinalizer(1, nil)
	}
	for _, w := range ways {
		way(w.name, w.f)
	}
	for _, f := range []interface{}{runtime.GC, runtime.Gosched, runtime.Goexit, runtime.Stack, runtime.NumGoroutine} {
		fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
		file, line := fn.FileLine(fn.Entry())
		fmt.Println(fn.Name(), strings.TrimPrefix(file, tree()), line)
	}
	traceback("panic")
	traceback("fatal error")
}
