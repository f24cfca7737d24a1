// Package runtime stands for what package runtime exports to its own tests only. Most of it needs nothing but the symbols that
// compiled code calls, too; functions whose names begin with hook are in the library for tests only (src/hooks).
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

//go:linkname hookHashLoad runtime.hookHashLoad
func hookHashLoad() float64

// HashLoad is the load at which maps grow.
var HashLoad = &load

var load = hookHashLoad()

//go:linkname hookAdd runtime.hookAdd
func hookAdd(counter *uintptr, n uintptr) uintptr

// Xadduintptr adds as the runtime's counters do.
func Xadduintptr(counter *uintptr, n uintptr) uintptr { return hookAdd(counter, n) }

//go:linkname hookFutexSleep runtime.hookFutexSleep
func hookFutexSleep(word *uint32, value uint32, ns int64)

//go:linkname hookFutexWake runtime.hookFutexWake
func hookFutexWake(word *uint32, n uint32)

// The sleep of a thread, and its end: what the runtime's locks, and threads without work, wait with.
var Futexsleep, Futexwakeup = hookFutexSleep, hookFutexWake

//go:linkname hookPointers runtime.hookPointers
//go:noescape
func hookPointers(x interface{}) []byte

// GCMask says which words of what x points to the collector takes for pointers.
func GCMask(x interface{}) []byte { return hookPointers(x) }

//go:linkname hookRunQueue runtime.hookRunQueue
func hookRunQueue() string

//go:linkname hookRunQueueSteal runtime.hookRunQueueSteal
func hookRunQueueSteal() string

// RunSchedLocalQueueTest fills and empties a P's run queue.
func RunSchedLocalQueueTest() { wants(hookRunQueue()) }

// RunSchedLocalQueueStealTest moves goroutines from one P's run queue to another's.
func RunSchedLocalQueueStealTest() { wants(hookRunQueueSteal()) }

// LFNode is what the tests' nodes begin with.
type LFNode struct {
	Next    uint64
	Pushcnt uintptr
}

//go:linkname hookStackPush runtime.hookStackPush
func hookStackPush(stack *uint64, node unsafe.Pointer)

//go:linkname hookStackPop runtime.hookStackPop
func hookStackPop(stack *uint64) unsafe.Pointer

// LFStackPush puts a node on a stack that any number of threads may push to.
func LFStackPush(stack *uint64, node *LFNode) { hookStackPush(stack, unsafe.Pointer(node)) }

// LFStackPop takes the node on top.
func LFStackPop(stack *uint64) *LFNode { return (*LFNode)(hookStackPop(stack)) }

// wants panics with what is wrong, if anything is.
func wants(wrong string) {
	if wrong != "" {
		panic(wrong)
	}
}

//go:linkname environment syscall.runtime_envs
func environment() []string

// Envs is the environment that the runtime itself reads.
func Envs() []string { return environment() }

// SetEnvs does nothing: the runtime reads what the kernel left on the first stack, and nothing changes that.
func SetEnvs([]string) {}
