// A heap dump, read back record by record to its end with a reader of this program's own: a known object is in it, the pointer in it leads
// to another, a variable and a frame lead to the first.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

type inner struct {
	text [40]byte
}

type outer struct {
	number uint64
	p      *inner
	tail   [3]uint64
}

type iface interface {
	method()
}

func (o *outer) method() {}

var global *outer
var held iface

type memory struct {
	addr     uint64
	data     []byte
	pointers []uint64
}

func (m *memory) pointsTo(to uint64) bool {
	for _, off := range m.pointers {
		if word(m.data[off:]) == to {
			return true
		}
	}
	return false
}

func word(b []byte) (v uint64) {
	for i := 7; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

type goroutine struct {
	status uint64
	reason string
	frames []string
	live   []memory
}

type dump struct {
	r          *bufio.Reader
	objects    map[uint64]memory
	goroutines map[uint64]*goroutine
	types      map[uint64]string
	itabs      map[uint64]uint64
	variables  []memory
	finalizers []uint64
	queued     int
	threads    int
	defers     int
	panics     int
	stats      []uint64
	sites      map[uint64][]string
	samples    map[uint64]uint64
	params     []uint64
}

func (d *dump) number() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		b, err := d.r.ReadByte()
		check(err)
		v |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			return v
		}
	}
}

func (d *dump) numbers(n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = d.number()
	}
	return all
}

func (d *dump) bytes() []byte {
	b := make([]byte, d.number())
	_, err := io.ReadFull(d.r, b)
	check(err)
	return b
}

func (d *dump) pointers() (all []uint64) {
	for {
		switch kind := d.number(); kind {
		case 0:
			return all
		case 1:
			all = append(all, d.number())
		default:
			panic(fmt.Sprint("pointer of kind ", kind))
		}
	}
}

// read reads one record; false: it was the end.
func (d *dump) read() bool {
	switch tag := d.number(); tag {
	case 0:
		return false
	case 1:
		m := memory{addr: d.number()}
		m.data, m.pointers = d.bytes(), d.pointers()
		d.objects[m.addr] = m
	case 2:
		d.bytes()
		d.number()
	case 3:
		addr := d.number()
		d.number()
		d.types[addr] = string(d.bytes())
		d.number()
	case 4:
		head := d.numbers(8)
		g := &goroutine{status: head[4], reason: string(d.bytes())}
		d.numbers(4)
		d.goroutines[head[2]] = g
		last = g
	case 5:
		head := d.numbers(3)
		m := memory{addr: head[0], data: d.bytes()}
		d.numbers(3)
		if head[1] != uint64(len(last.frames)) {
			panic("depth of a frame")
		}
		last.frames = append(last.frames, string(d.bytes()))
		m.pointers = d.pointers()
		last.live = append(last.live, m)
	case 6:
		d.params = d.numbers(5)
		d.bytes()
		d.number()
	case 7:
		d.finalizers = append(d.finalizers, d.numbers(5)[0])
	case 8:
		tab := d.number()
		d.itabs[tab] = d.number()
	case 9:
		d.numbers(3)
		d.threads++
	case 10:
		d.stats = d.numbers(24 + 256 + 1)
	case 11:
		d.numbers(5)
		d.queued++
	case 12, 13:
		m := memory{addr: d.number()}
		m.data, m.pointers = d.bytes(), d.pointers()
		d.variables = append(d.variables, m)
	case 14:
		d.numbers(7)
		d.defers++
	case 15:
		d.numbers(6)
		d.panics++
	case 16:
		site := d.number()
		d.number()
		n := d.number()
		var names []string
		for i := uint64(0); i < n; i++ {
			names = append(names, string(d.bytes()))
			d.bytes()
			d.number()
		}
		d.numbers(2)
		d.sites[site] = names
	case 17:
		object := d.number()
		d.samples[object] = d.number()
	default:
		panic(fmt.Sprint("tag ", tag))
	}
	return true
}

