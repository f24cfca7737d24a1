// Run-time errors that nobody recovers. The argument chooses one.

package main

import (
	"runtime"
	"unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

type (
	point struct{ x, y int }
	big   struct {
		pad  [1 << 16]byte
		last int
	}
	reader interface {
		Read(p []byte) (n int, err error)
	}
	closer interface {
		Close() error
	}
	readCloser interface {
		reader
		closer
	}
	myError struct{ point }
	named   string
	table   map[interface{}]int
)

func (p *point) Close() error { return nil }

func (p point) norm() int { return p.x*p.x + p.y*p.y }

func (p *point) set(x int) { p.x = x }

var (
	zero     int
	minusOne = -1
	ten      = 10
	zero8    int8
	zeroU    uint64
	slice    = []int{1, 2, 3}
	array    = [3]int{1, 2, 3}
	text     = "abc"
	nilSlice []int
	nilMap   map[string]int
	nilPoint *point
	nilBig   *big
	nilFunc  func(int) int
	nilFace  reader
	nilAny   interface{}
	nilChan  chan int
	anyMap   = map[interface{}]int{}
	sink     interface{}
	sinkInt  int
	sinkByte byte
	wild     = uintptr(0x123456789000)
)

func uncomparable(kind string) interface{} {
	switch kind {
	case "slice":
		return []int{1}
	case "map":
		return map[int]int{}
	case "func":
		return func() {}
	case "struct":
		return struct {
			a int
			b []byte
		}{}
	}
	return [1]func(){nil}
}

func localType() interface{} {
	type point struct{ x, y int }
	return point{}
}

func main() {
	switch arguments()[1] {
	case "index":
		sinkInt = slice[ten]
	case "index_negative":
		sinkInt = slice[minusOne]
	case "index_write":
		slice[ten] = 1
	case "index_array":
		sinkInt = array[ten]
	case "index_string":
		sinkByte = text[ten]
	case "index_nil_slice":
		nilSlice[zero] = 1
	case "index_array_pointer_nil":
		var p *[4]int
		sinkInt = p[zero+1]
	case "slice_high":
		sink = slice[:ten]
	case "slice_low":
		sink = slice[ten:]
	case "slice_crossed":
		sink = slice[ten-8 : ten-9]
	case "slice_three":
		sink = slice[0:1:ten]
	case "slice_string":
		sink = text[ten:]
	case "slice_array":
		sink = array[:ten]
	case "slice_nil_array":
		var p *[4]int
		sink = p[:]
	case "nil_map":
		nilMap["a"] = 1
	case "nil_map_field":
		var m map[point]*point
		m[point{1, 2}] = nil
	case "nil_read":
		sinkInt = nilPoint.y
	case "nil_write":
		nilPoint.y = 1
	case "nil_far":
		sinkInt = nilBig.last
	case "nil_method":
		sinkInt = nilPoint.norm()
	case "nil_pointer_method":
		nilPoint.set(1)
	case "nil_interface":
		nilFace.Read(nil)
	case "nil_interface_method_value":
		sink = nilFace.Read
	case "nil_func":
		nilFunc(1)
	case "nil_copy":
		var q point
		q = *nilPoint
		sink = q
	case "nil_large_copy":
		var q big
		q = *nilBig
		sinkInt = q.last
	case "nil_string":
		var s *string
		println(*s)
	case "wild_read":
		sinkInt = *(*int)(unsafe.Pointer(wild))
	case "wild_write":
		*(*int)(unsafe.Pointer(wild)) = 1
	case "wild_copy":
		copy(slice, (*[3]int)(unsafe.Pointer(wild))[:])
	case "wild_compare":
		s := struct {
			p uintptr
			n int
		}{wild, 3}
		println(*(*string)(unsafe.Pointer(&s)) == text)
	case "wild_call":
		f := &wild
		(*(*func())(unsafe.Pointer(&f)))()
	case "noncanonical_read":
		sinkInt = *(*int)(unsafe.Pointer(wild << 16))
	case "divide":
		sinkInt = ten / zero
	case "modulo":
		sinkInt = ten % zero
	case "divide_int8":
		sinkInt = int(int8(ten) / zero8)
	case "divide_uint64":
		sinkInt = int(uint64(ten) / zeroU)
	case "assert_nil":
		sinkInt = nilAny.(int)
	case "assert_other":
		sinkInt = interface{}(text).(int)
	case "assert_named":
		sink = interface{}(text).(named)
	case "assert_pointer":
		sink = interface{}(point{}).(*point)
	case "assert_same_name":
		sink = localType().(point)
	case "assert_struct":
		sink = interface{}(1).(struct{ a, b int })
	case "assert_func":
		sink = interface{}(1).(func(int) (string, error))
	case "assert_from_interface":
		var c closer = &point{}
		sink = c.(*myErrorCloser)
	case "assert_nil_from_interface":
		var c closer
		sink = c.(*point)
	case "assert_interface_nil":
		sink = nilAny.(closer)
	case "assert_interface_missing":
		sink = interface{}(1).(closer)
	case "assert_interface_pointer_method":
		sink = interface{}(point{}).(closer)
	case "assert_interface_second":
		var c closer = &point{}
		sink = c.(readCloser)
	case "assert_interface_error":
		sink = interface{}("text").(error)
	case "assert_interface_nil_from_interface":
		sink = nilFace.(readCloser)
	case "unhashable_slice":
		anyMap[uncomparable("slice")] = 1
	case "unhashable_map":
		sinkInt = anyMap[uncomparable("map")]
	case "unhashable_func":
		delete(table{1: 1}, uncomparable("func"))
	case "unhashable_struct":
		anyMap[uncomparable("struct")]++
	case "unhashable_array":
		_, ok := table{1: 1}[uncomparable("array")]
		println(ok)
	case "unhashable_nested":
		m := map[[2]interface{}]int{}
		m[[2]interface{}{1, uncomparable("slice")}] = 1
	case "unhashable_empty":
		var m map[interface{}]int
		println(m[uncomparable("slice")])
	case "uncomparable_slice":
		println(uncomparable("slice") == uncomparable("slice"))
	case "uncomparable_struct":
		println(uncomparable("struct") == uncomparable("struct"))
	case "uncomparable_func":
		println(uncomparable("func") == uncomparable("func"))
	case "uncomparable_array":
		a := [2]interface{}{1, uncomparable("map")}
		println(a == [2]interface{}{1, uncomparable("map")})
	case "closed_send":
		c := make(chan int, 1)
		close(c)
		c <- 1
	case "closed_send_select":
		c, d := make(chan int, 1), make(chan int)
		close(c)
		select {
		case c <- 1:
		case <-d:
		}
	case "closed_send_nonblocking":
		c := make(chan int)
		close(c)
		select {
		case c <- 1:
		default:
		}
	case "closed_while_sending":
		c := make(chan int)
		go func() {
			for i := 0; i < 10; i++ {
				runtime.Gosched()
			}
			close(c)
		}()
		c <- 1
	case "closed_twice":
		c := make(chan int)
		close(c)
		close(c)
	case "close_nil":
		close(nilChan)
	case "make_slice_negative":
		sink = make([]int, minusOne)
	case "make_slice_huge":
		sink = make([]int, ten<<60)
	case "make_slice_cap":
		sink = make([]int, ten, zero)
	case "make_slice_int64":
		sink = make([]byte, int64(minusOne))
	case "make_chan_negative":
		sink = make(chan int, minusOne)
	case "make_chan_huge":
		sink = make(chan [1000]int, ten<<55)
	case "make_map_negative":
		m := make(map[int]int, minusOne)
		m[1] = 2
		println(len(m))
		panic("after make")
	case "append_huge":
		s := make([]struct{}, 1<<62)
		s = append(s, s...)
		println(len(s))
		s = append(s, s...)
		println(len(s))
	case "string_rune":
		println(string(rune(minusOne)), []rune(text)[ten])
	case "type_switch":
		switch x := nilAny.(type) {
		case int:
			println(x)
		case nil:
			println("nil")
		}
		panic(nilAny)
	case "select_empty":
		select {}
	case "receive_nil":
		<-nilChan
	case "send_nil":
		nilChan <- 1
	case "range_nil":
		for x := range nilChan {
			println(x)
		}
	}
}

type myErrorCloser struct{ point }
