// Binary trees: allocation of many small linked objects, walked and dropped.
package main

type tree struct{ left, right *tree }

func bottomUp(depth int) *tree {
	if depth <= 0 {
		return &tree{}
	}
	return &tree{bottomUp(depth - 1), bottomUp(depth - 1)}
}

func (t *tree) check() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.check() + t.right.check()
}

func main() {
	const min, max = 4, 13
	println("stretch", max+1, bottomUp(max+1).check())
	long := bottomUp(max)
	for d := min; d <= max; d += 3 {
		n := 1 << uint(max-d+min)
		sum := 0
		for i := 0; i < n; i++ {
			sum += bottomUp(d).check()
		}
		println(n, "trees of depth", d, sum)
	}
	println("long lived", max, long.check())
	c := make(chan int)
	for g := 0; g < 4; g++ {
		go func(g int) {
			sum := 0
			for i := 0; i < 20; i++ {
				sum += bottomUp(8 + g%2).check()
			}
			c <- sum
		}(g)
	}
	println(<-c + <-c + <-c + <-c)
}
