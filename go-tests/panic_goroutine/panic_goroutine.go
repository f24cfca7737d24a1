// A panic in another goroutine ends the program; main's deferred calls do not run.
package main

func fail(n int) int {
	if n == 0 {
		var s []int
		return s[n]
	}
	return fail(n-1) + 1
}

func main() {
	defer println("main's deferred calls do not run")
	wait := make(chan bool)
	go func() {
		defer println("deferred in the goroutine")
		println(fail(2))
	}()
	<-wait
}
