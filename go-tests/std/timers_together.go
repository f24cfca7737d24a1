// Very many timers come due together: each fires once, and the goroutines that they start run as they go, instead of all waiting at a time.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const n = 200000

var (
	fired [n]int32
	count int32
	most  int32
	done  = make(chan bool)
)

func fire(i int) {
	if i%100 == 0 {
		now := int32(runtime.NumGoroutine())
		for was := atomic.LoadInt32(&most); now > was && !atomic.CompareAndSwapInt32(&most, was, now); was = atomic.LoadInt32(&most) {
		}
	}
	atomic.AddInt32(&fired[i], 1)
	if atomic.AddInt32(&count, 1) == n {
		close(done)
	}
}

// round arms all timers, spread over a span of time that has passed when the last is armed.
func round(early time.Duration) {
	fired, count, most, done = [n]int32{}, 0, 0, make(chan bool)
	timers := make([]*time.Timer, n)
	for i := range timers {
		i := i
		timers[i] = time.AfterFunc(time.Hour+time.Duration(i*7919%n), func() { fire(i) })
	}
	for i, t := range timers {
		if !t.Stop() {
			fmt.Println("timer", i, "was not armed")
		}
	}
	for i, t := range timers {
		t.Reset(time.Duration(i*7919%n)*time.Microsecond/10 - early)
	}
	<-done
	for i := range fired {
		if fired[i] != 1 {
			fmt.Println("timer", i, "fired", fired[i], "times")
		}
	}
	fmt.Println("all fired once;", most < n/2)
}

func main() {
	round(0)
	round(time.Second)
	// Others get their turns meanwhile.
	stop := make(chan bool)
	turns := 0
	go func() {
		for {
			select {
			case <-stop:
				stop <- true
				return
			default:
				turns++
				runtime.Gosched()
			}
		}
	}()
	round(time.Second)
	stop <- true
	<-stop
	fmt.Println(turns > 100)
}
