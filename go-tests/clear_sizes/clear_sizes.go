// Variables of every size around the borders of the ways to clear them: all of one is cleared, nothing beside it, and what registers hold stays.
package main

// ones is what memory holds before it is cleared.
const ones = -1

var bad int

// check looks at what was cleared and at the words beside it.
func check(name int, lo int, z []int, hi int, f, want float64) {
	if lo != ones || hi != ones || f != want {
		bad++
		println(name, "words:", lo, hi, f, want)
	}
	for i, w := range z {
		if w != 0 {
			bad++
			println(name, "words: word", i, "is", w)
		}
	}
}

// dirty leaves ones on the stack where the next function has its frame.
func dirty() int {
	var a [200]int
	for i := range a {
		a[i] = ones
	}
	return sum(a[:])
}

func sum(a []int) int {
	s := 0
	for _, w := range a {
		s += w
	}
	return s
}

func clear4(f float64, i int) {
	var a struct {
		lo int
		z  [4]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [4]int{}
	k := g + h
	check(4, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%4] = ones
	*(&p.z) = [4]int{}
	check(4, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh4(f float64) {
	var z [4]int
	check(4, ones, z[:], ones, f, f)
}

func pointers4(f float64) {
	var z [4]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(4, "pointers: word", i)
		}
	}
	q[4-1] = &bad
	if z[4-1] != &bad {
		bad++
	}
}

func nil4(p *[4]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(4, "words: no panic")
		}
	}()
	*p = [4]int{}
}

func clear5(f float64, i int) {
	var a struct {
		lo int
		z  [5]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [5]int{}
	k := g + h
	check(5, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%5] = ones
	*(&p.z) = [5]int{}
	check(5, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh5(f float64) {
	var z [5]int
	check(5, ones, z[:], ones, f, f)
}

func pointers5(f float64) {
	var z [5]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(5, "pointers: word", i)
		}
	}
	q[5-1] = &bad
	if z[5-1] != &bad {
		bad++
	}
}

func nil5(p *[5]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(5, "words: no panic")
		}
	}()
	*p = [5]int{}
}

func clear8(f float64, i int) {
	var a struct {
		lo int
		z  [8]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [8]int{}
	k := g + h
	check(8, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%8] = ones
	*(&p.z) = [8]int{}
	check(8, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh8(f float64) {
	var z [8]int
	check(8, ones, z[:], ones, f, f)
}

func pointers8(f float64) {
	var z [8]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(8, "pointers: word", i)
		}
	}
	q[8-1] = &bad
	if z[8-1] != &bad {
		bad++
	}
}

func nil8(p *[8]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(8, "words: no panic")
		}
	}()
	*p = [8]int{}
}

func clear9(f float64, i int) {
	var a struct {
		lo int
		z  [9]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [9]int{}
	k := g + h
	check(9, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%9] = ones
	*(&p.z) = [9]int{}
	check(9, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh9(f float64) {
	var z [9]int
	check(9, ones, z[:], ones, f, f)
}

func pointers9(f float64) {
	var z [9]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(9, "pointers: word", i)
		}
	}
	q[9-1] = &bad
	if z[9-1] != &bad {
		bad++
	}
}

func nil9(p *[9]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(9, "words: no panic")
		}
	}()
	*p = [9]int{}
}

func clear10(f float64, i int) {
	var a struct {
		lo int
		z  [10]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [10]int{}
	k := g + h
	check(10, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%10] = ones
	*(&p.z) = [10]int{}
	check(10, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh10(f float64) {
	var z [10]int
	check(10, ones, z[:], ones, f, f)
}

func pointers10(f float64) {
	var z [10]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(10, "pointers: word", i)
		}
	}
	q[10-1] = &bad
	if z[10-1] != &bad {
		bad++
	}
}

func nil10(p *[10]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(10, "words: no panic")
		}
	}()
	*p = [10]int{}
}

func clear11(f float64, i int) {
	var a struct {
		lo int
		z  [11]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [11]int{}
	k := g + h
	check(11, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%11] = ones
	*(&p.z) = [11]int{}
	check(11, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh11(f float64) {
	var z [11]int
	check(11, ones, z[:], ones, f, f)
}

func pointers11(f float64) {
	var z [11]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(11, "pointers: word", i)
		}
	}
	q[11-1] = &bad
	if z[11-1] != &bad {
		bad++
	}
}

func nil11(p *[11]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(11, "words: no panic")
		}
	}()
	*p = [11]int{}
}

