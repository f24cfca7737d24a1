// A panic during initialisation is reported like any other; main does not start.
package main

var table = []int{1, 2, 3}
var n = 3
var x = get(n)

func get(i int) int {
	return table[i]
}

func main() {
	println("never", x)
}
