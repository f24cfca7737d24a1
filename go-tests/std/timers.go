// Package time: sleeping, timers, tickers, AfterFunc, Stop and Reset, ordering by deadline, select with time-outs, formatting.
package main

import (
	"fmt"
	"sync"
	"time"
)

const unit = 15 * time.Millisecond

// sleepers answers in which order five of them woke, and whether one woke so late that this says nothing.
func sleepers() (order []int, late bool) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := time.Now()
	for i := 5; i >= 1; i-- {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			deadline := time.Duration(i) * 3 * unit
			time.Sleep(deadline)
			mu.Lock()
			order = append(order, i)
			late = late || time.Since(start) > deadline+2*unit
			mu.Unlock()
		}(i)
	}
	wg.Wait()
	return
}

func main() {
	start := time.Now()
	time.Sleep(2 * unit)
	d := time.Since(start)
	fmt.Println(d >= 2*unit, d < 100*unit)
	time.Sleep(0)
	time.Sleep(-1)

	// Many sleepers wake in the order of their deadlines, unless the system kept the process off its processors so long that several deadlines
	// passed at once.
	var mu sync.Mutex
	var wg sync.WaitGroup
	var order []int
	for late := true; late; {
		order, late = sleepers()
	}
	fmt.Println(order)

	t := time.NewTimer(time.Hour)
	fmt.Println(t.Stop(), t.Stop(), t.Reset(unit))
	<-t.C
	fmt.Println("fired", t.Stop(), t.Reset(time.Hour), t.Reset(unit))
	<-t.C
	c := make(chan string, 1)
	af := time.AfterFunc(unit, func() { c <- "AfterFunc" })
	fmt.Println(<-c, af.Stop())
	af = time.AfterFunc(time.Hour, func() { c <- "never" })
	fmt.Println(af.Stop())
	select {
	case s := <-c:
		fmt.Println(s)
	case <-time.After(2 * unit):
		fmt.Println("time-out")
	}
	tick := time.NewTicker(unit)
	n := 0
	for range tick.C {
		if n++; n == 5 {
			tick.Stop()
			break
		}
	}
	select {
	case <-tick.C:
		fmt.Println("tick after Stop")
	case <-time.After(3 * unit):
		fmt.Println(n, "ticks")
	}
	// Thousands of timers, most of them stopped.
	var fired int
	timers := make([]*time.Timer, 5000)
	for i := range timers {
		timers[i] = time.AfterFunc(time.Duration(i%50)*time.Millisecond+time.Second*time.Duration(i%2)*1000, func() {
			mu.Lock()
			fired++
			mu.Unlock()
		})
	}
	stopped := 0
	for i, t := range timers {
		if i%2 == 1 && t.Stop() {
			stopped++
		}
	}
	for {
		mu.Lock()
		f := fired
		mu.Unlock()
		if f == 2500 {
			break
		}
		time.Sleep(unit)
	}
	fmt.Println(stopped, fired)
	for i := 0; i < 200; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for k := 0; k < 5; k++ {
				time.Sleep(time.Duration(i%7) * time.Millisecond / 2)
			}
		}(i)
	}
	wg.Wait()

	when := time.Date(2009, time.November, 10, 23, 4, 5, 123456789, time.UTC)
	fmt.Println(when, when.Unix(), when.Weekday(), when.YearDay(), when.Add(36*time.Hour).Format(time.RFC1123Z), when.Truncate(time.Hour).Format(time.Kitchen))
	p, err := time.Parse("2006-01-02 15:04", "2015-08-19 12:30")
	fmt.Println(p, err, p.Sub(when), p.After(when), when.AddDate(0, 1, -3).Format("Jan _2 2006"))
	dur, err := time.ParseDuration("1h15m30.918s")
	fmt.Println(dur, err, dur.Minutes() > 75, time.Duration(1500)*time.Microsecond)
	a := time.Now()
	b := time.Now()
	fmt.Println(!b.Before(a), a.Year() > 2000, !a.IsZero(), time.Time{}.IsZero())
}
