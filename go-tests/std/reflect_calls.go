// reflect: calls of many shapes, MakeFunc, method values, methods through interfaces, building values, channels, maps and selects.
package main

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

type T struct {
	A int `k:"tag a"`
	B string
	c float64
	*E
}
type E struct{ Z [3]int }
type Big struct{ V [40]int }

func (t T) Value(x int) string               { return fmt.Sprint("Value ", t.A, x) }
func (t *T) Set(a int, b string)             { t.A, t.B = a, b }
func (e E) Sum() int                         { return e.Z[0] + e.Z[1] + e.Z[2] }
func (b Big) Get(i int, s string) (int, Big) { b.V[0] = len(s); return b.V[i], b }
func (t T) Variadic(p string, xs ...int) int { return len(p)*100 + len(xs) }

type Namer interface {
	Value(int) string
}

func none() { fmt.Println("none called") }
func mixed(a int8, b string, c float32, d bool, e []int, f interface{}) string {
	return fmt.Sprint(a, b, c, d, e, f)
}
func two(a, b int) (int, error)              { return a + b, errors.New("e") }
func bigs(a Big, n int16, b Big) (Big, int8) { a.V[1] += b.V[1] * int(n); return a, int8(n) }
func floats(a float64, b float32, c complex128, d complex64) complex128 {
	return complex(a+float64(b), 0) + c + complex128(d)
}
func grow(n int) int {
	var x [100]int
	x[n%100] = 1
	if n == 0 {
		return 0
	}
	return grow(n-1) + x[n%100]
}

func call(f interface{}, args ...interface{}) {
	var in []reflect.Value
	for _, a := range args {
		in = append(in, reflect.ValueOf(a))
	}
	defer func() {
		if e := recover(); e != nil {
			fmt.Println("panic:", e)
		}
	}()
	var out []string
	for _, v := range reflect.ValueOf(f).Call(in) {
		s := fmt.Sprint(v.Interface())
		if len(s) > 30 {
			s = s[:30]
		}
		out = append(out, s)
	}
	fmt.Println(strings.Join(out, "; "))
}

