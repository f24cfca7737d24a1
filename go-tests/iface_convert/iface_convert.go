// Conversion of values of every kind and size to interfaces and back; the interface holds a copy.
package main

type empty struct{}
type one struct{ a int8 }
type word struct{ a int64 }
type ptrWord struct{ p *int }
type two struct{ a, b int64 }
type text struct {
	s string
	n int
}
type large [40]int
type myInt int
type myStr string
type fn func(int) int

type sizer interface {
	size() int
}

func (e empty) size() int    { return 0 }
func (o one) size() int      { return int(o.a) }
func (w word) size() int     { return int(w.a) }
func (p ptrWord) size() int  { return *p.p }
func (t two) size() int      { return int(t.a + t.b) }
func (t *text) size() int    { return len(t.s) + t.n }
func (l large) size() int    { return l[0] + l[39] }
func (i myInt) size() int    { return int(i) }
func (s myStr) size() int    { return len(s) }
func (f fn) size() int       { return f(1) }
func (m mapT) size() int     { return len(m) }
func (c chanT) size() int    { return cap(c) }
func (s sliceT) size() int   { return len(s) }
func (b boolT) size() int    { return 1 }
func (f floatT) size() int   { return int(f) }
func (c complexT) size() int { return int(real(c) + imag(c)) }

type mapT map[string]int
type chanT chan int
type sliceT []string
type boolT bool
type floatT float64
type complexT complex128

func id(x interface{}) interface{} { return x }

var sink interface{}

func main() {
	println(id(true).(bool), id(false).(bool))
	println(id(int(-1)).(int), id(int8(-2)).(int8), id(int16(-3)).(int16), id(int32(-4)).(int32), id(int64(-5)).(int64))
	println(id(uint(1)).(uint), id(uint8(2)).(uint8), id(uint16(3)).(uint16), id(uint32(4)).(uint32), id(uint64(1<<63)).(uint64), id(uintptr(6)).(uintptr))
	println(id(float32(1.5)).(float32), id(2.5).(float64), id(complex64(complex(1, 2))).(complex64), id(complex(3, 4)).(complex128))
	println(id("string").(string), id("").(string) == "", id(nil) == nil)
	println(len(id([]int{1, 2}).([]int)), id([3]int{7, 8, 9}).([3]int)[1], id(map[string]int{"a": 5}).(map[string]int)["a"])
	x := 77
	println(*id(&x).(*int), id(func() int { return 3 }).(func() int)(), cap(id(make(chan int, 4)).(chan int)))
	println(id(struct{ a, b int }{1, 2}).(struct{ a, b int }).b, id(empty{}).(empty) == empty{})

	v := 10
	n := int64(20)
	t := text{"abcd", 1}
	values := []sizer{
		empty{}, one{3}, word{4}, ptrWord{&v}, two{5, 6}, &t, large{0: 1, 39: 7}, myInt(9), myStr("hello"),
		fn(func(i int) int { return i + int(n) }), mapT{"a": 1, "b": 2}, make(chanT, 6), sliceT{"x"}, boolT(true), floatT(12.75), complexT(complex(3, 8)),
	}
	for i, s := range values {
		print(i, ":", s.size(), " ")
	}
	println()

	// The value inside does not follow the variable.
	l := large{0: 1}
	var s sizer = l
	l[0] = 100
	println(s.size(), l.size())
	w := word{1}
	sink = w
	w.a = 2
	println(sink.(word).a, w.a)
	// A copy taken out does not change the value inside either.
	out := sink.(word)
	out.a = 3
	println(sink.(word).a)
	// A pointer does follow.
	var ps sizer = &t
	t.n = 100
	println(ps.size())
	var pw sizer = &w
	w.a = 55
	println(pw.size())

	// Interface to interface.
	var e interface{} = s
	s2 := e.(sizer)
	println(s2.size(), e == interface{}(s2))
	var none sizer
	e = none
	println(e == nil, none == nil)
	var np *text
	s = np
	println(s == nil, s != nil, s == sizer((*text)(nil)))

	var list []interface{}
	for i := 0; i < 2000; i++ {
		switch i % 5 {
		case 0:
			list = append(list, i)
		case 1:
			list = append(list, float64(i))
		case 2:
			list = append(list, string('a'+i%26))
		case 3:
			list = append(list, two{int64(i), int64(-i)})
		case 4:
			list = append(list, byte(i))
		}
	}
	sum := 0
	for i, x := range list {
		switch i % 5 {
		case 0:
			sum += x.(int)
		case 1:
			sum += int(x.(float64))
		case 2:
			sum += int(x.(string)[0])
		case 3:
			sum += int(x.(two).a) + x.(two).size()
		case 4:
			sum += int(x.(byte))
		}
	}
	println(sum)
}
