// Growth of the stack with deferred calls and panics pending: arguments, results and recovery survive the copying.
package main

import "runtime"

type big [100]int

func grow(n int) int {
	var pad [30]int
	pad[n%30] = 1
	if n == 0 {
		return 0
	}
	return grow(n-1) + pad[n%30]
}

func many(n int, log *int) (r int) {
	defer func(x, y int) {
		r += x + y
		*log++
	}(n, 1)
	if n == 0 {
		return grow(5000)
	}
	return many(n-1, log)
}

func bigArgs(n int) (r int) {
	var b big
	b[99] = n
	defer func(b big, s string, p *int) {
		r += b[99] + len(s) + *p
	}(b, "four", &b[99])
	b[99] = 1000
	return grow(n * 100)
}

func panicDeep(n int, p *int) {
	defer func() { *p++ }()
	if n == 0 {
		panic("deep")
	}
	panicDeep(n-1, p)
}

func recoverAfterGrowth(n int) (s string, sum int) {
	count := 0
	local := [5]int{1, 2, 3, 4, 5}
	defer func() {
		grow(3000)
		s = recover().(string)
		for _, v := range local {
			sum += v
		}
		sum += count
	}()
	panicDeep(n, &count)
	return "no", -1
}

// growInDefer grows the stack while panicking, below the frames still to be unwound.
func growInDefer(depth int) (r int) {
	defer func() {
		if depth%10 == 0 {
			r = grow(2000)
		}
		if depth == 0 {
			r += recover().(int)
		}
	}()
	if depth == 50 {
		panic(9)
	}
	return growInDefer(depth+1) + 1
}

func faultDeep(n int, s []int) (r int) {
	if n > 0 {
		return faultDeep(n-1, s)
	}
	defer func() {
		grow(1000)
		r = len(recover().(runtime.Error).Error())
	}()
	return s[n+5]
}

func named(n int) (a, b int, c string, d big) {
	defer func() {
		recover()
		a, c = a+1, c+"!"
		d[1] = b
	}()
	a, b, c = 1, 2, "c"
	grow(n)
	d[0] = 5
	panic(1)
}

type T struct {
	v [10]int
	p *int
}

func (t T) val(r *int)  { *r += t.v[9] + *t.p + grow(700) }
func (t *T) ptr(r *int) { *r += t.v[9] + *t.p + grow(1500) }

func methods() (r int) {
	x := 100
	t := T{p: &x}
	t.v[9] = 5
	defer t.val(&r)
	defer t.ptr(&r)
	t.v[9] = 7
	x = 200
	return
}

func all() {
	log := 0
	println(many(1000, &log), log)
	println(bigArgs(10), bigArgs(0))
	s, sum := recoverAfterGrowth(2000)
	println(s, sum)
	println(growInDefer(0))
	println(faultDeep(1500, make([]int, 3)))
	a, b, c, d := named(800)
	println(a, b, c, d[0], d[1])
	println(methods())
}

func main() {
	all()
	done := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() {
			all()
			done <- true
		}()
		<-done
	}
}