func main() {
	t := T{1, "b", 2.5, &E{[3]int{1, 2, 3}}}
	var b Big
	b.V[1], b.V[39] = 5, 7
	call(none)
	call(mixed, int8(-1), "s", float32(1.5), true, []int{1, 2}, "iface")
	call(two, 3, 4)
	call(bigs, b, int16(3), b)
	call(floats, 1.0, float32(2), complex(3, 4), complex64(complex(5, 6)))
	call(fmt.Sprintf, "%d-%s", 5, "x")
	call(grow, 5000)
	call(two, 1)
	call(two, 1, "x")
	call(func() { panic("inside") })
	call(t.Value, 9)
	call((*T).Set, &t, 10, "set")
	fmt.Println(t.A, t.B)

	v := reflect.ValueOf(&t)
	for i := 0; i < v.NumMethod(); i++ {
		fmt.Print(v.Type().Method(i).Name, " ", v.Method(i).Type(), "; ")
	}
	fmt.Println()
	fmt.Println(v.MethodByName("Value").Call([]reflect.Value{reflect.ValueOf(7)})[0])
	v.MethodByName("Set").Call([]reflect.Value{reflect.ValueOf(20), reflect.ValueOf("via reflect")})
	fmt.Println(t.A, t.B, v.MethodByName("Sum").Call(nil)[0].Int())
	fmt.Println(v.Elem().MethodByName("Variadic").Call([]reflect.Value{reflect.ValueOf("ab"), reflect.ValueOf(1), reflect.ValueOf(2)})[0])
	fmt.Println(v.MethodByName("Variadic").CallSlice([]reflect.Value{reflect.ValueOf("ab"), reflect.ValueOf([]int{1, 2, 3})})[0])
	// Method values as ordinary functions.
	f := v.MethodByName("Value").Interface().(func(int) string)
	fmt.Println(f(1), f(2))
	g := reflect.ValueOf(b).MethodByName("Get").Interface().(func(int, string) (int, Big))
	n, bb := g(39, "four")
	fmt.Println(n, bb.V[0], bb.V[39])
	var nm Namer = t
	fmt.Println(reflect.ValueOf(&nm).Elem().Method(0).Call([]reflect.Value{reflect.ValueOf(3)})[0])

	// MakeFunc.
	swap := func(in []reflect.Value) []reflect.Value { return []reflect.Value{in[1], in[0]} }
	var intSwap func(int, int) (int, int)
	reflect.ValueOf(&intSwap).Elem().Set(reflect.MakeFunc(reflect.TypeOf(intSwap), swap))
	fmt.Println(intSwap(1, 2))
	var mixSwap func(string, Big) (Big, string)
	reflect.ValueOf(&mixSwap).Elem().Set(reflect.MakeFunc(reflect.TypeOf(mixSwap), swap))
	rb, rs := mixSwap("str", b)
	fmt.Println(rb.V[39], rs)
	var vari func(string, ...int) int
	reflect.ValueOf(&vari).Elem().Set(reflect.MakeFunc(reflect.TypeOf(vari), func(in []reflect.Value) []reflect.Value {
		grow(2000)
		return []reflect.Value{reflect.ValueOf(in[0].Len() + in[1].Len())}
	}))
	fmt.Println(vari("abc"), vari("abc", 1, 2))
	rec := func() (s string) {
		defer func() { s = fmt.Sprint("recovered ", recover()) }()
		var p func()
		reflect.ValueOf(&p).Elem().Set(reflect.MakeFunc(reflect.TypeOf(p), func([]reflect.Value) []reflect.Value { panic("in MakeFunc") }))
		p()
		return
	}
	fmt.Println(rec())
	func() {
		// recover called by a deferred function made by MakeFunc.
		defer func() { fmt.Println("outer", recover()) }()
		var d func()
		reflect.ValueOf(&d).Elem().Set(reflect.MakeFunc(reflect.TypeOf(d), func([]reflect.Value) []reflect.Value {
			fmt.Println("deferred MakeFunc")
			return nil
		}))
		defer d()
		panic("p")
	}()

	// Values, fields, maps, slices, channels.
	rt := reflect.TypeOf(t)
	for i := 0; i < rt.NumField(); i++ {
		fl := rt.Field(i)
		fmt.Print(fl.Name, " ", fl.Type, " ", fl.Tag.Get("k"), " ", fl.Offset, "; ")
	}
	fmt.Println(rt.Size(), rt.Kind(), rt.PkgPath(), rt.String())
	m := reflect.MakeMap(reflect.TypeOf(map[string]int{}))
	for i, k := range []string{"x", "y", "z"} {
		m.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(i))
	}
	var keys []string
	for _, k := range m.MapKeys() {
		keys = append(keys, k.String())
	}
	sort.Strings(keys)
	fmt.Println(keys, m.Len(), m.MapIndex(reflect.ValueOf("z")), m.MapIndex(reflect.ValueOf("none")).IsValid())
	s := reflect.MakeSlice(reflect.SliceOf(rt), 0, 2)
	for i := 0; i < 5; i++ {
		s = reflect.Append(s, reflect.ValueOf(T{A: i}))
	}
	fmt.Println(s.Len(), s.Index(4).Field(0).Int(), s.Slice(1, 3).Len())
	c := reflect.MakeChan(reflect.TypeOf(make(chan string)), 2)
	c.Send(reflect.ValueOf("sent"))
	got, ok := c.Recv()
	fmt.Println(got, ok, c.TrySend(reflect.ValueOf("a")), c.Len(), c.Cap())
	c.Close()
	got, ok = c.Recv()
	fmt.Println(got, ok)
	got, ok = c.Recv()
	fmt.Printf("%q %v\n", got.String(), ok)
	i, rv, ok := reflect.Select([]reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))},
		{Dir: reflect.SelectRecv, Chan: c},
		{Dir: reflect.SelectSend, Chan: reflect.ValueOf((chan int)(nil)), Send: reflect.ValueOf(1)},
	})
	fmt.Printf("%d %q %v\n", i, rv.String(), ok)
	i, _, _ = reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))}, {Dir: reflect.SelectDefault}})
	fmt.Println(i)
	fmt.Println(reflect.DeepEqual(map[string][]int{"a": {1}}, map[string][]int{"a": {1}}), reflect.DeepEqual([]int{1}, []int{2}), reflect.DeepEqual(t, t))
	p := reflect.New(reflect.ArrayOf(3, reflect.TypeOf("")))
	p.Elem().Index(1).SetString("set")
	fmt.Println(p.Elem().Interface(), reflect.Zero(rt).Field(0).Int(), reflect.PtrTo(rt), reflect.ChanOf(reflect.RecvDir, rt))
	ft := reflect.FuncOf([]reflect.Type{reflect.TypeOf(0), reflect.TypeOf([]string{})}, []reflect.Type{reflect.TypeOf(true)}, true)
	fmt.Println(ft, reflect.MapOf(reflect.TypeOf(0), ft))
	mv := reflect.MakeMap(reflect.MapOf(reflect.TypeOf([2]int{}), reflect.TypeOf(b)))
	mv.SetMapIndex(reflect.ValueOf([2]int{1, 2}), reflect.ValueOf(b))
	fmt.Println(mv.MapIndex(reflect.ValueOf([2]int{1, 2})).Field(0).Index(39))
	fmt.Println(reflect.ValueOf(3.7).Convert(reflect.TypeOf(0)).Int(), reflect.ValueOf("bytes").Convert(reflect.TypeOf([]byte{})).Len(),
		rt.Implements(reflect.TypeOf((*Namer)(nil)).Elem()), rt.ConvertibleTo(reflect.TypeOf(0)))
}
