// Worker pools, pipelines and fan-in with results put in order; time-outs that do not happen; a rate limiter.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"sort"
	"sync"
	"time"
)

type job struct{ id, size int }
type result struct {
	id  int
	sum string
}

func stage(in <-chan int, f func(int) int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for v := range in {
			out <- f(v)
		}
	}()
	return out
}

func main() {
	jobs, results := make(chan job), make(chan result, 4)
	var wg sync.WaitGroup
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				b := make([]byte, j.size)
				for i := range b {
					b[i] = byte(i * j.id)
				}
				s := sha256.Sum256(b)
				results <- result{j.id, hex.EncodeToString(s[:4])}
			}
		}()
	}
	go func() {
		for i := 0; i < 40; i++ {
			jobs <- job{i, i * 500}
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	got := map[int]string{}
	for r := range results {
		got[r.id] = r.sum
	}
	var ids []int
	for id := range got {
		ids = append(ids, id)
	}
	sort.Ints(ids)
	for _, id := range ids {
		fmt.Print(id, ":", got[id], " ")
	}
	fmt.Println()

	src := make(chan int)
	go func() {
		for i := 0; i < 1000; i++ {
			src <- i
		}
		close(src)
	}()
	sum := 0
	for v := range stage(stage(stage(src, func(x int) int { return x * x }), func(x int) int { return x % 1007 }), func(x int) int { return x + 1 }) {
		sum += v
	}
	fmt.Println(sum)

	limit := time.NewTicker(time.Millisecond)
	defer limit.Stop()
	done := make(chan uint32)
	for i := 0; i < 20; i++ {
		<-limit.C
		go func(i int) { done <- crc32.ChecksumIEEE([]byte(fmt.Sprint(i))) }(i)
	}
	var x uint32
	for i := 0; i < 20; i++ {
		select {
		case c := <-done:
			x += c
		case <-time.After(10 * time.Second):
			fmt.Println("time-out")
		}
	}
	fmt.Printf("%08x\n", x)
}
