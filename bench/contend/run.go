package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A run is one measurement of one row.
type run struct {
	n      int // goroutines of each kind of which there are many
	buffer int // elements that a channel holds
	rounds int // of spin, in an operation
	window time.Duration

	gate      chan struct{}  // closed to let the workers begin
	begun     sync.WaitGroup // of workers that have not come to the gate
	ended     sync.WaitGroup // of workers that have not ended
	warm, end int64          // the clock when measuring begins and when it ends

	crews []crew
	marks [2]mark // at the first look at the clock after warm, and after end
}

// A crew is the workers that do the same thing.
type crew struct {
	counts  bool // are its operations those of the row?
	workers []*worker
}

// A mark says when it was made and how much processor time the process had used.
type mark struct {
	made    int32
	at, cpu int64
}

// crew adds n workers whose operations count; they begin at start. What is returned can be read after wait.
func (r *run) crew(n int, body func(w *worker)) []*worker { return r.add(true, n, body) }

// beside adds n workers whose operations do not count.
func (r *run) beside(n int, body func(w *worker)) []*worker { return r.add(false, n, body) }

func (r *run) add(counts bool, n int, body func(w *worker)) []*worker {
	var workers []*worker
	for i := 0; i < n; i++ {
		w := &worker{r: r, id: i, ops: -1, gap: 1, state: uint64(len(r.crews)*1000+i)*2 + 1}
		workers = append(workers, w)
		r.begun.Add(1)
		r.ended.Add(1)
		go func() {
			defer r.ended.Done()
			r.begun.Done()
			<-r.gate
			body(w)
		}()
	}
	r.crews = append(r.crews, crew{counts, workers})
	return workers
}

// wait lets all workers begin and waits until all have ended.
func (r *run) wait() {
	r.begun.Wait()
	now := clock()
	r.warm = now + int64(r.window/10)
	r.end = r.warm + int64(r.window)
	close(r.gate)
	r.ended.Wait()
}

// mark notes the processor time used so far, once.
func (r *run) mark(i int, now int64) {
	m := &r.marks[i]
	if atomic.LoadInt32(&m.made) == 0 && atomic.CompareAndSwapInt32(&m.made, 0, 1) {
		var usage syscall.Rusage
		must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		m.at, m.cpu = now, usage.Utime.Nano()+usage.Stime.Nano()
	}
}

// report prints the metrics.
func (r *run) report() {
	var ops, beside, longest int64
	var took histogram
	share := 1.0
	for _, crew := range r.crews {
		var least, most int64
		for i, w := range crew.workers {
			counted := w.counted()
			if i == 0 || counted < least {
				least = counted
			}
			if counted > most {
				most = counted
			}
			if !crew.counts {
				beside += counted
				continue
			}
			ops += counted
			took.join(&w.took)
			if w.longest > longest {
				longest = w.longest
			}
		}
		if most > 0 && float64(least)/float64(most) < share {
			share = float64(least) / float64(most)
		}
	}
	if ops == 0 || took.n == 0 {
		fail("nothing was done in %v", r.window)
	}
	per := func(total int64) float64 { return float64(total) / float64(ops) }
	fmt.Printf("metric time %.3f ns\n", per(r.marks[1].at-r.marks[0].at))
	fmt.Printf("metric cpu %.3f ns\n", per(r.marks[1].cpu-r.marks[0].cpu))
	fmt.Printf("metric p50 %d ns\n", took.quantile(0.50))
	fmt.Printf("metric p99 %d ns\n", took.quantile(0.99))
	fmt.Printf("metric max %d ns\n", longest)
	fmt.Printf("metric share %.4f share\n", share)
	if beside > 0 {
		// What the others got done: a lock that lets them in more often serves these less.
		fmt.Printf("metric beside %.4g /s\n", float64(beside)/(float64(r.window)/1e9))
	}
}

func clock() int64 { return time.Now().UnixNano() }

// between is the time between two looks at the clock: each look costs some 50 ns, so all of them half a percent.
const between = 20000

