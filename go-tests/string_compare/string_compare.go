// Comparison and equality of strings: all operators, prefixes, bytes above 127, long strings differing at every position.
package main

func order(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func all(a, b string) {
	println(a == b, a != b, a < b, a <= b, a > b, a >= b)
}

func pick(s string) int {
	switch s {
	case "":
		return 0
	case "a":
		return 1
	case "ab":
		return 2
	case "abc":
		return 3
	case "abd":
		return 4
	case "long string number one":
		return 5
	case "long string number two":
		return 6
	case "zebra", "yak":
		return 7
	}
	return -1
}

func main() {
	all("", "")
	all("a", "")
	all("a", "b")
	all("abc", "abd")
	all("abc", "ab")
	all("\x7f", "\x80")
	all("\xff", "a")
	all("z", "é")
	a := []byte("equal contents")
	all(string(a), "equal contents")

	words := []string{"", "a", "aa", "ab", "abc", "b", "ba", "\x00", "\x00\x00", "\xff", "a\x00", "a\xff"}
	for _, x := range words {
		for _, y := range words {
			print(order(x, y), " ")
		}
		println()
	}

	// One differing byte at every position, with every alignment and length.
	bad := 0
	for n := 1; n < 90; n++ {
		for shift := 0; shift < 9; shift++ {
			x := make([]byte, n+shift)
			y := make([]byte, n+shift+1)
			for i := 0; i < n; i++ {
				x[shift+i] = byte(i * 5)
				y[shift+1+i] = byte(i * 5)
			}
			s, t := string(x)[shift:], string(y)[shift+1:]
			if s != t || order(s, t) != 0 || order(s[:n-1], t) != -1 || order(s, t[:n-1]) != 1 {
				bad++
			}
			for i := 0; i < n; i++ {
				old := y[shift+1+i]
				y[shift+1+i] = old + 1
				t = string(y)[shift+1:]
				want := -1
				if old == 255 {
					want = 1
				}
				if s == t || order(s, t) != want || order(t, s) != -want {
					bad++
				}
				y[shift+1+i] = old
			}
		}
	}
	println("bad", bad)

	long := make([]byte, 100000)
	for i := range long {
		long[i] = byte(i)
	}
	s := string(long)
	for _, at := range []int{0, 1, 63, 64, 65, 4095, 4096, 50001, 99990, 99999} {
		long[at] ^= 0x80
		t := string(long)
		long[at] ^= 0x80
		print(order(s, t), order(t, s), s == t, " ")
	}
	println(s == string(long))

	for _, x := range []string{"", "a", "ab", "abc", "abd", "abe", "long string number one", "long string number two", "long string number six", "yak", "zebra"} {
		print(pick(x), " ")
	}
	println()
	const c = "const"
	println(c+"ant" == "constant", len(c), c[2] == 'n')
}
