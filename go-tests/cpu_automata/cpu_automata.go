// Cellular automata, a maze walk, permutations, primes by sieve, and dynamic programming: loops over bytes, bits and arrays.
package main

const w, h = 64, 48

type field [h][w]bool

func (f *field) next() (g field) {
	for y := range f {
		for x := range f[y] {
			n := 0
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					if (dx != 0 || dy != 0) && f[(y+dy+h)%h][(x+dx+w)%w] {
						n++
					}
				}
			}
			g[y][x] = n == 3 || n == 2 && f[y][x]
		}
	}
	return
}

func (f *field) count() (n int) {
	for _, row := range f {
		for _, c := range row {
			if c {
				n++
			}
		}
	}
	return
}

func rule110(n int) string {
	cells := make([]byte, 70)
	cells[69] = 1
	for i := 0; i < n; i++ {
		next := make([]byte, len(cells))
		for k := range cells {
			p := cells[k] << 1
			if k > 0 {
				p |= cells[k-1] << 2
			}
			if k+1 < len(cells) {
				p |= cells[k+1]
			}
			next[k] = 110 >> p & 1
		}
		cells = next
	}
	for k := range cells {
		cells[k] = " #"[cells[k]]
	}
	return string(cells)
}

func primes(n int) []int {
	composite := make([]bool, n)
	var ps []int
	for i := 2; i < n; i++ {
		if composite[i] {
			continue
		}
		ps = append(ps, i)
		for j := i * i; j < n; j += i {
			composite[j] = true
		}
	}
	return ps
}

func permutations(a []byte, emit func([]byte)) {
	if len(a) <= 1 {
		emit(a)
		return
	}
	var rec func(k int)
	rec = func(k int) {
		if k == len(a) {
			emit(a)
			return
		}
		for i := k; i < len(a); i++ {
			a[k], a[i] = a[i], a[k]
			rec(k + 1)
			a[k], a[i] = a[i], a[k]
		}
	}
	rec(0)
}

func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			c := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				c++
			}
			if v := d[i-1][j] + 1; v < c {
				c = v
			}
			if v := d[i][j-1] + 1; v < c {
				c = v
			}
			d[i][j] = c
		}
	}
	return d[len(a)][len(b)]
}

type pos struct{ x, y int }

func maze(rows []string) int {
	dist := map[pos]int{{1, 1}: 0}
	todo := []pos{{1, 1}}
	for len(todo) > 0 {
		p := todo[0]
		todo = todo[1:]
		for _, d := range [...]pos{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
			q := pos{p.x + d.x, p.y + d.y}
			if rows[q.y][q.x] == '#' {
				continue
			}
			if _, seen := dist[q]; !seen {
				dist[q] = dist[p] + 1
				if rows[q.y][q.x] == 'E' {
					return dist[q]
				}
				todo = append(todo, q)
			}
		}
	}
	return -1
}

func collatz(limit int) (best, length int) {
	cache := map[int]int{1: 1}
	var f func(n int) int
	f = func(n int) int {
		if l, ok := cache[n]; ok {
			return l
		}
		next := n / 2
		if n%2 == 1 {
			next = 3*n + 1
		}
		l := f(next) + 1
		cache[n] = l
		return l
	}
	for i := 1; i < limit; i++ {
		if l := f(i); l > length {
			best, length = i, l
		}
	}
	return
}

func main() {
	var f field
	seed := uint32(7)
	for y := range f {
		for x := range f[y] {
			seed = seed*1664525 + 1013904223
			f[y][x] = seed>>30 == 0
		}
	}
	print(f.count(), " ")
	for i := 0; i < 100; i++ {
		f = f.next()
	}
	println(f.count())
	println(rule110(60))
	ps := primes(300000)
	println(len(ps), ps[len(ps)-1], ps[1000])
	n, hsh := 0, uint32(0)
	permutations([]byte("abcdefgh"), func(p []byte) {
		n++
		hsh = hsh*31 + uint32(p[n%8])
	})
	println(n, hsh)
	println(distance("kitten sitting on the kitchen table", "sitting kitten in the chicken stable"))
	println(maze([]string{
		"##########",
		"#   #    #",
		"# # # ## #",
		"# #   #  #",
		"# ##### ##",
		"#     #  #",
		"##### ## #",
		"#      #E#",
		"##########",
	}))
	best, length := collatz(30000)
	println(best, length)
}
