// Equality of interface values for every dynamic type, mixed comparisons, and the panics for uncomparable types.
package main

import "runtime"

type S struct {
	a int8
	b int64
	s string
	f float64
	i interface{}
}
type N struct{ f func() }
type blank struct {
	a int
	_ int
	b int
}
type I interface {
	m()
}
type M int
type Q struct{ x, y string }

func (M) m()  {}
func (*Q) m() {}
func (Q) n()  {}

func cmp(a, b interface{}) string {
	if a == b {
		return "="
	}
	return "x"
}

func cause(name string, f func() bool) {
	defer func() {
		if e := recover(); e != nil {
			println(name, ":", e.(runtime.Error).Error())
		}
	}()
	println(name, f())
}

var zero float64

func main() {
	x, y := 1, 1
	nan := zero / zero
	c := make(chan int)
	arr := [3]string{"a", "b", "c"}
	brr := [3]string{"a", "b", string([]byte{'c'})}
	vals := []interface{}{
		nil, true, false, 0, 1, int8(1), int64(1), uint8(1), 1.0, float32(1), 0.0, -1 * zero, nan, complex(1, 0), complex(0, zero),
		"", "a", string([]byte{'a'}), &x, &y, &x, c, make(chan int), arr, brr, [3]string{"a", "b"}, [0]int{}, struct{}{},
		S{1, 2, "s", 1, 5}, S{1, 2, "s", 1, 5}, S{1, 2, "s", 1, 5.0}, S{1, 2, "s", nan, 5}, S{i: S{s: "n"}}, S{i: S{s: string([]byte{'n'})}},
		blank{a: 1, b: 3}, blank{a: 1, b: 3}, blank{a: 1, b: 4}, M(1), M(2), Q{"a", "b"}, Q{"a", "b"}, Q{"ab", ""}, 'a', uintptr(1),
		[2]interface{}{1, "x"}, [2]interface{}{1, "x"}, [2]interface{}{1.0, "x"}, [1]float64{zero}, [1]float64{-1 * zero},
	}
	for _, a := range vals {
		for _, b := range vals {
			print(cmp(a, b))
		}
		println()
	}

	var i, j I = M(1), M(1)
	var e interface{} = M(1)
	println(i == j, i == e, e == j, i == nil, e == M(1), i == M(2))
	q := &Q{"a", "b"}
	i, j = q, &Q{"a", "b"}
	println(i == j, i == q, j == q, I(nil) == nil, i != nil)
	var np *Q
	i = np
	println(i == nil, i == I((*Q)(nil)), e == np)

	s1, s2 := []int{1}, []int{1}
	m := map[int]int{}
	f := func() {}
	cause("slices", func() bool { return interface{}(s1) == interface{}(s2) })
	cause("same slice", func() bool { return interface{}(s1) == interface{}(s1) })
	cause("maps", func() bool { return interface{}(m) == interface{}(m) })
	cause("funcs", func() bool { return interface{}(f) == interface{}(f) })
	cause("slice and map", func() bool { return interface{}(s1) == interface{}(m) })
	cause("slice and nil", func() bool { return interface{}(s1) == nil })
	cause("struct with func", func() bool { return interface{}(N{}) == interface{}(N{}) })
	cause("array of slices", func() bool { return interface{}([1][]int{}) == interface{}([1][]int{}) })
	cause("nested", func() bool { return interface{}(S{i: s1}) == interface{}(S{i: s1}) })
	cause("nested after difference", func() bool { return interface{}(S{a: 1, i: s1}) == interface{}(S{a: 2, i: s1}) })
	cause("pointers to slices", func() bool { return interface{}(&s1) == interface{}(&s1) })
	cause("array of interfaces", func() bool { return interface{}([2]interface{}{1, f}) == interface{}([2]interface{}{1, f}) })
	var si, sj S
	si.i, sj.i = f, f
	cause("direct struct", func() bool { return si == sj })
	sj.i = 1
	cause("direct struct, different types", func() bool { return si == sj })
	switch interface{}("k") {
	case 1:
		println("int")
	case "k":
		println("k")
	}
}
