// Maps, strings, slices of slices and channels keep their contents through collections while they grow and change.
package main

import "runtime"

type key struct {
	a string
	b int
}
type value struct {
	p *int
	s []string
	m map[int]*value
}

func str(i int) string {
	b := []byte("s00000")
	for k := 5; i > 0; k-- {
		b[k] = byte('0' + i%10)
		i /= 10
	}
	return string(b)
}

func main() {
	m1 := map[string]*int{}
	m2 := map[key]value{}
	m3 := map[int]string{}
	m4 := map[interface{}]interface{}{}
	m5 := map[*int]int{}
	m6 := map[string][100]*int{} // elements too large to be stored in place
	var keep []*int
	bad := 0
	for i := 0; i < 6000; i++ {
		v := new(int)
		*v = i
		s := str(i)
		m1[s] = v
		m2[key{s, i}] = value{v, []string{s, str(i + 1)}, map[int]*value{i: {p: v}}}
		m3[i] = s + s
		m4[s] = i
		m4[i] = s
		m5[v] = i
		keep = append(keep, v)
		if i%20 == 0 {
			var a [100]*int
			a[i%100] = v
			m6[s] = a
		}
		if i%7 == 0 && i > 100 {
			delete(m1, str(i-50))
			delete(m3, i-50)
		}
		if i%1500 == 1499 {
			runtime.GC()
		}
	}
	for round := 0; round < 2; round++ {
		for i := 0; i < 6000; i++ {
			s := str(i)
			deleted := (i+50)%7 == 0 && i+50 > 100 && i+50 < 6000
			p, ok := m1[s]
			if ok == deleted || ok && *p != i {
				bad++
			}
			v := m2[key{s, i}]
			if *v.p != i || v.s[1] != str(i+1) || *v.m[i].p != i {
				bad++
			}
			if t, ok := m3[i]; ok == deleted || ok && t != s+s {
				bad++
			}
			if m4[s] != i || m4[i] != s {
				bad++
			}
			if m5[keep[i]] != i {
				bad++
			}
			if i%20 == 0 && *m6[s][i%100] != i {
				bad++
			}
		}
		println(len(m1), len(m2), len(m3), len(m4), len(m5), len(m6), bad)
		runtime.GC()
	}
	// Collections while iterating.
	n, sum := 0, 0
	for k, v := range m2 {
		n++
		sum += *v.p
		if n%1500 == 0 {
			runtime.GC()
		}
		if k.b != *v.p {
			bad++
		}
	}
	println(n, sum, bad)
	// Maps in goroutines.
	c := make(chan map[int]string)
	for g := 0; g < 4; g++ {
		go func(g int) {
			m := map[int]string{}
			for i := 0; i < 2000; i++ {
				m[i*4+g] = str(i)
			}
			c <- m
		}(g)
	}
	for g := 0; g < 4; g++ {
		m := <-c
		runtime.GC()
		for k, v := range m {
			if v != str(k/4) {
				bad++
			}
		}
		n += len(m)
	}
	println(n, bad)
}
