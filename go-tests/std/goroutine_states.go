// The state of goroutines in the headers of their tracebacks: runnable, running, in a system call, and waiting for everything that one can wait for.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	mu    sync.Mutex
	wg    sync.WaitGroup
	rw    sync.RWMutex
	cond  = sync.NewCond(new(sync.Mutex))
	empty = make(chan int)
	full  = make(chan int, 1)
	ln    net.Listener
	pipe  [2]int
	stop  bool
)

func receives()   { <-empty }
func sends()      { full <- 2 }
func nilReceive() { var c chan int; <-c }
func nilSend()    { var c chan int; c <- 1 }
func selects() {
	select {
	case <-empty:
	case full <- 3:
	}
}
func forever()   { select {} }
func locks()     { mu.Lock() }
func rlocks()    { rw.RLock() }
func waitGroup() { wg.Wait() }
func condition() {
	cond.L.Lock()
	cond.Wait()
}
func sleeps()  { time.Sleep(time.Hour) }
func network() { ln.Accept() }
func reads()   { syscall.Read(pipe[0], make([]byte, 1)) }
func ranges() {
	for range empty {
	}
}
func locked() {
	runtime.LockOSThread()
	<-empty
}
func lockedRead() {
	runtime.LockOSThread()
	syscall.Read(pipe[0], make([]byte, 1))
}

// state finds the header of the goroutine that was made to run a function.
func state(dump, name string) string {
	for _, g := range strings.Split(dump, "\n\n") {
		if strings.Contains(g, "main."+name+"(") {
			header := strings.SplitN(g, "\n", 2)[0]
			return header[strings.Index(header, "["):]
		}
	}
	return "none"
}

func dump() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

func main() {
	full <- 1
	mu.Lock()
	rw.Lock()
	wg.Add(1)
	var err error
	if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		panic(err)
	}
	if err = syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
	all := []struct {
		name, state string
		f           func()
	}{
		{"receives", "[chan receive]:", receives},
		{"sends", "[chan send]:", sends},
		{"nilReceive", "[chan receive (nil chan)]:", nilReceive},
		{"nilSend", "[chan send (nil chan)]:", nilSend},
		{"selects", "[select]:", selects},
		{"forever", "[select (no cases)]:", forever},
		{"locks", "[semacquire]:", locks},
		{"rlocks", "[semacquire]:", rlocks},
		{"waitGroup", "[semacquire]:", waitGroup},
		{"condition", "[semacquire]:", condition},
		{"sleeps", "[sleep]:", sleeps},
		{"network", "[IO wait]:", network},
		{"reads", "[syscall]:", reads},
		{"ranges", "[chan receive]:", ranges},
		{"locked", "[chan receive, locked to thread]:", locked},
		{"lockedRead", "[syscall, locked to thread]:", lockedRead},
	}
	for _, g := range all {
		go g.f()
	}
	for _, g := range all {
		// It gets there sooner or later.
		for state(dump(), g.name) != g.state {
			time.Sleep(time.Millisecond)
		}
		fmt.Println(g.name, state(dump(), g.name))
	}
	fmt.Println("main", state(dump(), "main"))
	fmt.Println("os/signal", strings.Contains(dump(), " [syscall]:\nos/signal.loop("))
	// One that was made and has not run: sooner or later it is seen before it does.
	runtime.GOMAXPROCS(1)
	buf := make([]byte, 1<<20)
	for seen := false; !seen; {
		go func() { stop = true }()
		seen = strings.Contains(string(buf[:runtime.Stack(buf, true)]), "[runnable]:\nmain.main.func1(")
	}
	fmt.Println("runnable")
	// Two that compute.
	runtime.GOMAXPROCS(2)
	done := make(chan bool)
	for i := 0; i < 2; i++ {
		go spins(done)
	}
	for i := 0; i < 2; i++ {
		<-done
	}
	// They have said that they are done, and return sooner or later.
	for strings.Contains(dump(), "spins") {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("dead", state(dump(), "spins"))
}

func spins(done chan bool) {
	for i := 0; i < 1000; i++ {
		runtime.Gosched()
	}
	done <- true
}
