// Type assertions to types of every usual size, of values that have the type, have another and are nil.
package main

import "fmt"

type S2 struct{ a, b byte }
type I interface {
	M() uint16
}
type U uint16

func (u U) M() uint16 { return uint16(u) }

func sizes() {
	for _, e := range []interface{}{int16(-2), uint16(65534), [2]byte{1, 2}, S2{3, 4}, nil, int8(1), "x", U(77), 3.5} {
		a, ok1 := e.(int16)
		b, ok2 := e.(uint16)
		c, ok3 := e.([2]byte)
		d, ok4 := e.(S2)
		f, ok5 := e.(int8)
		g, ok6 := e.(string)
		h, ok7 := e.(U)
		i, ok8 := e.(I)
		j, ok9 := e.([0]int)
		_, ok10 := e.(uint16)
		fmt.Println(a, ok1, b, ok2, c, ok3, d, ok4, f, ok5, g, ok6, h, ok7, i, ok8, j, ok9, ok10)
		if i != nil {
			u := i.(U)
			u2, ok := i.(U)
			fmt.Println(u, u2, ok, i == U(77), i == U(78), e == U(77))
		}
		func() {
			defer func() { fmt.Println(recover()) }()
			fmt.Println(e.(uint16))
		}()
	}
}

type J interface {
	M()
}
type A uint16
type B struct{ x, y int }
type C struct{}
type D [3]byte

func (A) M() {}
func (B) M() {}
func (C) M() {}
func (D) M() {}

func methods() {
	for _, i := range []J{nil, A(7), B{1, 2}, C{}, D{1, 2, 3}, (*A)(nil)} {
		a, ok1 := i.(A)
		b, ok2 := i.(B)
		c, ok3 := i.(C)
		d, ok4 := i.(D)
		p, ok5 := i.(*A)
		fmt.Println(a, ok1, b, ok2, c, ok3, d, ok4, p, ok5, i == A(7), i == B{1, 2}, i != C{}, i == D{1, 2, 3})
		e := interface{}(i)
		fmt.Println(e == nil, e == interface{}(A(7)), e == A(7))
		if x, ok := i.(interface{}); ok {
			fmt.Println(x)
		}
		func() {
			defer func() { fmt.Println(recover()) }()
			fmt.Println(i.(A))
		}()
		func() {
			defer func() { fmt.Println(recover()) }()
			fmt.Println(i.(interface{}))
		}()
	}
}

func main() {
	sizes()
	methods()
}
