// Keys and interfaces with values inside values: as deeply as a program likes, on every thread's stack; long arrays; one word of which not all counts.
package main

import (
	"runtime"
	"unsafe"
)

type pair struct {
	first, rest interface{}
}

type link struct {
	rest interface{}
	n    int8
	name string
}

func list(n int, end interface{}) interface{} {
	for i := 0; i < n; i++ {
		if i%3 == 0 {
			end = link{end, int8(i), "name"}
		} else {
			end = pair{i, end}
		}
	}
	return end
}

func deep(n int) {
	a, b, c := list(n, "end"), list(n, "end"), list(n, "other")
	m := map[interface{}]int{}
	m[a] = 1
	m[b]++
	m[c] = 5
	println(n, len(m), m[a], m[b], m[c], a == b, a == c)
	delete(m, b)
	println(len(m), m[a], m[c])

	s := map[[2]interface{}]string{}
	for i := 0; i < 20; i++ {
		s[[2]interface{}{i, list(n, i)}] = "x"
	}
	println(len(s), s[[2]interface{}{7, list(n, 7)}], s[[2]interface{}{7, list(n, 8)}])
}

func unhashable(n int) {
	defer func() {
		println(recover().(error).Error())
	}()
	m := map[interface{}]int{}
	m[list(n, []int{})] = 1
}

func uncomparable(n int) {
	defer func() {
		println(recover().(error).Error())
	}()
	println(list(n, map[int]int{}) == list(n, map[int]int{}))
}

type padded struct {
	s string
	b int8
}

func long() {
	var c [100]complex128
	mc := map[[100]complex128]int{c: 1}
	c[99] = complex(0, 1)
	mc[c] = 2
	me := map[interface{}]int{c: 3}
	println(len(mc), mc[c], me[c], mc[[100]complex128{}], me[[100]complex128{}])

	var f [9][9]float32
	mf := map[[9][9]float32]int{f: 1}
	f[8][8] = 1
	mf[f] = 2
	println(len(mf), mf[f], mf[[9][9]float32{}])

	var p [60][2]padded
	mp := map[[60][2]padded]int{p: 1}
	p[59][1].s = "last"
	mp[p] = 2
	p[59][1].b = 1
	mp[p] = 3
	println(len(mp), mp[p], mp[[60][2]padded{}])

	var s [50][2]string
	ms := map[interface{}]int{s: 1}
	s[49][1] = "last"
	ms[s] = 2
	println(len(ms), ms[s], ms[[50][2]string{}])
}

// A field called _ is no part of the value, even if it is all of it.
type blank struct {
	_ *int
}

type method interface {
	M()
}

func (blank) M() {}

func word() {
	x, y := new(int), new(int)
	a, b := *(*blank)(unsafe.Pointer(&x)), *(*blank)(unsafe.Pointer(&y))
	var i, j interface{} = a, b
	var k, l method = a, b
	println(a == b, i == j, k == l, i == interface{}(l))
	m := map[interface{}]int{i: 1}
	m[j]++
	n := map[[2]method]int{[2]method{k, l}: 1}
	n[[2]method{l, k}]++
	o := map[method]int{k: 1}
	println(len(m), m[i], len(n), n[[2]method{k, k}], o[l])
	p, q := interface{}([1]blank{a}), interface{}([1]blank{b})
	println(p == q, i == p)
}

func main() {
	runtime.GOMAXPROCS(4)
	word()
	long()
	for _, n := range []int{1, 2, 10, 10000} {
		deep(n)
		done := make(chan bool)
		go func() {
			runtime.LockOSThread()
			deep(n)
			done <- true
		}()
		<-done
	}
	unhashable(1)
	unhashable(10000)
	uncomparable(1)
	uncomparable(10000)
}
