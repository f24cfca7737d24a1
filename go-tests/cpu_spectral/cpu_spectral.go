// Spectral norm by power iteration, and the orbits of planets: floating point in tight loops.
package main

func a(i, j int) float64 { return 1 / float64((i+j)*(i+j+1)/2+i+1) }

func times(v, u []float64) {
	for i := range v {
		s := 0.0
		for j := range u {
			s += a(i, j) * u[j]
		}
		v[i] = s
	}
}

func timesT(v, u []float64) {
	for i := range v {
		s := 0.0
		for j := range u {
			s += a(j, i) * u[j]
		}
		v[i] = s
	}
}

func sqrt(x float64) float64 {
	z := x
	for i := 0; i < 50; i++ {
		z = (z + x/z) / 2
	}
	return z
}

func spectral(n int) float64 {
	u, v, t := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 1
	}
	for i := 0; i < 10; i++ {
		times(t, u)
		timesT(v, t)
		times(t, v)
		timesT(u, t)
	}
	var vbv, vv float64
	for i := range v {
		vbv += u[i] * v[i]
		vv += v[i] * v[i]
	}
	return sqrt(vbv / vv)
}

type body struct{ x, y, z, vx, vy, vz, mass float64 }

func energy(bs []body) (e float64) {
	for i, b := range bs {
		e += b.mass * (b.vx*b.vx + b.vy*b.vy + b.vz*b.vz) / 2
		for _, c := range bs[i+1:] {
			dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
			e -= b.mass * c.mass / sqrt(dx*dx+dy*dy+dz*dz)
		}
	}
	return
}

func step(bs []body, dt float64) {
	for i := range bs {
		b := &bs[i]
		for j := i + 1; j < len(bs); j++ {
			c := &bs[j]
			dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
			d := dx*dx + dy*dy + dz*dz
			m := dt / (d * sqrt(d))
			b.vx -= dx * c.mass * m
			b.vy -= dy * c.mass * m
			b.vz -= dz * c.mass * m
			c.vx += dx * b.mass * m
			c.vy += dy * b.mass * m
			c.vz += dz * b.mass * m
		}
	}
	for i := range bs {
		b := &bs[i]
		b.x += dt * b.vx
		b.y += dt * b.vy
		b.z += dt * b.vz
	}
}

func main() {
	println(int64(spectral(100) * 1e9))
	println(int64(spectral(200) * 1e9))
	bs := []body{{mass: 40}, {x: 5, vy: 2.5, mass: 0.04}, {x: -9, z: 1, vy: -2, vx: 0.1, mass: 0.01}, {y: 15, vx: -1.5, mass: 0.002}}
	println(int64(energy(bs) * 1e9))
	for i := 0; i < 2000; i++ {
		step(bs, 0.001)
	}
	println(int64(energy(bs)*1e9), int64(bs[1].x*1e9), int64(bs[2].z*1e9), int64(bs[3].vx*1e9))
}
