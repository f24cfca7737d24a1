// Loops without calls that store pointers into the heap are stopped between the look at the barrier's switch and the store, while collections begin
// and end. Every collection is verified.
package main

import "runtime"

type node struct {
	next  *node
	value int
	pad   [2]int
}

type table struct {
	slots [64]*node
	names [64]string
}

var stop bool

// Turns the list around, n times.
func reverse(p *node, n int) *node {
	for i := 0; i < n; i++ {
		var q *node
		for p != nil {
			next := p.next
			p.next = q
			q = p
			p = next
		}
		p = q
	}
	return p
}

// Moves pointers about: for a moment each is only in a register.
func rotate(t *table, n int) {
	for i := 0; i < n; i++ {
		first, name := t.slots[0], t.names[0]
		t.slots[0] = nil
		for j := 0; j < len(t.slots)-1; j++ {
			t.slots[j] = t.slots[j+1]
			t.slots[j+1] = nil
			t.names[j] = t.names[j+1]
			t.names[j+1] = ""
		}
		t.slots[len(t.slots)-1] = first
		t.names[len(t.names)-1] = name
	}
}

func list(n int) *node {
	var p *node
	for i := n; i > 0; i-- {
		p = &node{next: p, value: i}
	}
	return p
}

func mutate(id int, result chan<- bool) {
	p := list(200)
	t := new(table)
	for i := range t.slots {
		t.slots[i] = &node{value: i}
		t.names[i] = string([]byte{'a' + byte(i%26), 'b'})
	}
	ok := true
	for !stop {
		p = reverse(p, 20)
		rotate(t, 20)
		n, sum := 0, 0
		for q := p; q != nil; q = q.next {
			n++
			sum += q.value
		}
		ok = ok && n == 200 && sum == 200*201/2
		sum = 0
		for i, q := range t.slots {
			sum += q.value
			ok = ok && t.names[i] == string([]byte{'a' + byte(q.value%26), 'b'})
		}
		ok = ok && sum == 63*64/2
		// New objects take part.
		t.slots[id] = &node{value: t.slots[id].value, next: t.slots[id+1].next}
	}
	result <- ok
}

func main() {
	const goroutines = 4
	result := make(chan bool)
	for i := 0; i < goroutines; i++ {
		go mutate(i, result)
	}
	for i := 0; i < 40; i++ {
		runtime.GC()
	}
	stop = true
	for i := 0; i < goroutines; i++ {
		println(<-result)
	}
}
