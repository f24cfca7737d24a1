package main

import (
	"io"
	"net"
	"os"
	"sync/atomic"
)

// workQueue: one goroutine gives out tasks, n do them, one collects the results.
func workQueue(r *run) {
	tasks, results := make(chan int64, r.buffer), make(chan int64, r.buffer)
	var given, collected int64
	r.beside(1, func(w *worker) {
		for w.next() {
			tasks <- w.ops
			given += w.ops
		}
		close(tasks)
	})
	end := closer(r.n, func() { close(results) })
	r.crew(r.n, func(w *worker) {
		w.next()
		for task := range tasks {
			w.work()
			results <- task
			w.next()
		}
		end()
	})
	r.beside(1, func(w *worker) {
		for result := range results {
			collected += result
			w.next()
		}
	})
	r.wait()
	equal("sum of the results", collected, given)
}

// pipeline: n lines of four goroutines, each of which takes from the one before, works, and hands on.
func pipeline(r *run) {
	const stages = 4
	var in, out int64
	lines := make([][stages]chan int64, r.n)
	for i := range lines {
		for k := range lines[i] {
			lines[i][k] = make(chan int64, r.buffer)
		}
	}
	r.beside(r.n, func(w *worker) {
		var mine int64
		for w.next() {
			w.work()
			mine += w.ops
			lines[w.id][0] <- w.ops
		}
		close(lines[w.id][0])
		atomic.AddInt64(&in, mine)
	})
	for k := 1; k < stages; k++ {
		k := k
		r.beside(r.n, func(w *worker) {
			for v := range lines[w.id][k-1] {
				w.next()
				w.work()
				lines[w.id][k] <- v + 1
			}
			close(lines[w.id][k])
		})
	}
	last := r.crew(r.n, func(w *worker) {
		var mine int64
		w.next()
		for v := range lines[w.id][stages-1] {
			mine += v
			w.work()
			w.next()
		}
		atomic.AddInt64(&out, mine)
	})
	r.wait()
	equal("sum at the end", out, in+(stages-1)*total(last))
}

// echo has n clients send 64 bytes and wait until they are back. ends makes both ends of a connection.
func echo(r *run, ends func() (client, server io.ReadWriteCloser)) {
	clients, servers := make([]io.ReadWriteCloser, r.n), make([]io.ReadWriteCloser, r.n)
	for i := range clients {
		clients[i], servers[i] = ends()
	}
	r.crew(r.n, func(w *worker) {
		var out, back [64]byte
		for w.next() {
			out[w.ops%64]++
			_, err := clients[w.id].Write(out[:])
			must(err)
			_, err = io.ReadFull(clients[w.id], back[:])
			must(err)
			if out != back {
				fail("other bytes came back")
			}
		}
		clients[w.id].Close()
	})
	r.beside(r.n, func(w *worker) {
		var buffer [64]byte
		for {
			w.next()
			if _, err := io.ReadFull(servers[w.id], buffer[:]); err == io.EOF {
				break
			} else {
				must(err)
			}
			w.work()
			_, err := servers[w.id].Write(buffer[:])
			must(err)
		}
		servers[w.id].Close()
	})
	r.wait()
}

// netEcho: over TCP on the loopback interface.
func netEcho(r *run) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	echo(r, func() (io.ReadWriteCloser, io.ReadWriteCloser) {
		client, err := net.Dial("tcp", l.Addr().String())
		must(err)
		server, err := l.Accept()
		must(err)
		return client, server
	})
	l.Close()
}

// both is the two pipes of one end.
type both struct{ in, out *os.File }

func (b both) Read(p []byte) (int, error)  { return b.in.Read(p) }
func (b both) Write(p []byte) (int, error) { return b.out.Write(p) }
func (b both) Close() error                { b.in.Close(); return b.out.Close() }

// pipeEcho: over two pipes, whose reads block in the kernel.
func pipeEcho(r *run) {
	echo(r, func() (io.ReadWriteCloser, io.ReadWriteCloser) {
		there, toServer, err := os.Pipe()
		must(err)
		back, toClient, err := os.Pipe()
		must(err)
		return both{back, toServer}, both{there, toClient}
	})
}
