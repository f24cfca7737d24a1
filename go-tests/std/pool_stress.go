// sync.Pool while collections empty it: what comes out of a pool is what was put in, whole. Get and Put read and write words one after the other that the
// collector writes too; they count on not being stopped in between.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

type item struct {
	a, b int
}

var pool, other sync.Pool

// use takes some out and puts them back, more than fit in a P's private place.
func use(p *sync.Pool, n int) int {
	var taken [8]*item
	fresh := 0
	for i := range taken {
		x := p.Get()
		if x == nil {
			fresh++
			x = &item{n, -n}
		}
		it := x.(*item)
		if it.a != -it.b {
			fmt.Println("not what was put in:", *it)
		}
		it.a, it.b = n+i, -n-i
		taken[i] = it
	}
	for _, it := range taken {
		p.Put(it)
	}
	return fresh
}

func main() {
	end := time.Now().Add(time.Second)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for n := 0; n < 1000 || time.Now().Before(end); n++ {
				use(&pool, n)
				if i%2 == 0 {
					use(&other, n)
				}
			}
		}(i)
	}
	stop := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				stop <- true
				return
			default:
				runtime.GC()
			}
		}
	}()
	wg.Wait()
	stop <- true
	<-stop
	use(&pool, 1)
	fmt.Println("whole;", use(&pool, 2) < 8)
}
