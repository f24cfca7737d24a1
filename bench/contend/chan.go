package main

import "sync/atomic"

// closer returns a function that the n goroutines which send on a channel call in the end; the last one closes it.
func closer(n int, end func()) func() {
	left := int32(n)
	return func() {
		if atomic.AddInt32(&left, -1) == 0 {
			end()
		}
	}
}

// receive takes what comes until the channel is closed, and adds it up.
func receive(w *worker, c <-chan int64, sum *int64) {
	var got int64
	w.next()
	for v := range c {
		got += v
		w.work()
		w.next()
	}
	atomic.AddInt64(sum, got)
}

// send sends ones until it is time to end.
func send(w *worker, c chan<- int64) {
	for w.next() {
		w.work()
		c <- 1
	}
}

// chanPairs: one sends, one receives, n times beside each other.
func chanPairs(r *run) {
	chans := make([]chan int64, r.n)
	for i := range chans {
		chans[i] = make(chan int64, r.buffer)
	}
	var sum int64
	senders := r.crew(r.n, func(w *worker) {
		send(w, chans[w.id])
		close(chans[w.id])
	})
	r.beside(r.n, func(w *worker) { receive(w, chans[w.id], &sum) })
	r.wait()
	equal("received", sum, total(senders))
}

// through has some goroutines send on one channel and some receive; the ones of which there are more count.
func through(r *run, sending, receiving int) {
	c := make(chan int64, r.buffer)
	var sum int64
	end := closer(sending, func() { close(c) })
	to, from := r.crew, r.beside
	if receiving > sending {
		to, from = r.beside, r.crew
	}
	senders := to(sending, func(w *worker) {
		send(w, c)
		end()
	})
	from(receiving, func(w *worker) { receive(w, c, &sum) })
	r.wait()
	equal("received", sum, total(senders))
}

// chanNto1: n send on one channel, one receives.
func chanNto1(r *run) { through(r, r.n, 1) }

// chan1toN: one sends, n receive from one channel.
func chan1toN(r *run) { through(r, 1, r.n) }

// chanNtoN: n send on one channel, n receive.
func chanNtoN(r *run) { through(r, r.n, r.n) }

// chanSemaphore: a channel that lets half of the goroutines in.
func chanSemaphore(r *run) {
	slots := make(chan struct{}, (r.n+1)/2)
	r.crew(r.n, func(w *worker) {
		for w.next() {
			slots <- struct{}{}
			w.work()
			<-slots
		}
	})
	r.wait()
	equal("slots in use", int64(len(slots)), 0)
}

// chanMutex: a channel that lets one goroutine in.
func chanMutex(r *run) {
	lock := make(chan struct{}, 1)
	var count int64
	workers := r.crew(r.n, func(w *worker) {
		for w.next() {
			lock <- struct{}{}
			count++
			w.work()
			<-lock
		}
	})
	r.wait()
	equal("operations", count, total(workers))
}

// chanCall: n goroutines ask one server, each waits for its answer.
func chanCall(r *run) {
	type question struct {
		value  int64
		answer chan int64
	}
	questions := make(chan question, r.buffer)
	end := closer(r.n, func() { close(questions) })
	r.crew(r.n, func(w *worker) {
		answer := make(chan int64, 1)
		for w.next() {
			questions <- question{w.ops, answer}
			if got := <-answer; got != w.ops+1 {
				fail("answer to %d: %d", w.ops, got)
			}
		}
		end()
	})
	r.beside(1, func(w *worker) {
		for q := range questions {
			w.next()
			w.work()
			q.answer <- q.value + 1
		}
	})
	r.wait()
}

// selectChans: n goroutines send on whichever of four channels takes it, n receive from whichever has something.
func selectChans(r *run) {
	var c [4]chan int64
	for i := range c {
		c[i] = make(chan int64, r.buffer)
	}
	var sum int64
	end := closer(r.n, func() {
		for i := range c {
			close(c[i])
		}
	})
	senders := r.crew(r.n, func(w *worker) {
		for w.next() {
			w.work()
			select {
			case c[0] <- 1:
			case c[1] <- 1:
			case c[2] <- 1:
			case c[3] <- 1:
			}
		}
		end()
	})
	r.beside(r.n, func(w *worker) {
		from := c
		var got int64
		for open := len(from); open > 0; {
			w.next()
			i, v, ok := 0, int64(0), false
			select {
			case v, ok = <-from[0]:
			case v, ok = <-from[1]:
				i = 1
			case v, ok = <-from[2]:
				i = 2
			case v, ok = <-from[3]:
				i = 3
			}
			got += v
			if !ok {
				from[i] = nil
				open--
			}
			w.work()
		}
		atomic.AddInt64(&sum, got)
	})
	r.wait()
	equal("received", sum, total(senders))
}

// selectTry: n goroutines in turn try to send on a channel and to receive from it, and never wait.
func selectTry(r *run) {
	c := make(chan int64, r.buffer)
	var sent, received int64
	r.crew(r.n, func(w *worker) {
		var in, out int64
		for w.next() {
			select {
			case c <- 1:
				in++
			default:
			}
			w.work()
			select {
			case v := <-c:
				out += v
			default:
			}
		}
		atomic.AddInt64(&sent, in)
		atomic.AddInt64(&received, out)
	})
	r.wait()
	equal("received", received+int64(len(c)), sent)
}
