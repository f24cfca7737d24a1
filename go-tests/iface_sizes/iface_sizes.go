// Assertions to values of every small size, found and not found, on and off the stack, and equality of interfaces that hold them.
package main

type I interface {
	n() int
}

type t0 [0]byte

func (t0) n() int { return 0 }

type t1 [1]byte

func (t1) n() int { return 1 }

type t2 [2]byte

func (t2) n() int { return 2 }

type t3 [3]byte

func (t3) n() int { return 3 }

type t4 [4]byte

func (t4) n() int { return 4 }

type t5 [5]byte

func (t5) n() int { return 5 }

type t7 [7]byte

func (t7) n() int { return 7 }

type t8 [8]byte

func (t8) n() int { return 8 }

type t9 [9]byte

func (t9) n() int { return 9 }

type t12 [12]byte

func (t12) n() int { return 12 }

type t16 [16]byte

func (t16) n() int { return 16 }

type t17 [17]byte

func (t17) n() int { return 17 }

type t24 [24]byte

func (t24) n() int { return 24 }

type t33 [33]byte

func (t33) n() int { return 33 }

type t65 [65]byte

func (t65) n() int { return 65 }

type t129 [129]byte

func (t129) n() int { return 129 }

type t257 [257]byte

func (t257) n() int { return 257 }

var bad int

func expect(ok bool, what string, n int) {
	if !ok {
		println("wrong:", what, n)
		bad++
	}
}

func try0(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t0
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t0
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t0)
	h.v = i.(t0)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 0)
	h.v, ok = e.(t0)
	w.v, also = i.(t0)
	expect(ok && also && h.v == s.v && w == s, "two results", 0)
	_, ok = other.(t0)
	w.v, also = interface{}(other).(t0)
	expect(!ok && !also && w.v == t0{}, "another type", 0)
	w.v = s.v
	h.v, ok = other.(t0)
	expect(!ok && h.v == t0{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 0)
	expect(w == s, "neighbours", 0)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 0)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 0)
		w.v[k] ^= 64
	}
}

func try1(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t1
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t1
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t1)
	h.v = i.(t1)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 1)
	h.v, ok = e.(t1)
	w.v, also = i.(t1)
	expect(ok && also && h.v == s.v && w == s, "two results", 1)
	_, ok = other.(t1)
	w.v, also = interface{}(other).(t1)
	expect(!ok && !also && w.v == t1{}, "another type", 1)
	w.v = s.v
	h.v, ok = other.(t1)
	expect(!ok && h.v == t1{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 1)
	expect(w == s, "neighbours", 1)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 1)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 1)
		w.v[k] ^= 64
	}
}

func try2(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t2
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t2
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t2)
	h.v = i.(t2)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 2)
	h.v, ok = e.(t2)
	w.v, also = i.(t2)
	expect(ok && also && h.v == s.v && w == s, "two results", 2)
	_, ok = other.(t2)
	w.v, also = interface{}(other).(t2)
	expect(!ok && !also && w.v == t2{}, "another type", 2)
	w.v = s.v
	h.v, ok = other.(t2)
	expect(!ok && h.v == t2{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 2)
	expect(w == s, "neighbours", 2)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 2)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 2)
		w.v[k] ^= 64
	}
}

func try3(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t3
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t3
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t3)
	h.v = i.(t3)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 3)
	h.v, ok = e.(t3)
	w.v, also = i.(t3)
	expect(ok && also && h.v == s.v && w == s, "two results", 3)
	_, ok = other.(t3)
	w.v, also = interface{}(other).(t3)
	expect(!ok && !also && w.v == t3{}, "another type", 3)
	w.v = s.v
	h.v, ok = other.(t3)
	expect(!ok && h.v == t3{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 3)
	expect(w == s, "neighbours", 3)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 3)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 3)
		w.v[k] ^= 64
	}
}

