// Maps: literals, assignment, lookup in both forms, delete, growth, iteration as a set, nil maps.
package main

type pt struct{ x, y int }

func main() {
	m := map[string]int{"one": 1, "two": 2, "three": 3}
	println(len(m), m["one"], m["two"], m["three"], m["four"])
	v, ok := m["two"]
	println(v, ok)
	v, ok = m["zwei"]
	println(v, ok)
	m["four"] = 4
	m["one"]++
	m["new"] += 10
	println(len(m), m["one"], m["new"])
	delete(m, "two")
	delete(m, "never there")
	_, ok = m["two"]
	println(len(m), ok)

	var nilMap map[string]int
	println(len(nilMap), nilMap["x"], nilMap == nil)
	_, ok = nilMap["x"]
	println(ok)
	delete(nilMap, "x")
	for range nilMap {
		println("never")
	}

	big := make(map[int]int)
	for i := 0; i < 20000; i++ {
		big[i*7] = i
	}
	println(len(big))
	bad := 0
	for i := 0; i < 20000; i++ {
		if big[i*7] != i {
			bad++
		}
		if _, ok := big[i*7+1]; ok {
			bad++
		}
	}
	println("bad", bad)
	count, sum := 0, 0
	for k, v := range big {
		count++
		sum += k + v
	}
	println(count, sum)
	for i := 0; i < 20000; i += 2 {
		delete(big, i*7)
	}
	count, sum = 0, 0
	for k := range big {
		count++
		sum += k
	}
	println(len(big), count, sum)
	for k := range big {
		delete(big, k)
	}
	println(len(big))
	for i := 0; i < 100; i++ {
		big[i] = i
	}
	println(len(big), big[99])

	p := map[pt]string{{1, 2}: "a", {3, 4}: "b"}
	p[pt{5, 6}] = "c"
	println(p[pt{1, 2}], p[pt{3, 4}], p[pt{5, 6}], p[pt{7, 8}] == "")

	mm := make(map[string]map[string]int, 10)
	for _, a := range []string{"x", "y"} {
		mm[a] = make(map[string]int)
		for _, b := range []string{"p", "q", "r"} {
			mm[a][b] = len(mm[a]) + 10*len(mm)
		}
	}
	println(len(mm), mm["x"]["r"], mm["y"]["q"], mm["z"]["q"])

	ms := map[string][]int{}
	for i := 0; i < 10; i++ {
		k := "even"
		if i%2 == 1 {
			k = "odd"
		}
		ms[k] = append(ms[k], i)
	}
	println(len(ms["even"]), len(ms["odd"]), ms["odd"][4])

	fs := map[string]func(int) int{"dbl": func(x int) int { return 2 * x }}
	println(fs["dbl"](21), fs["none"] == nil)
	set := map[string]struct{}{}
	set["a"] = struct{}{}
	set["a"] = struct{}{}
	_, ok = set["a"]
	println(len(set), ok)
	ptrs := map[string]*pt{"a": {1, 2}}
	ptrs["a"].x = 50
	println(ptrs["a"].x, ptrs["b"] == nil)
	alias := m
	alias["through alias"] = 1
	println(m["through alias"])
}
