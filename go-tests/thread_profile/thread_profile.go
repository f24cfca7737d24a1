// The profile of threads: where each of them began. One is the first, another is made for a goroutine that wants its own.
package main

import "runtime"

func main() {
	c := make(chan bool)
	go func() {
		runtime.LockOSThread()
		c <- true
		<-c
	}()
	<-c
	n, ok := runtime.ThreadCreateProfile(nil)
	println(n > 1, ok)
	records := make([]runtime.StackRecord, n+50)
	n, ok = runtime.ThreadCreateProfile(records)
	began := make(map[string]int)
	for _, r := range records[:n] {
		for _, pc := range r.Stack() {
			began[runtime.FuncForPC(pc-1).Name()]++
		}
	}
	println(ok, began["runtime.rt0_go"], began["runtime.mstart"] == n-1, len(began))
}
