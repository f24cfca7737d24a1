// print and println of every kind except pointers, whose text is an address.
package main

type myInt int
type myString string
type myBool bool

func main() {
	println()
	println("")
	println("text")
	println("a", "b", "", "c")
	print("no newline")
	print("|", 1, "|", true, "|", 'x', "\n")
	println(true, false)

	println(int(0), int(-1), int(1234567890))
	println(int8(-128), int8(127))
	println(int16(-32768), int16(32767))
	println(int32(-2147483648), int32(2147483647))
	println(int64(-9223372036854775808), int64(9223372036854775807))
	println(uint(0), uint8(255), uint16(65535), uint32(4294967295))
	println(uint64(18446744073709551615), uintptr(42))
	println('a', '\u4e16', rune(-1))

	println(float32(1.5), float64(-2.25))
	println(complex(1, -2), complex64(complex(0.5, 0)))

	println(myInt(-7), myString("named"), myBool(true))

	const big = 1 << 62
	println(big, 1<<10, 07, 0xff)

	var i int = -5
	var u uint = 5
	var f = 3.0
	var s = "var"
	println(i, u, f, s, i < 0, len(s))

	// nil of the printable reference kinds.
	var p *int
	var m map[int]int
	var c chan int
	println(p, m, c)
	println(p == nil, m == nil, c == nil)

	println("utf-8: héllo, 世界 \u2318")
	println("tab\tquote\"backslash\\")
	print("zero byte: [\x00]\n")
	print("invalid: [\xff\xfe]\n")

	long := ""
	for i := 0; i < 200; i++ {
		long += "0123456789"
	}
	println(len(long))
	println(long)
	print(1, 2, 3, "\n")
	print("a", 1.5, true, "\n")
}