// A worker is what one goroutine knows about itself. It is written by that goroutine alone, and has its cache lines for itself.
type worker struct {
	_  [64]byte
	r  *run
	id int

	ops  int64 // done since the beginning; -1 before the first
	look int64 // the count of operations at which to look at the clock again

	timing     bool  // the operation under way is timed
	last, then int64 // the clock at the last look, and the count of operations
	gap        int64 // operations between the end of one that is timed and the next such

	counting, over bool
	from, to       int64 // counts of operations at the ends of the window
	longest        int64 // time between two looks, in the window
	took           histogram

	state uint64 // of work and random
	_     [64]byte
}

// next is called before each operation and counts the one before. False: it is time to end.
func (w *worker) next() bool {
	w.ops++
	if w.ops < w.look {
		return true
	}
	return w.glance()
}

// glance looks at the clock. Operations are timed one at a time, with gaps of random length between.
func (w *worker) glance() bool {
	now := clock()
	passed := now - w.last
	if w.counting && !w.over {
		if w.timing {
			w.took.add(passed)
		}
		if passed > w.longest {
			w.longest = passed
		}
	}
	if w.timing {
		w.timing = false
		w.look = w.ops + w.gap/2 + 1 + int64(w.random()%uint64(w.gap))
	} else {
		if n := w.ops - w.then; w.last != 0 && n > 0 {
			// As many operations as fit, but slowly upwards: the first ones, and those that waited, say little.
			fit := between * n / (passed + 1)
			if fit > 2*w.gap {
				fit = 2 * w.gap
			}
			if fit < 1 {
				fit = 1
			}
			w.gap = fit
		}
		w.timing = true
		w.look = w.ops + 1
	}
	w.last, w.then = now, w.ops
	if now < w.r.warm {
		return true
	}
	if !w.counting {
		w.counting = true
		w.from = w.ops
		w.r.mark(0, now)
	}
	if now < w.r.end {
		return true
	}
	if !w.over {
		w.over = true
		w.to = w.ops
		w.r.mark(1, now)
	}
	return false
}

// counted is how many operations were done in the window.
func (w *worker) counted() int64 {
	switch {
	case w.over:
		return w.to - w.from
	case w.counting: // it ended because others did
		return w.ops - w.from
	}
	return 0 // it came to nothing in all that time
}

// work is what an operation does beside.
func (w *worker) work() { w.state = spin(w.state, w.r.rounds) }

// spin takes a chain of multiplications: some 4 cycles a round.
func spin(x uint64, rounds int) uint64 {
	for i := 0; i < rounds; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

func (w *worker) random() uint64 {
	w.state = spin(w.state, 1)
	return w.state >> 33
}

// total is how many operations workers did since the beginning.
func total(workers []*worker) int64 {
	var sum int64
	for _, w := range workers {
		sum += w.ops
	}
	return sum
}

// A histogram counts times in steps of at most 1/32 of their size.
type histogram struct {
	n     int64
	steps [40 << stepBits]uint32
}

const stepBits = 5

func (h *histogram) add(ns int64) {
	if ns < 0 {
		ns = 0
	}
	exponent := uint(0)
	for ns>>exponent >= 2<<stepBits {
		exponent++
	}
	step := int(exponent)<<stepBits + int(ns>>exponent)
	if step >= len(h.steps) {
		step = len(h.steps) - 1
	}
	h.steps[step]++
	h.n++
}

func (h *histogram) join(other *histogram) {
	h.n += other.n
	for i, n := range &other.steps {
		h.steps[i] += n
	}
}

// quantile is the lower end of the step in which that part of the times ends.
func (h *histogram) quantile(part float64) int64 {
	left := int64(part * float64(h.n-1))
	for i, n := range &h.steps {
		if left < int64(n) {
			exponent := uint(0)
			if i >= 2<<stepBits {
				exponent = uint(i>>stepBits) - 1
			}
			return int64(i-int(exponent)<<stepBits) << exponent
		}
		left -= int64(n)
	}
	return 0
}
