// Keys that are hashed and compared part by part: structures and arrays of every kind of part, alone, nested, and in interfaces.
package main

import "runtime"

type padded struct {
	a int8
	b int64
	c int16
}
type blank struct {
	a int
	_ int
	s string
	_ string
	f float64
}
type inner struct {
	s string
	f float32
}
type nested struct {
	x  [3]inner
	y  inner
	e  interface{}
	c  complex128
	m  I
	bs [5]byte
}
type many struct {
	x [40]inner
	n int
}
type link struct {
	next interface{}
	n    int
}
type empty struct{ a, b struct{} }
type I interface {
	m()
}
type named struct{ s, t string }

func (named) m() {}

func text(n int) string {
	b := make([]byte, n%40)
	for i := range b {
		b[i] = byte('a' + (n*7+i)%26)
	}
	return string(b) + string(rune(n))
}

// One more than the number of keys tells them apart, so the counts show lost and doubled ones.
const keys = 300

func key(form, n int) interface{} {
	f := float64(n)
	switch form {
	case 0:
		return padded{int8(n), int64(n), int16(n)}
	case 1:
		return blank{a: n, s: text(n), f: f}
	case 2:
		return inner{text(n), float32(n)}
	case 3:
		return nested{x: [3]inner{{s: text(n)}, {f: 1}, {text(1), float32(n)}}, e: n, c: complex(f, -f), m: named{text(n), ""}}
	case 4:
		k := many{n: n}
		k.x[n%40].s = text(n)
		return k
	case 5:
		return link{link{link{nil, n}, n}, 1}
	case 6:
		return [2]interface{}{n, text(n)}
	case 7:
		return [3]string{text(n), "", text(n + 1)}
	case 8:
		k := [50]float64{49: f}
		k[n%49] = 1
		return k
	case 9:
		return [2]complex64{complex64(complex(f, 1)), complex64(complex(1, f))}
	case 10:
		return named{text(n), text(n)}
	case 11:
		return [0]string{}
	case 12:
		return empty{}
	case 13:
		if n&1 == 0 {
			return [2]interface{}{nil, n}
		}
		return [2]interface{}{n - 1, nil}
	}
	return nil
}

func fill(m map[interface{}]int, form int) {
	for n := 0; n < keys; n++ {
		m[key(form, n)] += n
	}
}

func check(m map[interface{}]int, form int) (good int) {
	for n := 0; n < keys; n++ {
		if v, ok := m[key(form, n)]; ok && (v == n || len(m) == 1) {
			good++
		}
		if _, ok := m[key(form, n+keys)]; ok && len(m) != 1 {
			println("found what is not there", form, n)
		}
	}
	return
}

func count(m map[interface{}]int) (n, sum int) {
	for k, v := range m {
		if m[k] != v {
			println("range and lookup differ")
		}
		n++
		sum += v
	}
	return
}

// The same keys in maps of their own types, which are looked up without an interface.
func typed() {
	p, b, in, ne, ma, li := map[padded]int{}, map[blank]int{}, map[inner]int{}, map[nested]int{}, map[many]int{}, map[link]int{}
	ei, st, fl, co, na, is := map[[2]interface{}]int{}, map[[3]string]int{}, map[[50]float64]int{}, map[[2]complex64]int{}, map[named]int{}, map[I]int{}
	for n := 0; n < keys; n++ {
		p[key(0, n).(padded)] = n
		b[key(1, n).(blank)] = n
		in[key(2, n).(inner)] = n
		ne[key(3, n).(nested)] = n
		ma[key(4, n).(many)] = n
		li[key(5, n).(link)] = n
		ei[key(6, n).([2]interface{})] = n
		st[key(7, n).([3]string)] = n
		fl[key(8, n).([50]float64)] = n
		co[key(9, n).([2]complex64)] = n
		na[key(10, n).(named)] = n
		is[key(10, n).(I)] = n
	}
	println(len(p), len(b), len(in), len(ne), len(ma), len(li), len(ei), len(st), len(fl), len(co), len(na), len(is))
	bad := 0
	for n := 0; n < keys; n++ {
		if p[key(0, n).(padded)] != n || b[key(1, n).(blank)] != n || in[key(2, n).(inner)] != n || ne[key(3, n).(nested)] != n ||
			ma[key(4, n).(many)] != n || li[key(5, n).(link)] != n || ei[key(6, n).([2]interface{})] != n || st[key(7, n).([3]string)] != n ||
			fl[key(8, n).([50]float64)] != n || co[key(9, n).([2]complex64)] != n || na[key(10, n).(named)] != n || is[key(10, n).(I)] != n {
			bad++
		}
		if n%3 == 0 {
			delete(ne, key(3, n).(nested))
			delete(ma, key(4, n).(many))
			delete(li, key(5, n).(link))
			delete(is, key(10, n).(I))
		}
	}
	for k, n := range ne {
		if n%3 == 0 || ne[k] != n {
			bad++
		}
	}
	println(bad, len(ne), len(ma), len(li), len(is))
	var z blank
	b[z] = -1
	z.f = -z.f
	println(b[z], len(b))
}

var zero float64

func nans() {
	m := map[inner]int{}
	w := map[interface{}]int{}
	nan := zero / zero
	for i := 0; i < 50; i++ {
		m[inner{"x", float32(nan)}] = i
		w[[2]float64{1, nan}] = i
	}
	_, ok := m[inner{"x", float32(nan)}]
	_, also := w[[2]float64{1, nan}]
	sum := 0
	for _, v := range m {
		sum += v
	}
	for _, v := range w {
		sum += v
	}
	println(len(m), len(w), ok, also, sum)
}

func unhashable(name string, f func()) {
	defer func() { println(name, recover().(runtime.Error).Error()) }()
	f()
}

func main() {
	for form := 0; form < 15; form++ {
		m := map[interface{}]int{}
		fill(m, form)
		good := check(m, form)
		n, sum := count(m)
		println(form, len(m), good, n, sum)
		for i := 0; i < keys; i += 2 {
			delete(m, key(form, i))
		}
		println(len(m))
	}
	all := map[interface{}]int{}
	for form := 0; form < 15; form++ {
		fill(all, form)
	}
	runtime.GC()
	n, sum := count(all)
	println(len(all), n, sum)
	typed()
	nans()
	m, l, s := map[interface{}]int{1: 1}, map[link]int{link{}: 1}, map[struct{ l link }]int{}
	unhashable("field", func() { _ = m[link{next: []int{}}] })
	unhashable("key", func() { l[link{next: func() {}}] = 1 })
	unhashable("deep", func() { s[struct{ l link }{link{next: link{next: map[int]int{}}}}] = 1 })
	unhashable("type", func() { _ = m[struct{ f []int }{}] })
}
