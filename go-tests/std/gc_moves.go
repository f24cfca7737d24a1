// Objects stay intact whose only reference keeps moving while collections run: to timers, finalizers, through package reflect and sync/atomic.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type obj struct {
	id   int
	self *obj
	sum  int
}

func make1(id int) *obj {
	o := &obj{id: id, sum: id * 7}
	o.self = o
	return o
}

func (o *obj) check(where string) *obj {
	if o == nil || o.self != o || o.sum != o.id*7 || o.id < 0 {
		panic("broken: " + where)
	}
	return o
}

type pair struct {
	A *obj
	X [3]int
	B interface{}
}

func swap(p pair, o *obj) (*obj, pair) {
	return p.A, pair{A: o, B: p.B}
}

var list *node

type node struct {
	next *node
	pad  [4]*node
}

// timers: nobody but the timer knows the object until it fires.
func timers(round int) {
	var wg sync.WaitGroup
	var all [100]*time.Timer
	for i := range all {
		o := make1(i)
		wg.Add(1)
		f := func() {
			o.check("timer")
			wg.Done()
		}
		if i%2 == 0 {
			time.AfterFunc(time.Duration(i)*100*time.Microsecond, f)
		} else {
			all[i] = time.AfterFunc(time.Hour, f)
		}
	}
	runtime.GOMAXPROCS(1 + round%4)
	for i, t := range all {
		if t != nil {
			all[i] = nil
			t.Reset(time.Duration(i) * 50 * time.Microsecond)
		}
	}
	wg.Wait()
}

// reflected: arguments, results, maps and channels.
func reflected(round int) {
	m := reflect.MakeMap(reflect.TypeOf(map[string]pair{}))
	c := reflect.MakeChan(reflect.TypeOf(make(chan pair)), 10)
	f := reflect.ValueOf(swap)
	g := reflect.MakeFunc(f.Type(), func(in []reflect.Value) []reflect.Value {
		runtime.Gosched()
		return f.Call(in)
	}).Interface().(func(pair, *obj) (*obj, pair))
	for i := 0; i < 200; i++ {
		p := pair{A: make1(i), B: make1(i)}
		a, q := g(p, make1(i+1))
		a.check("result")
		out := f.Call([]reflect.Value{reflect.ValueOf(q), reflect.ValueOf(a)})
		m.SetMapIndex(reflect.ValueOf(fmt.Sprint(i)), out[1])
		p, q, a = pair{}, pair{}, nil
		if i%10 == 9 {
			runtime.Gosched()
		}
	}
	for _, k := range m.MapKeys() {
		chosen, _, _ := reflect.Select([]reflect.SelectCase{
			{Dir: reflect.SelectSend, Chan: c, Send: m.MapIndex(k)},
			{Dir: reflect.SelectDefault},
		})
		if chosen == 1 {
			for c.Len() > 0 {
				v, _ := c.Recv()
				p := v.Interface().(pair)
				if p.A.check("channel").id != p.B.(*obj).check("channel").id {
					panic("mixed up")
				}
			}
		}
		m.SetMapIndex(k, reflect.Value{})
	}
}

var word unsafe.Pointer
var value atomic.Value
var pool sync.Pool

// atomics: words that several goroutines change.
func atomics(round int) {
	var wg sync.WaitGroup
	for g := 0; g < 4; g++ {
		wg.Add(1)
		go func(g int) {
			o := make1(g)
			for i := 0; i < 2000; i++ {
				switch i % 4 {
				case 0:
					if p := (*obj)(atomic.SwapPointer(&word, unsafe.Pointer(o))); p != nil {
						o = p.check("swap")
					} else {
						o = make1(i)
					}
				case 1:
					value.Store(o)
					o = value.Load().(*obj).check("value")
				case 2:
					if !atomic.CompareAndSwapPointer(&word, nil, unsafe.Pointer(o)) {
						pool.Put(o)
					}
					o = make1(i)
				case 3:
					if p, ok := pool.Get().(*obj); ok {
						o = p.check("pool")
					}
				}
				if i%500 == g {
					runtime.Gosched()
				}
			}
			wg.Done()
		}(g)
	}
	wg.Wait()
}

var finalized = make(chan *obj, 1000)

// finalizers: the object, and what the function refers to.
func finalizers(round int) {
	for i := 0; i < 20; i++ {
		o, p := make1(i), make1(i)
		runtime.SetFinalizer(o, func(o *obj) {
			p.check("finalizer")
			finalized <- o
		})
		if i%5 == 0 {
			runtime.Gosched()
		}
	}
	for len(finalized) > 0 {
		(<-finalized).check("finalized")
	}
}

func main() {
	for i := 0; i < 50000; i++ {
		list = &node{next: list}
	}
	var stop int32
	done := make(chan int)
	go func() {
		n := 0
		for ; atomic.LoadInt32(&stop) == 0; n++ {
			runtime.GC()
			for i := 0; i < 3000; i++ {
				make1(-1 - i)
			}
			runtime.Gosched()
		}
		done <- n
	}()
	for round := 0; round < 40; round++ {
		timers(round)
		reflected(round)
		atomics(round)
		finalizers(round)
	}
	atomic.StoreInt32(&stop, 1)
	fmt.Println("everything in its place", <-done > 0)
}
