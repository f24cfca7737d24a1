// Stacks become smaller while their goroutines sleep, wait for locks, conditions, groups, reflected selects and the network, and while others
// wake them at that very moment.
package main

import (
	"fmt"
	"net"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

type frame struct {
	up, self *frame
	n        int
	heap     *int
}

func deep(n int) int {
	var pad [100]int
	pad[n%100] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + pad[n%100]
}

var wrong int32

func (f *frame) check(n int) {
	for i := 0; f != nil; i++ {
		if f.self != f || f.n != n+i || *f.heap != n+i {
			atomic.AddInt32(&wrong, 1)
		}
		f = f.up
	}
}

// nest calls f in a few frames, on a stack that was deep.
func nest(n int, up *frame, f func(v *int)) {
	fr := frame{up, nil, n, new(int)}
	fr.self = &fr
	*fr.heap = n
	if n > 0 {
		nest(n-1, &fr, f)
	} else {
		if deep(60) != 60*61/2 {
			atomic.AddInt32(&wrong, 1)
		}
		v := 7
		f(&v)
		if v != 8 {
			atomic.AddInt32(&wrong, 1)
		}
	}
	fr.check(n)
}

func parked(each int) {
	var mu, held sync.Mutex
	var rw sync.RWMutex
	cond := sync.NewCond(&mu)
	var group, done sync.WaitGroup
	open := false
	held.Lock()
	rw.Lock()
	group.Add(1)
	gate := make(chan int)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var conns []net.Conn
	var started sync.WaitGroup
	waits := []func(v *int){
		func(v *int) { time.Sleep(1500 * time.Millisecond); *v++ },
		func(v *int) { held.Lock(); *v++; held.Unlock() },
		func(v *int) { rw.RLock(); *v++; rw.RUnlock() },
		func(v *int) {
			mu.Lock()
			for !open {
				cond.Wait()
			}
			*v++
			mu.Unlock()
		},
		func(v *int) { group.Wait(); *v++ },
		func(v *int) {
			cases := []reflect.SelectCase{
				{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))},
				{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(gate)},
			}
			i, x, ok := reflect.Select(cases)
			if i == 1 && !ok && x.Int() == 0 {
				*v++
			}
		},
		func(v *int) {
			if x, ok := reflect.ValueOf(gate).Recv(); !ok && x.Int() == 0 {
				*v++
			}
		},
		func(v *int) {
			select {
			case <-gate:
				*v++
			case <-time.After(time.Minute):
			}
		},
	}
	for i := 0; i < each; i++ {
		for _, w := range waits {
			w := w
			started.Add(1)
			done.Add(1)
			go func(i int) {
				defer done.Done()
				nest(i%5, nil, func(v *int) { started.Done(); w(v) })
			}(i)
		}
	}
	for i := 0; i < 20; i++ {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		s, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		conns = append(conns, s)
		started.Add(1)
		done.Add(1)
		go func(i int) {
			defer done.Done()
			nest(i%5, nil, func(v *int) {
				var b [1]byte
				started.Done()
				n, err := c.Read(b[:])
				if n == 1 && err == nil && b[0] == 'x' {
					*v++
				}
				c.Close()
			})
		}(i)
	}
	started.Wait()
	time.Sleep(100 * time.Millisecond)
	var after runtime.MemStats
	for i := 0; i < 6; i++ {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	fmt.Println("small:", after.StackInuse < uint64(each*len(waits)*16<<10))
	held.Unlock()
	rw.Unlock()
	mu.Lock()
	open = true
	cond.Broadcast()
	mu.Unlock()
	group.Done()
	close(gate)
	for _, c := range conns {
		c.Write([]byte{'x'})
		c.Close()
	}
	listener.Close()
	done.Wait()
}

// racing wakes goroutines with deep stacks all the time while collections go on.
func racing(pairs, rounds int) {
	var done sync.WaitGroup
	stop := make(chan bool)
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	type big [12]int
	for i := 0; i < pairs; i++ {
		a, b := make(chan big), make(chan big)
		nobodySends, nobodyReceives := make(chan big), make(chan big)
		done.Add(2)
		go func(i int) {
			defer done.Done()
			nest(i%4, nil, func(v *int) {
				for n := 0; n < rounds; n++ {
					if n%8 == 0 {
						deep(40)
					}
					out := big{0: n, 11: n}
					p := &out
					a <- out
					var in big
					q, ok := &in, false
					select {
					case in, ok = <-b:
					case <-nobodySends:
					}
					if !ok || q[0] != n || q[11] != p[11] {
						atomic.AddInt32(&wrong, 1)
					}
				}
				*v++
			})
		}(i)
		go func(i int) {
			defer done.Done()
			nest(i%4, nil, func(v *int) {
				for n := 0; n < rounds; n++ {
					if n%8 == 4 {
						deep(40)
					}
					var in big
					q := &in
					in = <-a
					if q[0] != n || q[11] != n {
						atomic.AddInt32(&wrong, 1)
					}
					select {
					case b <- *q:
					case nobodyReceives <- *q:
					}
				}
				*v++
			})
		}(i)
	}
	done.Wait()
	close(stop)
	collector.Wait()
}

func main() {
	parked(120)
	fmt.Println("parked, wrong:", wrong)
	racing(20, 1000)
	fmt.Println("racing, wrong:", wrong)
}
