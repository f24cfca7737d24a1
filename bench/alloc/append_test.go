// Package alloc measures what allocation costs beyond the sizes of objects: where their pointers are, and growth.
package alloc

import "testing"

var value = new(int)

// What is stored here is not left out, and not put on the stack.
var (
	pointers []*int
	numbers  []int
	texts    []string
)

func appendPointers(b *testing.B, n int) {
	for i := 0; i < b.N; i++ {
		var s []*int
		for j := 0; j < n; j++ {
			s = append(s, value)
		}
		pointers = s
	}
}

// An operation is the growth of a slice from nothing to so many elements.

func BenchmarkAppendPointers10(b *testing.B)     { appendPointers(b, 10) }
func BenchmarkAppendPointers1000(b *testing.B)   { appendPointers(b, 1000) }
func BenchmarkAppendPointers100000(b *testing.B) { appendPointers(b, 100000) }

func BenchmarkAppendInts1000(b *testing.B) {
	for i := 0; i < b.N; i++ {
		var s []int
		for j := 0; j < 1000; j++ {
			s = append(s, j)
		}
		numbers = s
	}
}

func BenchmarkAppendStrings1000(b *testing.B) {
	for i := 0; i < b.N; i++ {
		var s []string
		for j := 0; j < 1000; j++ {
			s = append(s, "text")
		}
		texts = s
	}
}
