// Slices of slices, of structs with pointers, of interfaces and functions: growth, removal, insertion, reversal, queues and stacks.
package main

type cell struct {
	name string
	p    *int
	next []cell
}

type stack []interface{}

func (s *stack) push(x interface{}) { *s = append(*s, x) }
func (s *stack) pop() interface{} {
	x := (*s)[len(*s)-1]
	(*s)[len(*s)-1] = nil
	*s = (*s)[:len(*s)-1]
	return x
}

func remove(s []string, i int) []string { return append(s[:i], s[i+1:]...) }

func insert(s []string, i int, x string) []string {
	s = append(s, "")
	copy(s[i+1:], s[i:])
	s[i] = x
	return s
}

func reverse(s []string) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

func filter(s []int, keep func(int) bool) []int {
	out := s[:0]
	for _, v := range s {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}

func show(s []string) {
	for _, x := range s {
		print(x, " ")
	}
	println(len(s))
}

func pascal(n int) [][]int {
	t := make([][]int, n)
	for i := range t {
		t[i] = make([]int, i+1)
		t[i][0], t[i][i] = 1, 1
		for j := 1; j < i; j++ {
			t[i][j] = t[i-1][j-1] + t[i-1][j]
		}
	}
	return t
}

func subsets(s []string) (out [][]string) {
	if len(s) == 0 {
		return [][]string{nil}
	}
	for _, r := range subsets(s[1:]) {
		out = append(out, r, append([]string{s[0]}, r...))
	}
	return
}

func build(depth int, n *int) []cell {
	if depth == 0 {
		return nil
	}
	var cs []cell
	for i := 0; i < depth; i++ {
		*n++
		v := *n
		cs = append(cs, cell{string('a' + i), &v, build(depth-1, n)})
	}
	return cs
}

func total(cs []cell) (s int) {
	for i := range cs {
		s += *cs[i].p + len(cs[i].name) + total(cs[i].next)
	}
	return
}

func main() {
	s := []string{"a", "b", "c", "d", "e"}
	s = remove(s, 1)
	show(s)
	s = insert(s, 2, "X")
	s = insert(s, 0, "first")
	s = insert(s, len(s), "last")
	show(s)
	reverse(s)
	show(s)
	show(s[1:3])
	var st stack
	for i := 0; i < 1000; i++ {
		switch i % 3 {
		case 0:
			st.push(i)
		case 1:
			st.push(string('a' + i%26))
		case 2:
			st.push([]int{i})
		}
	}
	sum := 0
	for len(st) > 0 {
		switch x := st.pop().(type) {
		case int:
			sum += x
		case string:
			sum += len(x)
		case []int:
			sum += x[0]
		}
	}
	println(sum)
	ints := make([]int, 0, 10)
	for i := 0; i < 100; i++ {
		ints = append(ints, i*i%37)
	}
	ints = filter(ints, func(v int) bool { return v%2 == 1 })
	sum = 0
	for _, v := range ints {
		sum += v
	}
	println(len(ints), sum)
	p := pascal(30)
	println(p[29][14], len(p[10]), p[5][2])
	sets := subsets([]string{"a", "b", "c", "d", "e", "f"})
	sum = 0
	for _, x := range sets {
		sum += len(x)
	}
	println(len(sets), sum)
	n := 0
	cs := build(6, &n)
	println(n, total(cs))
	// A queue that slides along its array.
	var q []int
	next, got := 0, 0
	for i := 0; i < 10000; i++ {
		for k := 0; k < i%4; k++ {
			q = append(q, next)
			next++
		}
		if len(q) > 0 {
			if q[0] != got {
				println("order", q[0], got)
			}
			got++
			q = q[1:]
		}
	}
	println(len(q), next, got)
	fs := make([]func(int) int, 0)
	for i := 0; i < 50; i++ {
		k := i
		fs = append(fs, func(x int) int { return x + k })
	}
	x := 0
	for _, f := range fs {
		x = f(x)
	}
	println(x)
	chans := make([]chan int, 5)
	for i := range chans {
		chans[i] = make(chan int, 1)
		chans[i] <- i
	}
	for i := range chans {
		x += <-chans[(i*2)%5]
	}
	println(x)
	arrays := [][3]string{{"a"}, {1: "b"}}
	for i := 0; i < 100; i++ {
		arrays = append(arrays, [3]string{2: string('a' + i%26)})
	}
	println(len(arrays), arrays[1][1], arrays[101][2])
	grid := make([][][]byte, 4)
	for i := range grid {
		grid[i] = make([][]byte, 5)
		for j := range grid[i] {
			grid[i][j] = []byte{byte(i), byte(j)}
			grid[i][j] = append(grid[i][j], grid[i][j]...)
		}
	}
	println(grid[3][4][2], grid[3][4][3], len(grid[0][0]))
}
