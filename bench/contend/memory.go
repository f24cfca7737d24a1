package main

import "sync"

// kept is how many objects of a goroutine are reachable at once.
const kept = 256

type small struct {
	next  *small
	value [2]int64
}

// allocSmall: n goroutines make objects of 24 bytes with a pointer.
func allocSmall(r *run) {
	r.crew(r.n, func(w *worker) {
		var ring [kept]*small
		for w.next() {
			at := w.ops % kept
			object := &small{next: ring[(at+1)%kept]}
			object.value[1] = w.ops
			if object.next != nil {
				if object.next.value[1]+kept-1 != w.ops {
					fail("object %d is %d", w.ops-kept+1, object.next.value[1])
				}
				object.next.next = nil
			}
			ring[at] = object
			w.work()
		}
	})
	r.wait()
}

// allocBytes: n goroutines make byte slices of 16 to 2,000 bytes.
func allocBytes(r *run) {
	r.crew(r.n, func(w *worker) {
		var ring [kept][]byte
		for w.next() {
			at := w.ops % kept
			if old := ring[at]; old != nil && int(old[0]) != len(old)&0xff {
				fail("a slice of %d bytes holds %d", len(old), old[0])
			}
			size := 16 + int(w.random()%1985)
			object := make([]byte, size)
			if object[size-1] != 0 {
				fail("new memory is not clear")
			}
			object[0] = byte(size)
			ring[at] = object
			w.work()
		}
	})
	r.wait()
}

// allocLarge: n goroutines make objects of 64 KiB.
func allocLarge(r *run) {
	const size = 64 << 10
	r.crew(r.n, func(w *worker) {
		var ring [8][]byte
		for w.next() {
			object := make([]byte, size)
			if object[0] != 0 || object[size-1] != 0 {
				fail("new memory is not clear")
			}
			object[0], object[size-1] = 1, 1
			ring[w.ops%8] = object
			w.work()
		}
	})
	r.wait()
}

const entries = 10000

func table() map[uint64]uint64 {
	m := make(map[uint64]uint64)
	for i := uint64(0); i < entries; i++ {
		m[i] = i * 3
	}
	return m
}

// mapRead: n goroutines look things up in one map that nobody changes.
func mapRead(r *run) {
	m := table()
	r.crew(r.n, func(w *worker) {
		for w.next() {
			key := w.random() % entries
			if value := m[key]; value != key*3 {
				fail("entry %d is %d", key, value)
			}
			w.work()
		}
	})
	r.wait()
}

// mapLocked: n goroutines use one map under a lock for readers and writers; each sixteenth time they write.
func mapLocked(r *run) {
	m := table()
	var mu sync.RWMutex
	r.crew(r.n, func(w *worker) {
		for w.next() {
			key := w.random() % entries
			if w.ops%16 == 15 {
				mu.Lock()
				m[key] = m[key]
				w.work()
				mu.Unlock()
				continue
			}
			mu.RLock()
			value := m[key]
			w.work()
			mu.RUnlock()
			if value != key*3 {
				fail("entry %d is %d", key, value)
			}
		}
	})
	r.wait()
	equal("entries", int64(len(m)), entries)
}
