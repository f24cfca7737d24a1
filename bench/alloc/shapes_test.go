package alloc

import "testing"

// Shapes of objects, by the number of words. The allocator has to note where the pointers are: everywhere, in every eighth
// word, in the last word only, or at the start of data (a node).
type (
	dense8    [8]*int
	dense32   [32]*int
	dense128  [128]*int
	dense1024 [1024]*int
	sparse8   [1]struct {
		p    *int
		data [7]uintptr
	}
	sparse32 [4]struct {
		p    *int
		data [7]uintptr
	}
	sparse128 [16]struct {
		p    *int
		data [7]uintptr
	}
	sparse1024 [128]struct {
		p    *int
		data [7]uintptr
	}
	last8 struct {
		data [7]uintptr
		p    *int
	}
	last32 struct {
		data [31]uintptr
		p    *int
	}
	last128 struct {
		data [127]uintptr
		p    *int
	}
	last1024 struct {
		data [1023]uintptr
		p    *int
	}
	node4 struct {
		left, right *node4
		data        [2]uintptr
	}
	node8 struct {
		left, right *node8
		data        [6]uintptr
	}
	node32 struct {
		left, right *node32
		data        [30]uintptr
	}
	node128 struct {
		left, right *node128
		data        [126]uintptr
	}
	node1024 struct {
		left, right *node1024
		data        [1022]uintptr
	}
	data8    [8]uintptr
	data1024 [1024]uintptr
)

var (
	keptDense8     *dense8
	keptDense32    *dense32
	keptDense128   *dense128
	keptDense1024  *dense1024
	keptSparse8    *sparse8
	keptSparse32   *sparse32
	keptSparse128  *sparse128
	keptSparse1024 *sparse1024
	keptLast8      *last8
	keptLast32     *last32
	keptLast128    *last128
	keptLast1024   *last1024
	keptNode4      *node4
	keptNode8      *node8
	keptNode32     *node32
	keptNode128    *node128
	keptNode1024   *node1024
	keptData8      *data8
	keptData1024   *data1024
	keptNodes      []node8
	keptSparses    []sparse8
	keptPointers   []*int
)

func BenchmarkDense8(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptDense8 = new(dense8)
	}
}

func BenchmarkDense32(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptDense32 = new(dense32)
	}
}

func BenchmarkDense128(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptDense128 = new(dense128)
	}
}

func BenchmarkDense1024(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptDense1024 = new(dense1024)
	}
}

func BenchmarkSparse8(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptSparse8 = new(sparse8)
	}
}

func BenchmarkSparse32(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptSparse32 = new(sparse32)
	}
}

func BenchmarkSparse128(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptSparse128 = new(sparse128)
	}
}

func BenchmarkSparse1024(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptSparse1024 = new(sparse1024)
	}
}

func BenchmarkLast8(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptLast8 = new(last8)
	}
}

func BenchmarkLast32(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptLast32 = new(last32)
	}
}

func BenchmarkLast128(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptLast128 = new(last128)
	}
}

func BenchmarkLast1024(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptLast1024 = new(last1024)
	}
}

func BenchmarkNode4(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptNode4 = new(node4)
	}
}

func BenchmarkNode8(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptNode8 = new(node8)
	}
}

func BenchmarkNode32(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptNode32 = new(node32)
	}
}

func BenchmarkNode128(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptNode128 = new(node128)
	}
}

func BenchmarkNode1024(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptNode1024 = new(node1024)
	}
}

func BenchmarkData8(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptData8 = new(data8)
	}
}

func BenchmarkData1024(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptData1024 = new(data1024)
	}
}

// Slices of them: one object of many elements.

func BenchmarkSliceNode8x64(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptNodes = make([]node8, 64)
	}
}

func BenchmarkSliceSparse8x64(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptSparses = make([]sparse8, 64)
	}
}

func BenchmarkSlicePointers1024(b *testing.B) {
	for i := 0; i < b.N; i++ {
		keptPointers = make([]*int, 1024)
	}
}

// Several goroutines at once.

func BenchmarkNode8Parallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		var mine *node8
		for pb.Next() {
			mine = &node8{left: mine}
			if mine.left != nil {
				mine.left.left = nil
			}
		}
		keptNode8 = mine
	})
}
