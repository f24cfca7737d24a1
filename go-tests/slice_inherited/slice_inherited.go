// A goroutine that another readies may go on with the rest of its time slice; but when that slice ends, the readied one has a slice of its own. Here
// each of two counts while the other waits for the only P, in most rounds as far as the other one or near it. In most, not in sum: a processor that
// the kernel takes away, or a preemption right at the start, makes one round of any length.
package main

import "runtime"

const rounds = 15

var (
	turn   int
	counts [2]int
)

//go:noinline
func count(who int) {
	counts[who]++
}

func second(wake chan bool) {
	for range wake {
		turn = 2
		for turn == 2 {
			count(1)
		}
		turn = 0
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	wake := make(chan bool)
	go second(wake)
	behind := [2]int{}
	for i := 0; i < rounds; i++ {
		counts = [2]int{}
		runtime.Gosched()
		turn = 1
		wake <- true
		// Until our slice ends, and the other one's.
		for turn == 1 {
			count(0)
		}
		turn = 3
		for turn == 3 {
			runtime.Gosched()
		}
		for who, n := range counts {
			if n < counts[1-who]/8 {
				behind[who]++
			}
		}
	}
	for who, n := range behind {
		if n > rounds/2 {
			println("goroutine", who, "came far behind in", n, "rounds of", rounds)
			return
		}
	}
	println("fair")
}
