// Many kinds of objects and stores at once, for the collector: graphs that change all the time, maps, channels, select, interfaces, reflection,
// closures, defers, timers, finalizers, growing stacks. Every structure checks itself. GCMIX_SECONDS says for how long; else a fixed amount of work is done.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var deadline time.Time
var rounds = 4

// more tells whether round i is to be done.
func more(i int) bool {
	if deadline.IsZero() {
		return i < rounds
	}
	return time.Now().Before(deadline)
}

type rng uint64

func (r *rng) next(n int) int {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return int(uint64(*r) >> 11 % uint64(n))
}

func check(ok bool, what string) {
	if !ok {
		panic("broken: " + what)
	}
}

type node struct {
	id    int
	twice int
	links [4]*node
	name  string
	extra interface{}
}

func newNode(id int) *node { return &node{id: id, twice: 2 * id, name: strconv.Itoa(id)} }

func (n *node) ok() {
	check(n.twice == 2*n.id && n.name == strconv.Itoa(n.id), "node")
}

// graph replaces and moves links at random; subgraphs live on the stack alone for a while.
func graph(seed int) {
	r := rng(seed + 1)
	for round := 0; more(round); round++ {
		all := make([]*node, 300)
		for i := range all {
			all[i] = newNode(i)
		}
		for step := 0; step < 6000; step++ {
			a, b := all[r.next(len(all))], all[r.next(len(all))]
			switch r.next(6) {
			case 0:
				a.links[r.next(4)] = b
			case 1:
				// The only reference moves through a local variable.
				i, j := r.next(4), r.next(4)
				l := a.links[i]
				a.links[i] = nil
				if step%7 == 0 {
					runtime.Gosched()
				}
				b.links[j] = l
			case 2:
				i := r.next(len(all))
				all[i] = newNode(step)
				all[i].links = a.links
			case 3:
				a.extra = b
			case 4:
				a.extra = [3]*node{b, a, b.links[0]}
			case 5:
				a.links, b.links = b.links, a.links
			}
			a.ok()
			for _, l := range b.links {
				if l != nil {
					l.ok()
				}
			}
			switch x := a.extra.(type) {
			case *node:
				x.ok()
			case [3]*node:
				x[0].ok()
				x[1].ok()
			}
		}
	}
}

// list pops the head of a long list: the rest hangs on the stack alone.
func list() {
	for round := 0; more(round); round++ {
		var head *node
		for i := 0; i < 20000; i++ {
			n := newNode(i)
			n.links[0] = head
			head = n
		}
		for i := 19999; head != nil; i-- {
			check(head.id == i, "list")
			head.ok()
			head = head.links[0]
		}
	}
}

func maps(seed int) {
	r := rng(seed + 99)
	for round := 0; more(round); round++ {
		byName := map[string]*node{}
		byPtr := map[*node]string{}
		nested := map[int]map[string][]string{}
		for i := 0; i < 5000; i++ {
			n := newNode(r.next(1000))
			if old := byName[n.name]; old != nil {
				delete(byPtr, old)
			}
			byName[n.name] = n
			byPtr[n] = n.name
			m := nested[n.id%10]
			if m == nil {
				m = map[string][]string{}
				nested[n.id%10] = m
			}
			m[n.name] = append(m[n.name], n.name+"x")
			if r.next(3) == 0 {
				for k, v := range byName {
					check(k == v.name && byPtr[v] == k, "map")
					delete(byName, k)
					delete(byPtr, v)
					break
				}
			}
		}
		for k, v := range byName {
			v.ok()
			check(byPtr[v] == k, "map of pointers")
		}
		for d, m := range nested {
			for k, v := range m {
				id, _ := strconv.Atoi(k)
				check(id%10 == d && v[0] == k+"x" && v[len(v)-1] == k+"x", "nested map")
			}
		}
	}
}

type message struct {
	n     *node
	text  string
	reply chan *message
}

func servers() {
	for round := 0; more(round); round++ {
		requests := make(chan *message)
		quit := make(chan bool)
		var wg sync.WaitGroup
		for s := 0; s < 4; s++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					select {
					case m := <-requests:
						m.reply <- &message{n: m.n, text: m.text + m.n.name}
					case <-quit:
						return
					case <-time.After(time.Minute):
						panic("timeout")
					}
				}
			}()
		}
		var clients sync.WaitGroup
		for c := 0; c < 8; c++ {
			clients.Add(1)
			go func(c int) {
				defer clients.Done()
				for i := 0; i < 100; i++ {
					m := &message{n: newNode(i), text: "c", reply: make(chan *message, i%2)}
					requests <- m
					r := <-m.reply
					r.n.ok()
					check(r.text == "c"+strconv.Itoa(i), "reply")
				}
			}(c)
		}
		clients.Wait()
		close(quit)
		wg.Wait()
	}
}

type shape interface {
	area() int
}
type square struct{ side *int }
type sum struct{ parts []shape }

func (s square) area() int { return *s.side * *s.side }
func (s *sum) area() (n int) {
	for _, p := range s.parts {
		n += p.area()
	}
	return
}

func interfaces() {
	for round := 0; more(round); round++ {
		var build func(depth int) (shape, int)
		build = func(depth int) (shape, int) {
			if depth == 0 {
				v := depth + 3
				return square{&v}, 9
			}
			s, want := &sum{}, 0
			for i := 0; i < 3; i++ {
				p, n := build(depth - 1)
				s.parts = append(s.parts, p)
				want += n
			}
			return s, want
		}
		s, want := build(8)
		check(s.area() == want, "interfaces")
	}
}

type record struct {
	Name  string
	Tags  []string
	Inner *record
	M     map[string]int
}