func try4(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t4
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t4
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t4)
	h.v = i.(t4)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 4)
	h.v, ok = e.(t4)
	w.v, also = i.(t4)
	expect(ok && also && h.v == s.v && w == s, "two results", 4)
	_, ok = other.(t4)
	w.v, also = interface{}(other).(t4)
	expect(!ok && !also && w.v == t4{}, "another type", 4)
	w.v = s.v
	h.v, ok = other.(t4)
	expect(!ok && h.v == t4{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 4)
	expect(w == s, "neighbours", 4)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 4)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 4)
		w.v[k] ^= 64
	}
}

func try5(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t5
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t5
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t5)
	h.v = i.(t5)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 5)
	h.v, ok = e.(t5)
	w.v, also = i.(t5)
	expect(ok && also && h.v == s.v && w == s, "two results", 5)
	_, ok = other.(t5)
	w.v, also = interface{}(other).(t5)
	expect(!ok && !also && w.v == t5{}, "another type", 5)
	w.v = s.v
	h.v, ok = other.(t5)
	expect(!ok && h.v == t5{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 5)
	expect(w == s, "neighbours", 5)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 5)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 5)
		w.v[k] ^= 64
	}
}

func try7(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t7
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t7
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t7)
	h.v = i.(t7)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 7)
	h.v, ok = e.(t7)
	w.v, also = i.(t7)
	expect(ok && also && h.v == s.v && w == s, "two results", 7)
	_, ok = other.(t7)
	w.v, also = interface{}(other).(t7)
	expect(!ok && !also && w.v == t7{}, "another type", 7)
	w.v = s.v
	h.v, ok = other.(t7)
	expect(!ok && h.v == t7{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 7)
	expect(w == s, "neighbours", 7)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 7)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 7)
		w.v[k] ^= 64
	}
}

func try8(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t8
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t8
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t8)
	h.v = i.(t8)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 8)
	h.v, ok = e.(t8)
	w.v, also = i.(t8)
	expect(ok && also && h.v == s.v && w == s, "two results", 8)
	_, ok = other.(t8)
	w.v, also = interface{}(other).(t8)
	expect(!ok && !also && w.v == t8{}, "another type", 8)
	w.v = s.v
	h.v, ok = other.(t8)
	expect(!ok && h.v == t8{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 8)
	expect(w == s, "neighbours", 8)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 8)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 8)
		w.v[k] ^= 64
	}
}

func try9(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t9
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t9
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t9)
	h.v = i.(t9)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 9)
	h.v, ok = e.(t9)
	w.v, also = i.(t9)
	expect(ok && also && h.v == s.v && w == s, "two results", 9)
	_, ok = other.(t9)
	w.v, also = interface{}(other).(t9)
	expect(!ok && !also && w.v == t9{}, "another type", 9)
	w.v = s.v
	h.v, ok = other.(t9)
	expect(!ok && h.v == t9{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 9)
	expect(w == s, "neighbours", 9)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 9)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 9)
		w.v[k] ^= 64
	}
}

func try12(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t12
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t12
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t12)
	h.v = i.(t12)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 12)
	h.v, ok = e.(t12)
	w.v, also = i.(t12)
	expect(ok && also && h.v == s.v && w == s, "two results", 12)
	_, ok = other.(t12)
	w.v, also = interface{}(other).(t12)
	expect(!ok && !also && w.v == t12{}, "another type", 12)
	w.v = s.v
	h.v, ok = other.(t12)
	expect(!ok && h.v == t12{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 12)
	expect(w == s, "neighbours", 12)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 12)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 12)
		w.v[k] ^= 64
	}
}

func try16(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t16
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t16
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t16)
	h.v = i.(t16)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 16)
	h.v, ok = e.(t16)
	w.v, also = i.(t16)
	expect(ok && also && h.v == s.v && w == s, "two results", 16)
	_, ok = other.(t16)
	w.v, also = interface{}(other).(t16)
	expect(!ok && !also && w.v == t16{}, "another type", 16)
	w.v = s.v
	h.v, ok = other.(t16)
	expect(!ok && h.v == t16{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 16)
	expect(w == s, "neighbours", 16)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 16)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 16)
		w.v[k] ^= 64
	}
}

