// String concatenation: two to many operands, empty operands, short results in stack buffers, long results, aliasing.
package main

var sink string

func cat2(a, b string) string          { return a + b }
func cat3(a, b, c string) string       { return a + b + c }
func cat4(a, b, c, d string) string    { return a + b + c + d }
func cat5(a, b, c, d, e string) string { return a + b + c + d + e }
func cat9(s [9]string) string {
	return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7] + s[8]
}

func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

func main() {
	println(cat2("ab", "cd"), cat2("", "x"), cat2("x", ""), cat2("", "") == "")
	println(cat3("a", "", "b"), cat4("1", "22", "333", "4444"), cat5("", "", "only", "", ""))
	println(cat9([9]string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}))

	// Results that do not escape, around the size of a stack buffer.
	for n := 25; n < 40; n++ {
		part := "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"[:n]
		if t := part + "!"; len(t) != n+1 || t[n] != '!' || t[:n] != part {
			println("wrong", n)
		}
		if cat2(part, "!") != part+"!" {
			println("differ", n)
		}
	}

	s := ""
	for i := 0; i < 300; i++ {
		s += string('a' + i%26)
	}
	println(len(s), s[:30], hash(s))
	t := s
	t += "more"
	println(len(s), len(t), t[300:])

	long := s
	for len(long) < 1<<20 {
		long = long + long + "-"
	}
	println(len(long), hash(long))
	println(hash(long + s + long + "x" + s))

	// Concatenation with one non-empty operand gives that operand's contents, even when it came from bytes changed later.
	b := []byte("bytes")
	u := string(b) + ""
	b[0] = 'X'
	println(u, string(b))
	v := "" + string(b[1:3]) + ""
	b[1] = 'Y'
	println(v, string(b))

	keep := make([]string, 0, 1000)
	for i := 0; i < 1000; i++ {
		keep = append(keep, s[i%100:i%100+20]+s[:i%7])
	}
	bad := 0
	for i, k := range keep {
		if k[:20] != s[i%100:i%100+20] || k[20:] != s[:i%7] {
			bad++
		}
	}
	println("bad", bad)
	x := "x"
	sink = x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x
	println(sink, len(sink))
	type name string
	var nm name = "na"
	nm += "med"
	println(nm)
}
