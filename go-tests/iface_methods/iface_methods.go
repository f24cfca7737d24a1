// Method calls through interfaces: value and pointer receivers, promotion through embedded structs, pointers and interfaces,
// method values and expressions, itabs for many pairs of types.
package main

type shape interface {
	area() float64
	name() string
}
type named interface {
	name() string
}
type sq struct{ a float64 }
type rect struct{ a, b float64 }
type circle struct{ r float64 }

func (s sq) area() float64      { return s.a * s.a }
func (s sq) name() string       { return "sq" }
func (r *rect) area() float64   { return r.a * r.b }
func (r *rect) name() string    { return "rect" }
func (c circle) area() float64  { return 3 * c.r * c.r }
func (c *circle) name() string  { return "circle" }
func (r *rect) scale(f float64) { r.a *= f; r.b *= f }

type labelled struct {
	sq
	label string
}

func (l labelled) name() string { return l.label + "/" + l.sq.name() }

type deep struct {
	pad int
	*inner
}
type inner struct {
	pad [3]int
	labelled
}
type holder struct {
	x int
	shape
}
type holder2 struct {
	a, b string
	*holder
}

type big struct {
	v [20]int
}

func (b big) sum(n int, s string) (int, string) {
	t := n
	for _, x := range b.v {
		t += x
	}
	return t, s + "!"
}

type summer interface {
	sum(int, string) (int, string)
}

type funcT func(string) string

func (f funcT) name() string { return f("func") }

type intT int

func (i intT) name() string { return string('a' + i) }
func (i *intT) inc()        { *i++ }

type emptyT struct{}

func (emptyT) name() string { return "empty" }

type readWriter interface {
	reader
	writer
}
type reader interface {
	read() string
}
type writer interface {
	write(string)
}
type file struct{ data string }

func (f *file) read() string   { return f.data }
func (f *file) write(s string) { f.data += s }

func show(s shape) { println(s.name(), s.area()) }

func main() {
	c := &circle{1}
	shapes := []shape{sq{2}, &sq{3}, &rect{2, 3}, c, labelled{sq{4}, "L"}, &labelled{sq{5}, "PL"},
		deep{1, &inner{labelled: labelled{sq{6}, "D"}}}, &deep{1, &inner{labelled: labelled{sq{7}, "PD"}}},
		holder{1, sq{8}}, &holder{1, &rect{1, 9}}, holder2{"a", "b", &holder{2, c}}, &holder2{"a", "b", &holder{2, sq{1}}}}
	for _, s := range shapes {
		show(s)
	}
	for _, s := range shapes[:4] {
		var n named = s
		println(n.name())
	}

	// Method values bind the receiver when they are made.
	r := &rect{1, 2}
	f := r.area
	g := sq{5}.area
	sc := r.scale
	sc(10)
	println(f(), g())
	q := sq{1}
	h := q.area
	q.a = 100
	println(h(), q.area())
	var s shape = r
	k := s.area
	s = sq{1}
	println(k(), s.area())
	hh := holder{1, r}
	m := hh.area
	hh.shape = sq{9}
	println(m(), hh.area())

	// Method expressions.
	println(sq.area(sq{3}), (*rect).area(r), (*sq).area(&sq{4}), shape.area(sq{5}), named.name(c), labelled.area(labelled{sq: sq{6}}))
	fe := (*deep).name
	println(fe(&deep{0, &inner{labelled: labelled{label: "E"}}}))

	var b big
	for i := range b.v {
		b.v[i] = i
	}
	var sm summer = b
	b.v[0] = 1000
	t, u := sm.sum(1, "x")
	println(t, u)
	t, u = summer(&b).sum(1, "y")
	println(t, u)
	bs := b.sum
	b.v[1] = 5000
	t, u = bs(2, "z")
	println(t, u)

	it := intT(3)
	names := []named{funcT(func(s string) string { return "<" + s + ">" }), it, &it, emptyT{}, &emptyT{}}
	it.inc()
	for _, n := range names {
		print(n.name(), " ")
	}
	println()

	fl := &file{}
	var rw readWriter = fl
	rw.write("a")
	writer(rw).write("b")
	w := rw.write
	w("c")
	println(rw.read(), reader(rw).read(), fl.data)

	// Anonymous struct with an embedded interface.
	an := struct {
		named
		n int
	}{it, 2}
	println(an.name(), an.n)
	var no named = an
	println(no.name())
	anon := interface {
		area() float64
	}(sq{12})
	println(anon.area())
}
