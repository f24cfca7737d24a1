// Package sched measures goroutines: handing over, stacks that grow, timers.
package sched

import (
	"sync"
	"testing"
	"time"
)

// BenchmarkRing1000 passes a token around a ring of 1,000 goroutines; an operation is one hop.
func BenchmarkRing1000(b *testing.B) {
	const size = 1000
	links := make([]chan int, size)
	for i := range links {
		links[i] = make(chan int)
	}
	done := make(chan bool)
	for i := range links {
		go func(from <-chan int, to chan<- int) {
			for hops := range from {
				if hops == 0 {
					done <- true
					continue
				}
				to <- hops - 1
			}
		}(links[i], links[(i+1)%size])
	}
	b.ResetTimer()
	links[0] <- b.N
	<-done
	b.StopTimer()
	for _, link := range links {
		close(link)
	}
}

func recurse(n int) int {
	var frame [4]int
	frame[n&3] = n
	if n == 0 {
		return frame[0]
	}
	return recurse(n-1) + frame[n&3]
}

// BenchmarkRecursion2000 goes 2,000 calls deep on a fresh goroutine, whose stack grows on the way.
func BenchmarkRecursion2000(b *testing.B) {
	done := make(chan int)
	for i := 0; i < b.N; i++ {
		go func() { done <- recurse(2000) }()
		<-done
	}
}

func recurseDeferring(n int, sum *int) {
	if n == 0 {
		return
	}
	defer func() { *sum += n }()
	recurseDeferring(n-1, sum)
}

// BenchmarkDefers500 goes 500 calls deep on a fresh goroutine, with a deferred call in each.
func BenchmarkDefers500(b *testing.B) {
	done := make(chan int)
	for i := 0; i < b.N; i++ {
		go func() {
			sum := 0
			recurseDeferring(500, &sum)
			done <- sum
		}()
		if sum := <-done; sum != 500*501/2 {
			b.Fatal("the deferred calls added up to ", sum)
		}
	}
}

// BenchmarkFresh starts a goroutine that ends at once and waits for it.
func BenchmarkFresh(b *testing.B) {
	done := make(chan bool)
	for i := 0; i < b.N; i++ {
		go func() { done <- true }()
		<-done
	}
}

// timers does op b.N times from 4 goroutines, beside so many timers that are pending.
func timers(b *testing.B, pending int, op func()) {
	const goroutines = 4
	var waiting []*time.Timer
	for i := 0; i < pending; i++ {
		waiting = append(waiting, time.NewTimer(time.Hour+time.Duration(i)*time.Second))
	}
	var done sync.WaitGroup
	b.ResetTimer()
	for g := 0; g < goroutines; g++ {
		done.Add(1)
		go func(g int) {
			for i := g; i < b.N; i += goroutines {
				op()
			}
			done.Done()
		}(g)
	}
	done.Wait()
	b.StopTimer()
	for _, timer := range waiting {
		timer.Stop()
	}
}

func armAndStop() { time.NewTimer(time.Hour).Stop() }

// BenchmarkTimers arms and stops timers from 4 goroutines.
func BenchmarkTimers(b *testing.B) { timers(b, 0, armAndStop) }

// BenchmarkTimersBeside10000 does that beside 10,000 pending timers.
func BenchmarkTimersBeside10000(b *testing.B) { timers(b, 10000, armAndStop) }
