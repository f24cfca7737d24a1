// Pancake flipping over all permutations.
package main

func fannkuch(n int) (checksum, most int) {
	perm := make([]int, n)
	work := make([]int, n)
	count := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	r := n
	sign := 1
	for {
		for ; r > 1; r-- {
			count[r-1] = r
		}
		copy(work, perm)
		flips := 0
		for work[0] != 0 {
			for i, j := 0, work[0]; i < j; i, j = i+1, j-1 {
				work[i], work[j] = work[j], work[i]
			}
			flips++
		}
		if flips > most {
			most = flips
		}
		checksum += sign * flips
		sign = -sign
		for {
			if r == n {
				return
			}
			first := perm[0]
			copy(perm[:r], perm[1:r+1])
			perm[r] = first
			if count[r]--; count[r] > 0 {
				break
			}
			r++
		}
	}
}

func main() {
	for n := 2; n <= 9; n++ {
		checksum, most := fannkuch(n)
		println(n, checksum, most)
	}
}
