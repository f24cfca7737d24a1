// Data that came while the world was stopped: who waits for it runs at once when the world goes on, though others keep the processor busy all the time.
package main

import (
	"fmt"
	"net"
	"runtime"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	a, err := net.Dial("tcp", l.Addr().String())
	check(err)
	b, err := l.Accept()
	check(err)
	got := 0
	go func() {
		var buf [1]byte
		for {
			if _, err := b.Read(buf[:]); err != nil {
				return
			}
			got++
		}
	}()
	for i := 0; i < 3; i++ {
		go func() {
			for {
				runtime.Gosched()
			}
		}()
	}
	late := 0
	for i := 0; i < 200; i++ {
		before := got
		a.Write([]byte("x"))
		runtime.GC()
		n := 0
		for got == before {
			runtime.Gosched()
			n++
		}
		// A turn of each of the others.
		if n > 4 {
			late++
		}
	}
	if late > 20 {
		fmt.Println("late", late, "times of 200")
		return
	}
	fmt.Println("in time")
}
