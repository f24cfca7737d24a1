// The clearing of a large slice is preempted many times, on a thread of the runtime's own and with nobody else to run. Each time the goroutine goes on with what is
// left to clear, and the thread's system stack must be as it was the time before: with schedrand the scheduler checks that.
package main

import "runtime"

const size = 1 << 30

func main() {
	runtime.LockOSThread() // the other goroutine runs on a thread that is not the first
	done := make(chan bool)
	go func() {
		for round := 0; round < 2; round++ {
			b := make([]byte, size)
			for i := 0; i < size; i += 4096 {
				if b[i] != 0 || b[i+4095] != 0 {
					panic("not cleared")
				}
			}
			for i := 0; i < size; i += 4096 { // so that the next one has to be cleared
				b[i] = 1
			}
			b = nil
			runtime.GC()
		}
		done <- true
	}()
	println("cleared", <-done)
}
