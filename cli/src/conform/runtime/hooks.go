// Package runtime stands for what package runtime exports to its own tests only: what needs nothing but the symbols that
// compiled code calls, too.
package runtime

import (
	"unsafe"
)

const Hooked = true

const (
	BigEndian = 0
	PtrSize   = 8
)

type Uintreg uint64

//go:linkname entersyscall runtime.entersyscall
func entersyscall(dummy int32)

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall(dummy int32)

var Entersyscall, Exitsyscall = entersyscall, exitsyscall

// FuncPC is the entry of a function.
func FuncPC(f interface{}) uintptr {
	type eface struct {
		typ  uintptr
		data **uintptr
	}
	return **(*eface)(unsafe.Pointer(&f)).data
}

// MemclrBytes clears b; the compiler makes one call of the loop.
func MemclrBytes(b []byte) {
	for i := range b {
		b[i] = 0
	}
}

// The hash functions, as the descriptors of types name them.

//go:linkname memhash runtime.memhash
func memhash(p unsafe.Pointer, seed, n uintptr) uintptr

//go:linkname strhash runtime.strhash
func strhash(p unsafe.Pointer, seed uintptr) uintptr

//go:linkname nilinterhash runtime.nilinterhash
func nilinterhash(p unsafe.Pointer, seed uintptr) uintptr

//go:linkname interhash runtime.interhash
func interhash(p unsafe.Pointer, seed uintptr) uintptr

func BytesHash(b []byte, seed uintptr) uintptr {
	return memhash(*(*unsafe.Pointer)(unsafe.Pointer(&b)), seed, uintptr(len(b)))
}

func StringHash(s string, seed uintptr) uintptr { return strhash(unsafe.Pointer(&s), seed) }

func Int32Hash(i uint32, seed uintptr) uintptr { return memhash(unsafe.Pointer(&i), seed, 4) }

func Int64Hash(i uint64, seed uintptr) uintptr { return memhash(unsafe.Pointer(&i), seed, 8) }

func EfaceHash(i interface{}, seed uintptr) uintptr { return nilinterhash(unsafe.Pointer(&i), seed) }

func IfaceHash(i interface {
	F()
}, seed uintptr) uintptr {
	return interhash(unsafe.Pointer(&i), seed)
}

// HashLoad is the load at which the stock runtime's maps grow; the tests divide by it only.
var HashLoad = &load

var load = 6.5

//go:linkname environment syscall.runtime_envs
func environment() []string

// Envs is the environment that the runtime itself reads.
func Envs() []string { return environment() }

// SetEnvs does nothing: the runtime reads what the kernel left on the first stack, and nothing changes that.
func SetEnvs([]string) {}
