// math/big and math: assembly kernels on big numbers, pi, factorials, modular powers, rationals; elementary functions.
package main

import (
	"fmt"
	"math"
	"math/big"
	"math/rand"
)

func pi(digits int) string {
	// Gibbons' spigot in big integers.
	q, r, t, k, n, l := big.NewInt(1), big.NewInt(0), big.NewInt(1), int64(1), int64(3), int64(3)
	out := ""
	tmp, u := new(big.Int), new(big.Int)
	for len(out) < digits {
		tmp.Mul(q, big.NewInt(4))
		tmp.Add(tmp, r)
		tmp.Sub(tmp, t)
		u.Mul(t, big.NewInt(n))
		if tmp.Cmp(u) < 0 {
			out += fmt.Sprint(n)
			nr := new(big.Int).Sub(r, u)
			nr.Mul(nr, big.NewInt(10))
			a := new(big.Int).Mul(q, big.NewInt(3))
			a.Add(a, r)
			a.Mul(a, big.NewInt(10))
			a.Div(a, t)
			a.Sub(a, big.NewInt(10*n))
			n = a.Int64()
			q.Mul(q, big.NewInt(10))
			r = nr
			continue
		}
		nr := new(big.Int).Mul(q, big.NewInt(2))
		nr.Add(nr, r)
		nr.Mul(nr, big.NewInt(l))
		a := new(big.Int).Mul(q, big.NewInt(7*k))
		a.Add(a, big.NewInt(2))
		b := new(big.Int).Mul(r, big.NewInt(l))
		a.Add(a, b)
		b.Mul(t, big.NewInt(l))
		a.Div(a, b)
		n = a.Int64()
		q.Mul(q, big.NewInt(k))
		t.Mul(t, big.NewInt(l))
		l += 2
		k++
		r = nr
	}
	return out
}

func main() {
	fmt.Println(pi(200))
	f := big.NewInt(1)
	for i := int64(2); i <= 100; i++ {
		f.Mul(f, big.NewInt(i))
	}
	fmt.Println(f)
	a, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	b, _ := new(big.Int).SetString("ffffffffffffffffffffffffffffffffffff", 16)
	q, m := new(big.Int).DivMod(b, a, new(big.Int))
	fmt.Println(q, m, new(big.Int).GCD(nil, nil, a, b), new(big.Int).Exp(a, big.NewInt(65537), b), a.Cmp(b), b.BitLen())
	p, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	fmt.Println(p.ProbablyPrime(10), new(big.Int).ModInverse(a, p))
	r := big.NewRat(0, 1)
	for i := int64(1); i <= 30; i++ {
		r.Add(r, big.NewRat(1, i))
	}
	fmt.Println(r, r.FloatString(20))
	x := new(big.Float).SetPrec(200).SetInt64(2)
	y := new(big.Float).SetPrec(200).SetFloat64(1.4)
	for i := 0; i < 8; i++ {
		z := new(big.Float).Quo(x, y)
		y.Add(y, z)
		y.Mul(y, big.NewFloat(0.5))
	}
	fmt.Println(y.Text('f', 50))
	h := new(big.Int).Lsh(big.NewInt(3), 5000)
	h.Sub(h, big.NewInt(1))
	s := h.String()
	back, _ := new(big.Int).SetString(s, 10)
	fmt.Println(len(s), s[:20], back.Cmp(h))
	fmt.Println(math.Sqrt(2), math.Sin(1), math.Exp(1.5), math.Log(10), math.Pow(2, 0.5), math.Atan2(1, -1), math.Floor(-2.5), math.Mod(7, 3), math.Hypot(3, 4))
	fmt.Println(math.Inf(1), math.NaN(), math.MaxInt64, math.Float64bits(1.5), math.Cbrt(27), math.Gamma(5.5), math.Trunc(-1.7))
	rng := rand.New(rand.NewSource(42))
	fmt.Println(rng.Intn(1000), rng.Intn(1000), rng.Float64(), rng.Perm(8))
}
