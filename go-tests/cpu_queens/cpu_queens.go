// The n queens problem, three ways: with slices, with bit masks, and divided over goroutines.
package main

func solve(n, row int, cols, d1, d2 []bool) int {
	if row == n {
		return 1
	}
	count := 0
	for c := 0; c < n; c++ {
		if cols[c] || d1[row+c] || d2[row-c+n-1] {
			continue
		}
		cols[c], d1[row+c], d2[row-c+n-1] = true, true, true
		count += solve(n, row+1, cols, d1, d2)
		cols[c], d1[row+c], d2[row-c+n-1] = false, false, false
	}
	return count
}

func bits(all, cols, d1, d2 uint32) int {
	if cols == all {
		return 1
	}
	count := 0
	for free := all &^ (cols | d1 | d2); free != 0; {
		b := free & -free
		free &^= b
		count += bits(all, cols|b, (d1|b)<<1, (d2|b)>>1)
	}
	return count
}

func first(n int) []int {
	var place func(row int, at []int) []int
	place = func(row int, at []int) []int {
		if row == n {
			return at
		}
	next:
		for c := 0; c < n; c++ {
			for r, k := range at {
				if k == c || k-c == row-r || c-k == row-r {
					continue next
				}
			}
			if s := place(row+1, append(at[:row:row], c)); s != nil {
				return s
			}
		}
		return nil
	}
	return place(0, nil)
}

func main() {
	for n := 1; n <= 8; n++ {
		print(solve(n, 0, make([]bool, n), make([]bool, 2*n), make([]bool, 2*n)), " ")
	}
	println()
	for n := uint(1); n <= 10; n++ {
		print(bits(1<<n-1, 0, 0, 0), " ")
	}
	println()
	const n = 11
	c := make(chan int)
	for i := uint(0); i < n; i++ {
		go func(b uint32) { c <- bits(1<<n-1, b, b<<1, b>>1) }(1 << i)
	}
	sum := 0
	for i := 0; i < n; i++ {
		sum += <-c
	}
	println(sum)
	for _, v := range first(16) {
		print(v, " ")
	}
	println()
}
