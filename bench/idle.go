// 64 connections that echo, alone and beside 10,000 that wait: what the idle ones cost the busy ones. Idle connections have deadlines, far away. The two are
// measured in turns, and the loss is that of the best of each.
//
// target: loss 10%
// rounds: 3

package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const busy = 64

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var buffer [64]byte
			for {
				c.SetReadDeadline(time.Now().Add(time.Hour))
				n, err := c.Read(buffer[:])
				if err != nil {
					return
				}
				if _, err := c.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// echo sends and receives once.
func echo(c net.Conn) {
	var buffer [64]byte
	c.SetDeadline(time.Now().Add(time.Hour))
	_, err := c.Write(buffer[:])
	check(err)
	_, err = io.ReadFull(c, buffer[:])
	check(err)
}

// measure answers how many round trips a second the connections do, n in all.
func measure(connections []net.Conn, n int) float64 {
	var done sync.WaitGroup
	start := time.Now()
	for _, c := range connections {
		done.Add(1)
		go func(c net.Conn) {
			defer done.Done()
			for i := 0; i < n/len(connections); i++ {
				echo(c)
			}
		}(c)
	}
	done.Wait()
	return float64(n) / time.Since(start).Seconds()
}

func main() {
	idle := flag.Int("idle", 10000, "connections that wait, fewer if the process may not have two descriptors for each")
	n := flag.Int("n", 30000, "round trips in a turn")
	turns := flag.Int("turns", 4, "turns of each kind")
	flag.Parse()
	var limit syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	limit.Max = uint64(2*(*idle+busy) + 100)
	limit.Cur = limit.Max
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
		limit.Cur = limit.Max
		check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
		if most := int(limit.Max)/2 - busy - 50; *idle > most {
			*idle = most
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go serve(l)
	dial := func(n int) (all []net.Conn) {
		for len(all) < n {
			c, err := net.Dial("tcp", l.Addr().String())
			check(err)
			echo(c)
			all = append(all, c)
		}
		return all
	}
	connections := dial(busy)
	measure(connections, *n)
	var alone, beside float64
	for i := 0; i < *turns; i++ {
		if rate := measure(connections, *n); rate > alone {
			alone = rate
		}
		var waiting sync.WaitGroup
		others := dial(*idle)
		for _, c := range others {
			waiting.Add(1)
			go func(c net.Conn) {
				defer waiting.Done()
				c.Read(make([]byte, 1))
			}(c)
		}
		if rate := measure(connections, *n); rate > beside {
			beside = rate
		}
		for _, c := range others {
			c.Close()
		}
		waiting.Wait()
	}
	fmt.Printf("metric alone %.0f echoes/s\n", alone)
	fmt.Printf("metric beside %.0f echoes/s\n", beside)
	fmt.Printf("metric loss %.1f %%\n", 100*(1-beside/alone))
}
