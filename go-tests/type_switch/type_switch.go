// Type switches: concrete types, interfaces, nil, lists of types, many cases, locally defined types, default in any place.
package main

type A struct{}
type B struct{ x int }
type C int
type D string
type S interface {
	S() string
}
type E struct{ s string }

func (e E) S() string  { return "E:" + e.s }
func (c *C) S() string { return "*C" }

func kind(x interface{}) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case bool:
		if v {
			return "true"
		}
		return "false"
	case int:
		return "int" + string('0'+v)
	case int8, int16, int32:
		return "small int"
	case int64:
		return "int64"
	case uint, uint8, uint16, uint32, uint64, uintptr:
		return "unsigned"
	case float32:
		return "float32"
	case float64:
		if v > 1 {
			return "float64 > 1"
		}
		return "float64"
	case complex64, complex128:
		return "complex"
	case string:
		return "string " + v
	case []int:
		return "[]int " + string('0'+len(v))
	case []byte:
		return "[]byte " + string(v)
	case [2]int:
		return "[2]int"
	case [3]int:
		return "[3]int"
	case map[string]int:
		return "map"
	case map[int]string:
		return "map 2"
	case chan int:
		return "chan"
	case <-chan int:
		return "recv chan"
	case chan<- int:
		return "send chan"
	case func():
		return "func"
	case func(int) int:
		return "func int"
	case *int:
		return "*int"
	case **int:
		return "**int"
	case A:
		return "A"
	case *A:
		return "*A"
	case B:
		return "B" + string('0'+v.x)
	case C:
		return "C"
	case D:
		return "D " + string(v)
	case S:
		return "S " + v.S()
	case error:
		return "error " + v.Error()
	case struct{ a int }:
		return "struct a"
	case struct{ b int }:
		return "struct b"
	case interface {
		Other()
	}:
		return "Other"
	}
	return "unknown"
}

type other struct{}

func (other) Other() {}

type errT string

func (e errT) Error() string { return string(e) }

func fromS(s S) string {
	switch s := s.(type) {
	default:
		return "default"
	case nil:
		return "nil S"
	case E:
		return s.s
	case *E:
		return "*" + s.s
	}
}

func local() string {
	type A struct{} // not the A above
	var x interface{} = A{}
	switch x.(type) {
	case A:
		return "local A"
	}
	return kind(x)
}

func fall(x interface{}) int {
	n := 0
	for i := 0; i < 3; i++ {
		switch x.(type) {
		case int:
			if i == 1 {
				break
			}
			n++
			continue
		case string:
			return -1
		}
		n += 10
	}
	return n
}

func main() {
	i := 5
	p := &i
	c := C(1)
	xs := []interface{}{
		nil, true, false, 7, int8(1), int16(1), int32(1), int64(1), uint(1), byte(1), uint16(1), uint32(1), uint64(1), uintptr(1),
		float32(1), 0.5, 2.5, complex64(1), complex(1, 1), "s", []int{1, 2}, []byte("b"), [2]int{}, [3]int{}, [4]int{},
		map[string]int{}, map[int]string{}, make(chan int), (<-chan int)(nil), (chan<- int)(nil), func() {}, func(int) int { return 0 },
		func(int) {}, p, &p, &xs0, A{}, &A{}, B{3}, &B{}, c, &c, D("d"), E{"e"}, &E{"pe"}, errT("err"), struct{ a int }{1}, struct{ b int }{1},
		struct{ c int }{1}, other{}, []string{}, (*int)(nil), []interface{}{},
	}
	for _, x := range xs {
		println(kind(x))
	}
	println(fromS(nil), fromS(E{"e"}), fromS(&E{"e"}), fromS(&c))
	println(local())
	println(fall(1), fall("s"), fall(1.5))
}

var xs0 interface{}