func try17(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t17
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t17
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t17)
	h.v = i.(t17)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 17)
	h.v, ok = e.(t17)
	w.v, also = i.(t17)
	expect(ok && also && h.v == s.v && w == s, "two results", 17)
	_, ok = other.(t17)
	w.v, also = interface{}(other).(t17)
	expect(!ok && !also && w.v == t17{}, "another type", 17)
	w.v = s.v
	h.v, ok = other.(t17)
	expect(!ok && h.v == t17{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 17)
	expect(w == s, "neighbours", 17)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 17)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 17)
		w.v[k] ^= 64
	}
}

func try24(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t24
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t24
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t24)
	h.v = i.(t24)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 24)
	h.v, ok = e.(t24)
	w.v, also = i.(t24)
	expect(ok && also && h.v == s.v && w == s, "two results", 24)
	_, ok = other.(t24)
	w.v, also = interface{}(other).(t24)
	expect(!ok && !also && w.v == t24{}, "another type", 24)
	w.v = s.v
	h.v, ok = other.(t24)
	expect(!ok && h.v == t24{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 24)
	expect(w == s, "neighbours", 24)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 24)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 24)
		w.v[k] ^= 64
	}
}

func try33(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t33
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t33
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t33)
	h.v = i.(t33)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 33)
	h.v, ok = e.(t33)
	w.v, also = i.(t33)
	expect(ok && also && h.v == s.v && w == s, "two results", 33)
	_, ok = other.(t33)
	w.v, also = interface{}(other).(t33)
	expect(!ok && !also && w.v == t33{}, "another type", 33)
	w.v = s.v
	h.v, ok = other.(t33)
	expect(!ok && h.v == t33{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 33)
	expect(w == s, "neighbours", 33)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 33)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 33)
		w.v[k] ^= 64
	}
}

func try65(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t65
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t65
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t65)
	h.v = i.(t65)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 65)
	h.v, ok = e.(t65)
	w.v, also = i.(t65)
	expect(ok && also && h.v == s.v && w == s, "two results", 65)
	_, ok = other.(t65)
	w.v, also = interface{}(other).(t65)
	expect(!ok && !also && w.v == t65{}, "another type", 65)
	w.v = s.v
	h.v, ok = other.(t65)
	expect(!ok && h.v == t65{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 65)
	expect(w == s, "neighbours", 65)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 65)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 65)
		w.v[k] ^= 64
	}
}

func try129(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t129
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t129
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t129)
	h.v = i.(t129)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 129)
	h.v, ok = e.(t129)
	w.v, also = i.(t129)
	expect(ok && also && h.v == s.v && w == s, "two results", 129)
	_, ok = other.(t129)
	w.v, also = interface{}(other).(t129)
	expect(!ok && !also && w.v == t129{}, "another type", 129)
	w.v = s.v
	h.v, ok = other.(t129)
	expect(!ok && h.v == t129{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 129)
	expect(w == s, "neighbours", 129)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 129)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 129)
		w.v[k] ^= 64
	}
}