var last *goroutine

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func sampled() *[5000]byte {
	return new([5000]byte)
}

var kept *[5000]byte

func waiter(o *outer, ready, done chan bool) {
	ready <- true
	<-done
	o.number++
}

func main() {
	runtime.MemProfileRate = 1
	global = &outer{number: 0x1122334455667788, p: new(inner)}
	copy(global.p.text[:], "the text that the inner object holds")
	held = global
	kept = sampled()
	local := &outer{number: 99, p: global.p}
	ready, done := make(chan bool), make(chan bool)
	go waiter(local, ready, done)
	<-ready
	runtime.Gosched()
	runtime.SetFinalizer(local, func(*outer) {})
	defer func() {
		recover()
	}()

	f, err := ioutil.TempFile("", "dump")
	check(err)
	defer os.Remove(f.Name())
	debug.WriteHeapDump(f.Fd())
	_, err = f.Seek(0, 0)
	check(err)
	d := &dump{r: bufio.NewReader(f), objects: map[uint64]memory{}, goroutines: map[uint64]*goroutine{},
		types: map[uint64]string{}, itabs: map[uint64]uint64{}, sites: map[uint64][]string{}, samples: map[uint64]uint64{}}
	header, err := d.r.ReadString('\n')
	check(err)
	fmt.Printf("%q\n", header)
	for d.read() {
	}
	_, err = d.r.ReadByte()
	fmt.Println("end of file:", err == io.EOF)

	addr := func(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }
	o, ok := d.objects[addr(unsafe.Pointer(global))]
	fmt.Println("object:", ok, word(o.data) == global.number, o.pointers)
	in := d.objects[word(o.data[8:])]
	fmt.Println("what it points to:", in.addr == addr(unsafe.Pointer(global.p)), bytes.HasPrefix(in.data, []byte("the text")), len(in.pointers))
	inVariables := false
	for _, m := range d.variables {
		inVariables = inVariables || m.pointsTo(o.addr)
	}
	fmt.Println("a variable points to it:", inVariables)
	inFrame, reason := false, ""
	for _, g := range d.goroutines {
		for i, name := range g.frames {
			if name == "main.waiter" {
				reason = g.reason
				// Its argument lies in the frame that is above, that of its caller: at the bottom there is none.
				inFrame = i == len(g.frames)-1 || g.live[i+1].pointsTo(addr(unsafe.Pointer(local)))
			}
		}
	}
	fmt.Println("a goroutine waits:", reason, inFrame)
	main := d.goroutines[1]
	ours := false
	for i, name := range main.frames {
		ours = ours || name == "main.main" && main.live[i].pointsTo(addr(unsafe.Pointer(local)))
	}
	fmt.Println("the writer:", main.status, ours)
	fmt.Println("interface table:", contains(d, "main.outer"))
	fmt.Println("finalizer:", len(d.finalizers) >= 1 && has(d.finalizers, addr(unsafe.Pointer(local))), "queued:", d.queued)
	fmt.Println("threads:", d.threads > 0, "deferred:", d.defers >= 1, "panics:", d.panics)
	fmt.Println("statistics:", d.stats[0] > 0 && d.stats[0] <= d.stats[2])
	site := d.sites[d.samples[addr(unsafe.Pointer(kept))]]
	fmt.Println("allocated by:", strings.Join(site[:min(3, len(site))], " "))
	fmt.Println("parameters:", d.params[0], d.params[1], d.params[2] <= o.addr && o.addr < d.params[3], string(rune(d.params[4])))
	done <- true
	use(local)
}

func use(o *outer) {
	if o.number == 0 {
		fmt.Println("never")
	}
}

func contains(d *dump, name string) bool {
	for _, t := range d.itabs {
		if strings.Contains(d.types[t], name) {
			return true
		}
	}
	return false
}

func has(all []uint64, v uint64) bool {
	for _, x := range all {
		if x == v {
			return true
		}
	}
	return false
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