func clear12(f float64, i int) {
	var a struct {
		lo int
		z  [12]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [12]int{}
	k := g + h
	check(12, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%12] = ones
	*(&p.z) = [12]int{}
	check(12, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh12(f float64) {
	var z [12]int
	check(12, ones, z[:], ones, f, f)
}

func pointers12(f float64) {
	var z [12]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(12, "pointers: word", i)
		}
	}
	q[12-1] = &bad
	if z[12-1] != &bad {
		bad++
	}
}

func nil12(p *[12]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(12, "words: no panic")
		}
	}()
	*p = [12]int{}
}

func clear13(f float64, i int) {
	var a struct {
		lo int
		z  [13]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [13]int{}
	k := g + h
	check(13, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%13] = ones
	*(&p.z) = [13]int{}
	check(13, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh13(f float64) {
	var z [13]int
	check(13, ones, z[:], ones, f, f)
}

func pointers13(f float64) {
	var z [13]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(13, "pointers: word", i)
		}
	}
	q[13-1] = &bad
	if z[13-1] != &bad {
		bad++
	}
}

func nil13(p *[13]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(13, "words: no panic")
		}
	}()
	*p = [13]int{}
}

func clear14(f float64, i int) {
	var a struct {
		lo int
		z  [14]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [14]int{}
	k := g + h
	check(14, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%14] = ones
	*(&p.z) = [14]int{}
	check(14, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh14(f float64) {
	var z [14]int
	check(14, ones, z[:], ones, f, f)
}

func pointers14(f float64) {
	var z [14]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(14, "pointers: word", i)
		}
	}
	q[14-1] = &bad
	if z[14-1] != &bad {
		bad++
	}
}

func nil14(p *[14]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(14, "words: no panic")
		}
	}()
	*p = [14]int{}
}

func clear15(f float64, i int) {
	var a struct {
		lo int
		z  [15]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [15]int{}
	k := g + h
	check(15, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%15] = ones
	*(&p.z) = [15]int{}
	check(15, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh15(f float64) {
	var z [15]int
	check(15, ones, z[:], ones, f, f)
}

func pointers15(f float64) {
	var z [15]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(15, "pointers: word", i)
		}
	}
	q[15-1] = &bad
	if z[15-1] != &bad {
		bad++
	}
}

func nil15(p *[15]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(15, "words: no panic")
		}
	}()
	*p = [15]int{}
}

func clear16(f float64, i int) {
	var a struct {
		lo int
		z  [16]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [16]int{}
	k := g + h
	check(16, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%16] = ones
	*(&p.z) = [16]int{}
	check(16, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh16(f float64) {
	var z [16]int
	check(16, ones, z[:], ones, f, f)
}

func pointers16(f float64) {
	var z [16]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(16, "pointers: word", i)
		}
	}
	q[16-1] = &bad
	if z[16-1] != &bad {
		bad++
	}
}

func nil16(p *[16]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(16, "words: no panic")
		}
	}()
	*p = [16]int{}
}

func clear17(f float64, i int) {
	var a struct {
		lo int
		z  [17]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [17]int{}
	k := g + h
	check(17, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%17] = ones
	*(&p.z) = [17]int{}
	check(17, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh17(f float64) {
	var z [17]int
	check(17, ones, z[:], ones, f, f)
}

func pointers17(f float64) {
	var z [17]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(17, "pointers: word", i)
		}
	}
	q[17-1] = &bad
	if z[17-1] != &bad {
		bad++
	}
}

func nil17(p *[17]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(17, "words: no panic")
		}
	}()
	*p = [17]int{}
}

func clear33(f float64, i int) {
	var a struct {
		lo int
		z  [33]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [33]int{}
	k := g + h
	check(33, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%33] = ones
	*(&p.z) = [33]int{}
	check(33, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh33(f float64) {
	var z [33]int
	check(33, ones, z[:], ones, f, f)
}

func pointers33(f float64) {
	var z [33]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(33, "pointers: word", i)
		}
	}
	q[33-1] = &bad
	if z[33-1] != &bad {
		bad++
	}
}

func nil33(p *[33]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(33, "words: no panic")
		}
	}()
	*p = [33]int{}
}

func clear64(f float64, i int) {
	var a struct {
		lo int
		z  [64]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [64]int{}
	k := g + h
	check(64, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%64] = ones
	*(&p.z) = [64]int{}
	check(64, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh64(f float64) {
	var z [64]int
	check(64, ones, z[:], ones, f, f)
}

func pointers64(f float64) {
	var z [64]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(64, "pointers: word", i)
		}
	}
	q[64-1] = &bad
	if z[64-1] != &bad {
		bad++
	}
}

func nil64(p *[64]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(64, "words: no panic")
		}
	}()
	*p = [64]int{}
}

