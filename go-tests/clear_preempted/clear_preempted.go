// The clearing of a large slice is preempted many times, on a thread of the runtime's own and with nobody else to run. Each time the goroutine goes on with what is
// left to clear, and the thread's system stack must be as it was the time before: with schedrand the scheduler checks that.
package main

import "runtime"

const size = 512 << 20

func main() {
	runtime.LockOSThread() // the other goroutine runs on a thread that is not the first
	done := make(chan bool)
	go func() {
		b := make([]byte, size)
		for i := 0; i < size; i += 4096 { // so that the next one has to be cleared
			b[i] = 1
		}
		b = nil
		runtime.GC()
		b = make([]byte, size)
		for i := 0; i < size; i += 4096 {
			if b[i] != 0 {
				panic("not cleared")
			}
		}
		done <- true
	}()
	println("cleared", <-done)
}
