// Map keys of every comparable kind, with NaN, both zeros, arrays, structs and interfaces; panics for unhashable keys.
package main

import "runtime"

type K struct {
	a int8
	s string
	f float64
	i interface{}
}
type small struct{ a, b int8 }
type mem struct {
	a int32
	b uint32
	c int64
}
type I interface {
	m()
}
type M1 int
type M2 string

func (M1) m() {}
func (M2) m() {}

var zero float64

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

func main() {
	bm := map[bool]int{true: 1, false: 2}
	println(bm[true], bm[false], len(bm))
	i8 := map[int8]int{}
	u8 := map[uint8]int{}
	i16 := map[int16]int{}
	u16 := map[uint16]int{}
	i32 := map[int32]int{}
	u32 := map[uint32]int{}
	i64 := map[int64]int{}
	u64 := map[uint64]int{}
	in := map[int]int{}
	un := map[uint]int{}
	up := map[uintptr]int{}
	f32 := map[float32]int{}
	f64 := map[float64]int{}
	c64 := map[complex64]int{}
	c128 := map[complex128]int{}
	st := map[string]int{}
	a2 := map[[2]int16]int{}
	a3 := map[[3]string]int{}
	ab := map[[33]byte]int{}
	sm := map[small]int{}
	me := map[mem]int{}
	kk := map[K]int{}
	ei := map[interface{}]int{}
	for i := -300; i < 300; i++ {
		i8[int8(i)]++
		u8[uint8(i)]++
		i16[int16(i*100)]++
		u16[uint16(i*100)]++
		i32[int32(i*1000000)]++
		u32[uint32(i*1000000)]++
		i64[int64(i)<<40]++
		u64[uint64(i)<<40]++
		in[i]++
		un[uint(i)]++
		up[uintptr(i)]++
		f32[float32(i)/4]++
		f64[float64(i)/8]++
		c64[complex(float32(i), 1)]++
		c128[complex(1, float64(i))]++
		st[string('a'+(i+300)%26)+string('a'+(i+300)/26)]++
		a2[[2]int16{int16(i), int16(-i)}]++
		a3[[3]string{"x", string('a' + (i+300)%26), string('a' + (i+300)/26)}]++
		ab[[33]byte{0: byte(i), 32: byte(i >> 8)}]++
		sm[small{int8(i), int8(i >> 8)}]++
		me[mem{int32(i), 7, int64(i) * 3}]++
		kk[K{int8(i), string('a' + (i+300)/26), float64(i % 5), i % 3}]++
		ei[i]++
	}
	println(len(i8), len(u8), len(i16), len(u16), len(i32), len(u32), len(i64), len(u64), len(in), len(un), len(up))
	println(len(f32), len(f64), len(c64), len(c128), len(st), len(a2), len(a3), len(ab), len(sm), len(me), len(kk), len(ei))
	println(i8[-1], u8[255], i16[-100], u32[4294967295-999999], i64[-1<<40], f32[-0.25], f64[1.125], c64[complex(2, 1)], c128[complex(1, -7)])
	println(a2[[2]int16{5, -5}], a2[[2]int16{5, 5}], a3[[3]string{"x", "a", "b"}], ab[[33]byte{0: 1}], me[mem{-4, 7, -12}], sm[small{1, 0}])

	// Floats: both zeros are one key, each NaN is a new one.
	nan, negz := zero/zero, -1*zero
	fm := map[float64]string{}
	fm[zero] = "zero"
	fm[negz] = "minus zero"
	println(len(fm), fm[0])
	for i := 0; i < 10; i++ {
		fm[nan] = "nan"
	}
	_, ok := fm[nan]
	println(len(fm), ok)
	delete(fm, nan)
	println(len(fm))
	n := 0
	for k, v := range fm {
		if k != k && v == "nan" {
			n++
		}
	}
	println(n)
	for i := 0; i < 200; i++ {
		fm[nan] = "nan"
	}
	n = 0
	for range fm {
		n++
	}
	println(n, len(fm))
	cm := map[complex128]int{complex(zero, negz): 1}
	cm[complex(negz, zero)] = 2
	cm[complex(nan, 0)] = 3
	cm[complex(0, nan)] = 4
	println(len(cm), cm[0])
	am := map[[2]float32]int{{0, float32(negz)}: 1}
	am[[2]float32{float32(negz), 0}]++
	println(len(am), am[[2]float32{}])

	// Interface keys of many dynamic types.
	c := make(chan int)
	x := 1
	im := map[interface{}]string{nil: "nil", 1: "int", int8(1): "int8", 1.0: "float", "1": "string", true: "bool", c: "chan", &x: "ptr",
		[2]int{1, 2}: "array", small{1, 2}: "struct", K{1, "k", 2, "i"}: "K", complex(1, 0): "complex", M1(1): "M1", M2("1"): "M2", struct{}{}: "empty", zero: "zero"}
	println(len(im), im[nil], im[1], im[int8(1)], im[1.0], im["1"], im[true], im[c], im[&x], im[[2]int{1, 2}], im[small{1, 2}])
	println(im[K{1, "k", 2, "i"}], im[complex(1, 0)], im[M1(1)], im[M2("1")], im[struct{}{}], im[negz], im[int16(1)] == "", im[new(int)] == "")
	mi := map[I]int{M1(1): 1, M2("x"): 2}
	mi[M1(1)] = 10
	println(len(mi), mi[M1(1)], mi[M2("x")], mi[nil], mi[M2("y")])

	// Pointers, channels, empty struct, nested maps of arrays of interfaces.
	pm := map[*int]int{}
	for i := 0; i < 100; i++ {
		p := new(int)
		pm[p] = i
	}
	println(len(pm), pm[nil])
	chm := map[chan int]int{c: 4}
	println(chm[c], chm[nil])
	esm := map[struct{}]int{}
	esm[struct{}{}]++
	esm[struct{}{}]++
	println(len(esm), esm[struct{}{}])
	aim := map[[2]interface{}]int{{1, "a"}: 1}
	aim[[2]interface{}{1, "a"}]++
	println(len(aim), aim[[2]interface{}{1, "a"}])

	// Unhashable dynamic types.
	try("read slice", func() { _ = im[[]int{1}] })
	try("read2 map", func() { _, _ = im[map[int]int{}] })
	try("write func", func() { im[func() {}] = "" })
	try("delete slice", func() { delete(im, []string{}) })
	try("nested", func() { kk[K{i: []int{}}] = 1 })
	try("array", func() { im[[1]func(){nil}] = "" })
	try("struct", func() { im[struct{ s []int }{}] = "" })
	var nilMap map[interface{}]int
	try("nil map read", func() { _ = nilMap[[]int{1}] })
	try("nil map delete", func() { delete(nilMap, []int{1}) })
	var empty = map[interface{}]int{}
	try("empty map read", func() { _ = empty[[]int{1}] })
	println(len(im))
}
