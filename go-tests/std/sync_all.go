// Package sync and sync/atomic: Mutex, RWMutex, WaitGroup, Once, Cond, Pool and counters under contention.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

type counter struct {
	sync.Mutex
	m map[int]int
}

func main() {
	var wg sync.WaitGroup
	c := counter{m: map[int]int{}}
	for g := 0; g < 20; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			for i := 0; i < 500; i++ {
				c.Lock()
				c.m[i%10]++
				c.Unlock()
				if i%50 == g {
					runtime.Gosched()
				}
			}
		}(g)
	}
	wg.Wait()
	fmt.Println(c.m[0], c.m[9], len(c.m))

	var rw sync.RWMutex
	var readers, most int32
	x, y, bad := 0, 0, int32(0)
	for g := 0; g < 10; g++ {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := 0; i < 300; i++ {
				rw.RLock()
				n := atomic.AddInt32(&readers, 1)
				if x != y {
					atomic.AddInt32(&bad, 1)
				}
				for o := atomic.LoadInt32(&most); n > o && !atomic.CompareAndSwapInt32(&most, o, n); o = atomic.LoadInt32(&most) {
				}
				atomic.AddInt32(&readers, -1)
				rw.RUnlock()
			}
		}()
		go func() {
			defer wg.Done()
			for i := 0; i < 100; i++ {
				rw.Lock()
				if atomic.LoadInt32(&readers) != 0 {
					atomic.AddInt32(&bad, 1)
				}
				x++
				y++
				rw.Unlock()
			}
		}()
	}
	wg.Wait()
	fmt.Println(x, y, bad, most > 0)

	var once sync.Once
	n := int32(0)
	for g := 0; g < 30; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			once.Do(func() { n++ })
			if atomic.LoadInt32(&n) != 1 {
				fmt.Println("once")
			}
		}()
	}
	wg.Wait()
	fmt.Println(n)

	// A bounded buffer on a condition variable.
	var mu sync.Mutex
	notEmpty, notFull := sync.NewCond(&mu), sync.NewCond(&mu)
	var buf []int
	total := 0
	for g := 0; g < 4; g++ {
		wg.Add(2)
		go func(g int) {
			defer wg.Done()
			for i := 0; i < 250; i++ {
				mu.Lock()
				for len(buf) == 5 {
					notFull.Wait()
				}
				buf = append(buf, g*1000+i)
				mu.Unlock()
				notEmpty.Signal()
			}
		}(g)
		go func() {
			defer wg.Done()
			for i := 0; i < 250; i++ {
				mu.Lock()
				for len(buf) == 0 {
					notEmpty.Wait()
				}
				total += buf[0]
				buf = buf[1:]
				mu.Unlock()
				notFull.Signal()
			}
		}()
	}
	wg.Wait()
	fmt.Println(total, len(buf))
	ready, waiting := false, 0
	for g := 0; g < 15; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			waiting++
			for !ready {
				notEmpty.Wait()
			}
			waiting--
			mu.Unlock()
		}()
	}
	for {
		mu.Lock()
		w := waiting
		mu.Unlock()
		if w == 15 {
			break
		}
		runtime.Gosched()
	}
	mu.Lock()
	ready = true
	notEmpty.Broadcast()
	mu.Unlock()
	wg.Wait()
	fmt.Println(waiting)

	made := int32(0)
	pool := sync.Pool{New: func() interface{} { atomic.AddInt32(&made, 1); return make([]byte, 100) }}
	for g := 0; g < 8; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 200; i++ {
				b := pool.Get().([]byte)
				b[i%100]++
				pool.Put(b)
			}
		}()
	}
	wg.Wait()
	fmt.Println(made > 0, made <= 1600)
	runtime.GC()
	fmt.Println(len(pool.Get().([]byte)))

	var i64 int64
	var u32 uint32
	var ptr atomic.Value
	ptr.Store("first")
	for g := 0; g < 10; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 1000; i++ {
				atomic.AddInt64(&i64, 3)
				atomic.AddUint32(&u32, ^uint32(0))
				_ = ptr.Load().(string)
				ptr.Store("later")
			}
		}()
	}
	wg.Wait()
	fmt.Println(i64, int32(u32), ptr.Load(), atomic.SwapInt64(&i64, 5), i64)
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		wg.Done()
	}()
}
