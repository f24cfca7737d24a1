// Linked structures stay intact through collections while garbage is made: lists, trees, graphs with cycles, interior pointers.
package main

import "runtime"

type list struct {
	next *list
	val  int
	name string
	data []int
}

type tree struct {
	left, right *tree
	key         int
	payload     interface{}
}

type ring struct {
	next, prev *ring
	id         int
}

type array struct {
	head [50]int
	elem [10]struct {
		x int
		p *int
	}
}

var garbage interface{}

func churn(n int) {
	for i := 0; i < n; i++ {
		b := make([]byte, 16+i%500)
		b[0] = byte(i)
		garbage = b
		garbage = &list{val: i, data: make([]int, i%20)}
		garbage = []*int{new(int), new(int)}
	}
}

func build(depth, key int) *tree {
	if depth == 0 {
		return nil
	}
	t := &tree{key: key}
	switch key % 3 {
	case 0:
		t.payload = key
	case 1:
		t.payload = []int{key, key * 2}
	case 2:
		t.payload = &list{val: key}
	}
	t.left = build(depth-1, key*2)
	t.right = build(depth-1, key*2+1)
	return t
}

func (t *tree) check() (n, sum int) {
	if t == nil {
		return
	}
	v := 0
	switch p := t.payload.(type) {
	case int:
		v = p
	case []int:
		v = p[1] - p[0]
	case *list:
		v = p.val
	}
	if v != t.key {
		println("payload", t.key, v)
	}
	n1, s1 := t.left.check()
	n2, s2 := t.right.check()
	return n1 + n2 + 1, s1 + s2 + t.key
}

func main() {
	var head *list
	for i := 0; i < 5000; i++ {
		head = &list{head, i, "name" + string('a'+i%26), make([]int, i%8)}
		for j := range head.data {
			head.data[j] = i
		}
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	t := build(13, 1)
	first := &ring{id: 0}
	first.next, first.prev = first, first
	for i := 1; i < 3000; i++ {
		r := &ring{first.next, first, i}
		first.next.prev = r
		first.next = r
	}
	// Only a pointer into the middle keeps each of these.
	var inner []*int
	var elems []*struct {
		x int
		p *int
	}
	for i := 0; i < 300; i++ {
		a := new(array)
		for j := range a.head {
			a.head[j] = i*100 + j
		}
		for j := range a.elem {
			a.elem[j].x = i + j
			a.elem[j].p = new(int)
			*a.elem[j].p = i - j
		}
		inner = append(inner, &a.head[i%50])
		elems = append(elems, &a.elem[i%10])
	}
	strs := make([]string, 0)
	for i := 0; i < 1000; i++ {
		long := "prefix-" + string('a'+i%26) + "-" + string('A'+i%26) + "-suffix"
		strs = append(strs, long[7:10]) // keeps its part of the longer string
	}
	slices := make([][]int, 0)
	for i := 0; i < 500; i++ {
		s := make([]int, 100)
		for j := range s {
			s[j] = i + j
		}
		slices = append(slices, s[50:52:60])
	}

	for round := 0; round < 3; round++ {
		churn(20000)
		runtime.GC()
		n, sum := 0, 0
		for l := head; l != nil; l = l.next {
			n++
			sum += l.val
			if l.name[4] != byte('a'+l.val%26) || len(l.data) != l.val%8 {
				println("list", l.val)
			}
			for _, v := range l.data {
				if v != l.val {
					println("data", l.val)
				}
			}
		}
		tn, tsum := t.check()
		rn := 0
		for r := first.next; r != first; r = r.next {
			rn++
			if r.next.prev != r || r.prev.next != r {
				println("ring", r.id)
			}
		}
		bad := 0
		for i, p := range inner {
			if *p != i*100+i%50 {
				bad++
			}
			if elems[i].x != i+i%10 || *elems[i].p != i-i%10 {
				bad++
			}
		}
		for i, s := range strs {
			if s != string('a'+i%26)+"-"+string('A'+i%26) {
				bad++
			}
		}
		for i, s := range slices {
			if s[0] != i+50 || s[:10][9] != i+59 {
				bad++
			}
		}
		println(n, sum, tn, tsum, rn, bad)
	}
}
