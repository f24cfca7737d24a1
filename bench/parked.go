// Half a million goroutines that wait: what one of them takes, and how long it takes to start them and to end them.
//
// target: start 1/1.5
// target: memory 1
// rounds: 3

package main

import (
	"flag"
	"fmt"
	"io/ioutil"
	"os"
	"sync"
	"time"
)

// resident returns the resident memory of this process, in bytes.
func resident() int {
	text, err := ioutil.ReadFile("/proc/self/statm")
	var size, pages int
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		fmt.Println("cannot tell the resident memory:", err)
		os.Exit(1)
	}
	return pages * os.Getpagesize()
}

func main() {
	n := flag.Int("goroutines", 500000, "goroutines to park")
	flag.Parse()

	before := resident()
	var started, ended sync.WaitGroup
	started.Add(*n)
	ended.Add(*n)
	end := make(chan bool)
	start := time.Now()
	for i := 0; i < *n; i++ {
		go func() {
			started.Done()
			<-end
			ended.Done()
		}()
	}
	started.Wait()
	create := time.Since(start)
	memory := resident() - before

	start = time.Now()
	close(end)
	ended.Wait()
	finish := time.Since(start)

	each := func(total int64) float64 { return float64(total) / float64(*n) }
	fmt.Printf("metric memory %.0f B\n", each(int64(memory)))
	fmt.Printf("metric start %.1f ns\n", each(create.Nanoseconds()))
	fmt.Printf("metric end %.1f ns\n", each(finish.Nanoseconds()))
}