func try257(e interface{}, i, other I) {
	var s struct {
		a [9]byte
		v t257
		b [9]byte
	}
	h := new(struct {
		a [9]byte
		v t257
		b [9]byte
	})
	for k := range s.a {
		s.a[k], s.b[k], h.a[k], h.b[k] = 1, 2, 3, 4
	}
	w := s
	s.v = e.(t257)
	h.v = i.(t257)
	var ok, also bool
	for k := range w.v {
		w.v[k] = byte(k + 1)
	}
	expect(s.v == w.v && h.v == w.v, "value", 257)
	h.v, ok = e.(t257)
	w.v, also = i.(t257)
	expect(ok && also && h.v == s.v && w == s, "two results", 257)
	_, ok = other.(t257)
	w.v, also = interface{}(other).(t257)
	expect(!ok && !also && w.v == t257{}, "another type", 257)
	w.v = s.v
	h.v, ok = other.(t257)
	expect(!ok && h.v == t257{} && h.a == [9]byte{3, 3, 3, 3, 3, 3, 3, 3, 3} && h.b == [9]byte{4, 4, 4, 4, 4, 4, 4, 4, 4}, "cleared", 257)
	expect(w == s, "neighbours", 257)
	x := interface{}(w.v)
	expect(x == e && i == I(w.v) && x != interface{}(other) && i != other, "equal", 257)
	for k := range w.v {
		w.v[k] ^= 64
		expect(interface{}(w.v) != e && I(w.v) != i, "one byte differs", 257)
		w.v[k] ^= 64
	}
}

type odd struct{ a int }

func (odd) n() int { return -1 }

func main() {
	{
		var v t0
		for k := range v {
			v[k] = byte(k + 1)
		}
		try0(v, v, odd{})
	}
	{
		var v t1
		for k := range v {
			v[k] = byte(k + 1)
		}
		try1(v, v, odd{})
	}
	{
		var v t2
		for k := range v {
			v[k] = byte(k + 1)
		}
		try2(v, v, odd{})
	}
	{
		var v t3
		for k := range v {
			v[k] = byte(k + 1)
		}
		try3(v, v, odd{})
	}
	{
		var v t4
		for k := range v {
			v[k] = byte(k + 1)
		}
		try4(v, v, odd{})
	}
	{
		var v t5
		for k := range v {
			v[k] = byte(k + 1)
		}
		try5(v, v, odd{})
	}
	{
		var v t7
		for k := range v {
			v[k] = byte(k + 1)
		}
		try7(v, v, odd{})
	}
	{
		var v t8
		for k := range v {
			v[k] = byte(k + 1)
		}
		try8(v, v, odd{})
	}
	{
		var v t9
		for k := range v {
			v[k] = byte(k + 1)
		}
		try9(v, v, odd{})
	}
	{
		var v t12
		for k := range v {
			v[k] = byte(k + 1)
		}
		try12(v, v, odd{})
	}
	{
		var v t16
		for k := range v {
			v[k] = byte(k + 1)
		}
		try16(v, v, odd{})
	}
	{
		var v t17
		for k := range v {
			v[k] = byte(k + 1)
		}
		try17(v, v, odd{})
	}
	{
		var v t24
		for k := range v {
			v[k] = byte(k + 1)
		}
		try24(v, v, odd{})
	}
	{
		var v t33
		for k := range v {
			v[k] = byte(k + 1)
		}
		try33(v, v, odd{})
	}
	{
		var v t65
		for k := range v {
			v[k] = byte(k + 1)
		}
		try65(v, v, odd{})
	}
	{
		var v t129
		for k := range v {
			v[k] = byte(k + 1)
		}
		try129(v, v, odd{})
	}
	{
		var v t257
		for k := range v {
			v[k] = byte(k + 1)
		}
		try257(v, v, odd{})
	}
	var zero float64
	nan := zero / zero
	floats := []interface{}{1.5, -zero, zero, nan, float32(1.5), float32(zero), -float32(zero), float32(nan), complex(1, 2), complex(1, 3), complex(2, 2),
		complex(zero, -zero), complex(zero, zero), complex(nan, 1), complex64(complex(1, 2)), complex64(complex(1, 3)), complex64(complex(2, 2)),
		complex64(complex(1, nan)), complex64(complex(zero, -zero)), complex64(0), struct{ a, b float64 }{1, nan}, struct{ a, b float64 }{1, 2}}
	for _, a := range floats {
		for _, b := range floats {
			if a == b {
				print("=")
			} else {
				print("x")
			}
		}
		println()
	}
	println(bad)
}
