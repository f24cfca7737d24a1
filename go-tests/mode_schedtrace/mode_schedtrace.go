// GODEBUG=schedtrace=5: lines about the scheduler while the program runs, and a report with all details when it dies, here of a deadlock.
package main

import "runtime"

var sink int

func work(n int) {
	for i := 0; i < n; i++ {
		sink += i
	}
}

func main() {
	for i := 0; i < 3000; i++ {
		work(100000)
		runtime.Gosched()
	}
	println("worked")
	select {}
}
