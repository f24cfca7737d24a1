// Objects stay intact whose only reference keeps moving while collections run: between arrays, maps, channels, interfaces, frames and goroutines.
package main

import (
	"runtime"
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

func check(where string, o *obj, id int) {
	if o == nil || o.id != id || o.self != o || o.sum != id*7 {
		println("broken:", where, id)
		panic("broken")
	}
}

type wide struct {
	a    *obj
	fill [20]int
	b    *obj
	name string
}

type huge struct {
	a    [65]*obj
	fill int
	b    *obj
}

// Each mover takes the objects out of s, which it clears, and returns them in a new array.
type mover struct {
	name string
	n    int
	move func(s []*obj) []*obj
}

// take empties a slot.
func take(p **obj) *obj {
	o := *p
	*p = nil
	return o
}

var dwells uint32

// dwell lets a varying time go by, until a collection ends at most.
func dwell() {
	dwells++
	c := collections
	for n := dwells * 2654435761 >> 19; n > 0 && c == collections; n-- {
		runtime.Gosched()
	}
}

func appended(s []*obj) []*obj {
	n := len(s)
	t := append(s[:n:n], nil)[:n]
	for i := range s {
		s[i] = nil
	}
	dwell()
	return t
}

func copied(s []*obj) []*obj {
	t := make([]*obj, len(s))
	copy(t, s)
	for i := range s {
		s[i] = nil
	}
	dwell()
	return t
}

func throughFrame(s []*obj) []*obj {
	t := make([]*obj, len(s))
	var frame [30]*obj
	for i := 0; i < len(s); i += len(frame) {
		copy(frame[:], s[i:])
		for j := i; j < i+len(frame) && j < len(s); j++ {
			s[j] = nil
		}
		if i%100 == 0 {
			dwell()
		}
		copy(t[i:], frame[:])
	}
	return t
}

var global struct {
	one  *obj
	wide wide
	any  interface{}
	many []*obj
}

func throughGlobals(s []*obj) []*obj {
	t := make([]*obj, 0, len(s))
	for i := range s {
		global.one = take(&s[i])
		global.wide = wide{b: take(&global.one)}
		global.any = global.wide
		global.wide = wide{}
		global.many = t
		global.many = append(global.many, global.any.(wide).b)
		global.any = nil
		t = global.many
		if i%100 == 0 {
			dwell()
		}
		global.many = nil
	}
	return t
}

func throughValues(s []*obj) []*obj {
	m := map[int]*obj{}
	for i := range s {
		m[i] = take(&s[i])
	}
	dwell()
	t := make([]*obj, len(s))
	for i := range t {
		t[i] = m[i]
		delete(m, i)
	}
	return t
}

func throughKeys(s []*obj) []*obj {
	m := map[*obj]string{}
	any := map[interface{}]int{}
	for i := range s {
		if i%2 == 0 {
			m[take(&s[i])] = "x"
		} else {
			any[take(&s[i])] = i
		}
	}
	dwell()
	t := make([]*obj, len(s))
	for o := range m {
		t[o.id] = o
	}
	for o := range any {
		t[o.(*obj).id] = o.(*obj)
	}
	return t
}

func throughLargeValues(s []*obj) []*obj {
	m := map[int]wide{}
	h := map[[4]string]huge{}
	for i := range s {
		if i%10 == 0 {
			h[[4]string{2: string(rune(i))}] = huge{b: take(&s[i])}
		} else {
			m[i] = wide{a: take(&s[i])}
		}
	}
	dwell()
	t := make([]*obj, len(s))
	for i := range t {
		if i%10 == 0 {
			t[i] = h[[4]string{2: string(rune(i))}].b
		} else {
			t[i] = m[i].a
		}
	}
	return t
}

func throughRing(s []*obj) []*obj {
	c := make(chan *obj, len(s)/2)
	t := make([]*obj, len(s))
	for i := 0; i < len(s); i += cap(c) {
		for j := i; j < i+cap(c) && j < len(s); j++ {
			c <- take(&s[j])
		}
		dwell()
		for j := i; j < i+cap(c) && j < len(s); j++ {
			t[j] = <-c
		}
	}
	return t
}

func throughLargeElements(s []*obj) []*obj {
	w, h := make(chan wide, 5), make(chan huge, 1)
	t := make([]*obj, len(s))
	got := new(wide)
	large := new(huge)
	for i := range s {
		if i%10 == 0 {
			h <- huge{b: take(&s[i])}
			if i%100 == 0 {
				dwell()
			}
			*large = <-h
			t[i] = take(&large.b)
		} else {
			select {
			case w <- wide{b: take(&s[i])}:
			}
			select {
			case *got = <-w:
			default:
			}
			t[i] = take(&got.b)
		}
	}
	return t
}

func throughGoroutines(s []*obj) []*obj {
	in, out, never := make(chan *obj), make(chan *obj), make(chan *obj)
	n := len(s)
	go func() {
		for i := 0; i < n; i++ {
			select {
			case out <- <-in:
			case <-never:
			}
		}
	}()
	t := make([]*obj, n)
	for i := range s {
		in <- take(&s[i])
		select {
		case t[i] = <-out:
		case <-never:
		}
	}
	return t
}

func throughInterfaces(s []*obj) []*obj {
	all := make([]interface{}, len(s))
	for i := range s {
		switch i % 4 {
		case 0:
			all[i] = take(&s[i])
		case 1:
			all[i] = wide{b: take(&s[i])}
		case 2:
			all[i] = huge{b: take(&s[i])}
		case 3:
			o := take(&s[i])
			all[i] = func() *obj { return o }
		}
	}
	dwell()
	t := make([]*obj, len(s))
	w, h := new(wide), new(huge)
	for i, x := range all {
		all[i] = nil
		switch i % 4 {
		case 0:
			t[i], _ = x.(*obj)
		case 1:
			*w, _ = x.(wide)
			t[i] = take(&w.b)
		case 2:
			*h = x.(huge)
			t[i] = take(&h.b)
		case 3:
			t[i] = x.(func() *obj)()
		}
	}
	return t
}

func throughCalls(s []*obj) []*obj {
	t := make([]*obj, len(s))
	done := make(chan bool)
	for i := range s {
		switch i % 3 {
		case 0:
			go func(o *obj, i int) {
				if i%30 == 0 {
					dwell()
				}
				t[i] = o
				done <- true
			}(take(&s[i]), i)
			<-done
		case 1:
			func() {
				defer func(o *obj) {
					t[i] = o
				}(take(&s[i]))
				if i%30 == 1 {
					dwell()
				}
			}()
		case 2:
			func() {
				defer func() {
					t[i] = recover().(wide).b
				}()
				panic(wide{b: take(&s[i])})
			}()
		}
	}
	return t
}

var movers = []mover{
	{"append, little", 3, appended},
	{"append, some", 60, appended},
	{"append, much", 3000, appended},
	{"copy, some", 60, copied},
	{"copy, much", 3000, copied},
	{"frame", 300, throughFrame},
	{"globals", 300, throughGlobals},
	{"map values", 300, throughValues},
	{"map keys", 300, throughKeys},
	{"large map values", 300, throughLargeValues},
	{"channel", 300, throughRing},
	{"channel of large elements", 300, throughLargeElements},
	{"goroutines", 100, throughGoroutines},
	{"interfaces", 300, throughInterfaces},
	{"calls", 100, throughCalls},
}

// holder is an object of a list, whose last one is marked late.
type holder struct {
	next *holder
	s    []*obj
}

func list(n int) *holder {
	l := new(holder)
	last = uintptr(unsafe.Pointer(l))
	for ; n > 0; n-- {
		l = &holder{next: l}
	}
	return l
}

// The one place is marked early, the other late: it is reached through a long list only.
var near = new(holder)
var first *holder
var last uintptr

func far() *holder {
	return (*holder)(unsafe.Pointer(last))
}

// Collections that have ended; -1: enough.
var collections int

func main() {
	first = list(100000)
	go func() {
		for collections >= 0 {
			runtime.GC()
			if collections >= 0 {
				collections++
			}
			// What was freed by mistake is given out again.
			for i := 0; i < 5000; i++ {
				make1(-1 - i)
			}
			runtime.Gosched()
		}
	}()
	for _, m := range movers {
		s := make([]*obj, m.n)
		for i := range s {
			s[i] = make1(i)
		}
		far().s, s = s, nil
		for end := collections + 3; collections < end; {
			near.s = m.move(far().s)
			far().s = nil
			dwell()
			for i, o := range near.s {
				check(m.name, o, i)
			}
			far().s = m.move(near.s)
			near.s = nil
		}
	}
	collections = -1
	println("everything in its place")
}
