// Control flow: for in every form, switch in every form, goto, labels, break and continue through nested statements, early return.
package main

func classify(n int) string {
	switch {
	case n < 0:
		return "negative"
	case n == 0:
		return "zero"
	case n < 10:
		return "small"
	}
	return "large"
}

func fall(n int) (s string) {
	switch n {
	case 1:
		s += "1"
		fallthrough
	case 2:
		s += "2"
	case 3:
		s += "3"
		fallthrough
	default:
		s += "d"
	case 4, 5, 6:
		s += "456"
		if n == 5 {
			break
		}
		s += "not5"
	}
	return
}

func dense(n int) int {
	switch n {
	case 0:
		return 10
	case 1:
		return 11
	case 2:
		return 22
	case 3:
		return 13
	case 4:
		return 44
	case 5:
		return 15
	case 6:
		return 66
	case 7:
		return 17
	case 8:
		return 88
	case 9:
		return 19
	case 100, 200, 300:
		return n * 2
	case -5:
		return 5
	}
	return -1
}

var calls string

func note(s string) {
	for _, r := range s {
		calls += string(r)
	}
}

func c(s string, v int) int { note(s); return v }

func lazy(n int) string {
	calls = ""
	switch n {
	case c("a", 1), c("b", 2):
		calls += "!"
	case c("c", 3):
		calls += "?"
	}
	return calls
}

func gotos(n int) (s int) {
	i := 0
again:
	if i < n {
		s += i
		i++
		if i == 7 {
			goto out
		}
		goto again
	}
	s += 1000
out:
	return
}

func labels() (s string) {
outer:
	for i := 0; i < 5; i++ {
		for j := 0; j < 5; j++ {
			switch {
			case j == 3:
				continue outer
			case i == 3:
				break outer
			case i == j:
				continue
			}
			s += string('0'+i) + string('0'+j) + " "
		}
	}
sw:
	switch {
	default:
		for {
			if len(s) > 0 {
				break sw
			}
		}
	}
block:
	switch {
	case true:
		if s != "" {
			break block
		}
		s = "never"
	}
	return
}

func early(xs []int, want int) (int, bool) {
	for i, x := range xs {
		if x == want {
			return i, true
		}
	}
	return -1, false
}

func and(s string, v bool) bool { note(s); return v }

func ret() (a, b int) {
	a, b = 1, 2
	{
		a := 5
		_ = a
	}
	if a := 9; a > 5 {
		return b, a
	}
	return
}

func main() {
	for _, n := range []int{-5, 0, 7, 10} {
		print(classify(n), " ")
	}
	println()
	for i := 1; i <= 7; i++ {
		print(fall(i), " ")
	}
	println()
	for _, n := range []int{-6, -5, 0, 3, 4, 9, 10, 100, 250, 300} {
		print(dense(n), " ")
	}
	println()
	println(lazy(1), lazy(2), lazy(3), lazy(4))
	println(gotos(3), gotos(10), gotos(0))
	println(labels())
	at, ok := early([]int{5, 6, 7}, 6)
	println(at, ok)
	calls = ""
	println(and("a", false) && and("b", true), and("c", true) || and("d", false), (and("e", true) && and("f", false)) || and("g", true), !and("h", true))
	println(calls)
	r1, r2 := ret()
	println(r1, r2)

	n := 0
	for n < 10 {
		n += 3
	}
	for {
		n--
		if n%5 == 0 {
			break
		}
	}
	for i, j := 0, 10; i < j; i, j = i+1, j-2 {
		n += i * j
	}
	println(n)
	a := [5]int{1, 2, 3, 4, 5}
	for i, v := range a { // ranges over a copy
		a[4] = 100
		if i == 4 {
			println(v, a[4])
		}
	}
	s := a[:]
	for i, v := range s { // ranges over the slice itself, length fixed at the start
		s = append(s, v)
		s[len(a)-1-i] = i
	}
	println(len(s), a[0], a[4], s[9])
	for i := range a {
		a[i] = -i
	}
	for range a {
		n++
	}
	var k int
	for k = range s {
	}
	for a[k%5], k = range []int{7, 8, 9} {
	}
	println(n, k, a[0], a[4])
	for i := range "abc" {
		print(i, " ")
	}
	var nilS []int
	for range nilS {
		println("never")
	}
	println()
	switch x := interface{}(n).(type) {
	case int:
		println("int", x)
	}
	switch n := n * 2; n {
	case 5:
		println("5")
	default:
		println("n", n)
	}
	switch s := "str"; {
	case s == "str":
		println("string switch")
	}
	switch 2.5 {
	case 2.5:
		println("float")
	}
	switch {
	}
	var arr [3]int
	i := 0
	i, arr[i] = 2, 5
	arr[0], arr[1], arr[2] = arr[2], arr[0], arr[1]+1
	println(i, arr[0], arr[1], arr[2])
	if x, y := 3, 4; x > y {
		println("no")
	} else if z := x + y; z > 6 {
		println("z", z, x)
	} else {
		println("no")
	}
}
