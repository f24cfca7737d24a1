// Errors that end a program at once: deadlocks in every form, stacks without end, memory that is not there. The argument chooses one.

package main

import (
	"runtime"
	_ "unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

//go:linkname setMaxStack runtime.setMaxStack
func setMaxStack(n int) int

type finalized struct{ n [10]int }

type large struct{ pad [1000]int }

func (l large) call() {
	l.call()
	count++
}

func endless() {
	endless()
	count++
}

func deferring() {
	defer deferring()
	deferring()
}

type loop struct{}

func (l loop) Error() string { return "loop " + l.Error() }

func big() {
	var a [100000]byte
	a[count] = 1
	big()
	count += int(a[count+1])
}

var count int

var sink interface{}

func main() {
	switch arguments()[1] {
	case "deadlock_receive":
		<-make(chan int)
	case "deadlock_send":
		make(chan int) <- 1
	case "deadlock_range":
		for x := range make(chan int) {
			println(x)
		}
	case "deadlock_select":
		a, b := make(chan int), make(chan string)
		select {
		case <-a:
		case b <- "x":
		}
	case "deadlock_others":
		for i := 0; i < 3; i++ {
			go func(i int) {
				<-make(chan int)
			}(i)
		}
		runtime.Gosched()
		select {}
	case "deadlock_locked":
		runtime.LockOSThread()
		select {}
	case "deadlock_main_exits":
		go func() {
			<-make(chan int)
		}()
		runtime.Gosched()
		runtime.Goexit()
	case "deadlock_with_finalizer":
		runtime.SetFinalizer(new(finalized), func(*finalized) {})
		runtime.GC()
		select {}
	case "deadlock_in_deferred":
		defer func() {
			select {}
		}()
		panic("not shown")
	case "deadlock_in_finalizer":
		runtime.SetFinalizer(new(finalized), func(*finalized) { select {} })
		runtime.GC()
		runtime.GC()
		select {}
	case "stack":
		setMaxStack(1 << 20)
		endless()
	case "stack_goroutine":
		setMaxStack(1 << 18)
		go endless()
		select {}
	case "stack_method":
		setMaxStack(1 << 20)
		large{}.call()
	case "stack_big_frames":
		setMaxStack(1 << 22)
		big()
	case "stack_deferring":
		setMaxStack(1 << 20)
		deferring()
	case "stack_not_recovered":
		setMaxStack(1 << 20)
		defer func() {
			println("recovered", recover() != nil)
		}()
		endless()
	case "stack_error_method":
		setMaxStack(1 << 20)
		panic(loop{})
	case "stack_closure":
		setMaxStack(1 << 20)
		var f func()
		f = func() {
			f()
			count++
		}
		f()
	case "stack_max":
		println(setMaxStack(1<<20), setMaxStack(1<<21), setMaxStack(1<<20))
	case "memory_slice":
		sink = make([]byte, 1<<46)
	case "memory_map":
		sink = make(map[int]int, 1<<50)
	case "memory_chan":
		sink = make(chan int, 1<<44)
	case "go_nil":
		var f func()
		go f()
		select {}
	case "unlock_never_locked":
		runtime.UnlockOSThread()
		println("nothing happens")
	case "exit_by_return":
		defer println("deferred")
		go func() {
			for {
				runtime.Gosched()
			}
		}()
	}
}
