// Reads the descriptors of the types that the runtime library defines, as package reflect would: every
// field, the elements, fields, parameters and methods, with pointers printed as what they point to.
package main

import (
	"runtime"
	"unsafe"
)

type uncommon struct {
	name    *string
	pkgpath *string
	methods []method
}

type method struct {
	name    *string
	pkgpath *string
	mtyp    *rtype
	typ     *rtype
	ifn     uintptr
	tfn     uintptr
}

type rtype struct {
	size       uintptr
	ptrdata    uintptr
	hash       uint32
	_          uint8
	align      uint8
	fieldAlign uint8
	kind       uint8
	alg        *[2]uintptr
	gcdata     *byte
	str        *string
	*uncommon
	ptrto *rtype
	zero  *byte
}

type field struct {
	name    *string
	pkgpath *string
	typ     *rtype
	tag     *string
	offset  uintptr
}

type imethod struct {
	name    *string
	pkgpath *string
	typ     *rtype
}

type withElem struct {
	rtype
	elem *rtype
}

type arrayType struct {
	rtype
	elem  *rtype
	slice *rtype
	len   uintptr
}

type funcType struct {
	rtype
	dotdotdot bool
	in        []*rtype
	out       []*rtype
}

type interfaceType struct {
	rtype
	methods []imethod
}

type structType struct {
	rtype
	fields []field
}

const (
	kindArray     = 17
	kindFunc      = 19
	kindInterface = 20
	kindPtr       = 22
	kindSlice     = 23
	kindStruct    = 25
)

// Types in the order in which they were met, and those seen.
var queue []*rtype
var seen = make(map[*rtype]bool)

func add(t *rtype) {
	if t != nil && !seen[t] {
		seen[t] = true
		queue = append(queue, t)
	}
}

func typeOf(x interface{}) *rtype {
	return *(**rtype)(unsafe.Pointer(&x))
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func ref(t *rtype) string {
	if t == nil {
		return "-"
	}
	add(t)
	return *t.str
}

func show(t *rtype) {
	println(*t.str)
	print("  size ", t.size, " ptrdata ", t.ptrdata, " hash ", t.hash, " align ", t.align, " ", t.fieldAlign, " kind ", t.kind)
	println(" hash", t.alg[0] != 0, "equal", t.alg[1] != 0)
	print("  mask")
	for i := uintptr(0); i < (t.ptrdata/8+7)/8; i++ {
		print(" ", *(*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(t.gcdata)) + i)))
	}
	println(" zero", t.zero != nil)
	switch t.kind & 31 {
	case kindPtr, kindSlice:
		println("  elem", ref((*withElem)(unsafe.Pointer(t)).elem))
	case kindArray:
		a := (*arrayType)(unsafe.Pointer(t))
		println("  elem", ref(a.elem), "slice", ref(a.slice), "len", a.len)
	case kindFunc:
		f := (*funcType)(unsafe.Pointer(t))
		for _, p := range f.in {
			println("  in", ref(p))
		}
		for _, p := range f.out {
			println("  out", ref(p))
		}
		println("  variadic", f.dotdotdot)
	case kindInterface:
		for _, m := range (*interfaceType)(unsafe.Pointer(t)).methods {
			println("  wants", text(m.name), text(m.pkgpath), ref(m.typ))
		}
	case kindStruct:
		for _, f := range (*structType)(unsafe.Pointer(t)).fields {
			println("  field", text(f.name), text(f.pkgpath), ref(f.typ), text(f.tag), f.offset)
		}
	}
	if t.uncommon != nil {
		println("  named", text(t.uncommon.name), text(t.uncommon.pkgpath), "pointer", ref(t.ptrto))
		for _, m := range t.uncommon.methods {
			f, g := runtime.FuncForPC(m.ifn), runtime.FuncForPC(m.tfn)
			println("  has", text(m.name), text(m.pkgpath), ref(m.mtyp), ref(m.typ), f.Name(), g.Name())
		}
	}
}

type failure string

func (f failure) Error() string { return string(f) }

// A value of the runtime's own error type.
func divide(a, b int) (err interface{}) {
	defer func() { err = recover() }()
	return a / b
}

func main() {
	var err error
	var rerr runtime.Error
	for _, x := range []interface{}{
		false, 0, int8(0), int16(0), int32(0), int64(0),
		uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), float64(0), complex64(0), complex128(0), "", unsafe.Pointer(nil),
		&err, &rerr, divide(1, 0), &runtime.TypeAssertionError{}, &runtime.MemStats{},
		&runtime.StackRecord{}, &runtime.MemProfileRecord{}, &runtime.BlockProfileRecord{}, &runtime.Func{},
	} {
		add(typeOf(x))
	}
	for i := 0; i < len(queue); i++ {
		show(queue[i])
	}

	// One descriptor for each type: those that this package holds are the library's.
	println(typeOf(failure("").Error) == typeOf((&runtime.TypeAssertionError{}).Error))
	println(typeOf([]uint64{}) == (*arrayType)(unsafe.Pointer(typeOf(runtime.MemStats{}.PauseNs))).slice)

	// Compiled code compares and hashes values of these types through their descriptors.
	a, b := runtime.MemStats{NumGC: 1}, runtime.MemStats{NumGC: 1}
	m := map[interface{}]int{a: 1, *new(runtime.TypeAssertionError): 2, a.BySize: 3, a.BySize[0]: 4, runtime.StackRecord{}: 5}
	println(interface{}(a) == interface{}(b), m[b], m[runtime.TypeAssertionError{}], m[b.BySize], m[b.BySize[1]], m[runtime.StackRecord{}])
	b.BySize[60].Frees++
	println(interface{}(a) == interface{}(b), m[b], m[b.BySize], m[b.BySize[60]])
}
