// Matrix multiplication over slices of slices and over flat arrays, integers and floats, alone and in rows by goroutines.
package main

const n = 120

type matrix [][]float64

func newMatrix(f func(i, j int) float64) matrix {
	m := make(matrix, n)
	for i := range m {
		m[i] = make([]float64, n)
		for j := range m[i] {
			m[i][j] = f(i, j)
		}
	}
	return m
}

func (a matrix) row(b matrix, c matrix, i int) {
	for j := 0; j < n; j++ {
		s := 0.0
		for k := 0; k < n; k++ {
			s += a[i][k] * b[k][j]
		}
		c[i][j] = s
	}
}

func (a matrix) mul(b matrix) matrix {
	c := newMatrix(func(i, j int) float64 { return 0 })
	for i := range a {
		a.row(b, c, i)
	}
	return c
}

func (a matrix) parallel(b matrix) matrix {
	c := newMatrix(func(i, j int) float64 { return 0 })
	rows := make(chan int)
	done := make(chan bool)
	for g := 0; g < 4; g++ {
		go func() {
			for i := range rows {
				a.row(b, c, i)
			}
			done <- true
		}()
	}
	for i := range a {
		rows <- i
	}
	close(rows)
	for g := 0; g < 4; g++ {
		<-done
	}
	return c
}

func (a matrix) trace() float64 {
	t := 0.0
	for i := range a {
		t += a[i][i]
	}
	return t
}

func (a matrix) equal(b matrix) bool {
	for i := range a {
		for j := range a[i] {
			if a[i][j] != b[i][j] {
				return false
			}
		}
	}
	return true
}

type small [16][16]uint32

func (a *small) mul(b *small) (c small) {
	for i := range a {
		for j := range b {
			for k := range c {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return
}

func main() {
	a := newMatrix(func(i, j int) float64 { return float64(i*j%7) - 3 })
	b := newMatrix(func(i, j int) float64 { return float64(i-j) / n })
	c := a.mul(b)
	d := a.parallel(b)
	println(c.trace(), d.trace(), c.equal(d), c[5][7], c[n-1][0])
	id := newMatrix(func(i, j int) float64 {
		if i == j {
			return 1
		}
		return 0
	})
	println(a.mul(id).equal(a), id.parallel(b).equal(b))
	var s small
	seed := uint32(3)
	for i := range s {
		for j := range s[i] {
			seed = seed*1664525 + 1013904223
			s[i][j] = seed >> 7
		}
	}
	p := s
	for i := 0; i < 50; i++ {
		p = p.mul(&s)
	}
	println(p[0][0], p[3][9], p[15][15])
}
