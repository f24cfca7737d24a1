package main

import (
	"sync"
	"sync/atomic"
)

// mutex: n goroutines want one lock and do all their work under it.
func mutex(r *run) {
	var mu sync.Mutex
	var count int64
	workers := r.crew(r.n, func(w *worker) {
		for w.next() {
			mu.Lock()
			count++
			w.work()
			mu.Unlock()
		}
	})
	r.wait()
	equal("operations", count, total(workers))
}

// mutexSpaced: n goroutines hold one lock shortly and do their work elsewhere.
func mutexSpaced(r *run) {
	var mu sync.Mutex
	var count int64
	workers := r.crew(r.n, func(w *worker) {
		for w.next() {
			w.work()
			mu.Lock()
			count++
			mu.Unlock()
		}
	})
	r.wait()
	equal("operations", count, total(workers))
}

// pair is what readers and writers share: outside the lock both halves are the same.
type pair struct {
	mu   sync.RWMutex
	a, b int64
}

func (p *pair) read(w *worker) {
	p.mu.RLock()
	a := p.a
	w.work()
	b := p.b
	p.mu.RUnlock()
	if a != b {
		fail("a reader saw %d and %d", a, b)
	}
}

func (p *pair) write(w *worker) {
	p.mu.Lock()
	p.a++
	w.work()
	p.b++
	p.mu.Unlock()
}

// rwMutexRead: n readers.
func rwMutexRead(r *run) {
	var p pair
	r.crew(r.n, func(w *worker) {
		for w.next() {
			p.read(w)
		}
	})
	r.wait()
}

// rwMutexWriter: n readers beside one writer that comes every fifty microseconds by the clock: where it gets the lock at once it would else come more often, and the
// readers would pay for it. If it is late it has missed its turns.
func rwMutexWriter(r *run) {
	const every = 50000
	var p pair
	r.crew(r.n, func(w *worker) {
		for w.next() {
			p.read(w)
		}
	})
	writers := r.beside(1, func(w *worker) {
		for due := clock(); w.next(); {
			p.write(w)
			now := clock()
			for due += every; now < due; now = clock() {
				w.state = spin(w.state, longWork/10)
			}
			if now-due > every {
				due = now
			}
		}
	})
	r.wait()
	equal("writes", p.a, total(writers))
}

// rwMutexMixed: n goroutines that write each sixteenth time and else read.
func rwMutexMixed(r *run) {
	var p pair
	var written int64
	r.crew(r.n, func(w *worker) {
		var mine int64
		for w.next() {
			if w.ops%16 == 15 {
				p.write(w)
				mine++
			} else {
				p.read(w)
			}
		}
		atomic.AddInt64(&written, mine)
	})
	r.wait()
	equal("writes", p.a, written)
}

// condSignal: n goroutines put into a queue of ten places, n take from it, with a condition for each side.
func condSignal(r *run) {
	const places = 10
	var mu sync.Mutex
	notFull, notEmpty := sync.NewCond(&mu), sync.NewCond(&mu)
	var held, taken int64
	putting := r.n
	putters := r.crew(r.n, func(w *worker) {
		for w.next() {
			w.work()
			mu.Lock()
			for held == places {
				notFull.Wait()
			}
			held++
			mu.Unlock()
			notEmpty.Signal()
		}
		mu.Lock()
		putting--
		mu.Unlock()
		notEmpty.Broadcast()
	})
	r.beside(r.n, func(w *worker) {
		for {
			w.next()
			mu.Lock()
			for held == 0 && putting > 0 {
				notEmpty.Wait()
			}
			if held == 0 {
				mu.Unlock()
				return
			}
			held--
			taken++
			mu.Unlock()
			notFull.Signal()
			w.work()
		}
	})
	r.wait()
	equal("taken", taken, total(putters))
}

// condBroadcast: n goroutines meet again and again; the last one wakes the others.
func condBroadcast(r *run) {
	var mu sync.Mutex
	met := sync.NewCond(&mu)
	var came, meetings, seen int64
	var asked, over bool
	r.crew(r.n, func(w *worker) {
		for ended := false; !ended; {
			more := w.next()
			w.work()
			mu.Lock()
			asked = asked || !more
			if came++; came == int64(r.n) {
				came = 0
				meetings++
				over = asked
				met.Broadcast()
			} else {
				for now := meetings; now == meetings; {
					met.Wait()
				}
			}
			// Until all have come again nobody changes it.
			ended = over
			seen++
			mu.Unlock()
		}
	})
	r.wait()
	equal("came", seen, meetings*int64(r.n))
}

// waitGroup: n goroutines count up and down one group, which one goroutine waits for in the end.
func waitGroup(r *run) {
	var group sync.WaitGroup
	group.Add(1)
	var count int64
	workers := r.crew(r.n, func(w *worker) {
		for w.next() {
			group.Add(1)
			w.work()
			group.Done()
		}
		atomic.AddInt64(&count, w.ops)
	})
	r.wait()
	group.Done()
	group.Wait()
	equal("operations", count, total(workers))
}

// pool: n goroutines take a buffer from a pool and give it back.
func pool(r *run) {
	type buffer struct{ users, uses int64 }
	made := int64(0)
	pool := sync.Pool{New: func() interface{} {
		atomic.AddInt64(&made, 1)
		return new(buffer)
	}}
	r.crew(r.n, func(w *worker) {
		for w.next() {
			b := pool.Get().(*buffer)
			if b.users++; b.users != 1 {
				fail("%d goroutines have one buffer", b.users)
			}
			w.work()
			b.uses++
			b.users--
			pool.Put(b)
		}
	})
	r.wait()
	if made == 0 {
		fail("no buffer was made")
	}
}

// poolBatch: n goroutines take 16 buffers and give them back, so that what a P keeps at hand does not do.
func poolBatch(r *run) {
	pool := sync.Pool{New: func() interface{} { return new([256]byte) }}
	r.crew(r.n, func(w *worker) {
		var held [16]*[256]byte
		for w.next() {
			for i := range held {
				held[i] = pool.Get().(*[256]byte)
				if held[i][0] != 0 {
					fail("a buffer is given out twice")
				}
				held[i][0] = 1
			}
			w.work()
			for i := range held {
				held[i][0] = 0
				pool.Put(held[i])
			}
		}
	})
	r.wait()
}

// once: n goroutines ask for what has been done once.
func once(r *run) {
	var once sync.Once
	var count int64
	r.crew(r.n, func(w *worker) {
		for w.next() {
			once.Do(func() { count++ })
			w.work()
		}
	})
	r.wait()
	equal("calls", count, 1)
}

// atomicAdd: n goroutines add to one counter.
func atomicAdd(r *run) {
	var count int64
	workers := r.crew(r.n, func(w *worker) {
		for w.next() {
			atomic.AddInt64(&count, 1)
			w.work()
		}
	})
	r.wait()
	equal("count", count, total(workers))
}

// atomicCAS: n goroutines change one word by compare-and-swap.
func atomicCAS(r *run) {
	var count int64
	workers := r.crew(r.n, func(w *worker) {
		for w.next() {
			for {
				was := atomic.LoadInt64(&count)
				if atomic.CompareAndSwapInt64(&count, was, was+1) {
					break
				}
			}
			w.work()
		}
	})
	r.wait()
	equal("count", count, total(workers))
}
