// Dies of a fault three calls deep while a goroutine waits, for a debugger to look at: cli/tests/tools.rs.
package main

import "runtime"

type node struct {
	next  *node
	value int
}

var count = 7

func walk(n *node, depth int) int {
	if depth == 0 {
		return n.next.value
	}
	return walk(n, depth-1)
}

func wait(c, here chan int, tag string) {
	here <- len(tag)
	<-c
}

func main() {
	here := make(chan int)
	go wait(make(chan int), here, "tag")
	count += <-here
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	count += walk(&node{value: 1}, 2)
}
