// Uncaught panics with values of every kind. The argument chooses one.

package main

import (
	"runtime"
	"unsafe"
)

//go:linkname arguments os.runtime_args
func arguments() []string

type (
	namedBool    bool
	namedInt     int
	namedUint8   uint8
	namedFloat   float64
	namedComplex complex128
	namedString  string
	point        struct{ x, y int }
	list         []int
	table        map[string]int
	function     func()
)

type failure string

func (f failure) Error() string { return "failure " + string(f) }

type failurePointer struct{ code int }

func (f *failurePointer) Error() string { return "code " + digits(f.code) }

type shown int

func (s shown) String() string { return "shown " + digits(int(s)) }

type both struct{}

func (both) Error() string  { return "Error's text" }
func (both) String() string { return "String's text" }

// Methods of the right name and another type do not count.
type almost int

func (almost) Error() int          { return 1 }
func (almost) String(a int) string { return "never" }

// Methods through an embedded value.
type outer struct {
	a int
	failure
}

type embedsInterface struct{ error }

type panicking int

func (p panicking) Error() string { panic("in Error") }

type recovering int

func (r recovering) Error() (text string) {
	defer func() {
		text = "recovered: " + recover().(string)
	}()
	panic("in Error")
}

type stackEater int

func (s stackEater) String() string { return digits(eat(200)) }

//go:noinline
func eat(n int) int {
	var pad [128]byte
	if n == 0 {
		return int(pad[5])
	}
	return eat(n-1) + 1
}

func digits(n int) string {
	if n < 0 {
		return "-" + digits(-n)
	}
	if n < 10 {
		return string('0' + n)
	}
	return digits(n/10) + string('0'+n%10)
}

var (
	array    = [3]byte{1, 2, 3}
	channel  = make(chan int)
	nilError error
	nilPoint *point
	text     = "variable"
)

func value(kind string) interface{} {
	switch kind {
	case "bool":
		return true
	case "int":
		return -42
	case "int8":
		return int8(-8)
	case "int16":
		return int16(16)
	case "int32":
		return int32(-32)
	case "int64":
		return int64(1) << 40
	case "uint":
		return uint(7)
	case "uint8":
		return uint8(8)
	case "uint16":
		return uint16(16)
	case "uint32":
		return uint32(32)
	case "uint64":
		return uint64(1) << 63
	case "uintptr":
		return uintptr(9)
	case "rune":
		return 'x'
	case "float32":
		return float32(1.5)
	case "float64":
		return 2.5
	case "complex64":
		return complex64(complex(1, 2))
	case "complex128":
		return complex(3, 4)
	case "string":
		return "plain text"
	case "string_empty":
		return ""
	case "string_lines":
		return "two\nlines\tand \x00 more"
	case "string_computed":
		return text + " text"
	case "nil":
		return nil
	case "nil_error":
		return nilError
	case "nil_pointer":
		return nilPoint
	case "pointer":
		return &array
	case "unsafe_pointer":
		return unsafe.Pointer(&array)
	case "array":
		return array
	case "struct":
		return point{1, 2}
	case "struct_unnamed":
		return struct {
			a int
			b string
		}{1, "b"}
	case "empty_struct":
		return struct{}{}
	case "slice":
		return []int{1}
	case "map":
		return map[string]int{}
	case "chan":
		return channel
	case "func":
		return func() {}
	case "interface_slice":
		return []interface{}{1, "a"}
	case "named_bool":
		return namedBool(true)
	case "named_int":
		return namedInt(3)
	case "named_uint8":
		return namedUint8(3)
	case "named_float":
		return namedFloat(3)
	case "named_complex":
		return namedComplex(3)
	case "named_string":
		return namedString("text")
	case "named_slice":
		return list{1}
	case "named_map":
		return table{}
	case "named_func":
		return function(func() {})
	case "error":
		return failure("text")
	case "error_pointer":
		return &failurePointer{-17}
	case "error_pointer_nil":
		return (*failurePointer)(nil)
	case "error_value_of_pointer":
		return failurePointer{1}
	case "stringer":
		return shown(12)
	case "error_and_stringer":
		return both{}
	case "other_methods":
		return almost(1)
	case "embedded_error":
		return outer{1, "inner"}
	case "embedded_interface":
		return embedsInterface{failure("boxed")}
	case "embedded_interface_nil":
		return embedsInterface{}
	case "error_panics":
		return panicking(1)
	case "error_recovers":
		return recovering(1)
	case "stringer_grows":
		return stackEater(1)
	case "runtime_error":
		defer func() { caught = recover() }()
		array[digit()]++
	case "type_assertion_error":
		defer func() { caught = recover() }()
		println(interface{}(text).(int))
	}
	return caught
}

var caught interface{}

//go:noinline
func digit() int { return 7 }

func main() {
	kind := arguments()[1]
	v := value(kind)
	if caught != nil {
		v = caught
		_ = v.(runtime.Error)
	}
	panic(v)
}
