// A goroutine that a signal stopped in a loop without calls shows where it stands: in runtime.Stack, and when the program dies.
package main

import "runtime"

var sink int

//go:noinline
func spin(n, m int) {
	for {
		sink = n
	}
}

func find(s []byte, what string) bool {
	for i := 0; i+len(what) <= len(s); i++ {
		if string(s[i:i+len(what)]) == what {
			return true
		}
	}
	return false
}

func main() {
	started := make(chan bool)
	go func() {
		started <- true
		spin(7, 9)
	}()
	<-started
	buf := make([]byte, 4096)
	for {
		s := buf[:runtime.Stack(buf, true)]
		if find(s, "main.spin(0x7, 0x9)\n\tloop_trace.go:11") || find(s, "main.spin(0x7, 0x9)\n\tloop_trace.go:12") {
			println(find(s, "created by main.main"))
			break
		}
		runtime.Gosched()
	}
	var p *int
	*p = 1
}
