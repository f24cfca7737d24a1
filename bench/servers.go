// Servers on the loopback interface: TCP echo on 64 connections with deadlines for every step, and net/http with 16 clients that keep their connections. How many
// requests a second, and how long each took.
//
// target: echo 1.5
// target: echo-p99 0.5
// target: http 1.7
// target: http-p99 0.5

package main

import (
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"net/http"
	"os"
	"sort"
	"sync"
	"time"
)

type durations []time.Duration

func (d durations) Len() int           { return len(d) }
func (d durations) Less(i, j int) bool { return d[i] < d[j] }
func (d durations) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// measure has clients do n requests in all, and reports them.
func measure(name string, clients, n int, client func() func()) {
	took := make([]durations, clients)
	requests := make([]func(), clients)
	for i := range requests {
		requests[i] = client()
	}
	var done sync.WaitGroup
	start := time.Now()
	for i := range requests {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			for k := 0; k < n/clients; k++ {
				start := time.Now()
				requests[i]()
				took[i] = append(took[i], time.Since(start))
			}
		}(i)
	}
	done.Wait()
	elapsed := time.Since(start)
	var all durations
	for _, t := range took {
		all = append(all, t...)
	}
	sort.Sort(all)
	fmt.Printf("metric %s %.0f requests/s\n", name, float64(len(all))/elapsed.Seconds())
	for _, percent := range []int{50, 99} {
		fmt.Printf("metric %s-p%d %d ns\n", name, percent, all[(len(all)-1)*percent/100].Nanoseconds())
	}
}

// serve sends back what comes, with a deadline for each step.
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
				c.SetReadDeadline(time.Now().Add(time.Minute))
				n, err := c.Read(buffer[:])
				if err != nil {
					return
				}
				c.SetWriteDeadline(time.Now().Add(time.Minute))
				if _, err := c.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func main() {
	n := flag.Int("n", 100000, "echoes; there are half as many requests")
	flag.Parse()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go serve(l)
	measure("echo", 64, *n, func() func() {
		c, err := net.Dial("tcp", l.Addr().String())
		check(err)
		var buffer [64]byte
		return func() {
			c.SetDeadline(time.Now().Add(time.Minute))
			_, err := c.Write(buffer[:])
			check(err)
			_, err = io.ReadFull(c, buffer[:])
			check(err)
		}
	})
	l.Close()

	l, err = net.Listen("tcp", "127.0.0.1:0")
	check(err)
	page := []byte("hello, world\n")
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(page) }))
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	address := "http://" + l.Addr().String() + "/"
	measure("http", 16, *n/2, func() func() {
		return func() {
			response, err := client.Get(address)
			check(err)
			body, err := ioutil.ReadAll(response.Body)
			response.Body.Close()
			check(err)
			if len(body) != len(page) {
				fmt.Println("a page of", len(body), "bytes")
				os.Exit(1)
			}
		}
	})
}
