// GODEBUG=scheddetail=1: a program that dies shows every P, M and G first.
package main

import "runtime"

func main() {
	c := make(chan int)
	go func() {
		runtime.LockOSThread()
		c <- 1
		<-c
	}()
	<-c
	runtime.Gosched()
	panic("enough")
}
