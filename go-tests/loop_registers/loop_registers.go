// Goroutines are stopped at any instruction of loops without calls, many thousand times, and go on with all their registers: integers, floating point,
// flags, string instructions. Each computes what it computes undisturbed.
package main

import "runtime"

type big struct {
	a [40]uint64
}

func ints(n int) uint64 {
	a, b, c, d, e, f := uint64(1), uint64(2), uint64(3), uint64(5), uint64(7), uint64(11)
	for i := 0; i < n; i++ {
		a += b<<3 ^ c
		b = b>>1 + a*31
		c ^= d + uint64(i)
		d = d*1099511628211 + e
		e = e<<7 | e>>57
		f += a & d
		if f&64 == 0 {
			a, f = f, a
		}
	}
	return a ^ b ^ c ^ d ^ e ^ f
}

func floats(n int) float64 {
	a, b, c, d := 1.0, 0.5, 0.25, 3.0
	var s float32 = 1
	for i := 0; i < n; i++ {
		a = a*0.999 + b
		b = b*0.5 + c/(1+d*d)
		c = float64(i&15) * 0.125
		d = d*0.75 + a - b
		s = s*0.5 + float32(c)
	}
	return a + b + c + d + float64(s)
}

func carries(n int) uint64 {
	// Comparisons and their uses are one instruction apart.
	var lo, hi, count uint64
	for i := 0; i < n; i++ {
		old := lo
		lo += 0x9e3779b97f4a7c15
		if lo < old {
			hi++
		}
		if int64(lo) < 0 {
			count += hi
		}
	}
	return lo ^ hi<<32 ^ count
}

func copies(n int) uint64 {
	// Copies of this size are string instructions or a routine of the runtime, up and down.
	var x [3]big
	for i := range x[0].a {
		x[0].a[i] = uint64(i)
	}
	for i := 0; i < n; i++ {
		x[1] = x[0]
		x[2] = x[1]
		x[0] = x[2]
		x[0].a[i%40] += uint64(i)
	}
	s := uint64(0)
	for i, v := range x[0].a {
		s = s*31 + v + x[1].a[i] ^ x[2].a[i]
	}
	return s
}

// Recursion: the loop is stopped below frames that are looked at by their maps.
func deep(n, depth int) uint64 {
	var pad [20]uint64
	pad[depth%20] = uint64(depth)
	if depth == 0 {
		return ints(n)
	}
	return deep(n, depth-1) + pad[depth%20]
}

// A fault and a recovery right after a loop that was stopped.
func recovers(n int) (s uint64) {
	defer func() {
		if recover() == nil {
			s = 0
		}
	}()
	s = carries(n)
	var p *big
	p.a[3] = s
	return 1
}

func all(n int) [6]uint64 {
	f := floats(n)
	return [6]uint64{ints(n), uint64(f * 1e6), carries(n), copies(n / 50), deep(n/8, 30), recovers(n)}
}

func main() {
	const n = 300000
	want := all(n)
	const goroutines = 8
	results := make(chan int)
	for i := 0; i < goroutines; i++ {
		go func() {
			wrong := 0
			for round := 0; round < 6; round++ {
				for j, v := range all(n) {
					if v != want[j] {
						println("computation", j, "went wrong in round", round, v, want[j])
						wrong++
					}
				}
			}
			results <- wrong
		}()
	}
	wrong := 0
	for i := 0; i < goroutines; i++ {
		runtime.GC()
		wrong += <-results
	}
	println("wrong:", wrong)
}
