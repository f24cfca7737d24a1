// The execution trace of a program that makes goroutines wait in every way: its records are read to the end with a reader of this program's own,
// the events are put in order and followed, and each goroutine must have been runnable, running, waiting as it should, and dead.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/trace"
	"sort"
	"sync"
	"syscall"
	"time"
)

// Kinds of events.
const (
	evBatch        = 1
	evFrequency    = 2
	evStack        = 3
	evGomaxprocs   = 4
	evProcStart    = 5
	evProcStop     = 6
	evGCStart      = 7
	evGCDone       = 8
	evSweepStart   = 11
	evGoCreate     = 13
	evGoStart      = 14
	evGoEnd        = 15
	evGoStop       = 16
	evGoSched      = 17
	evGoPreempt    = 18
	evGoSleep      = 19
	evGoBlock      = 20
	evGoUnblock    = 21
	evBlockSend    = 22
	evBlockRecv    = 23
	evBlockSelect  = 24
	evBlockSync    = 25
	evBlockCond    = 26
	evBlockNet     = 27
	evGoSysCall    = 28
	evGoSysExit    = 29
	evGoSysBlock   = 30
	evGoWaiting    = 31
	evGoInSyscall  = 32
	evHeapAlloc    = 33
	evNextGC       = 34
	evTimerRoutine = 35
)

type event struct {
	kind byte
	p    int64
	g    uint64
	seq  int64
	ts   int64
	args []uint64
}

type reader struct {
	data []byte
}

func (r *reader) byte() byte {
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *reader) number() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			return v
		}
	}
}

// parse reads every record of a trace, and answers the events in order and the stacks.
func parse(data []byte) (events []event, stacks map[uint64][]uint64, timers uint64, freq uint64) {
	header := "go 1.5 trace\x00\x00\x00\x00"
	if string(data[:16]) != header {
		panic("bad header")
	}
	r := &reader{data[16:]}
	stacks = make(map[uint64][]uint64)
	lastG := make(map[int64]uint64)
	var p, seq, ts int64
	for len(r.data) > 0 {
		b := r.byte()
		kind, n := b&0x3f, int(b>>6)
		var args []uint64
		if n == 3 {
			length := int(r.number())
			rest := r.data[length:]
			body := &reader{r.data[:length]}
			for len(body.data) > 0 {
				args = append(args, body.number())
			}
			r.data = rest
		} else {
			for i := 0; i < n+2; i++ {
				args = append(args, r.number())
			}
		}
		switch kind {
		case evBatch:
			p, seq, ts = int64(args[0]), int64(args[1]), int64(args[2])
		case evFrequency:
			freq = args[0]
		case evTimerRoutine:
			timers = args[0]
		case evStack:
			if uint64(len(args)) != args[1]+2 {
				panic("bad stack")
			}
			stacks[args[0]] = args[2:]
		default:
			seq += int64(args[0])
			ts += int64(args[1])
			e := event{kind, p, lastG[p], seq, ts, args[2:]}
			switch kind {
			case evGoStart:
				lastG[p] = e.args[0]
				e.g = e.args[0]
			case evGoEnd, evGoStop, evGoSched, evGoPreempt, evGoSleep, evGoBlock, evBlockSend, evBlockRecv,
				evBlockSelect, evBlockSync, evBlockCond, evBlockNet, evGoSysBlock:
				lastG[p] = 0
			case evGoSysExit:
				e.g, e.seq = e.args[0], int64(e.args[1])
			}
			events = append(events, e)
		}
	}
	sort.Sort(bySeq(events))
	return
}

type bySeq []event

func (s bySeq) Len() int           { return len(s) }
func (s bySeq) Less(i, j int) bool { return s[i].seq < s[j].seq }
func (s bySeq) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// States of a goroutine.
const (
	unknown = iota
	runnable
	running
	waiting
	dead
)

var names = []string{"unknown", "runnable", "running", "waiting", "dead"}

