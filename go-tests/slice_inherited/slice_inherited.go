// A goroutine that another readies may go on with the rest of its time slice; but when that slice ends, the readied one has a slice of its own. Here
// each of two counts while the other waits for the only P: neither may come far behind.
package main

import "runtime"

const rounds = 10

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
	for i := 0; i < rounds; i++ {
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
	}
	for who, n := range counts {
		if n < counts[1-who]/8 {
			println("goroutine", who, "counted", n, "times, the other one", counts[1-who])
			return
		}
	}
	println("fair")
}
