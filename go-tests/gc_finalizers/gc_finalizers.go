// Finalizers: order along chains, resurrection, removal, cycles, large and tiny objects, interface parameters, many from several
// goroutines, and what finalizable objects lead to.
package main

import "runtime"

type node struct {
	name string
	next *node
	data []byte
}

type named interface {
	Name() string
}

func (n *node) Name() string { return n.name }

var (
	done  = make(chan string, 64)
	saved *node
	sink  []byte
)

// collect runs a collection and makes room for the finalizer goroutine.
func collect() {
	runtime.GC()
	for j := 0; j < 100; j++ {
		sink = make([]byte, 1000+j)
		runtime.Gosched()
	}
}

// bury overwrites what dead frames left on the stack.
func bury(n int) int {
	var pad [128]int
	for i := range pad {
		pad[i] = n
	}
	if n > 0 {
		return bury(n-1) + pad[n]
	}
	return 0
}

func inGoroutine(f func()) {
	c := make(chan bool)
	go func() {
		f()
		c <- true
	}()
	<-c
	bury(8)
}

func check(n *node) {
	for _, b := range n.data {
		if b != n.name[0] {
			println("lost data of", n.name)
			return
		}
	}
}

func newNode(name string, next *node, size int) *node {
	n := &node{name: name, next: next, data: make([]byte, size)}
	for i := range n.data {
		n.data[i] = name[0]
	}
	return n
}

func report(n *node) {
	check(n)
	if n.next != nil {
		check(n.next)
	}
	done <- n.name
}

// want collects until n finalizers have run and prints what they were, then whether there was another.
func want(n int) {
	for i := 0; i < 200 && len(done) < n; i++ {
		collect()
	}
	collect()
	collect()
	for i := 0; i < n && len(done) > 0; i++ {
		println(<-done)
	}
	if n := len(done); n != 0 {
		println("more:", n)
	}
}

func chain() {
	c := newNode("c of chain", nil, 100)
	b := newNode("b of chain", c, 40000)
	a := newNode("a of chain", b, 10)
	runtime.SetFinalizer(c, report)
	runtime.SetFinalizer(b, report)
	runtime.SetFinalizer(a, report)
}

func resurrect() {
	n := newNode("lazarus", nil, 50)
	runtime.SetFinalizer(n, func(n *node) {
		saved = n
		done <- "saved"
	})
}

func remove() {
	n := newNode("removed", nil, 50)
	runtime.SetFinalizer(n, report)
	runtime.SetFinalizer(n, nil)
	runtime.SetFinalizer(n, nil)
	m := newNode("set again", nil, 50)
	runtime.SetFinalizer(m, func(*node) { println("not this one") })
	runtime.SetFinalizer(m, nil)
	runtime.SetFinalizer(m, report)
}

func cycle() {
	a := newNode("cycle", nil, 50)
	b := newNode("cycle", a, 50)
	a.next = b
	runtime.SetFinalizer(a, report)
}

type big struct {
	self *big
	pad  [70000]byte
}

func large() {
	x := new(big)
	x.pad[69999] = 7
	runtime.SetFinalizer(x, func(x *big) {
		if x.pad[69999] == 7 && x.self == nil {
			done <- "large"
		}
	})
}

func iface() {
	runtime.SetFinalizer(newNode("by interface", nil, 8), func(x named) (int, string) {
		done <- x.Name()
		return 1, "ignored"
	})
}

func empty() {
	runtime.SetFinalizer(newNode("by empty interface", nil, 8), func(x interface{}) {
		done <- x.(*node).name
	})
}

const (
	workers = 4
	each    = 5000
)

var ran [workers]int

// many leaves objects of several sizes; half of the finalizers are taken off again.
func many() {
	c := make(chan bool)
	for w := 0; w < workers; w++ {
		go func(w int) {
			for i := 0; i < each; i++ {
				f := func() { ran[w]++ }
				switch i % 5 {
				case 0:
					x := new(int32)
					*x = int32(i)
					want := *x
					runtime.SetFinalizer(x, func(x *int32) {
						if *x == want {
							f()
						}
					})
				case 1:
					x := &node{name: "x"}
					runtime.SetFinalizer(x, func(x *node) {
						if x.name == "x" {
							f()
						}
					})
				case 2:
					x := new([40]*int)
					x[39] = new(int)
					*x[39] = i
					want := i
					runtime.SetFinalizer(x, func(x *[40]*int) {
						if *x[39] == want {
							f()
						}
					})
				case 3:
					x := new([200]*int)
					runtime.SetFinalizer(x, func(x *[200]*int) { f() })
				case 4:
					x := new([3]byte)
					runtime.SetFinalizer(x, func(*[3]byte) { println("taken off") })
					runtime.SetFinalizer(x, nil)
				}
			}
			c <- true
		}(w)
	}
	for w := 0; w < workers; w++ {
		<-c
	}
}

func main() {
	for i, step := range []struct {
		f func()
		n int
	}{{chain, 3}, {resurrect, 1}, {remove, 1}, {cycle, 0}, {large, 1}, {iface, 1}, {empty, 1}} {
		println("step", i)
		inGoroutine(step.f)
		want(step.n)
	}
	check(saved)
	println(saved.name)
	runtime.SetFinalizer(saved, report)
	saved = nil
	bury(8)
	want(1)
	inGoroutine(many)
	all := func() int {
		n := 0
		for _, r := range ran {
			n += r
		}
		return n
	}
	// A few may be held by words that nobody uses any more.
	for i := 0; i < 200 && all() < workers*each*4/5; i++ {
		collect()
	}
	println(all() > workers*each*4/5-50, all() <= workers*each*4/5)
}