func clear97(f float64, i int) {
	var a struct {
		lo int
		z  [97]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [97]int{}
	k := g + h
	check(97, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%97] = ones
	*(&p.z) = [97]int{}
	check(97, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh97(f float64) {
	var z [97]int
	check(97, ones, z[:], ones, f, f)
}

func pointers97(f float64) {
	var z [97]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(97, "pointers: word", i)
		}
	}
	q[97-1] = &bad
	if z[97-1] != &bad {
		bad++
	}
}

func nil97(p *[97]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(97, "words: no panic")
		}
	}()
	*p = [97]int{}
}

func clear127(f float64, i int) {
	var a struct {
		lo int
		z  [127]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [127]int{}
	k := g + h
	check(127, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%127] = ones
	*(&p.z) = [127]int{}
	check(127, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh127(f float64) {
	var z [127]int
	check(127, ones, z[:], ones, f, f)
}

func pointers127(f float64) {
	var z [127]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(127, "pointers: word", i)
		}
	}
	q[127-1] = &bad
	if z[127-1] != &bad {
		bad++
	}
}

func nil127(p *[127]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(127, "words: no panic")
		}
	}()
	*p = [127]int{}
}

func clear128(f float64, i int) {
	var a struct {
		lo int
		z  [128]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [128]int{}
	k := g + h
	check(128, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%128] = ones
	*(&p.z) = [128]int{}
	check(128, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh128(f float64) {
	var z [128]int
	check(128, ones, z[:], ones, f, f)
}

func pointers128(f float64) {
	var z [128]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(128, "pointers: word", i)
		}
	}
	q[128-1] = &bad
	if z[128-1] != &bad {
		bad++
	}
}

func nil128(p *[128]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(128, "words: no panic")
		}
	}()
	*p = [128]int{}
}

func clear129(f float64, i int) {
	var a struct {
		lo int
		z  [129]int
		hi int
	}
	p := &a
	for j := range p.z {
		p.z[j] = ones
	}
	p.lo, p.hi = ones, ones
	g, h := f*2, f*3
	p.z = [129]int{}
	k := g + h
	check(129, p.lo, p.z[:], p.hi, k, f*5)
	p.z[i%129] = ones
	*(&p.z) = [129]int{}
	check(129, p.lo, p.z[:], p.hi, g+h, f*5)
}

func fresh129(f float64) {
	var z [129]int
	check(129, ones, z[:], ones, f, f)
}

func pointers129(f float64) {
	var z [129]*int
	q := &z
	for i, p := range q {
		if p != nil {
			bad++
			println(129, "pointers: word", i)
		}
	}
	q[129-1] = &bad
	if z[129-1] != &bad {
		bad++
	}
}

func nil129(p *[129]int) {
	defer func() {
		if recover() == nil {
			bad++
			println(129, "words: no panic")
		}
	}()
	*p = [129]int{}
}

func main() {
	all := []struct {
		clear    func(float64, int)
		fresh    func(float64)
		pointers func(float64)
	}{
		{clear4, fresh4, pointers4},
		{clear5, fresh5, pointers5},
		{clear8, fresh8, pointers8},
		{clear9, fresh9, pointers9},
		{clear10, fresh10, pointers10},
		{clear11, fresh11, pointers11},
		{clear12, fresh12, pointers12},
		{clear13, fresh13, pointers13},
		{clear14, fresh14, pointers14},
		{clear15, fresh15, pointers15},
		{clear16, fresh16, pointers16},
		{clear17, fresh17, pointers17},
		{clear33, fresh33, pointers33},
		{clear64, fresh64, pointers64},
		{clear97, fresh97, pointers97},
		{clear127, fresh127, pointers127},
		{clear128, fresh128, pointers128},
		{clear129, fresh129, pointers129},
	}
	for round := 0; round < 4; round++ {
		for i, f := range all {
			dirty()
			f.clear(float64(i)+0.5, i+round)
			dirty()
			f.fresh(float64(i))
			dirty()
			f.pointers(float64(i))
		}
	}
	nil4(nil)
	nil5(nil)
	nil8(nil)
	nil9(nil)
	nil10(nil)
	nil11(nil)
	nil12(nil)
	nil13(nil)
	nil14(nil)
	nil15(nil)
	nil16(nil)
	nil17(nil)
	nil33(nil)
	nil64(nil)
	nil97(nil)
	nil127(nil)
	nil128(nil)
	nil129(nil)
	println("bad:", bad)
}
