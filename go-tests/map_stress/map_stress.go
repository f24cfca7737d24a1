// Random insertions, deletions and lookups on several maps, compared with a plain table.
package main

type rng uint32

func (r *rng) next(n int) int {
	x := uint32(*r)
	x ^= x << 13
	x ^= x >> 17
	x ^= x << 5
	*r = rng(x)
	return int(x>>3) % n
}

const keys = 4096

func str(k int) string {
	b := make([]byte, 0, 40)
	b = append(b, "key-"...)
	for i := 0; i <= k%9; i++ {
		b = append(b, byte('a'+k%26), byte('0'+(k>>uint(i))%10))
	}
	return string(append(b, byte(k), byte(k>>8)))
}

type pair struct {
	a int32
	b string
}

func main() {
	r := rng(12345)
	var have [keys]bool
	var val [keys]int
	mi := map[int]int{}
	m32 := map[uint32]int{}
	ms := map[string]int{}
	mp := map[pair]int{}
	mx := map[interface{}]int{}
	n := 0
	bad := 0
	for step := 0; step < 60000; step++ {
		k := r.next(keys)
		phase := step / 10000
		insert := r.next(10) < 7
		if phase%2 == 1 {
			insert = r.next(10) < 3
		}
		s := str(k)
		if insert {
			if !have[k] {
				n++
			}
			have[k] = true
			val[k] = step
			mi[k*k] = step
			m32[uint32(k)<<16] = step
			ms[s] = step
			mp[pair{int32(k), s}] = step
			if k%2 == 0 {
				mx[k] = step
			} else {
				mx[s] = step
			}
		} else {
			if have[k] {
				n--
			}
			have[k] = false
			delete(mi, k*k)
			delete(m32, uint32(k)<<16)
			delete(ms, s)
			delete(mp, pair{int32(k), s})
			delete(mx, k)
			delete(mx, s)
		}
		if len(mi) != n || len(m32) != n || len(ms) != n || len(mp) != n || len(mx) != n {
			bad++
		}
		q := r.next(keys)
		want := 0
		if have[q] {
			want = val[q]
		}
		v, ok := ms[str(q)]
		if ok != have[q] || v != want || mi[q*q] != want || m32[uint32(q)<<16] != want || mp[pair{int32(q), str(q)}] != want {
			bad++
		}
	}
	println("entries", n, "bad", bad)
	h := 0
	for k := range have {
		if have[k] {
			h = h*31 + val[k]
		}
	}
	sum := 0
	for _, v := range mx {
		sum += v
	}
	sum2 := 0
	for k, v := range mi {
		sum2 += v
		if k < 0 {
			bad++
		}
	}
	println(h, sum, sum == sum2, bad)
}
