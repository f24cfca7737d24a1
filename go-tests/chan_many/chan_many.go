// Many producers and consumers over channels of several capacities; every value arrives exactly once and in order per producer.
package main

type item struct {
	from, seq int
	text      string
}

func run(producers, consumers, each, capacity int) {
	c := make(chan item, capacity)
	finished := make(chan bool)
	for p := 0; p < producers; p++ {
		go func(p int) {
			for i := 0; i < each; i++ {
				c <- item{p, i, "abcdefghij"[i%10 : i%10+1]}
			}
			finished <- true
		}(p)
	}
	go func() {
		for p := 0; p < producers; p++ {
			<-finished
		}
		close(c)
	}()
	type report struct {
		count, sum, disorder int
		seen                 []int
	}
	reports := make(chan report)
	for k := 0; k < consumers; k++ {
		go func() {
			r := report{seen: make([]int, producers)}
			last := make([]int, producers)
			for it := range c {
				r.count++
				r.sum += it.seq
				if it.text != "abcdefghij"[it.seq%10:it.seq%10+1] {
					r.disorder += 1000
				}
				// A single consumer sees each producer's items in increasing order.
				if it.seq < last[it.from] {
					r.disorder++
				}
				last[it.from] = it.seq
				r.seen[it.from]++
			}
			reports <- r
		}()
	}
	total := report{seen: make([]int, producers)}
	for k := 0; k < consumers; k++ {
		r := <-reports
		total.count += r.count
		total.sum += r.sum
		total.disorder += r.disorder
		for i, n := range r.seen {
			total.seen[i] += n
		}
	}
	bad := 0
	for _, n := range total.seen {
		if n != each {
			bad++
		}
	}
	println(producers, consumers, each, capacity, ":", total.count, total.sum, total.disorder, bad)
}

func main() {
	for _, capacity := range []int{0, 1, 2, 10, 1000} {
		run(1, 1, 2000, capacity)
		run(1, 8, 2000, capacity)
		run(8, 1, 500, capacity)
		run(10, 10, 300, capacity)
		run(100, 3, 30, capacity)
	}
}
