// The traceback of a deep recursion begins with the innermost frames, in order.
package main

func down(n int) int {
	if n == 0 {
		panic("at the bottom")
	}
	return down(n-1) + 1
}

func main() {
	println(down(500))
}
