// With one processor Gosched lets the other goroutines run in turn, and nothing else runs before it is called.
package main

import "runtime"

func main() {
	println(runtime.GOMAXPROCS(0))

	// No goroutine gets more than one turn ahead of another.
	var turns [5]int
	done, lead := 0, 0
	for g := range turns {
		go func(g int) {
			for i := 0; i < 20; i++ {
				turns[g]++
				for _, t := range turns {
					if turns[g]-t > lead {
						lead = turns[g] - t
					}
				}
				runtime.Gosched()
			}
			done++
		}(g)
	}
	for done < len(turns) {
		runtime.Gosched()
	}
	println("lead", lead)

	// Without a call into the scheduler the goroutine that runs keeps running.
	x := 0
	go func() { x = 1 }()
	for i := 0; i < 1000; i++ {
		if x != 0 {
			println("ran too early")
		}
	}
	runtime.Gosched()
	println(x)

	// Gosched with nothing else to run comes back.
	for i := 0; i < 1000; i++ {
		runtime.Gosched()
	}

	// A hand-over through an unbuffered channel alternates.
	c, d := make(chan int), make(chan int)
	go func() {
		for v := range c {
			print("b", v, " ")
			d <- v + 1
		}
		close(d)
	}()
	v := 0
	for v < 5 {
		print("a", v, " ")
		c <- v
		v = <-d
	}
	close(c)
	<-d
	println()
}
