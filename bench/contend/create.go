package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// batch is how many goroutines or timers one creator makes before it waits for them.
const batch = 64

// create makes goroutines until it is time to end, and waits for them batch by batch.
func create(w *worker, ran *int64) {
	var group sync.WaitGroup
	rounds := w.r.rounds
	for w.next() {
		group.Add(1)
		go func(seed uint64) {
			if spin(seed, rounds) != 0 {
				atomic.AddInt64(ran, 1)
			}
			group.Done()
		}(w.state)
		if w.ops%batch == batch-1 {
			group.Wait()
		}
	}
	group.Wait()
}

// goOne: one goroutine creates.
func goOne(r *run) {
	var ran int64
	workers := r.crew(1, func(w *worker) { create(w, &ran) })
	r.wait()
	equal("goroutines that ran", ran, total(workers))
}

// goAll: n goroutines create.
func goAll(r *run) {
	ran := make([][16]int64, r.n) // each in cache lines of its own
	workers := r.crew(r.n, func(w *worker) { create(w, &ran[w.id][8]) })
	r.wait()
	for i, w := range workers {
		equal("goroutines that ran", ran[i][8], w.ops)
	}
}

// goChain: n goroutines, each of which creates its successor and ends.
func goChain(r *run) {
	r.crew(r.n, func(w *worker) {
		ended := make(chan int64)
		var step func(made int64)
		step = func(made int64) {
			if !w.next() {
				ended <- made
				return
			}
			w.work()
			go step(made + 1)
		}
		go step(0)
		equal("goroutines that ran", <-ended, w.ops)
	})
	r.wait()
}

// forkJoin: one goroutine has n others do something and waits for all of them.
func forkJoin(r *run) {
	var ran int64
	n := r.n
	workers := r.crew(1, func(w *worker) {
		var group sync.WaitGroup
		rounds := r.rounds
		for w.next() {
			group.Add(n)
			for i := 0; i < n; i++ {
				go func(seed uint64) {
					if spin(seed, rounds) != 0 {
						atomic.AddInt64(&ran, 1)
					}
					group.Done()
				}(w.state + uint64(i))
			}
			group.Wait()
		}
	})
	r.wait()
	equal("goroutines that ran", ran, total(workers)*int64(n))
}

// timerStop: n goroutines make timers and stop them, as deadlines do that are never met.
func timerStop(r *run) {
	r.crew(r.n, func(w *worker) {
		for w.next() {
			t := time.NewTimer(time.Hour)
			w.work()
			if !t.Stop() {
				fail("a timer of an hour has fired")
			}
		}
	})
	r.wait()
}

// timerReset: n goroutines put off a timer each.
func timerReset(r *run) {
	r.crew(r.n, func(w *worker) {
		t := time.NewTimer(time.Hour)
		for w.next() {
			w.work()
			if !t.Reset(time.Hour) {
				fail("a timer of an hour has fired")
			}
		}
		t.Stop()
	})
	r.wait()
}

// timerFire: n goroutines start timers that fire at once, and wait until they have.
func timerFire(r *run) {
	var fired int64
	workers := r.crew(r.n, func(w *worker) {
		var group sync.WaitGroup
		for w.next() {
			group.Add(1)
			time.AfterFunc(time.Microsecond, func() {
				atomic.AddInt64(&fired, 1)
				group.Done()
			})
			if w.ops%batch == batch-1 {
				group.Wait()
			}
		}
		group.Wait()
	})
	r.wait()
	equal("timers that fired", fired, total(workers))
}

// sleep: n goroutines sleep for 100 us at a time and work between.
func sleep(r *run) {
	const nap = 100 * time.Microsecond
	r.crew(r.n, func(w *worker) {
		for w.next() {
			start := time.Now()
			time.Sleep(nap)
			// The clock of package time may be corrected meanwhile, by less than a tenth.
			if slept := time.Since(start); slept < nap-nap/10 {
				fail("slept for %v, not %v", slept, nap)
			}
			w.work()
		}
	})
	r.wait()
}
