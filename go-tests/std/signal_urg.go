// os/signal sees every SIGURG that comes from outside, and none of those by which the runtime stops loops without calls.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

var sink [8]int

// Loops without calls, some ten milliseconds each.
func load(id int, wg *sync.WaitGroup) {
	for round := 0; round < 5; round++ {
		n := id
		for i := 0; i < 10000000; i++ {
			n = n*31 + i
		}
		sink[id] += n
	}
	wg.Done()
}

func send() {
	if err := syscall.Kill(os.Getpid(), syscall.SIGURG); err != nil {
		fmt.Println(err)
	}
}

// Goroutines that are stopped while others collect and get signals.
func busy(f func(i int)) {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go load(i, &wg)
	}
	for i := 0; i < 5; i++ {
		f(i)
		runtime.GC()
	}
	wg.Wait()
}

func main() {
	c := make(chan os.Signal, 100)
	signal.Notify(c, syscall.SIGURG)
	busy(func(i int) {
		send()
		fmt.Println(i, <-c)
	})
	fmt.Println(len(c), "more")
	signal.Stop(c)
	busy(func(int) { send() })
	fmt.Println(len(c), "after Stop")
	signal.Ignore(syscall.SIGURG)
	busy(func(int) { send() })
	fmt.Println(len(c), "after Ignore")
	signal.Notify(c, syscall.SIGURG)
	busy(func(int) {})
	send()
	fmt.Println(<-c)
	fmt.Println(len(c), "at the end")
}