// follow checks that every event finds its goroutine in the state that it needs, and answers the kinds of events of each goroutine.
func follow(events []event, bad func(e event, what string)) map[uint64][]byte {
	state := make(map[uint64]int)
	procs := make(map[int64]bool)
	walks := make(map[uint64][]byte)
	need := func(e event, g uint64, want, then int) {
		if state[g] != want {
			bad(e, fmt.Sprintf("goroutine %d is %s, not %s", g, names[state[g]], names[want]))
		}
		state[g] = then
		walks[g] = append(walks[g], e.kind)
	}
	for _, e := range events {
		switch e.kind {
		case evProcStart, evProcStop:
			if procs[e.p] == (e.kind == evProcStart) {
				bad(e, "a P that does so already")
			}
			procs[e.p] = e.kind == evProcStart
		case evGoCreate:
			need(e, e.args[0], unknown, runnable)
		case evGoWaiting, evGoInSyscall:
			need(e, e.args[0], runnable, waiting)
		case evGoStart:
			need(e, e.g, runnable, running)
		case evGoEnd, evGoStop:
			need(e, e.g, running, dead)
		case evGoSched, evGoPreempt:
			need(e, e.g, running, runnable)
		case evGoSleep, evGoBlock, evBlockSend, evBlockRecv, evBlockSelect, evBlockSync, evBlockCond, evBlockNet, evGoSysBlock:
			need(e, e.g, running, waiting)
		case evGoUnblock:
			need(e, e.args[0], waiting, runnable)
		case evGoSysCall:
			need(e, e.g, running, running)
		case evGoSysExit:
			need(e, e.g, waiting, runnable)
		}
	}
	return walks
}

// A goroutine that does one thing; its function's address tells it apart in the trace.
type job struct {
	name  string
	state string // in which its traceback shows it
	want  []byte
	f     func()
}