func reflection() {
	for round := 0; more(round); round++ {
		r := &record{Name: "a", Tags: []string{"x", "y"}, M: map[string]int{"one": 1}}
		for i := 0; i < 50; i++ {
			r = &record{Name: fmt.Sprint("n", i), Inner: r, Tags: strings.Split("a,b,c", ",")}
		}
		b, err := json.Marshal(r)
		check(err == nil, "marshal")
		var back record
		check(json.Unmarshal(b, &back) == nil && reflect.DeepEqual(*r, back), "json")
		f := reflect.MakeFunc(reflect.TypeOf(func(*node, string) (*node, error) { return nil, nil }), func(in []reflect.Value) []reflect.Value {
			n := in[0].Interface().(*node)
			runtime.Gosched()
			return []reflect.Value{reflect.ValueOf(newNode(n.id + len(in[1].String()))), reflect.Zero(reflect.TypeOf((*error)(nil)).Elem())}
		}).Interface().(func(*node, string) (*node, error))
		for i := 0; i < 200; i++ {
			n, err := f(newNode(i), "abc")
			check(err == nil && n.id == i+3, "MakeFunc")
			n.ok()
		}
		v := reflect.MakeMap(reflect.TypeOf(map[string]*node{}))
		c := reflect.MakeChan(reflect.TypeOf(make(chan *node)), 3)
		s := reflect.MakeSlice(reflect.TypeOf([]*node{}), 0, 0)
		for i := 0; i < 300; i++ {
			n := reflect.ValueOf(newNode(i))
			v.SetMapIndex(reflect.ValueOf(strconv.Itoa(i)), n)
			s = reflect.Append(s, n)
			c.Send(n)
			x, _ := c.Recv()
			x.Interface().(*node).ok()
		}
		for i, k := range v.MapKeys() {
			n := v.MapIndex(k).Interface().(*node)
			check(n.name == k.String(), "reflect map")
			s.Index(i).Interface().(*node).ok()
		}
	}
}

func deep(n int, l *node) int {
	var pad [20]*node
	pad[n%20] = l
	d := 0
	defer func() { check(pad[n%20] == l, "frame") }()
	if n > 0 {
		d = deep(n-1, newNode(n))
	}
	pad[n%20].ok()
	return d + 1
}

func stacks() {
	for round := 0; more(round); round++ {
		var wg sync.WaitGroup
		for g := 0; g < 20; g++ {
			wg.Add(1)
			go func(g int) {
				defer wg.Done()
				for i := 0; i < 5; i++ {
					check(deep(50+g*10, newNode(g)) == 51+g*10, "depth")
				}
			}(g)
		}
		wg.Wait()
	}
}

func panics() {
	for round := 0; more(round); round++ {
		for i := 0; i < 300; i++ {
			func() {
				defer func() {
					n := recover().(*node)
					n.ok()
					check(n.id == i, "recover")
				}()
				defer func(n *node) { n.ok() }(newNode(i))
				panic(newNode(i))
			}()
		}
	}
}

func timers() {
	for round := 0; more(round); round++ {
		var wg sync.WaitGroup
		for i := 0; i < 200; i++ {
			n := newNode(i)
			wg.Add(1)
			time.AfterFunc(time.Duration(i%10)*100*time.Microsecond, func() {
				n.ok()
				wg.Done()
			})
		}
		t := time.NewTicker(time.Millisecond)
		<-t.C
		t.Stop()
		wg.Wait()
	}
}

var finalized, made int64

func finalizers() {
	for round := 0; more(round); round++ {
		for i := 0; i < 500; i++ {
			n := newNode(i)
			n.links[0] = newNode(i + 1)
			atomic.AddInt64(&made, 1)
			runtime.SetFinalizer(n, func(n *node) {
				n.ok()
				n.links[0].ok()
				atomic.AddInt64(&finalized, 1)
			})
		}
		if round%8 == 0 {
			runtime.GC()
		}
	}
}

func texts() {
	for round := 0; more(round); round++ {
		var b bytes.Buffer
		words := []string{}
		for i := 0; i < 3000; i++ {
			words = append(words, strings.Repeat(string('a'+i%26), i%17+1))
		}
		sort.Strings(words)
		for _, w := range words {
			b.WriteString(w)
			b.WriteByte(' ')
		}
		check(len(strings.Fields(b.String())) == 3000, "texts")
		big := make([]*node, 40000)
		for i := range big {
			if i%100 == 0 {
				big[i] = newNode(i)
			}
		}
		big = append(big[:20000], big[10000:]...)
		for i := 0; i < len(big); i += 100 {
			big[i].ok()
		}
	}
}

var pool = sync.Pool{New: func() interface{} { return newNode(7) }}

func pools() {
	for round := 0; more(round); round++ {
		for i := 0; i < 3000; i++ {
			n := pool.Get().(*node)
			n.ok()
			n.links[0] = newNode(i)
			pool.Put(n)
		}
	}
}

func main() {
	if s, err := strconv.Atoi(os.Getenv("GCMIX_SECONDS")); err == nil {
		deadline = time.Now().Add(time.Duration(s) * time.Second)
	}
	var wg sync.WaitGroup
	run := func(f func()) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f()
		}()
	}
	for i := 0; i < 3; i++ {
		seed := i
		run(func() { graph(seed) })
		run(func() { maps(seed) })
	}
	for _, f := range []func(){list, servers, interfaces, reflection, stacks, panics, timers, finalizers, texts, pools} {
		run(f)
	}
	wg.Wait()
	for i := 0; i < 5; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	check(atomic.LoadInt64(&finalized) > atomic.LoadInt64(&made)/2, "finalizers did not run")
	fmt.Println("all structures held")
}
