// Another library of Go, with a runtime of its own.
package main

import "C"

import "strings"

func main() {}

//export SecondCount
func SecondCount(n C.int) C.int {
	words := make(chan string)
	go func() {
		for i := 0; i < int(n); i++ {
			words <- strings.Repeat("y", i)
		}
		close(words)
	}()
	count := 0
	for word := range words {
		count += len(word)
	}
	return C.int(count)
}
