// GODEBUG=scavenge=1: memory that is not needed any more goes back to the system while the program runs, and is zero when it comes back.
package main

import "runtime"

const n = 64

var blocks [n][]byte

func fill(want byte) bool {
	for i := range blocks {
		b := make([]byte, 1<<20)
		for j := range b {
			if b[j] != 0 {
				return false
			}
			b[j] = want
		}
		blocks[i] = b
	}
	return true
}

func main() {
	println(fill(1))
	var m runtime.MemStats
	for round := 0; round < 3; round++ {
		blocks = [n][]byte{}
		runtime.GC()
		done := false
		for i := 0; i < 1000000 && !done; i++ {
			runtime.ReadMemStats(&m)
			done = m.HeapReleased > (n-8)<<20
		}
		println("released", done, m.HeapReleased <= m.HeapIdle)
		println("clear", fill(2))
		runtime.ReadMemStats(&m)
		println("in use", m.HeapInuse >= n<<20, m.HeapIdle >= m.HeapReleased)
	}
}
