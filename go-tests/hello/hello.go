// The smallest program: one line through println.
package main

func main() {
	println("hello, world!")
}
