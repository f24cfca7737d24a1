// Allocation of many sizes: the memory is zero, aligned, disjoint and keeps what is written to it.
package main

import "unsafe"

var keep [][]byte

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func fill(b []byte, x byte) {
	for i := range b {
		b[i] = x + byte(i)
	}
}

func holds(b []byte, x byte) bool {
	for i := range b {
		if b[i] != x+byte(i) {
			return false
		}
	}
	return true
}

// naturalAlign is the alignment that a block of n bytes needs at least to hold any type of that size.
func naturalAlign(n int) uintptr {
	switch {
	case n%8 == 0:
		return 8
	case n%4 == 0:
		return 4
	case n%2 == 0:
		return 2
	}
	return 1
}

func main() {
	var sizes []int
	for n := 0; n <= 600; n++ {
		sizes = append(sizes, n)
	}
	for n := 601; n < 70000; n += n/9 + 1 {
		sizes = append(sizes, n)
	}
	sizes = append(sizes, 32767, 32768, 32769, 65535, 65536, 65537, 1<<20-1, 1<<20, 1<<20+1, 3<<20)
	println("sizes", len(sizes))

	badZero, badAlign := 0, 0
	for round := 0; round < 3; round++ {
		for i, n := range sizes {
			b := make([]byte, n)
			if len(b) != n || cap(b) != n {
				println("wrong len or cap", n, len(b), cap(b))
			}
			if !isZero(b) {
				badZero++
			}
			if n > 0 && uintptr(unsafe.Pointer(&b[0]))%naturalAlign(n) != 0 {
				badAlign++
			}
			fill(b, byte(i+round))
			keep = append(keep, b)
		}
	}
	println("not zero", badZero, "misaligned", badAlign)

	changed := 0
	for j, b := range keep {
		if !holds(b, byte(j%len(sizes)+j/len(sizes))) {
			changed++
		}
	}
	println("blocks", len(keep), "changed", changed)

	// Garbage in between must not disturb the zeroing of later blocks.
	dirty := 0
	for i := 0; i < 20000; i++ {
		b := make([]byte, i%700)
		if !isZero(b) {
			dirty++
		}
		fill(b, 0xa5)
	}
	println("dirty", dirty)
	changed = 0
	for j, b := range keep {
		if !holds(b, byte(j%len(sizes)+j/len(sizes))) {
			changed++
		}
	}
	println("changed", changed)

	// Zero-size objects may share one address but never fail.
	a, b := new(struct{}), new([0]int)
	println(a != nil, b != nil)
}
