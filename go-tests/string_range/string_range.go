// Ranging over strings: ASCII, multi-byte, every kind of invalid encoding; indexing and slicing inside runes.
package main

func show(s string) {
	print(len(s), ":")
	for i, r := range s {
		print(" ", i, "=", r)
	}
	println()
}

func main() {
	show("")
	show("plain")
	show("héé")
	show("世界")
	show("\U0001F600\U0010FFFF")
	show("a\x00b")
	show("\xff\xfe")
	show("\x80\x80")
	show("a\xc3")         // truncated 2-byte form
	show("a\xe4\xb8")     // truncated 3-byte form
	show("a\xf0\x9f\x98") // truncated 4-byte form
	show("\xc3(")         // bad continuation
	show("\xe4(\xb8")
	show("\xf0\x9f(\x98")
	show("\xc0\x80")         // overlong
	show("\xe0\x80\x80")     // overlong
	show("\xf0\x80\x80\x80") // overlong
	show("\xed\xa0\x80")     // surrogate half
	show("\xed\xbf\xbf")
	show("\xf4\x90\x80\x80") // above U+10FFFF
	show("\xf8\x88\x80\x80\x80")
	show("\u07ff\u0800\uffff\U00010000")
	show("\ufffd")
	n := 0
	for range "count\xffé" {
		n++
	}
	println(n)
	s := "世界"
	for i := 0; i < len(s); i++ {
		print(s[i], " ")
	}
	println()
	show(s[1:])
	show(s[:4])
	sum := 0
	for i := range s {
		sum += i
	}
	println(sum)
	var last rune
	for _, last = range "abc☃" {
	}
	println(last)

	// Every two-byte string: a digest of what ranging over them gives.
	h := uint64(0)
	for a := 0; a < 256; a++ {
		for b := 0; b < 256; b++ {
			for i, r := range string([]byte{byte(a), byte(b)}) {
				h = h*1000003 + uint64(r) + uint64(i)<<32
			}
		}
	}
	println(h)
	h = 0
	for a := 0xe0; a < 0xf8; a++ {
		for b := 0x70; b < 0xd0; b++ {
			for c := 0x78; c < 0xc4; c += 3 {
				for i, r := range string([]byte{byte(a), byte(b), byte(c), 0x80}) {
					h = h*1000003 + uint64(r) + uint64(i)<<32
				}
			}
		}
	}
	println(h)
}
