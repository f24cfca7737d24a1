// How late a goroutine comes that the network made ready, and one that slept for a millisecond, while every P is busy with goroutines that compute.
//
// target: network-p99 1ms
// target: sleep-p99 1ms
// rounds: 3

package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sort"
	"sync/atomic"
	"syscall"
	"time"
)

type durations []time.Duration

func (d durations) Len() int           { return len(d) }
func (d durations) Less(i, j int) bool { return d[i] < d[j] }
func (d durations) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// report prints the median, the 99th percentile and the maximum.
func report(name string, d durations) {
	sort.Sort(d)
	at := func(percent int) int64 { return d[(len(d)-1)*percent/100].Nanoseconds() }
	fmt.Printf("metric %s-p50 %d ns\n", name, at(50))
	fmt.Printf("metric %s-p99 %d ns\n", name, at(99))
	fmt.Printf("metric %s-max %d ns\n", name, at(100))
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// now is the time in nanoseconds, short enough to be sent.
func now() uint64 { return uint64(time.Now().UnixNano()) }

// step is a function that looks whether the scheduler asks for room: it has a frame and calls.
//
//go:noinline
func step(x uint32) uint32 {
	var all [8]uint32
	for i := range all {
		all[i] = advance(x + uint32(i))
	}
	return all[x%8]
}

//go:noinline
func advance(x uint32) uint32 { return x*1664525 + 1013904223 }

// compute keeps a P busy until stop is set, with calls, so that it can be asked to make room.
func compute(stop *int32, sum *uint32) {
	x := uint32(1)
	for atomic.LoadInt32(stop) == 0 {
		for i := 0; i < 100; i++ {
			x = step(x)
		}
	}
	*sum = x
}

// send writes the time to a descriptor n times, about every millisecond, from a thread of its own that no goroutine waits for: the P stays with it only
// for as long as it writes.
func send(fd int, n int) {
	runtime.LockOSThread()
	var message [8]byte
	for i := 0; i < n; i++ {
		pause := syscall.Timespec{Nsec: 1000000}
		syscall.Nanosleep(&pause, nil)
		binary.LittleEndian.PutUint64(message[:], now())
		syscall.Write(fd, message[:])
	}
}

func main() {
	n := flag.Int("n", 400, "times to wait")
	busy := flag.Int("busy", 2*runtime.GOMAXPROCS(0), "goroutines that compute")
	flag.Parse()

	// The sender has a process of its own, so that what it waits for is not measured.
	if flag.NArg() == 1 && flag.Arg(0) == "send" {
		send(1, *n)
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	sender, err := net.Dial("tcp", listener.Addr().String())
	check(err)
	receiver, err := listener.Accept()
	check(err)
	file, err := sender.(*net.TCPConn).File()
	check(err)
	_, err = os.StartProcess("/proc/self/exe", []string{os.Args[0], "-n", fmt.Sprint(*n), "send"},
		&os.ProcAttr{Files: []*os.File{nil, file, os.Stderr}})
	check(err)

	var stop int32
	sums := make([]uint32, *busy)
	for i := range sums {
		go compute(&stop, &sums[i])
	}
	slept := make(chan durations)
	go func() {
		var late durations
		for i := 0; i < *n; i++ {
			start := time.Now()
			time.Sleep(time.Millisecond)
			late = append(late, time.Since(start)-time.Millisecond)
		}
		slept <- late
	}()
	var received durations
	for i := 0; i < *n; i++ {
		var message [8]byte
		_, err := io.ReadFull(receiver, message[:])
		check(err)
		received = append(received, time.Duration(now()-binary.LittleEndian.Uint64(message[:])))
	}
	late := <-slept
	atomic.StoreInt32(&stop, 1)
	report("network", received)
	report("sleep", late)
}
