// Short-lived binary trees beside a long-lived one, built and walked by two goroutines: allocation of small objects with
// pointers, and the collections that they cause.
//
// target: time 0.5
// target: rss 1

package main

import (
	"flag"
	"fmt"
	"os"
)

type node struct{ left, right *node }

// build makes a complete tree of the given depth.
func build(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{build(depth - 1), build(depth - 1)}
}

// count walks the tree.
func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

// churn builds as many trees of the depth as make up n nodes, and returns the number of nodes that it counted in them.
func churn(depth, n int) int {
	counted := 0
	for counted < n {
		counted += build(depth).count()
	}
	return counted
}

func main() {
	depth := flag.Int("depth", 17, "depth of the long-lived tree")
	goroutines := flag.Int("goroutines", 2, "goroutines that build")
	passes := flag.Int("passes", 3, "times that everything is done")
	flag.Parse()

	for pass := 0; pass < *passes; pass++ {
		long := build(*depth)
		counted := make(chan int)
		for g := 0; g < *goroutines; g++ {
			go func() {
				sum := 0
				for d := 4; d <= *depth-1; d += 4 {
					sum += churn(d, 1<<uint(*depth))
				}
				counted <- sum
			}()
		}
		for g := 0; g < *goroutines; g++ {
			if <-counted == 0 {
				fmt.Println("nothing was counted")
				os.Exit(1)
			}
		}
		if n := long.count(); n != 2<<uint(*depth)-1 {
			fmt.Println("the long-lived tree has", n, "nodes")
			os.Exit(1)
		}
	}
}
