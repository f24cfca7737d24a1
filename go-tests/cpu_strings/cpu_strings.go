// String building, splitting, searching, counting words, base conversion and a small tokenizer.
package main

type builder struct{ buf []byte }

func (b *builder) add(s string)   { b.buf = append(b.buf, s...) }
func (b *builder) addByte(c byte) { b.buf = append(b.buf, c) }
func (b *builder) str() string    { return string(b.buf) }

func itoa(n, base int) string {
	if n == 0 {
		return "0"
	}
	s := ""
	neg := n < 0
	if neg {
		n = -n
	}
	for ; n > 0; n /= base {
		s = "0123456789abcdefghijklmnopqrstuvwxyz"[n%base:n%base+1] + s
	}
	if neg {
		s = "-" + s
	}
	return s
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return
}

func split(s string, sep byte) (parts []string) {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == sep {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

func join(parts []string, sep string) string {
	var b builder
	for i, p := range parts {
		if i > 0 {
			b.add(sep)
		}
		b.add(p)
	}
	return b.str()
}

func index(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return i
		}
	}
	return -1
}

func replace(s, old, new string) string {
	out := ""
	for {
		i := index(s, old)
		if i < 0 {
			return out + s
		}
		out += s[:i] + new
		s = s[i+len(old):]
	}
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}

func sortStrings(s []string) {
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

// eval computes an expression of numbers, + - * / and parentheses.
type parser struct {
	s   string
	pos int
}

func (p *parser) peek() byte {
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *parser) expr() int {
	v := p.term()
	for {
		switch p.peek() {
		case '+':
			p.pos++
			v += p.term()
		case '-':
			p.pos++
			v -= p.term()
		default:
			return v
		}
	}
}

func (p *parser) term() int {
	v := p.factor()
	for {
		switch p.peek() {
		case '*':
			p.pos++
			v *= p.factor()
		case '/':
			p.pos++
			v /= p.factor()
		default:
			return v
		}
	}
}

func (p *parser) factor() int {
	if p.peek() == '(' {
		p.pos++
		v := p.expr()
		p.pos++
		return v
	}
	start := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	return atoi(p.s[start:p.pos])
}

const text = "the quick brown fox jumps over the lazy dog and the dog barks at the fox until the fox leaves"

func main() {
	words := split(text, ' ')
	count := map[string]int{}
	for _, w := range words {
		count[w]++
	}
	var keys []string
	for k := range count {
		keys = append(keys, k)
	}
	sortStrings(keys)
	for _, k := range keys {
		print(k, "=", count[k], " ")
	}
	println()
	println(join(words, "-"))
	println(upper(replace(text, "the", "a")))
	println(reverse("héllo, 世界"))
	println(itoa(255, 2), itoa(-255, 16), itoa(123456789, 36), itoa(0, 10))
	for _, e := range []string{"1+2*3", "(1+2)*3", "100/7-2*(3+4)", "((((5))))", "2*(3+4*(5-6/2))"} {
		p := &parser{s: e}
		print(e, "=", p.expr(), " ")
	}
	println()
	func() {
		defer func() { println("eval:", recover().(error).Error()) }()
		println((&parser{s: "1/(2-2)"}).expr())
	}()

	var b builder
	for i := 0; i < 20000; i++ {
		b.add(itoa(i, 10))
		b.addByte(' ')
	}
	s := b.str()
	nums := split(s[:len(s)-1], ' ')
	sum := 0
	for _, n := range nums {
		sum += atoi(n)
	}
	println(len(s), len(nums), sum)
	slow := ""
	for i := 0; i < 3000; i++ {
		slow += string('a' + i%26)
	}
	h := uint32(0)
	for i := 0; i < len(slow); i++ {
		h = h*31 + uint32(slow[i])
	}
	println(len(slow), h, index(slow, "xyza"), index(slow, "zz"))
	seen := map[string]bool{}
	for i := 0; i+5 <= len(s) && i < 30000; i++ {
		seen[s[i:i+5]] = true
	}
	println(len(seen))
}
