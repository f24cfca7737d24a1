// A go statement with a nil function is a fatal error.
package main

func main() {
	defer println("deferred calls do not run")
	var f func()
	println("before")
	go f()
	println("after")
}
