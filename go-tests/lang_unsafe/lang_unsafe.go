// Reading memory through unsafe.Pointer: headers of strings, slices and interfaces, struct fields, bit patterns of floats, arrays.
package main

import "unsafe"

type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}
type stringHeader struct {
	data unsafe.Pointer
	len  int
}
type ifaceHeader struct {
	tab, data unsafe.Pointer
}
type rec struct {
	a int8
	b int64
	c [3]int16
	d string
}

func bits(f float64) uint64     { return *(*uint64)(unsafe.Pointer(&f)) }
func fromBits(u uint64) float64 { return *(*float64)(unsafe.Pointer(&u)) }
func bits32(f float32) uint32   { return *(*uint32)(unsafe.Pointer(&f)) }

func main() {
	s := make([]int, 3, 10)
	s[2] = 42
	h := (*sliceHeader)(unsafe.Pointer(&s))
	println(h.len, h.cap, *(*int)(unsafe.Pointer(uintptr(h.data) + 16)))
	h.len = 5
	println(len(s))
	str := "hello"
	sh := (*stringHeader)(unsafe.Pointer(&str))
	println(sh.len, *(*byte)(sh.data), *(*byte)(unsafe.Pointer(uintptr(sh.data) + 4)))
	b := []byte("bytes")
	zs := *(*string)(unsafe.Pointer(&b))
	println(zs)
	var e interface{} = 77
	eh := (*ifaceHeader)(unsafe.Pointer(&e))
	println(*(*int)(eh.data), eh.tab != nil)
	var f interface{} = 88
	fh := (*ifaceHeader)(unsafe.Pointer(&f))
	println(eh.tab == fh.tab, eh.data == fh.data)
	x := 5
	f = &x
	println(fh.data == unsafe.Pointer(&x), eh.tab == fh.tab)

	r := rec{-1, 1 << 40, [3]int16{1, 2, 3}, "d"}
	p := uintptr(unsafe.Pointer(&r))
	println(*(*int8)(unsafe.Pointer(p)), *(*int64)(unsafe.Pointer(p + unsafe.Offsetof(r.b))), *(*int16)(unsafe.Pointer(p + unsafe.Offsetof(r.c) + 4)),
		*(*string)(unsafe.Pointer(p + unsafe.Offsetof(r.d))))
	println(unsafe.Sizeof(r), unsafe.Alignof(r), unsafe.Offsetof(r.b), unsafe.Offsetof(r.c), unsafe.Offsetof(r.d))
	println(bits(1), bits(-2.5), bits(0), fromBits(0x400921fb54442d18), bits32(1.5), fromBits(0x7ff0000000000000))
	arr := [4]uint32{0x01020304, 0x05060708, 0xffffffff, 0}
	pb := (*[16]byte)(unsafe.Pointer(&arr))
	for _, v := range pb {
		print(v, " ")
	}
	println()
	pw := (*[2]uint64)(unsafe.Pointer(&arr))
	println(pw[0], pw[1])
	pb[12] = 7
	println(arr[3])
	c := complex(1.5, -2)
	parts := (*[2]float64)(unsafe.Pointer(&c))
	println(parts[0], parts[1])
	var fn func(int) int = func(i int) int { return i + x }
	ctx := *(*unsafe.Pointer)(unsafe.Pointer(&fn))
	fn2 := *(*func(int) int)(unsafe.Pointer(&ctx))
	println(fn2(10), ctx != nil)
	m := map[int]int{1: 1, 2: 2}
	println(**(**int)(unsafe.Pointer(&m)))
	ch := make(chan int, 4)
	ch <- 1
	println(**(**int)(unsafe.Pointer(&ch)))
	big := (*[1 << 20]byte)(unsafe.Pointer(&b[0]))[:5:5]
	println(string(big), cap(big))
	println(unsafe.Sizeof(uintptr(0)), unsafe.Sizeof(""), unsafe.Sizeof(s), unsafe.Sizeof(e), unsafe.Sizeof(c), unsafe.Sizeof(m), unsafe.Sizeof(fn))
}
