// Conversions between strings, byte slices, rune slices and integers, with small and large results.
package main

var sinkB []byte
var sinkR []rune
var sinkS string

func showRunes(r []rune) {
	for _, c := range r {
		print(c, " ")
	}
	println(len(r))
}

func showBytes(b []byte) {
	for _, c := range b {
		print(c, " ")
	}
	println(len(b))
}

func main() {
	s := "héllo, 世界 \U0001F600"
	b := []byte(s)
	showBytes(b)
	b[0] = 'H'
	println(s, string(b))
	r := []rune(s)
	showRunes(r)
	r[1] = 'e'
	println(string(r))
	showRunes([]rune("\xff\xc0\x80a\xe4\xb8"))
	showBytes([]byte(string([]rune{0, 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdfff, 0xe000, 0xffff, 0x10000, 0x10ffff, 0x110000, -1})))
	println(string([]byte(nil)) == "", string([]rune(nil)) == "", len([]byte("")), []byte("") == nil, len([]rune("")))

	for _, i := range []int{65, 0xe9, 0x4e16, 0x1F600, 0xd800, -1, 0x110000} {
		t := string(i)
		print(t, " ", len(t), " ")
		showBytes([]byte(t))
	}
	var by byte = 200
	println(string(by), len(string(by)))

	// Sizes around the stack buffers and the size classes.
	bad := 0
	base := make([]byte, 5000)
	for i := range base {
		base[i] = byte('a' + i%26)
	}
	for n := 0; n < 5000; n += 1 + n/20 {
		t := string(base[:n])
		u := []byte(t)
		v := []rune(t)
		w := string(v)
		if len(t) != n || len(u) != n || len(v) != n || w != t || string(u) != t {
			bad++
		}
		for i := range u {
			if u[i] != base[i] || v[i] != rune(base[i]) || t[i] != base[i] {
				bad++
			}
		}
		sinkB, sinkR, sinkS = u, v, t
	}
	println("bad", bad)

	// The conversion copies.
	x := []byte("abc")
	y := string(x)
	x[0] = 'z'
	println(y, string(x))
	sinkB = []byte(y)
	sinkB[1] = 'Q'
	println(y, string(sinkB))

	// Forms in which the compiler avoids the copy.
	m := map[string]int{"key": 7}
	k := []byte("key")
	println(m[string(k)], string(k) == "key", string(k) < "kez", "<"+string(k)+">")
	for i, c := range []byte("xyz") {
		print(i, c, " ")
	}
	println()

	type bytes []byte
	type runes []rune
	type str string
	println(string(bytes("named")), string(runes("r\u00fcnes")), str(bytes{'o', 'k'}), len(runes(str("ab\u00e9"))))
}
