// What timers promise: results of Stop and Reset, times that are equal, past, negative or too far away, timers stopped while they fire, many at once,
// GOMAXPROCS that changes beneath them. No line depends on how fast anything is.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	ms   = time.Millisecond
	long = time.Hour
	huge = 1<<63 - 1
)

func results() {
	t := time.NewTimer(long)
	fmt.Println("stop", t.Stop(), t.Stop(), "reset", t.Reset(long), t.Reset(ms))
	<-t.C
	fmt.Println("fired: stop", t.Stop(), "reset", t.Reset(ms))
	<-t.C
	fmt.Println("again: reset", t.Reset(long), "stop", t.Stop())
	var ran int32
	done := make(chan bool)
	f := time.AfterFunc(long, func() {
		atomic.AddInt32(&ran, 1)
		done <- true
	})
	fmt.Println("function: reset", f.Reset(0))
	<-done
	fmt.Println("ran", ran, "stop", f.Stop(), "reset", f.Reset(-ms))
	<-done
	fmt.Println("ran", ran, "channel", f.C == nil)
}

func extremes() {
	for _, d := range []time.Duration{0, -1, -long, -huge, -huge - 1, 1} {
		<-time.After(d)
		time.Sleep(d)
		<-time.NewTimer(d).C
		done := make(chan bool)
		time.AfterFunc(d, func() { done <- true })
		<-done
	}
	fmt.Println("past times have come")
	var far []*time.Timer
	for _, d := range []time.Duration{huge, huge - 1, huge / 2, 100 * 365 * 24 * time.Hour} {
		far = append(far, time.NewTimer(d), time.AfterFunc(d, func() { fmt.Println("too early", d) }))
	}
	time.Sleep(20 * ms)
	for _, t := range far {
		select {
		case <-t.C:
			fmt.Println("too early")
		default:
		}
		fmt.Print(t.Stop(), " ")
	}
	fmt.Println()
	for _, d := range []time.Duration{0, -1} {
		func() {
			defer func() { fmt.Println(recover()) }()
			time.NewTicker(d)
		}()
		fmt.Println(time.Tick(d) == nil)
	}
	t := time.NewTicker(huge)
	t.Stop()
	t = time.NewTicker(1)
	for i := 0; i < 100; i++ {
		<-t.C
	}
	t.Stop()
	fmt.Println("a ticker of a nanosecond ticks")
}

// equal: of timers for the same time each fires once.
func equal() {
	var ran int32
	var all sync.WaitGroup
	for i := 0; i < 1000; i++ {
		all.Add(1)
		time.AfterFunc(5*ms, func() {
			atomic.AddInt32(&ran, 1)
			all.Done()
		})
	}
	all.Wait()
	time.Sleep(5 * ms)
	fmt.Println("equal:", atomic.LoadInt32(&ran))
}

// races: each timer either was stopped or has run, never both, whoever is faster.
func races() {
	var ran, stopped int32
	const n = 5000
	var all sync.WaitGroup
	for g := 0; g < 4; g++ {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			for i := 0; i < n; i++ {
				t := time.AfterFunc(time.Duration(i%50)*time.Microsecond, func() { atomic.AddInt32(&ran, 1) })
				for k := 0; k < (i*7+g)%400; k++ {
					runtime.NumGoroutine()
				}
				if t.Stop() {
					atomic.AddInt32(&stopped, 1)
				}
			}
		}(g)
	}
	all.Wait()
	for i := 0; i < 5000 && atomic.LoadInt32(&ran)+atomic.LoadInt32(&stopped) < 4*n; i++ {
		time.Sleep(ms)
	}
	time.Sleep(5 * ms)
	fmt.Println("stopped or run:", ran+stopped == 4*n)

	// One timer that many move.
	var fired int32
	t := time.AfterFunc(long, func() { atomic.AddInt32(&fired, 1) })
	for i := 0; i < n; i++ {
		t.Reset(long)
	}
	fmt.Println("moved:", t.Stop(), fired)
}

// order: a timer for earlier that is set later fires first.
func order() {
	var mu sync.Mutex
	var got []int
	var all sync.WaitGroup
	start := time.Now()
	for i := 20; i > 0; i-- {
		i := i
		all.Add(1)
		d := time.Duration(i)*2*ms + 20*ms - time.Since(start)
		time.AfterFunc(d, func() {
			mu.Lock()
			got = append(got, i)
			mu.Unlock()
			all.Done()
		})
	}
	all.Wait()
	fmt.Println("fired:", len(got))
}

// moves: timers live on when the processors that armed them go out of use.
func moves() {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	stop := int32(0)
	for i := 0; i < 40; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			tick := time.NewTicker(ms)
			defer tick.Stop()
			kept := time.NewTimer(long)
			for atomic.LoadInt32(&stop) == 0 {
				<-tick.C
				time.Sleep(time.Duration(i%3) * ms)
				if !kept.Reset(long) {
					fmt.Println("a timer is lost")
				}
			}
			if !kept.Stop() {
				fmt.Println("a timer is lost")
			}
		}(i)
	}
	for _, n := range []int{1, 8, 2, 16, 3, 1, 4, 32, 1, 2} {
		runtime.GOMAXPROCS(n)
		time.Sleep(3 * ms)
	}
	atomic.StoreInt32(&stop, 1)
	all.Wait()
	fmt.Println("GOMAXPROCS has changed")
}

// busy: every processor computes, and timers are not late by as much as it takes to end computing.
func busy() {
	var stop int32
	var all sync.WaitGroup
	for i := 0; i < 2*runtime.GOMAXPROCS(0); i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for atomic.LoadInt32(&stop) == 0 {
				fmt.Sprint(i)
			}
		}()
	}
	for i := 0; i < 5; i++ {
		<-time.After(ms)
		time.Sleep(ms)
	}
	atomic.StoreInt32(&stop, 1)
	all.Wait()
	fmt.Println("timers fire while all compute")
}

// many: hundreds of thousands of timers are armed, stopped and fired.
func many() {
	const n = 200000
	waiting := make([]*time.Timer, n)
	for i := range waiting {
		waiting[i] = time.NewTimer(long + time.Duration(i*7919%n))
	}
	var ran int32
	var all sync.WaitGroup
	for i := 0; i < 1000; i++ {
		all.Add(1)
		time.AfterFunc(time.Duration(i)*time.Microsecond, func() {
			atomic.AddInt32(&ran, 1)
			all.Done()
		})
	}
	runtime.GC()
	all.Wait()
	stopped := 0
	for i := range waiting {
		if waiting[i*7907%n].Stop() {
			stopped++
		}
	}
	fmt.Println("many:", ran, stopped)
}

func main() {
	results()
	extremes()
	equal()
	races()
	order()
	moves()
	busy()
	many()
}
