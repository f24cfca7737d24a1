// Slicing of slices, arrays, array pointers and strings, two and three indices, and each bounds error.
package main

import "runtime"

func try(name string, f func()) {
	defer func() {
		if e := recover(); e != nil {
			println(name, "->", e.(runtime.Error).Error())
		} else {
			println(name, "-> ok")
		}
	}()
	f()
}

var sinkI int
var sinkB byte
var sinkS []int
var sinkStr string

func main() {
	a := [10]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	s := a[2:5]
	println(len(s), cap(s), s[0], s[2])
	s = a[2:5:7]
	println(len(s), cap(s))
	s = s[:cap(s)]
	println(len(s), s[4])
	s = s[1:3:4]
	println(len(s), cap(s), s[0])
	s = a[:]
	println(len(s), cap(s))
	p := &a
	s = p[8:]
	println(len(s), cap(s), len(p), s[1])
	s[1] = 90
	println(a[9])
	for i := range p {
		p[i] = i * i
	}
	println(p[3:][4], a[7])
	str := "hello"
	println(str[1:3], str[:2], str[3:], str[5:] == "", str[2:2] == "")
	s = append(a[:2:2], 100)
	println(a[2], s[2], cap(a[10:]), len(a[10:]))

	i, j, k := 3, 2, 11
	neg := -1
	var nilS []int
	var nilP *[10]int
	try("index len", func() { sinkI = a[:][k-1] })
	try("index neg", func() { sinkI = a[:][neg] })
	try("array index", func() { sinkI = a[k] })
	try("nil index", func() { sinkI = nilS[0] })
	try("string index", func() { sinkB = str[k] })
	try("last", func() { sinkI = a[k-2] })
	try("store", func() { a[:][k] = 1 })
	try("slice hi", func() { sinkS = a[:k] })
	try("slice lo>hi", func() { sinkS = a[i:j] })
	try("slice lo", func() { sinkS = a[:5][k:] })
	try("slice within cap", func() { sinkS = a[:5][:9] })
	try("slice neg", func() { sinkS = a[neg:] })
	try("3 max", func() { sinkS = a[0:1:k] })
	try("3 hi>max", func() { sinkS = a[0:i:j] })
	try("3 lo>hi", func() { sinkS = a[i:j:9] })
	try("3 fine", func() { sinkS = a[j:i:9] })
	try("string slice", func() { sinkStr = str[:k] })
	try("string lo>hi", func() { sinkStr = str[i:j] })
	try("nil slice 0", func() { sinkS = nilS[0:0] })
	try("nil slice 1", func() { sinkS = nilS[0:1] })
	try("nil array", func() { sinkS = nilP[0:1] })
	try("nil array elem", func() { sinkI = nilP[1] })
	println(len(nilP), cap(nilP))
}
