// recover in deferred methods: called directly, through embedding, through interfaces, as method values, with value receivers
// reached by pointer, each through wrappers that the compiler makes.
package main

type rec struct {
	name string
}

func (r rec) val() {
	v := recover()
	if v == nil {
		println(r.name, "val: nil")
		return
	}
	println(r.name, "val:", v.(string))
}

func (r *rec) ptr() {
	v := recover()
	if v == nil {
		println(r.name, "ptr: nil")
		return
	}
	println(r.name, "ptr:", v.(string))
}

type valer interface {
	val()
}
type ptrer interface {
	ptr()
}
type emb struct {
	pad int
	rec
}
type embPtr struct {
	pad [2]int
	*rec
}
type embI struct {
	pad string
	valer
}
type embDeep struct {
	x int
	embPtr
}
type big struct {
	pad [20]int
	rec
}
type word uintptr

func (w word) val() { println("word:", w, recover() != nil) }

type tiny struct{}

func (tiny) val() { println("tiny:", recover() != nil) }

type fn func()

func (f fn) val() { println("fn:", recover() != nil) }

func try(f func()) {
	defer func() {
		if v := recover(); v != nil {
			println("escaped:", v.(string))
		}
	}()
	f()
}

func viaHelper(v valer) { v.val() }

func main() {
	r := rec{"r"}
	p := &rec{"p"}
	try(func() { defer r.val(); panic("1") })
	try(func() { defer p.val(); panic("2") })
	try(func() { defer p.ptr(); panic("3") })
	try(func() { defer r.ptr(); panic("4") })

	e := emb{rec: rec{"emb"}}
	ep := embPtr{rec: p}
	ei := embI{valer: r}
	eip := embI{valer: p}
	ed := embDeep{embPtr: ep}
	b := big{rec: rec{"big"}}
	try(func() { defer e.val(); panic("5") })
	try(func() { defer e.ptr(); panic("6") })
	try(func() { defer ep.val(); panic("7") })
	try(func() { defer ep.ptr(); panic("8") })
	try(func() { defer ei.val(); panic("9") })
	try(func() { defer ed.val(); panic("10") })
	try(func() { defer ed.ptr(); panic("11") })
	try(func() { defer b.val(); panic("12") })

	for i, v := range []valer{r, p, e, &e, ep, &ep, ei, &ei, eip, &eip, ed, &ed, b, &b, word(7), tiny{}, &tiny{}, fn(func() {})} {
		try(func() {
			print(i, " ")
			defer v.val()
			panic("interface")
		})
	}
	w := word(8)
	try(func() { var v valer = &w; defer v.val(); panic("pointer to word") })
	for i, v := range []ptrer{p, &e, ep, &ep, ed, &ed, &b} {
		try(func() {
			print(i, " ")
			defer v.ptr()
			panic("interface")
		})
	}

	// A method value is called through a closure that does not pass recover on; a method expression is a plain function.
	try(func() { f := r.val; defer f(); panic("method value") })
	try(func() { f := p.ptr; defer f(); panic("method value ptr") })
	try(func() { f := ed.ptr; defer f(); panic("method value promoted") })
	try(func() { var v valer = &ep; f := v.val; defer f(); panic("method value interface") })
	try(func() { f := rec.val; defer f(r); panic("method expression") })
	try(func() { f := (*embDeep).ptr; defer f(&ed); panic("method expression promoted") })
	try(func() { f := valer.val; defer f(&ei); panic("method expression interface") })

	// Not called directly by the run-time system: nothing to recover.
	try(func() { defer func() { r.val() }(); panic("one level down") })
	try(func() { defer viaHelper(&ei); panic("helper") })
	try(func() { defer func() { e.ptr(); ei.val() }(); panic("wrapper one level down") })

	// The same wrappers without a panic.
	try(func() { defer ei.val() })
	ed.ptr()
	viaHelper(&ep)

	// A nested panic inside the deferred wrapper.
	try(func() {
		defer ei.val()
		defer func() {
			defer ed.ptr()
			panic("inner")
		}()
		panic("outer")
	})
}