func main() {
	runtime.GOMAXPROCS(4)
	var done sync.WaitGroup
	ready := make(chan bool)
	unbuffered, other := make(chan int), make(chan int)
	var mu sync.Mutex
	cond := sync.NewCond(&sync.Mutex{})
	var signalled bool
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	var pipe [2]int
	check(syscall.Pipe(pipe[:]))
	// A goroutine that waits already, and one that is in a system call already.
	before := make(chan bool)
	go func() { <-before }()
	var early [2]int
	check(syscall.Pipe(early[:]))
	go func() {
		syscall.Read(early[0], make([]byte, 1))
		before <- true
	}()
	time.Sleep(20 * time.Millisecond)
	waitForAny("syscall")

	jobs := []job{
		{"chan receive", "chan receive", []byte{evBlockRecv}, func() { <-unbuffered }},
		{"chan send", "chan send", []byte{evBlockSend}, func() { other <- 1 }},
		{"select", "select", []byte{evBlockSelect}, func() {
			select {
			case <-unbuffered:
			case other <- 2:
			}
		}},
		{"mutex", "semacquire", []byte{evBlockSync}, func() {
			mu.Lock()
			mu.Unlock()
		}},
		{"cond", "semacquire", []byte{evBlockCond}, func() {
			cond.L.Lock()
			for !signalled {
				cond.Wait()
			}
			cond.L.Unlock()
		}},
		{"sleep", "", []byte{evGoSleep}, func() { time.Sleep(5 * time.Millisecond) }},
		{"net", "IO wait", []byte{evBlockNet}, func() {
			c, err := ln.Accept()
			check(err)
			c.Close()
		}},
		{"syscall", "syscall", []byte{evGoSysCall, evGoSysBlock, evGoSysExit}, func() { syscall.Read(pipe[0], make([]byte, 1)) }},
		{"yield", "", []byte{evGoSched}, func() { runtime.Gosched() }},
	}
	var buf bytes.Buffer
	check(trace.Start(&buf))
	if trace.Start(&buf) == nil {
		fmt.Println("started twice")
	}
	mu.Lock()
	first := make([]uint64, len(jobs))
	for i := range jobs {
		f := jobs[i].f
		id := &first[i]
		done.Add(1)
		go func() {
			*id = goid()
			ready <- true
			f()
			done.Done()
		}()
		<-ready
	}
	go func() { select {} }()
	for i, j := range jobs {
		waitFor(first[i], j.state)
	}
	time.Sleep(10 * time.Millisecond)
	runtime.GC()
	runtime.GOMAXPROCS(2)
	runtime.GOMAXPROCS(4)
	unbuffered <- 0
	<-other
	select {
	case unbuffered <- 0:
	case <-other:
	}
	mu.Unlock()
	cond.L.Lock()
	signalled = true
	cond.L.Unlock()
	cond.Signal()
	c, err := net.Dial("tcp", ln.Addr().String())
	check(err)
	c.Close()
	syscall.Write(pipe[1], make([]byte, 1))
	syscall.Write(early[1], make([]byte, 1))
	done.Wait()
	time.Sleep(10 * time.Millisecond)
	trace.Stop()
	size := buf.Len()

	events, stacks, timers, freq := parse(buf.Bytes())
	problems := 0
	walks := follow(events, func(e event, what string) {
		if problems++; problems < 5 {
			fmt.Printf("event %d of goroutine %d on %d: %s\n", e.kind, e.g, e.p, what)
		}
	})
	for i, j := range jobs {
		walk := walks[first[i]]
		fmt.Printf("%s: runnable %v, running %v, as it should %v, dead %v\n", j.name, contains(walk, evGoCreate),
			contains(walk, evGoStart), contains(walk, j.want...), walk[len(walk)-1] == evGoEnd)
	}
	kinds := make(map[byte]int)
	early2 := 0
	for _, e := range events {
		kinds[e.kind]++
		if e.kind == evGoUnblock && e.g == timers {
			early2++
		}
	}
	for _, k := range []byte{evGomaxprocs, evProcStart, evProcStop, evGCStart, evGCDone, evSweepStart, evGoStop,
		evGoBlock, evGoWaiting, evGoInSyscall, evHeapAlloc, evNextGC} {
		if kinds[k] == 0 {
			fmt.Println("no event of kind", k)
		}
	}
	fmt.Println("timers woke somebody:", early2 > 0, "frequency:", freq > 1e5, "collections:", kinds[evGCStart] == kinds[evGCDone])
	fmt.Println("stacks:", found(stacks, "time.Sleep"), found(stacks, "sync.(*Mutex).Lock"), found(stacks, "runtime.selectgo"),
		!found(stacks, "runtime.goexit"), !found(stacks, "runtime.main"))
	time.Sleep(10 * time.Millisecond)
	fmt.Println("silent after stop:", buf.Len() == size)
	ln.Close()
}

// found says whether a stack has a frame of that function.
func found(stacks map[uint64][]uint64, name string) bool {
	for _, stack := range stacks {
		for _, pc := range stack {
			if f := runtime.FuncForPC(uintptr(pc) - 1); f != nil && f.Name() == name {
				return true
			}
		}
	}
	return false
}

// contains says whether `want` occurs in `walk` in that order.
func contains(walk []byte, want ...byte) bool {
	for _, k := range walk {
		if len(want) > 0 && k == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// waitFor waits until the traceback of a goroutine shows it in that state.
func waitFor(id uint64, state string) {
	if state != "" {
		waitForText(fmt.Sprintf("goroutine %d [%s", id, state))
	}
}

// waitForAny waits until some goroutine is in that state.
func waitForAny(state string) {
	waitForText("[" + state)
}

func waitForText(text string) {
	buf := make([]byte, 1<<20)
	for !bytes.Contains(buf[:runtime.Stack(buf, true)], []byte(text)) {
		time.Sleep(time.Millisecond)
	}
}

// goid is the number of the calling goroutine, from the header of its traceback.
func goid() (id uint64) {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	fmt.Sscanf(string(buf), "goroutine %d ", &id)
	return id
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
