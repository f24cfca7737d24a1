// Sorting: quick, heap, merge and insertion sorts through interfaces, closures and slices, merge sort over goroutines.
package main

type sorter interface {
	Len() int
	Less(i, j int) bool
	Swap(i, j int)
}

type ints []int

func (x ints) Len() int           { return len(x) }
func (x ints) Less(i, j int) bool { return x[i] < x[j] }
func (x ints) Swap(i, j int)      { x[i], x[j] = x[j], x[i] }

type person struct {
	name string
	age  int
	tags []string
}
type byAge []*person

func (x byAge) Len() int { return len(x) }
func (x byAge) Less(i, j int) bool {
	return x[i].age < x[j].age || x[i].age == x[j].age && x[i].name < x[j].name
}
func (x byAge) Swap(i, j int) { x[i], x[j] = x[j], x[i] }

type reverse struct{ sorter }

func (r reverse) Less(i, j int) bool { return r.sorter.Less(j, i) }

func heapSort(s sorter) {
	n := s.Len()
	down := func(i, n int) {
		for {
			c := 2*i + 1
			if c >= n {
				return
			}
			if c+1 < n && s.Less(c, c+1) {
				c++
			}
			if !s.Less(i, c) {
				return
			}
			s.Swap(i, c)
			i = c
		}
	}
	for i := n/2 - 1; i >= 0; i-- {
		down(i, n)
	}
	for i := n - 1; i > 0; i-- {
		s.Swap(0, i)
		down(0, i)
	}
}

func quick(x []int, less func(a, b int) bool) {
	if len(x) < 2 {
		return
	}
	p := x[len(x)/2]
	i, j := 0, len(x)-1
	for i <= j {
		for less(x[i], p) {
			i++
		}
		for less(p, x[j]) {
			j--
		}
		if i <= j {
			x[i], x[j] = x[j], x[i]
			i++
			j--
		}
	}
	quick(x[:j+1], less)
	quick(x[i:], less)
}

func mergeSort(x []string) []string {
	if len(x) < 2 {
		return x
	}
	var a, b []string
	if len(x) > 500 {
		c := make(chan []string)
		go func() { c <- mergeSort(x[:len(x)/2]) }()
		b = mergeSort(x[len(x)/2:])
		a = <-c
	} else {
		a, b = mergeSort(x[:len(x)/2]), mergeSort(x[len(x)/2:])
	}
	out := make([]string, 0, len(x))
	for len(a) > 0 && len(b) > 0 {
		if b[0] < a[0] {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	return append(append(out, a...), b...)
}

func sorted(s sorter) bool {
	for i := 1; i < s.Len(); i++ {
		if s.Less(i, i-1) {
			return false
		}
	}
	return true
}

type rng uint64

func (r *rng) next() int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(*r >> 33)
}

func main() {
	r := rng(1)
	x := make(ints, 20000)
	for i := range x {
		x[i] = r.next() % 100000
	}
	y := append(ints(nil), x...)
	z := append(ints(nil), x...)
	heapSort(x)
	println(sorted(x), x[0], x[10000], x[19999])
	heapSort(reverse{y})
	println(sorted(reverse{y}), sorted(y), y[0] == x[19999])
	calls := 0
	quick(z, func(a, b int) bool { calls++; return a < b })
	same := true
	for i := range z {
		if z[i] != x[i] || y[len(y)-1-i] != x[i] {
			same = false
		}
	}
	println(same, calls)
	var ps byAge
	for i := 0; i < 3000; i++ {
		n := r.next()
		ps = append(ps, &person{string('a'+n%26) + string('a'+n/26%26), n / 1000 % 90, []string{"t"}})
	}
	heapSort(ps)
	println(sorted(ps), ps[0].name, ps[0].age, ps[2999].name, ps[2999].age)
	var ss []string
	for i := 0; i < 5000; i++ {
		n := r.next()
		ss = append(ss, string('a'+n%26)+string('a'+n/26%26)+string('a'+n/676%26)+"xyz"[:n%3])
	}
	ms := mergeSort(ss)
	ok := len(ms) == len(ss)
	for i := 1; i < len(ms); i++ {
		if ms[i] < ms[i-1] {
			ok = false
		}
	}
	println(ok, ms[0], ms[2500], ms[4999])
}
