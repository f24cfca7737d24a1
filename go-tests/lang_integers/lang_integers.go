// Integer arithmetic: wrap-around, shifts of every width and count, bit operations, conversions between all integer types, comparison.
package main

var sh uint = 3

func shifts(x int64, n uint) (int64, int64, uint64, int32, int32, uint32, int16, int8, uint8) {
	return x << n, x >> n, uint64(x) >> n, int32(x) << n, int32(x) >> n, uint32(x) >> n, int16(x) >> n, int8(x) << n, uint8(x) >> n
}

func conv(x int64) {
	println(x, int8(x), uint8(x), int16(x), uint16(x), int32(x), uint32(x), uint64(x), int(x), uintptr(x))
}

func mul(a, b int64) (int64, uint64, int32, uint16, int8) {
	return a * b, uint64(a) * uint64(b), int32(a) * int32(b), uint16(a) * uint16(b), int8(a) * int8(b)
}

func popcount(x uint64) (n int) {
	for ; x != 0; x &= x - 1 {
		n++
	}
	return
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func isqrt(n uint64) uint64 {
	var r, bit uint64 = 0, 1 << 62
	for bit > n {
		bit >>= 2
	}
	for bit != 0 {
		if n >= r+bit {
			n -= r + bit
			r = r>>1 + bit
		} else {
			r >>= 1
		}
		bit >>= 2
	}
	return r
}

func powmod(b, e, m uint64) uint64 {
	r := uint64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			r = r * b % m
		}
		b = b * b % m
	}
	return r
}

func rotl(x uint32, k uint) uint32 { return x<<k | x>>(32-k) }

type weekday int8

const (
	a weekday = iota - 1
	b
	c
	_
	e
)

const huge = 1 << 100

func main() {
	values := []int64{0, 1, -1, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536, 1 << 31, 1<<31 - 1, -1 << 31, 1 << 32, 1<<63 - 1, -1 << 63, 0x123456789abcdef}
	for _, v := range values {
		conv(v)
	}
	for _, n := range []uint{0, 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 1000, 1 << 40} {
		a, b, c, d, e, f, g, h, i := shifts(-0x123456789abcdef, n)
		println(n, a, b, c, d, e, f, g, h, i)
	}
	for _, x := range []int64{3, -7, 1 << 40, -1 << 63} {
		for _, y := range []int64{5, -1, 1 << 33} {
			a, b, c, d, e := mul(x, y)
			println(a, b, c, d, e)
		}
	}
	var i8 int8 = 127
	i8++
	var u8 uint8
	u8--
	var u32 uint32
	u32 -= 5
	var i64 int64 = 1<<63 - 1
	i64 += 2
	println(i8, u8, u32, i64, -i8, ^u8)
	x, y := 0xff00ff, 0x0ff0f0
	println(x&y, x|y, x^y, x&^y, ^x, -x, +x, x<<sh>>1, x%y, x/y)
	x &= y
	x |= 1 << 20
	x ^= 0xf
	x &^= 0x10
	x <<= 2
	x >>= 1
	println(x)
	println(popcount(0xdeadbeefcafebabe), gcd(1071, 462), gcd(1<<40, 6), isqrt(1<<62), isqrt(999999999999), powmod(3, 1000003, 1000000007))
	println(rotl(0x80000001, 1), rotl(0x12345678, 12))
	println(a, b, c, e, huge>>98, huge/(huge-1))
	var s8 int8 = -1
	var s16 int16 = int16(s8)
	var v16 uint16 = uint16(s8)
	println(s16, v16, uint32(s8), uint64(int32(s8)), uint64(uint32(s8)), int64(uint8(s8)))
	println(s8 < 0, uint8(s8) > 0, int16(-1) < int16(v16), uint32(1<<31) > 1, int32(-1<<31) < 0)
	h := uint64(14695981039346656037)
	for i := int32(-1000); i < 1000; i += 7 {
		h ^= uint64(i*i) >> (uint(i) & 7)
		h *= 1099511628211
		h += uint64(int8(i)) + uint64(uint16(i)<<3) - uint64(i%13)
	}
	println(h)
	const mask = 1<<5 - 1
	println('a'&mask, 'Z'|0x20, "hex"[1]-'a', 1e3 == 1000, 7.0/2, 7/2, -7/2, 7%-3, -7%3)
}
