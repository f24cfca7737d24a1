// Maps whose keys and elements have many sizes, below and above the limits for storing them in place.
package main

type a1 [1]byte
type a7 [7]byte
type a64 [16]int32
type a128 [128]byte
type a129 [129]byte
type a1000 [125]int
type ptrs struct {
	p *int
	s string
	l []int
}
type ptrs200 struct {
	pad [150]byte
	p   *int
	s   string
}

func main() {
	m1 := map[int]a1{}
	m7 := map[int32]a7{}
	m64 := map[string]a64{}
	m128 := map[int64]a128{}
	m129 := map[int64]a129{}
	m1000 := map[string]a1000{}
	k128 := map[a128]int{}
	k129 := map[a129]int{}
	k1000 := map[a1000]a1000{}
	mp := map[int]ptrs{}
	mq := map[string]ptrs200{}
	kq := map[a7]*ptrs200{}
	me := map[int]struct{}{}
	const n = 400
	name := func(i int) string { return "key" + string('a'+i%26) + string('a'+i/26) }
	for i := 0; i < n; i++ {
		b := byte(i)
		m1[i] = a1{b}
		m7[int32(i)] = a7{6: b, 0: b + 1}
		m64[name(i)] = a64{0: int32(i), 15: int32(-i)}
		m128[int64(i)] = a128{0: b, 127: b + 1}
		m129[int64(i)] = a129{0: b, 128: b + 1}
		m1000[name(i)] = a1000{0: i, 124: i * 2}
		k128[a128{0: b, 127: byte(i >> 8)}] = i
		k129[a129{0: b, 128: byte(i >> 8)}] = i
		k1000[a1000{124: i}] = a1000{124: i * i}
		x := i
		mp[i] = ptrs{&x, name(i), []int{i, i + 1}}
		mq[name(i)] = ptrs200{p: &x, s: name(i)}
		kq[a7{b, 1, 2, 3, 4, 5, byte(i >> 8)}] = &ptrs200{p: &x}
		me[i*i] = struct{}{}
	}
	println(len(m1), len(m7), len(m64), len(m128), len(m129), len(m1000), len(k128), len(k129), len(k1000), len(mp), len(mq), len(kq), len(me))
	bad := 0
	check := func(ok bool) {
		if !ok {
			bad++
		}
	}
	for i := 0; i < n; i++ {
		b := byte(i)
		check(m1[i] == a1{b})
		check(m7[int32(i)] == a7{6: b, 0: b + 1})
		check(m64[name(i)] == a64{0: int32(i), 15: int32(-i)})
		check(m128[int64(i)] == a128{0: b, 127: b + 1})
		check(m129[int64(i)] == a129{0: b, 128: b + 1})
		check(m1000[name(i)] == a1000{0: i, 124: i * 2})
		check(k128[a128{0: b, 127: byte(i >> 8)}] == i)
		check(k129[a129{0: b, 128: byte(i >> 8)}] == i)
		check(k1000[a1000{124: i}] == a1000{124: i * i})
		check(*mp[i].p == i && mp[i].s == name(i) && mp[i].l[1] == i+1)
		check(*mq[name(i)].p == i && mq[name(i)].s == name(i))
		check(*kq[a7{b, 1, 2, 3, 4, 5, byte(i >> 8)}].p == i)
		_, ok := me[i*i]
		check(ok)
	}
	println("bad", bad)

	// Missing keys give zero values of any size.
	check(m1[-1] == a1{} && m7[-1] == a7{} && m64["none"] == a64{} && m128[-1] == a128{} && m129[-1] == a129{} && m1000["none"] == a1000{})
	check(k1000[a1000{1}] == a1000{} && mp[-1].p == nil && mq["none"].s == "")
	v, ok := m1000["none"]
	check(!ok && v == a1000{})
	println("bad", bad)

	// Iteration reports every pair once.
	sum := 0
	for k, v := range k1000 {
		check(v[124] == k[124]*k[124])
		sum += k[124]
	}
	for k, v := range m129 {
		check(v[0] == byte(k) && v[128] == byte(k)+1)
		sum += int(k)
	}
	for k, v := range mq {
		check(v.s == k && v.p != nil)
		sum += *v.p
	}
	for k, v := range k129 {
		check(k[0] == byte(v))
		sum += v
	}
	println(sum, "bad", bad)

	// Replacing and deleting.
	for i := 0; i < n; i += 3 {
		m129[int64(i)] = a129{5: 5}
		delete(k1000, a1000{124: i})
		delete(m64, name(i))
		delete(mq, name(i))
	}
	for i := 0; i < n; i++ {
		if i%3 == 0 {
			check(m129[int64(i)] == a129{5: 5})
			_, ok := k1000[a1000{124: i}]
			check(!ok)
			_, ok = m64[name(i)]
			check(!ok)
		} else {
			check(m129[int64(i)] == a129{0: byte(i), 128: byte(i) + 1})
			check(k1000[a1000{124: i}] == a1000{124: i * i})
			check(m64[name(i)][0] == int32(i))
		}
	}
	println(len(m129), len(k1000), len(m64), len(mq), "bad", bad)
}
