// Iteration over maps checked as a set: growth, insertion and deletion while iterating, early exit, nested loops, copies of a map.
package main

func full(m map[int]int) (n, sum int) {
	for k, v := range m {
		if k != v {
			println("pair", k, v)
		}
		n++
		sum += k
	}
	return
}

func build(n int) map[int]int {
	m := make(map[int]int)
	for i := 0; i < n; i++ {
		m[i] = i
	}
	return m
}

func main() {
	// Every size, so that iteration happens in each stage of growth.
	bad := 0
	m := map[int]int{}
	for i := 0; i < 700; i++ {
		if n, sum := full(m); n != i || sum != i*(i-1)/2 {
			bad++
		}
		m[i] = i
	}
	println("bad", bad)

	// Deleting what was reported, and deleting what was not yet reported.
	m = build(1000)
	for k := range m {
		delete(m, k)
	}
	println(len(m))
	m = build(1000)
	seen := map[int]bool{}
	for k := range m {
		if seen[k] {
			println("twice", k)
		}
		seen[k] = true
		delete(m, (k+500)%1000)
	}
	println(len(seen), len(m))
	for k := range seen {
		if seen[(k+500)%1000] {
			println("deleted but reported", k)
		}
	}

	// Inserting: entries there at the start are reported exactly once, new ones at most once.
	for _, size := range []int{1, 5, 8, 9, 50, 52, 53, 100, 416, 417, 1000} {
		m = build(size)
		count := map[int]int{}
		added := 0
		for k, v := range m {
			if k != v {
				println("pair", k, v)
			}
			count[k]++
			if added < 3*size {
				m[10000+added] = 10000 + added
				added++
				m[20000+added] = 20000 + added
			}
		}
		missing, twice := 0, 0
		for i := 0; i < size; i++ {
			if count[i] == 0 {
				missing++
			}
		}
		for _, c := range count {
			if c > 1 {
				twice++
			}
		}
		println(size, missing, twice, len(m) == size+2*added)
	}

	// Updating values while iterating does not disturb anything.
	m = build(300)
	for k := range m {
		m[k] += 1000
	}
	sum := 0
	for k, v := range m {
		sum += v - k
	}
	println(sum)

	// Replacing the map variable does not change the running iteration.
	n := 0
	orig := build(50)
	m = orig
	for range m {
		m = nil
		n++
	}
	println(n)

	// Nested iteration over the same map.
	m = build(30)
	n = 0
	for a := range m {
		for b := range m {
			if a <= b {
				n++
			}
		}
	}
	println(n)

	// break and continue.
	n = 0
	for k := range m {
		if k%2 == 0 {
			continue
		}
		n++
		if n == 5 {
			break
		}
	}
	println(n)

	// Clearing and refilling within an iteration ends.
	m = build(20)
	for k := range m {
		for j := range m {
			delete(m, j)
		}
		m[k] = k
	}
	println(len(m))

	// The start differs from run to run of the loop sooner or later.
	m = build(100)
	first := map[int]bool{}
	for i := 0; i < 2000 && len(first) < 2; i++ {
		for k := range m {
			first[k] = true
			break
		}
	}
	println(len(first) >= 2)
	small := map[string]int{"a": 1, "b": 2, "c": 3}
	orders := map[string]bool{}
	for i := 0; i < 5000 && len(orders) < 2; i++ {
		s := ""
		for k := range small {
			s += k
		}
		orders[s] = true
	}
	println(len(orders) >= 2)
	for k, v := range map[string]int{"only": 1} {
		println(k, v)
	}
}
