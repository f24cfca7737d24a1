// Division: by zero for every integer type and operator, the most negative number by -1, floats, and arithmetic around it.
package main

import "runtime"

func try(name string, f func()) {
	defer func() {
		if e := recover(); e != nil {
			println(name, e.(runtime.Error).Error())
		}
	}()
	f()
}

var i8, z8 int8 = -128, 0
var u8, uz8 uint8 = 200, 0
var i16, z16 int16 = -32768, 0
var u16, uz16 uint16 = 60000, 0
var i32, z32 int32 = -2147483648, 0
var u32, uz32 uint32 = 4000000000, 0
var i64, z64 int64 = -9223372036854775808, 0
var u64, uz64 uint64 = 18000000000000000000, 0
var in, zn int = 7, 0
var un, uzn uint = 7, 0
var up, uzp uintptr = 7, 0
var m1 = -1
var fz, f1 float64 = 0, 1

func div(a, b int) (q, r int, err string) {
	defer func() {
		if e := recover(); e != nil {
			err = e.(error).Error()
		}
	}()
	q = a / b
	r = a % b
	return
}

func main() {
	try("int8 /", func() { println(i8 / z8) })
	try("int8 %", func() { println(i8 % z8) })
	try("uint8 /", func() { println(u8 / uz8) })
	try("uint8 %", func() { println(u8 % uz8) })
	try("int16 /", func() { println(i16 / z16) })
	try("int16 %", func() { println(i16 % z16) })
	try("uint16 /", func() { println(u16 / uz16) })
	try("uint16 %", func() { println(u16 % uz16) })
	try("int32 /", func() { println(i32 / z32) })
	try("int32 %", func() { println(i32 % z32) })
	try("uint32 /", func() { println(u32 / uz32) })
	try("uint32 %", func() { println(u32 % uz32) })
	try("int64 /", func() { println(i64 / z64) })
	try("int64 %", func() { println(i64 % z64) })
	try("uint64 /", func() { println(u64 / uz64) })
	try("uint64 %", func() { println(u64 % uz64) })
	try("int /", func() { println(in / zn) })
	try("int %", func() { println(in % zn) })
	try("uint /", func() { println(un / uzn) })
	try("uint %", func() { println(un % uzn) })
	try("uintptr /", func() { println(up / uzp) })
	try("/=", func() { in /= zn })
	try("%=", func() { in %= zn })
	println(in)
	println(i8/int8(m1), i8%int8(m1), i16/int16(m1), i16%int16(m1), i32/int32(m1), i32%int32(m1), i64/int64(m1), i64%int64(m1))
	for _, a := range []int{7, -7, 0, 1 << 62, -1 << 63} {
		for _, b := range []int{2, -2, 1, -1, 3, 1 << 40, 0} {
			q, r, err := div(a, b)
			if err != "" {
				print(err, " ")
			} else {
				print(q, ",", r, " ")
				if q*b+r != a {
					print("WRONG ")
				}
			}
		}
		println()
	}
	println(f1/fz, -f1/fz, fz/fz != fz/fz, complex(f1, 0)/complex(2, 0))
	c := complex(f1, f1) / complex(fz, fz)
	println(real(c) > 1e300 || real(c) != real(c), imag(c) > 1e300 || imag(c) != imag(c))
	// Division by constants, which the compiler turns into other instructions.
	h := 0
	for _, x := range []int{0, 1, -1, 5, -5, 99, -99, 123456789, -987654321, 1<<63 - 1, -1 << 63} {
		h = h*31 + x/1 + x/2 + x/3 + x/5 + x/7 + x/8 + x/10 + x/100 + x/641 + x/1000000007 + x/-3 + x/-8
		h = h*31 + x%2 + x%3 + x%5 + x%7 + x%8 + x%10 + x%100 + x%641 + x%-7 + x%-16
		u := uint(x)
		h = h*31 + int(u/3+u/5+u/7+u/10+u/16+u/1000+u%3+u%7+u%10+u%64)
		i := int32(x)
		h = h*31 + int(i/3+i/7+i/10+i/16+i%3+i%10+i%1000)
		w := uint32(x)
		h = h*31 + int(w/3+w/7+w/10+w/16+w%3+w%10+w%1000)
		s := int16(x)
		h = h*31 + int(s/3+s/7+s%10)
		b := uint8(x)
		h = h*31 + int(b/3+b/7+b%10)
	}
	println(h)
}
