// A panic in a deferred call while main is leaving by Goexit.
package main

import "runtime"

func main() {
	defer println("outer deferred")
	defer func() {
		panic("in deferred call")
	}()
	runtime.Goexit()
}
